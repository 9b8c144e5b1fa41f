"""Shapes of the axis' JSON. What breaks them is Misunderstood; unknown fields are let through."""

from typing import Annotated

import pydantic

from adapters._kit.json import Shape, Text

Filled = Annotated[Text, pydantic.Field(min_length=1)]
"""Text that must say something; null and blanks do not."""


class Envelope(Shape):
    """What every operation answers at least."""

    status: Filled
    error_code: Text = pydantic.Field(default="", alias="errorCode")
    error_desc: Text = pydantic.Field(default="", alias="errorDesc")


class SentReply(Envelope):
    """Answer to sendEdoc; ``doc_id`` is the axis' own id."""

    doc_id: Text = pydantic.Field(default="", alias="docId")


class WaitingRow(Shape):
    """A line of getReceivedEdocList."""

    doc_id: Filled = pydantic.Field(alias="docId")
    sender: Text = pydantic.Field(default="", alias="from")
    created_time: Text = ""


class ListReply(Envelope):
    """Answer of getReceivedEdocList. The list must be there: a missing one is no empty one."""

    data: list[WaitingRow]
