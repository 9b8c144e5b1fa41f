"""Shapes of the axis' JSON. What breaks them is Misunderstood; unknown fields are let through."""

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

    profile_id: Filled


class ListReply(Envelope):
    """Answer of getListDossier. The list must be there: a missing one is no empty one."""

    profiles: list[WaitingRow] = pydantic.Field(alias="profileReceivers")


class Profile(Shape):
    """``profileInmodel``, as far as a report needs it."""

    profile_id: Text = ""
    source_id: Text = ""
    status: Filled
    status_profile: Text = ""
    ref_code: Filled
    process_officials: Text = ""
    time_of_process: Filled
    appointment_date: Text = ""
    note: Text = ""
    data_eform: Text = ""


class DetailReply(Envelope):
    """Answer of getDetailDossier."""

    profile: Profile = pydantic.Field(alias="profileInmodel")


class EForm(Shape):
    """What is inside ``data_eform`` of a result (inferred)."""

    result_codes: tuple[Filled, ...] = ()
