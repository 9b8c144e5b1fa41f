"""One SOAP call: build, sign, send, and look at the reply in the order that leaves nothing unsaid.

======================================  =====================================================
what came back                          error
======================================  =====================================================
no connection, 429, 503, HTML, …        as the table of :mod:`adapters._kit.http` says
not XML, no envelope, another version   Misunderstood
a fault                                 by its ServiceFault or its faultcode: :func:`fault.call_error`
HTTP 400 or 500 without a fault         Misunderstood
the wrong body element, XSD violations  Misunderstood
======================================  =====================================================
"""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping

from adapters._kit import http, xml
from adapters._kit.soap import building, envelope, fault, names, wsse
from adapters._kit.soap.versions import SOAP_11, Version
from adapters._kit.xml import Element
from schemas.errors import Misunderstood
from schemas.ports.clock import Clock

_MESSAGE_ID = b'<wsa:MessageID xmlns:wsa="%s">%%s</wsa:MessageID>' % names.WSA.encode()
_MAX_NAMED = 5
"""Violations named in an error's text; the raw reply has them all."""


@dataclasses.dataclass(frozen=True, slots=True)
class SoapReply:
    """A reply that kept its contract: the body element, the whole raw envelope, and when they came."""

    body: Element
    raw: bytes
    received_at: dt.datetime
    server_time: dt.datetime | None
    lawful: bool = True
    """The body holds to the published schema as a whole; False: only to the lax one, which was asked for."""


@dataclasses.dataclass(frozen=True, slots=True)
class UsernamePassword:
    """Credentials of a UsernameToken; never printed."""

    username: str
    password: str = dataclasses.field(repr=False)
    clear: bool = False
    """Send the password itself (PasswordText), for peers that cannot check a digest."""


class SoapClient:
    """Calls the operations of our contract at one address."""

    def __init__(
        self,
        url: str,
        *,
        peer_http: http.PeerHttp,
        clock: Clock,
        credentials: UsernamePassword | None,
        version: Version = SOAP_11,
    ) -> None:
        """Take the endpoint; nothing is opened. The schema is compiled now, so that no call pays for it."""
        self._url = url
        self._version = version
        self._http = peer_http
        self._clock = clock
        self._credentials = credentials
        self._published = xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd")
        self._actions = {one: version.headers(names.action(one)) for one in names.OPERATIONS}
        self._lax = xml.load_schema(names.CONTRACT_FILES, "lax.xsd")

    async def call(
        self, operation: str, arguments: Mapping[str, object], *, lax: bool = False, effect: bool
    ) -> SoapReply:
        """Call ``operation``; ``lax`` lets events through that break the schema: who reads them judges each by itself.

        Raises:
            CallError: as the table at the head of this module.
            ValueError: the arguments do not fit the contract; nothing was sent.
        """
        message_id = f"urn:uuid:{uuid.uuid4()}"
        body = building.body(operation, arguments)
        reply = await self._http.post(
            self._url,
            envelope.written(xml.write(body, declaration=False), self._headers(message_id), version=self._version),
            headers=self._actions[operation],
            accept=http.XML,
            allow=(400, 500),  # faults: SOAP 1.1 answers them with 500, SOAP 1.2 with either
            effect=effect,
        )
        body = self._body(reply, operation, message_id)
        lawful = self._published.holds(body)
        found = () if lawful else (self._lax if lax else self._published).violations(body)
        if found:
            told = "; ".join(f"{one.path}: {one.message}" for one in found[:_MAX_NAMED])
            raise self._misunderstood(reply, f"{operation}: {len(found)} violations of the contract: {told}")
        return SoapReply(body, reply.body, reply.received_at, reply.server_time, lawful)

    def _headers(self, message_id: str) -> bytes:
        block = _MESSAGE_ID % message_id.encode()
        if self._credentials is None:
            return block
        told, now = self._credentials, self._clock.now()
        return (
            wsse.security_header(told.username, told.password, now=now, clear=told.clear, version=self._version) + block
        )

    def _body(self, reply: http.Reply, operation: str, message_id: str) -> Element:
        read = envelope.read_envelope(reply.body, max_bytes=len(reply.body), subject=self._http.peer)
        told = fault.read_fault(read.body)
        if told is not None:
            raise fault.call_error(told, raw=reply.body, status=reply.status, subject=self._http.peer)
        if reply.status >= 400:
            raise self._misunderstood(reply, f"{operation}: HTTP {reply.status} without a fault")
        if read.version is not self._version:
            raise self._misunderstood(reply, f"{operation} was answered in SOAP {read.version.name}")
        if xml.namespace(read.body) != names.CONTRACT or xml.local(read.body) != f"{operation}Response":
            raise self._misunderstood(reply, f"{operation} was answered with {read.body.tag!s}")
        about = read.header(names.WSA, "RelatesTo")
        if about is not None and (about.text or "").strip() != message_id:
            raise self._misunderstood(reply, f"{operation}: the reply relates to another message")
        return read.body

    def _misunderstood(self, reply: http.Reply, what: str) -> Misunderstood:
        return Misunderstood(what, subject=self._http.peer, raw=reply.body, status=reply.status)
