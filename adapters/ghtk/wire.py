"""Shapes of GHTK's JSON and forms (contract/README.md); names in their spelling."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from adapters._kit.json import Shape, Text, Whole


def _empty(value: Any) -> Any:  # Any: whatever JSON or a form holds; the field's own type is checked afterwards
    return None if value == "" else value


Amount = Annotated[Whole, Field(ge=0, le=10**12)]
Kilograms = Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False)]
Number = Annotated[Text, Field(min_length=1, max_length=64)]
Code = Annotated[Whole, Field(ge=-9999, le=99999)]
Time = Annotated[str, Field(min_length=1, max_length=40)]


class Pushed(Shape):
    """A push: one status of one order. In a form every value is text and an absent one is empty."""

    label_id: Number
    partner_id: Annotated[Text, Field(max_length=200)] = ""
    status_id: Code
    action_time: Time
    reason_code: Text = ""
    reason: Text = ""
    weight: Annotated[Kilograms | None, BeforeValidator(_empty)] = None
    fee: Annotated[Amount | None, BeforeValidator(_empty)] = None
    pick_money: Annotated[Amount | None, BeforeValidator(_empty)] = None
    return_part_package: Annotated[Whole | None, BeforeValidator(_empty)] = None


class Envelope(Shape):
    """Every reply."""

    success: bool
    message: Text = ""


class Order(Shape):
    """The order as it is now. Times have no zone, the two dates not even an hour."""

    label_id: Number
    partner_id: Annotated[Text, Field(max_length=200)] = ""
    status: Code
    status_text: Text = ""
    modified: Time
    deliver_date: Text = ""
    message: Text = ""
    weight: Annotated[Amount | None, BeforeValidator(_empty)] = None


class OrderReply(Envelope):
    """Reply to services/shipment/v2."""

    order: Order
