"""How a call reaches the portal: three ways that the public systems know, behind one interface.

``adapter`` (variant A): one address for everything, a log-in, session, madonvi and service in every body.
``proxy`` (variant B): a provincial proxy that keeps the session; bare arrays, reads by GET, an address per service.
``query`` (variant C): another such proxy, one address, unit and isUpdating in the query.

A call says what it is about; the transport words it, sends it and returns the reply that passed its shape.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

from adapters._kit import json, probing
from adapters._kit.http import ANY, JSON, PeerHttp, join
from adapters._kit.http import Reply as HttpReply
from adapters._kit.settings import Settings
from adapters.dvcqg import codes, translate
from adapters.dvcqg.wire import Reply
from schemas.errors import BadConfiguration, CallError, Misunderstood, Refused
from schemas.wire import Probe

R = TypeVar("R", bound=Reply)

SYNC: Final = "DongBoHoSoMC"
APPEND: Final = "CapNhatTienDoHoSoMC"
STATUS_BACK: Final = "DongBoTrangThaiHoSo"
_TEXT: Final = (*JSON, "text/plain")


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call of a service. ``data`` None: a read, by ``parameters``; ``updating`` only of DongBoHoSoMC."""

    service: str
    subject: str
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    data: object = None
    updating: bool | None = None
    more: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further fields beside ``data``, such as ``type``."""
    shared: bool = False
    """Asked at the endpoint of the shared lists, where variant A has one of its own."""

    @property
    def effect(self) -> bool:
        """True where the portal changes something by it."""
        return self.data is not None


class Transport(Protocol):
    """One way to the portal."""

    def offers(self, service: str) -> bool:
        """Whether this way leads to the service at all."""
        ...

    async def call(self, call: ServiceCall, shape: type[R]) -> tuple[R, bytes]:
        """Send it; returns the checked reply and its bytes. Raises CallError."""
        ...

    async def probe(self) -> Probe:
        """Test the connection by something that changes nothing. Raises CallError."""
        ...


def refuse_unoffered(transport: Transport, call: ServiceCall, way: str) -> None:
    """Raises Refused for a service that this way does not lead to; nothing was sent."""
    if not transport.offers(call.service):
        raise Refused(
            f"variant {way} does not lead to {call.service}; nothing was sent (peers.dvcqg.offered)",
            subject=call.subject,
        )


def required(settings: Settings, name: str, variant: str) -> str:
    """A setting that one variant cannot do without. Raises BadConfiguration."""
    if not settings.has(name):
        raise BadConfiguration(f"peers.dvcqg.{name}: is required with variant = {variant!r}", subject="dvcqg")
    return settings.text(name)


# --- B: a provincial proxy -------------------------------------------------------------------------------------------


class ProxyTransport:
    """Variant B. The proxy has the session, so there is none here; a bearer token where one was given."""

    def __init__(self, settings: Settings, http: PeerHttp) -> None:
        self._http = http
        base = settings.text("base_url")
        self._services = join(base, settings.text("services_path"))
        self._create = join(base, required(settings, "create_path", "proxy"))
        self._update = join(base, required(settings, "update_path", "proxy"))
        self._append = join(base, required(settings, "progress_path", "proxy"))
        self._unit = settings.text("madonvi")
        self._offered = frozenset(settings.texts("offered"))
        token = settings.text("proxy_token")
        self._headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}

    def offers(self, service: str) -> bool:
        """The three effects that every proxy has, and what the setting names."""
        return service in (SYNC, APPEND) or service in self._offered

    async def call(self, call: ServiceCall, shape: type[R]) -> tuple[R, bytes]:
        """Send it to the service's own address."""
        refuse_unoffered(self, call, "proxy")
        if call.effect:
            body = json.dump(self._body(call))
            reply = await self._http.post(self._url(call), body, headers=self._headers, accept=_TEXT)
        else:
            parameters = {name: value for name, value in call.parameters.items() if name != "provider"}
            reply = await self._http.get(self._url(call), params=parameters, headers=self._headers, accept=_TEXT)
        return read_proxied(reply, shape, subject=call.subject)

    async def probe(self) -> Probe:
        """Ask for the shortest list that the proxy is known to have."""
        reply = await self._http.get(join(self._services, "LayDanhMucLinhVuc"), headers=self._headers, accept=_TEXT)
        told, raw = read_proxied(reply, Reply, subject=self._http.peer)
        return _probe_of(reply, translate.failure(told, raw, subject=self._http.peer))

    def _url(self, call: ServiceCall) -> str:
        if call.service == SYNC:
            return self._update if call.updating else self._create
        if call.service == APPEND:
            return self._append
        return join(self._services, f"{call.service}KM" if call.service == STATUS_BACK else call.service)

    def _body(self, call: ServiceCall) -> Mapping[str, object] | list[object]:
        """Bare rows; a state told back goes in the envelope that the one proxy with this service wants (C)."""
        if isinstance(call.data, list):
            return call.data
        return {"madonvi": self._unit, "service": call.service, **call.more, "data": call.data}


def read_proxied(reply: HttpReply, shape: type[R], *, subject: str) -> tuple[R, bytes]:
    """The portal's reply as proxies pass it on: plain, inside ``message`` as text, or only as a sentence (C).

    Raises:
        Misunderstood: none of these; the bytes are those that came.
    """
    inner = _inner(reply, subject)
    try:
        return json.parse(shape, inner, subject=subject, status=reply.status), reply.body
    except Misunderstood as error:
        error.raw = reply.body
        raise


def _inner(reply: HttpReply, subject: str) -> bytes:
    if reply.content_type == "text/plain":
        text = _decoded(reply.body, subject)
        if not text.lstrip().startswith(("{", "[")):
            return _sentence(text, reply, subject)
    outer = json.parse(object, reply.body, subject=subject, status=reply.status)
    if isinstance(outer, str):
        return outer.encode() if outer.lstrip().startswith("{") else _sentence(outer, reply, subject)
    if isinstance(outer, dict) and "error_code" not in outer and isinstance(outer.get("message"), str):
        return str(outer["message"]).encode()
    return reply.body


def _sentence(text: str, reply: HttpReply, subject: str) -> bytes:
    if not codes.says_done(text):
        raise Misunderstood(
            "a reply of words alone that does not say “thành công”",
            subject=subject,
            raw=reply.body,
            status=reply.status,
        )
    return json.dump({"error_code": 0, "message": text.strip()})


def _decoded(body: bytes, subject: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Misunderstood(f"no UTF-8: {error}", subject=subject, raw=body) from error


# --- C: unit and isUpdating in the query -----------------------------------------------------------------------------


class QueryTransport:
    """Variant C: two addresses, nothing to ask."""

    def __init__(self, settings: Settings, http: PeerHttp) -> None:
        self._http = http
        base = settings.text("base_url")
        self._sync = join(base, settings.text("query_sync_path"))
        self._append = join(base, settings.text("query_progress_path"))
        self._base = base
        self._unit = {"MaDinhDanhDV": settings.text("madonvi")}

    def offers(self, service: str) -> bool:
        """Dossiers and their progress."""
        return service in (SYNC, APPEND)

    async def call(self, call: ServiceCall, shape: type[R]) -> tuple[R, bytes]:
        """POST the bare rows."""
        refuse_unoffered(self, call, "query")
        updating = {} if call.updating is None else {"isUpdating": str(call.updating)}
        url = self._sync if call.service == SYNC else self._append
        rows = call.data if isinstance(call.data, list) else [call.data]
        headers = {"Accept": "application/json"}
        reply = await self._http.post(
            url, json.dump(rows), params={**self._unit, **updating}, headers=headers, accept=_TEXT
        )
        return read_proxied(reply, shape, subject=call.subject)

    async def probe(self) -> Probe:
        """Whatever the server says to a GET proves the way there; no address of it is known that says more."""
        reply = await self._http.get(self._base, accept=ANY, allow=(400, 404, 405))
        return _probe_of(reply, None)


def _probe_of(reply: HttpReply, refused: CallError | None) -> Probe:
    what = "answered" if refused is None else str(refused)
    return Probe(ok=refused is None, what=what, latency_ms=0.0, clock_skew_s=probing.skew_s(reply))
