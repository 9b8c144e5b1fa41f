"""Shapes of Viettel Post's JSON (contract/README.md); names in their spelling, slips included."""

from typing import Annotated

from pydantic import Field

from adapters._kit.json import Shape, Text, Whole

LARGEST = 10**12
"""No amount in đồng, no weight in grams and no id of theirs is larger."""
Named = Annotated[Text, Field(min_length=1, max_length=30)]
"""Numbers of orders (11 to 17 characters seen) and codes of services."""
Id = Annotated[Whole, Field(ge=0, le=LARGEST)]
Amount = Annotated[Whole, Field(ge=0, le=LARGEST)]


class Envelope(Shape):
    """What wraps every reply: ``status`` is theirs, the HTTP status is 200 for errors too."""

    status: Whole
    error: bool = False
    message: Text = ""


class Session(Shape):
    """``data`` of the three log-ins; ``expired`` in milliseconds since 1970, 0 where it is not told."""

    token: Annotated[str, Field(min_length=1)]
    expired: Annotated[Whole | None, Field(ge=0, le=32_503_680_000_000)] = None


class SessionReply(Envelope):
    """Reply to Login, ownerconnect and LoginVTP."""

    data: Session


class Created(Shape):
    """``data`` of createOrder: the number that Viettel Post gave, and what it will cost with tax."""

    ORDER_NUMBER: Named
    MONEY_TOTAL: Amount | None = None


class CreatedReply(Envelope):
    """Reply to createOrder and createOrderNlp."""

    data: Created


class Service(Shape):
    """A service that can carry the order, and its price with tax in đồng."""

    MA_DV_CHINH: Named
    TEN_DICHVU: Text = ""
    GIA_CUOC: Amount
    THOI_GIAN: Text = ""


class ServicesByText(Shape):
    """Reply to getPriceAllNlp; getPriceAll has the bare list."""

    RESULT: list[Service]


class Province(Shape):
    """A row of listProvince and listProvinceNew."""

    PROVINCE_ID: Id
    PROVINCE_NAME: Text


class District(Shape):
    """A row of listDistrict."""

    DISTRICT_ID: Id
    DISTRICT_NAME: Text
    PROVINCE_ID: Id


class Ward(Shape):
    """A row of listWards and listWardsNew; the new list names the province or not, and an old district or none."""

    WARDS_ID: Id
    WARDS_NAME: Text
    DISTRICT_ID: Id | None = None
    PROVINCE_ID: Id | None = None


class Provinces(Envelope):
    """Reply to a list of provinces."""

    data: list[Province]


class Districts(Envelope):
    """Reply to listDistrict."""

    data: list[District]


class Wards(Envelope):
    """Reply to a list of wards."""

    data: list[Ward]


class Journey(Shape):
    """``DATA`` of a push: one status of one order. LOCALION is their slip; newer pushes have both spellings."""

    ORDER_NUMBER: Named
    ORDER_REFERENCE: Annotated[Text, Field(max_length=200)] = ""
    ORDER_STATUSDATE: Annotated[str, Field(min_length=1, max_length=40)]
    ORDER_STATUS: Annotated[Whole, Field(ge=-9999, le=99999)]
    STATUS_NAME: Text = ""
    LOCALION_CURRENTLY: Text = ""
    LOCATION_CURRENTLY: Text = ""
    NOTE: Text = ""
    MONEY_COLLECTION: Amount | None = None
    MONEY_TOTAL: Amount | None = None
    PRODUCT_WEIGHT: Amount | None = None
    IS_RETURNING: bool | None = None
    REASON_CODE: Text = ""


class Pushed(Shape):
    """A push: one journey, and the secret where the customer had it put into the body."""

    DATA: Journey
    TOKEN: Text = ""
