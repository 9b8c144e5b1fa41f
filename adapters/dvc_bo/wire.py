"""Shapes of the portal's JSON. What breaks them is Misunderstood; unknown fields are let through."""

from typing import Annotated

import pydantic

from adapters._kit.json import Shape, Text

Filled = Annotated[Text, pydantic.Field(min_length=1)]
"""Text that must say something; null and blanks do not."""


class Envelope(Shape):
    """What every call answers at least; ``code`` comes as a number or as text."""

    code: Filled
    message: Text = ""


class Number(Shape):
    """The next number."""

    value: Filled


class NumberReply(Envelope):
    """Answer of the second call."""

    data: Number


class UploadedFile(Shape):
    """A file that the portal keeps. The digest's algorithm is not published."""

    id: Filled = pydantic.Field(alias="IdTepTin")
    digest: Text = pydantic.Field(default="", alias="HashTepTin")


class UploadReply(Envelope):
    """Answer of the third call: one file, or a list with one."""

    data: UploadedFile | Annotated[list[UploadedFile], pydantic.Field(min_length=1, max_length=1)]

    @property
    def file(self) -> UploadedFile:
        """The one file that was sent."""
        return self.data[0] if isinstance(self.data, list) else self.data


class Created(Shape):
    """The dossier as the portal knows it."""

    id: Filled = pydantic.Field(alias="idHoSo")
    number: Filled = pydantic.Field(alias="maHoSo")


class CreatedReply(Envelope):
    """Answer of the fourth call."""

    data: Created
