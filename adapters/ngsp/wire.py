"""Shapes of the platform's JSON. What breaks them is Misunderstood; unknown fields are let through."""

from typing import Annotated

import pydantic

from adapters._kit.json import Shape, Text

Filled = Annotated[Text, pydantic.Field(min_length=1)]


class Result(Shape):
    """``MResult``: the model writes its names with a capital, a client reads them without (C): either is read."""

    status: Filled = pydantic.Field(validation_alias=pydantic.AliasChoices("status", "Status"))
    message: Text = pydantic.Field(default="", validation_alias=pydantic.AliasChoices("message", "Message"))
