"""From a request to an operation, and from every error to a fault.

In this order, so that a stranger learns nothing of the schema and nothing unproven is kept: size, content type, XML,
envelope, mustUnderstand, credentials, which operation, its schema.
"""

import asyncio
import dataclasses
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from adapters._kit import xml
from adapters._kit.soap import envelope, names, wsse
from adapters._kit.xml import Element
from gateway.accounts import ApiKey, GatewayStore
from gateway.inbound.middleware import CORRELATION
from gateway.inbound.soap import faults
from gateway.inbound.soap.faults import HeaderFault, SoapFault
from gateway.inbound.soap.request import SoapRequest
from gateway.log import logger
from schemas.errors import Misunderstood, StoreFull
from schemas.ids import PeerId
from schemas.ports.carrier import ContractPush
from schemas.ports.clock import Clock

MAX_BYTES: Final = 4 * 1024 * 1024
"""500 events with ten pieces of evidence each come to 3.5 MiB."""
BODY_S: Final = 30.0
"""For the whole body, in real time."""
_UNDERSTOOD: Final = ((names.WSSE, "Security"), (names.WSA, "*"))
_NOBODY: Final = "no such account, but the digest takes as long"
_LOG: Final = logger(__name__)

Serve = Callable[[SoapRequest], Awaitable[Element]]
Readers = Callable[[PeerId], ContractPush | None]


@dataclasses.dataclass(slots=True)
class _Visit:
    """What is known of a request so far, for its answer."""

    correlation_id: str
    message_id: str | None = None

    def headers(self) -> list[Element]:
        """The header blocks of the answer."""
        return [envelope.relates_to(self.message_id)] if self.message_id else []


class Door:
    """Handles ``POST /soap/postal-tracking``."""

    def __init__(
        self, *, store: GatewayStore, clock: Clock, readers: Readers, serves: Mapping[str, Serve], nonce_in: str
    ) -> None:
        """Take the operations served; ``nonce_in`` names the one that uses the nonce in its own transaction."""
        self._store = store
        self._clock = clock
        self._readers = readers
        self._serves = dict(serves)
        self._nonce_in = nonce_in

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call; whatever goes wrong is a fault with HTTP 500, as SOAP 1.1 wants."""
        visit = _Visit(request.get(CORRELATION) or uuid.uuid4().hex)
        try:
            body = await self._answer(request, visit)
            _held(body)
        except (SoapFault, HeaderFault) as error:
            _LOG.info("a SOAP call was refused", detail=str(error))
            return _faulty(error, visit)
        except StoreFull as error:
            return _faulty(SoapFault("503.01", str(error)), visit)
        except Exception:  # the last net: the caller gets a fault and the log the trace
            _LOG.exception("a SOAP call failed")
            return _faulty(SoapFault("500.01"), visit)
        return _response(envelope.wrap(body, visit.headers()), 200)

    async def _answer(self, request: web.Request, visit: _Visit) -> Element:
        _content_type(request)
        raw = await _body(request)
        read = _opened(raw)
        visit.message_id = _message_id(read)
        strange = read.must_understand(_UNDERSTOOD)
        if strange is not None:
            raise HeaderFault("MustUnderstand", f"the header {strange.tag!s} is not understood here")
        call = await self._admitted(read, raw, visit)
        _agreed(request, call)
        serve = self._serves.get(call.operation)
        if serve is None:
            raise SoapFault("503.01", f"{call.operation} is not served yet")
        _schema(call)
        if call.operation != self._nonce_in and not await self._store.write(call.use_nonce):
            raise SoapFault("401.02", "the nonce was used before")
        return await serve(call)

    async def _admitted(self, read: envelope.Envelope, raw: bytes, visit: _Visit) -> SoapRequest:
        now = self._clock.now()
        token = wsse.read_token(read.header(names.WSSE, "Security"), now=now)
        if token is wsse.Flaw.STALE:
            raise SoapFault("401.02", "Created or Expires is outside of five minutes")
        if not isinstance(token, wsse.UsernameToken):
            raise SoapFault("401.01", "a UsernameToken with PasswordDigest, Nonce and Created is wanted")
        username = token.username
        key = await self._store.read(lambda tx: tx.accounts.key(username))
        if not wsse.digest_matches(token, _password(key)) or key is None:
            raise SoapFault("401.01")
        return SoapRequest(
            operation=xml.local(read.body),
            body=read.body,
            raw=raw,
            key=key,
            token=token,
            reader=self._readers(key.peer) if key.peer is not None else None,
            now=now,
            correlation_id=visit.correlation_id,
        )


def _password(key: ApiKey | None) -> str:
    usable = key is not None and key.active and bool(key.password)
    # The random part makes sure that nobody can present the digest of the stand-in.
    return key.password if key is not None and usable else f"{_NOBODY} {uuid.uuid4()}"


def _content_type(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SoapFault("400.01", "Content-Encoding is not taken")
    if request.content_type == "application/soap+xml":
        raise HeaderFault("VersionMismatch", "SOAP 1.1 is spoken here: text/xml")
    if request.content_type != "text/xml":
        raise SoapFault("400.01", f"the content type is {request.content_type}, not text/xml")


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
    return bytes(parts)


def _opened(raw: bytes) -> envelope.Envelope:
    try:
        return envelope.read_envelope(raw, max_bytes=MAX_BYTES)
    except Misunderstood as error:
        if error.code == envelope.VERSION_MISMATCH:
            raise HeaderFault("VersionMismatch", error.detail) from error
        code = {"size": "413.01", "envelope": "400.02"}.get(error.code, "400.01")
        raise SoapFault(code, error.detail) from error


def _message_id(read: envelope.Envelope) -> str | None:
    told = read.message_id
    return told if told is not None and len(told) <= 500 else None


def _agreed(request: web.Request, call: SoapRequest) -> None:
    """Which operation: the body decides; a SOAPAction that names another one is refused, an empty one is lawful."""
    if xml.namespace(call.body) != names.CONTRACT or call.operation not in names.OPERATIONS:
        raise SoapFault("400.02", f"{call.body.tag!s} is no operation of this contract")
    action = request.headers.get("SOAPAction", "").strip().strip('"')
    if action not in ("", names.action(call.operation)):
        raise SoapFault("400.03", f"SOAPAction {action[:100]}, body {call.operation}")


def _schema(call: SoapRequest) -> None:
    name = "lax.xsd" if call.operation == "PushEvents" else "postal-tracking.xsd"
    found = xml.load_schema(names.CONTRACT_FILES, name).violations(call.body)
    if found:
        raise SoapFault("400.02", f"{len(found)} violations", violations=found)


def _held(body: Element) -> None:
    """Our own answer holds to the contract, or it does not leave the house."""
    found = xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd").violations(body, limit=1)
    if found:
        raise ValueError(f"our answer breaks the contract at {found[0].path}: {found[0].code}")


def _faulty(error: SoapFault | HeaderFault, visit: _Visit) -> web.Response:
    raw = faults.envelope_of(error, correlation_id=visit.correlation_id, headers=visit.headers())
    response = _response(raw, 500)
    if isinstance(error, SoapFault) and error.code in ("413.01", "400.01"):
        response.force_close()  # the rest of the body may still be on its way
    return response


def _response(raw: bytes, status: int) -> web.Response:
    return web.Response(body=raw, status=status, content_type="text/xml", charset="utf-8")
