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

    rows: Annotated[list[dict[str, object]], Field(alias="rh:doc")] = []  # noqa: RUF012  # pydantic copies it


class FeedPage(Shape):
    """A page of the feed, as RESTHeart wraps it."""

    size: Annotated[Whole | None, Field(alias="_size")] = None
    embedded: Annotated[Embedded, Field(alias="_embedded")]
