"""Shapes of GHN's JSON (contract/README.md); names in their spelling."""

from typing import Annotated

from pydantic import Field

from adapters._kit.json import Shape, Text, Whole

Amount = Annotated[Whole, Field(ge=0, le=10**12)]
Number = Annotated[Text, Field(min_length=1, max_length=64)]
State = Annotated[str, Field(min_length=1, max_length=64)]
Time = Annotated[str, Field(min_length=1, max_length=40)]


class Pushed(Shape):
    """A push: the state of one order after something happened to it."""

    OrderCode: Number
    ClientOrderCode: Annotated[Text, Field(max_length=200)] = ""
    Status: State
    Time: Time
    Type: Text = ""
    Reason: Text = ""
    ReasonCode: Text = ""
    Description: Text = ""
    Warehouse: Text = ""
    CODAmount: Amount | None = None
    TotalFee: Amount | None = None
    Weight: Amount | None = None


class Envelope(Shape):
    """Every reply; ``code`` repeats the HTTP status or contradicts it."""

    code: Whole
    message: Text = ""


class Entry(Shape):
    """A line of an order's log."""

    status: State
    updated_date: Time
    reason_code: Text = ""
    reason: Text = ""


class Order(Shape):
    """``data`` of shipping-order/detail, as far as tracking needs it."""

    order_code: Number
    client_order_code: Annotated[Text, Field(max_length=200)] = ""
    status: State
    updated_date: Time | None = None
    log: list[dict[str, object]] | None = None


class OrderReply(Envelope):
    """Reply to shipping-order/detail; one variant wraps the order into a list."""

    data: Order | Annotated[list[Order], Field(min_length=1, max_length=1)]
