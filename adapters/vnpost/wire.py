"""Shapes of the commercial interface's JSON (contract/README.md); names in its spelling."""

import decimal
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from adapters._kit.json import Shape, Text, Whole

MOST_DONG = 1_000_000_000_000


def _dong(value: object) -> object:
    """Amounts come as 53797, 53797.0 or "53797"; a fraction is rounded to the nearest đồng."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("no amount")
    try:
        amount = decimal.Decimal(str(value).strip())
    except decimal.InvalidOperation as error:
        raise ValueError("no amount") from error
    if not amount.is_finite() or not 0 <= amount <= MOST_DONG:
        raise ValueError("no amount")
    return int(amount.to_integral_value(decimal.ROUND_HALF_UP))


Dong = Annotated[int, BeforeValidator(_dong)]
"""Đồng, 0 or more."""


def _status(value: object) -> object:
    """A number or a text; a missing or empty one would be read as "not approved", so only an empty text is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Status = Annotated[str, Field(max_length=20), BeforeValidator(_status)]
PlaceCode = Annotated[Text, Field(pattern=r"^[0-9A-Za-z]{1,10}$")]
Name = Annotated[Text, Field(min_length=1)]


class LoginReply(Shape):
    """Reply to GetAccessToken; some servers tell IsSuccess, all a Token that is empty after a refusal."""

    Token: Text = ""
    IsSuccess: bool | None = None
    Message: Text = ""


class State(Shape):
    """What an order of the list and a pushed delivery tell alike of where the item is."""

    Id: Text = ""
    ItemCode: Text = ""
    OrderCode: Text = ""
    OrderStatusId: Status
    OrderStatusName: Text = ""
    LastUpdateTime: Text = ""
    CauseCode: Text = ""
    CauseName: Text = ""
    SolutionCode: Text = ""
    SolutionName: Text = ""
    DeliveryTimes: Annotated[Whole, Field(ge=0, le=99)] | None = None
    DeliveryNote: Text = ""
    IsReturn: bool | None = None
    AcceptancePoscode: Text = ""
    DestinationPoscode: Text = ""
    ToPOSCode: Text = ""
    CodAmount: Dong | None = None


class ListedOrder(State):
    """A row of GetListOrderByManagerWithCustomCode."""

    ServiceName: Text = ""
    CreateTime: Text = ""
    CodAmountEvaluation: Dong | None = None
    TotalFreightIncludeVatEvaluation: Dong | None = None


class CreatedOrder(Shape):
    """Reply to CreateOrder: VNPost's own id and the item's number."""

    Id: Text = ""
    ItemCode: Text = ""
    OrderCode: Text = ""
    OrderStatusId: Status | None = None
    IsSuccess: bool | None = None
    Message: Text = ""
    TotalFreightIncludeVatEvaluation: Dong | None = None


class Outcome(Shape):
    """A reply that says yes or no in words; CancelOrder with 200 instead of 204."""

    IsSuccess: bool
    Message: Text = ""


class Fare(Shape):
    """One service's price."""

    MaDichVu: Name
    TongCuocBaoGomDVCT: Dong | None = None
    TongCuocSauVAT: Dong | None = None
    ThoiGianPhatDuKien: Text = ""
    Success: bool | None = None
    Message: Text = ""


class Province(Shape):
    """A row of TinhThanh/GetAll."""

    MaTinhThanh: PlaceCode
    TenTinhThanh: Name


class District(Shape):
    """A row of QuanHuyen/GetAll."""

    MaQuanHuyen: PlaceCode
    TenQuanHuyen: Name
    MaTinhThanh: PlaceCode


class Ward(Shape):
    """A row of PhuongXa/GetAll."""

    MaPhuongXa: PlaceCode
    TenPhuongXa: Name
    MaQuanHuyen: PlaceCode
    MaTinhThanh: PlaceCode


class Delivery(Shape):
    """The body of the webhook: ``Data`` is JSON inside of a text, and what is signed is its text, not its meaning."""

    Data: Annotated[str, Field(min_length=1)]
    SendDate: Annotated[str, Field(min_length=1)]
    SignData: Annotated[str, Field(min_length=1)]

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=False)
