"""Shapes of EMS's JSON (contract/README.md); names in their spelling."""

from typing import Annotated

from pydantic import Field

from adapters._kit.json import Shape, Text, Whole

Amount = Annotated[Whole, Field(ge=0, le=10**12)]
Code = Annotated[Whole, Field(ge=0, le=10**6)]
Number = Annotated[Text, Field(min_length=1, max_length=64)]
Time = Annotated[str, Field(min_length=1, max_length=40)]


class Pushed(Shape):
    """A push: one status of one item."""

    tracking_code: Number
    order_code: Annotated[Text, Field(max_length=200)] = ""
    status_code: Code
    status_name: Text = ""
    note: Text = ""
    locate: Text = ""
    datetime: Time
    total_weight: Amount | None = None
    money_collect: Amount | None = None
    total_fee: Amount | None = None


class Envelope(Shape):
    """Every reply: ``code`` is ``success`` or ``error``."""

    code: Annotated[Text, Field(min_length=1)]
    message: Text = ""


class Trace(Shape):
    """A step of the journey, newest first."""

    status: Code
    address: Text = ""
    description: Text = ""
    tracedate: Time


class Journey(Shape):
    """``data`` of orders/tracking."""

    tracking_code: Number
    total_weight: Amount | None = None
    traces: Annotated[list[dict[str, object]], Field(alias="__get_status")]


class JourneyReply(Envelope):
    """Reply to orders/tracking."""

    data: Journey
