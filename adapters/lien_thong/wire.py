"""Shapes of the axis' JSON. What breaks them is Misunderstood; unknown fields are let through.

Clients of different years spell some names differently (contract/README.md); either spelling is read.
"""

from typing import Annotated

import pydantic

from adapters._kit.json import Shape, Text

Filled = Annotated[Text, pydantic.Field(min_length=1)]
"""Text that must say something; null and blanks do not."""


class Envelope(Shape):
    """What every operation answers at least."""

    status: Filled
    error_code: Filled = pydantic.Field(alias="errorCode")
    error_desc: Text = pydantic.Field(default="", alias="errorDesc")


class SentReply(Envelope):
    """Answer to syncDossier and sendStatusProfile; ``profile_id`` is the axis' own id, where it tells one."""

    profile_id: Text = ""


class WaitingRow(Shape):
    """A line of getListDossier."""

    profile_id: Filled = pydantic.Field(validation_alias=pydantic.AliasChoices("profile_id", "profileId"))


class ListReply(Envelope):
    """Answer of getListDossier. The list must be there: a missing one is no empty one."""

    profiles: list[WaitingRow] = pydantic.Field(alias="profileReceivers")


class Fee(Shape):
    """A row of ``profileDocFees``; ``price`` in đồng."""

    price: Text = ""


class Paper(Shape):
    """A row of ``profileDocPaper``."""

    paper_name: Text = ""


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool | str) else value


def _rows(value: object) -> object:
    return [] if value is None else value


class Profile(Shape):
    """``profileInmodel``, as far as a report needs it."""

    profile_id: Text = ""
    source_id: Text = ""
    status: Filled
    status_profile: Text = pydantic.Field(
        default="", validation_alias=pydantic.AliasChoices("status_profile", "profiles_status")
    )
    ref_code: Filled
    process_officials: Text = ""
    time_of_process: Filled
    appointment_date: Text = ""
    note: Text = ""
    data_eform: Text = ""
    is_request_payment: Annotated[Text, pydantic.BeforeValidator(_word)] = ""
    total_amount: Text = ""
    fees: Annotated[list[Fee], pydantic.BeforeValidator(_rows)] = pydantic.Field(default=[], alias="profileDocFees")
    papers: Annotated[list[Paper], pydantic.BeforeValidator(_rows)] = pydantic.Field(
        default=[], alias="profileDocPaper"
    )


class DetailReply(Envelope):
    """Answer of getDetailDossier."""

    profile: Profile = pydantic.Field(validation_alias=pydantic.AliasChoices("profileInmodel", "profileOutmodel"))


class EForm(Shape):
    """What is inside ``data_eform`` of a result (inferred)."""

    result_codes: tuple[Filled, ...] = ()
