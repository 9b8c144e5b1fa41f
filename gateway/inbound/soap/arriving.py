"""The bytes of a call: the version of SOAP they claim, their size, their envelope; and the answer in that version.

A body may come chunked and compressed (gzip, deflate); aiohttp unpacks it a piece at a time, and our own count is over
the unpacked bytes, so that a bomb ends at the limit.
"""

import asyncio
import dataclasses
import re
from typing import Final

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError

from adapters._kit.soap import envelope
from adapters._kit.soap.versions import SOAP_11, SOAP_12, MediaType, Version
from adapters._kit.xml import Element
from gateway.inbound.soap import faults
from gateway.inbound.soap.faults import HeaderFault, SoapFault
from schemas.errors import Misunderstood

MAX_BYTES: Final = 4 * 1024 * 1024
"""500 events with ten pieces of evidence each come to 3.5 MiB."""
BODY_S: Final = 30.0
"""For the whole body, in real time."""
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
_CHARSETS: Final = frozenset({"", "utf-8", "utf8", "utf-16", "us-ascii"})
"""What an XML parser finds out by itself; any other charset would be a second word beside the document's own."""
_WORTH_PACKING: Final = 2048
"""Bytes from which an answer is compressed for a caller that offers it."""
_MULTIPART: Final = "multipart/related"


@dataclasses.dataclass(slots=True)
class Visit:
    """What is known of a request so far, for its answer."""

    correlation_id: str
    version: Version = SOAP_11
    packs: bool = False
    """Whether the caller reads gzip."""
    message_id: str | None = None

    def headers(self) -> list[Element]:
        """The header blocks of the answer."""
        return [envelope.relates_to(self.message_id)] if self.message_id else []


def claimed_version(request: web.Request) -> Version:
    """The version that the media type speaks of, for the answer: whatever else it is, SOAP 1.1."""
    told = MediaType.read(request.headers.get("Content-Type", ""))
    twelve = SOAP_12.content_type in (told.name, told.start_info if told.name == _MULTIPART else "")
    return SOAP_12 if twelve else SOAP_11


def takes_gzip(request: web.Request) -> bool:
    """Whether the caller offers to read gzip; ``q=0`` says that it does not."""
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == "gzip":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def action_of(request: web.Request, version: Version) -> str:
    """The action as this version tells it, empty where it does not: a header in 1.1, a parameter in 1.2."""
    if version is SOAP_12:
        return MediaType.read(request.headers.get("Content-Type", "")).action
    return request.headers.get("SOAPAction", "").strip().strip('"')


async def read_call(request: web.Request, version: Version) -> tuple[bytes, envelope.Envelope]:
    """The bytes and their envelope. Raises SoapFault and HeaderFault."""
    _media_type(request)
    raw = await _body(request)
    try:
        return raw, envelope.read_envelope(raw, max_bytes=MAX_BYTES, version=version)
    except Misunderstood as error:
        if error.code == envelope.VERSION_MISMATCH:
            raise HeaderFault("VersionMismatch", error.detail) from error
        code = {"size": "413.01", "envelope": "400.02"}.get(error.code, "400.01")
        raise SoapFault(code, error.detail) from error


def _media_type(request: web.Request) -> None:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise SoapFault("400.01", f"Content-Encoding {encoding[:40]} is not taken: gzip, deflate or none")
    told = MediaType.read(request.headers.get("Content-Type", ""))
    if told.name == _MULTIPART:
        raise SoapFault("400.01", "MTOM and attachments (multipart/related) are not part of this contract")
    if told.name not in (SOAP_11.content_type, SOAP_12.content_type):
        wanted = f"{SOAP_11.content_type} (SOAP 1.1) or {SOAP_12.content_type} (SOAP 1.2)"
        raise SoapFault("400.01", f"the content type is {told.name[:100] or 'missing'}, not {wanted}")
    if told.charset not in _CHARSETS:
        raise SoapFault("400.01", f"the charset {told.charset[:40]} is not taken: UTF-8")


async def _body(request: web.Request) -> bytes:
    """The body, by our own count: aiohttp's limit does not bound a stream."""
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.content.iter_chunked(64 * 1024):
                parts += part
                if len(parts) > MAX_BYTES:
                    raise SoapFault("413.01", f"at most {MAX_BYTES} bytes are taken")
    except TimeoutError as error:
        raise SoapFault("400.01", f"the body did not come within {BODY_S:.0f} s") from error
    except (ContentEncodingError, aiohttp.ClientPayloadError, aiohttp.web.RequestPayloadError) as error:
        raise SoapFault("400.01", "the body is not what Content-Encoding or Transfer-Encoding says") from error
    return bytes(parts)


def answer(body: Element, visit: Visit) -> web.Response:
    """The answer of an operation."""
    return _response(envelope.wrap(body, visit.headers(), version=visit.version), 200, visit)


def refusal(error: SoapFault | HeaderFault, visit: Visit) -> web.Response:
    """The fault, with the status that the version wants."""
    raw = faults.envelope_of(error, correlation_id=visit.correlation_id, headers=visit.headers(), version=visit.version)
    response = _response(raw, visit.version.status_of(error.side), visit)
    if isinstance(error, SoapFault) and error.code in ("413.01", "400.01"):
        response.force_close()  # the rest of the body may still be on its way
    return response


def _response(raw: bytes, status: int, visit: Visit) -> web.Response:
    response = web.Response(body=raw, status=status, content_type=visit.version.content_type, charset="utf-8")
    if visit.packs and len(raw) >= _WORTH_PACKING:
        # Never deflate, which aiohttp prefers where both are offered: stacks disagree about what it means.
        response.enable_compression(web.ContentCoding.gzip)
    return response
