"""Reading what a request brings, within its bounds."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.inbound.problems import EdgeError, TooLarge, UnsupportedType
from schemas.ids import MessageId

_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
FORM: Final = "application/x-www-form-urlencoded"
_FIELDS: Final = 2_000
"""Fields of one form: a hand-over of 99 papers has about 600."""
_JSON: Final = frozenset({"application/json", "application/problem+json"})


class BadKey(EdgeError):
    """The Idempotency-Key is not 1 to 128 visible ASCII characters."""

    text = MessageId("request.key")


class BadForm(EdgeError):
    """The form cannot be read: bytes that are not UTF-8, or more fields than any form of ours has."""

    text = MessageId("request.invalid")


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


async def form(request: web.Request) -> Mapping[str, str]:
    """The fields of a page's form; of a name that comes twice, the first. It may be read several times.

    aiohttp's own reader lets a stranger choose the encoding and the boundary, and fails where they are nonsense.
    Raises UnsupportedType, TooLarge and BadForm.
    """
    if request.content_type != FORM:
        raise UnsupportedType(f"{FORM} is wanted, not {request.content_type}")
    try:
        text = (await raw(request)).decode("utf-8")
        told = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as broken:
        raise BadForm from broken
    return dict(reversed(told))


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
