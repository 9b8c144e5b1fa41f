"""Shapes of VNPost's JSON (contract/README.md); names in their spelling."""

from typing import Annotated

from pydantic import Field

from adapters._kit.json import Shape, Text, Whole

LATEST_MS = 32_503_680_000_000
"""The year 3000: an EventTime beyond it, or a negative one, is no time."""


class OrderReply(Shape):
    """Reply to postOrder and cancelOrder: 100 accepted, 101 unclear, anything else a refusal with its reason."""

    Status: Text
    Message: Text = ""


MOST_DONG = 1_000_000_000
"""No envelope costs a billion đồng: a price beyond it is none."""


class Price(Shape):
    """What stands under ``content``; đồng."""

    price: Annotated[Whole, Field(ge=0, le=MOST_DONG)]


class PriceReply(Shape):
    """Reply to the price question."""

    content: Price


class LegacyReply(Shape):
    """Every reply of serviceApi/v1: yes or no. ``true`` and ``false`` only: a word or a number is no answer."""

    Status: Annotated[bool, Field(strict=True)]
    Message: Text = ""


class ObjectId(Shape):
    """A MongoDB object id: 24 hex digits, the first eight are the second in which the row was made."""

    oid: Annotated[str, Field(alias="$oid", pattern=r"^[0-9a-fA-F]{24}$")]


class FeedRow(Shape):
    """One row of getOrderTracking. EventTime in milliseconds; ItemCode may be empty."""

    id: Annotated[ObjectId, Field(alias="_id")]
    CustomerCode: Text = ""
    OrderNumber: Text = ""
    EventTime: Annotated[Whole, Field(ge=0, le=LATEST_MS)]
    POSID: Text = ""
    ItemCode: Text = ""
    StatusCode: Text
    StatusMessage: Text = ""
    Notes: Text = ""


class Embedded(Shape):
    """Where the feed keeps its rows; each is checked by itself, so that one bad row costs no other."""

    rows: Annotated[list[object], Field(alias="rh:doc")] = []  # noqa: RUF012  # pydantic copies it


class FeedPage(Shape):
    """A page of the feed, as RESTHeart wraps it."""

    size: Annotated[Whole | None, Field(alias="_size")] = None
    returned: Annotated[Whole | None, Field(alias="_returned")] = None
    embedded: Annotated[Embedded, Field(alias="_embedded")]
