"""Reading what a request brings, within its bounds."""

import re
from typing import Final

from aiohttp import web

from gateway.inbound.problems import EdgeError, TooLarge, UnsupportedType
from schemas.ids import MessageId

_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
_JSON: Final = frozenset({"application/json", "application/problem+json"})


class BadKey(EdgeError):
    """The Idempotency-Key is not 1 to 128 visible ASCII characters."""

    text = MessageId("request.key")


class BadNumber(EdgeError):
    """A number in the address or its query cannot be read."""

    text = MessageId("request.number")


async def raw(request: web.Request) -> bytes:
    """The body as it came, bounded by the application's limit.

    Raises:
        UnsupportedType: the body is compressed, so its size says nothing and its bytes are not those that were signed.
        TooLarge: it is longer than allowed.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedType("Content-Encoding is not taken")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise TooLarge from None


async def json(request: web.Request) -> bytes:
    """A JSON body, not yet read. Raises UnsupportedType and TooLarge."""
    if request.content_type not in _JSON:
        raise UnsupportedType(f"application/json is wanted, not {request.content_type}")
    return await raw(request)


def idempotency_key(request: web.Request) -> str | None:
    """The Idempotency-Key, None where there is none. Raises BadKey."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadKey
    return key


def number(text: str) -> int:
    """A row number of an address. Raises BadNumber."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadNumber
    return int(text)


def limit(request: web.Request, default: int = 50, most: int = 200) -> int:
    """Lines of one page. Raises BadNumber."""
    told = request.query.get("limit", "")
    return min(max(number(told), 1), most) if told else default


def after(request: web.Request) -> int | None:
    """Where the page before ended. Raises BadNumber."""
    told = request.query.get("after", "")
    return number(told) if told else None
