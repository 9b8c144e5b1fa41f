"""Calls to a peer: one session, deadlines, bounded replies, wire errors as :mod:`schemas.errors`.

What an error says about the effect at the peer is decided here, once:

======================================  =====================================================
what happened                           error
======================================  =====================================================
no connection (DNS, TCP, TLS, timeout)  Outage: nothing was sent
sent, but no whole reply                Unknown; Outage for a call without effect (a read, a log-in)
429                                     Throttled with Retry-After
408, 425, 503 (HTML or not)             Transient with Retry-After
401, 403                                Unauthorised; logging in again is the client's matter
any other 4xx                           Refused
any other 5xx                           Unknown; Outage for a call without effect
3xx, wrong content type, too long       Misunderstood with the raw reply
======================================  =====================================================

Redirects are never followed, and a call goes only to an origin named in the peer's settings.
"""

import collections
import contextlib
import contextvars
import dataclasses
import datetime as dt
import ssl
import types
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from adapters._kit import packing, redact
from adapters._kit.call import Call, Sink, http_date, kind_of
from adapters._kit.tls import Tls, context_of
from schemas.errors import (
    CallError,
    Misunderstood,
    Outage,
    Unknown,
)
from schemas.ids import PeerId
from schemas.ports.clock import Clock
from schemas.wire import Exchange

JSON = ("application/json", "text/json", "application/hal+json", "application/problem+json")
XML = ("text/xml", "application/xml", "application/soap+xml")
ANY: tuple[str, ...] = ()

PURPOSE: contextvars.ContextVar[str] = contextvars.ContextVar("purpose", default="message")
"""What the calls of this task are for, as the ledger counts them: ``message``, ``feed``, ``question``, ``probe``."""
_recorder: contextvars.ContextVar[list[Exchange] | None] = contextvars.ContextVar("exchanges", default=None)
_CONNECT_FAILURES = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_TAIL = 64 * 1024
"""Bytes read from a reply in one go."""
SPARE = 4
"""Connections beyond ``max_in_flight``: a feed or a probe must not wait behind the messages, since waiting for a free
connection counts as an outage when it lasts too long."""
IDLE_S = 4.0
"""A connection idle for longer is not used again: many servers close theirs after 5 s, and a message that meets the
closing has an unknown outcome for nothing."""


@contextlib.contextmanager
def recording() -> Iterator[list[Exchange]]:
    """Collect the exchanges of every call made inside, by this task and the tasks it starts, oldest end first.

    Sibling tasks with their own ``recording()`` do not see each other's.
    """
    exchanges: list[Exchange] = []
    token = _recorder.set(exchanges)
    try:
        yield exchanges
    finally:
        _recorder.reset(token)


@dataclasses.dataclass(frozen=True, slots=True)
class Deadlines:
    """In seconds of real time; all three always hold."""

    connect_s: float = 5.0
    read_s: float = 20.0
    total_s: float = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply with an accepted status. Header names in lower case; ``content_type`` without parameters."""

    status: int
    content_type: str
    charset: str | None
    headers: Mapping[str, str]
    body: bytes
    received_at: dt.datetime

    @property
    def server_time(self) -> dt.datetime | None:
        """The peer's Date header, for the clock difference."""
        return http_date(self.headers.get("date", ""))


class PeerHttp:
    """The HTTP side of one peer. Make one per peer, close it at the end (``await http.aclose()`` or ``async with``)."""

    def __init__(
        self,
        peer: PeerId,
        *,
        clock: Clock,
        origins: Collection[str],
        deadlines: Deadlines | None = None,
        max_reply_bytes: int = 16 * 1024 * 1024,
        max_in_flight: int = 8,
        rate_per_s: float | None = None,
        tls: Tls | None = None,
    ) -> None:
        """Take the peer's ``origins`` (``https://host:port``) from its settings; nothing is opened before a call.

        ``rate_per_s`` spaces the calls evenly, log-ins and reads included; waiting for a turn is before any deadline.
        """
        self.peer = peer
        self._clock = clock
        self._origins = frozenset(origin_of(origin) for origin in origins)
        self._deadlines = deadlines or Deadlines()
        self._max_reply_bytes = max_reply_bytes
        self._max_in_flight = max_in_flight
        self._tls = tls or Tls()
        self._gap = dt.timedelta(seconds=1 / rate_per_s) if rate_per_s else None
        self._turn_at: dt.datetime | None = None
        self._session: aiohttp.ClientSession | None = None
        self._calls: collections.Counter[str] = collections.Counter()

    def take_calls(self) -> dict[str, int]:
        """Calls made since the last time this was asked, by purpose; log-ins and further pages included."""
        taken, self._calls = dict(self._calls), collections.Counter()
        return taken

    async def __aenter__(self) -> "PeerHttp":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the session; a call after this opens a new one."""
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[str, ...] = JSON,
        allow: Collection[int] = (),
        effect: bool = False,
    ) -> Reply:
        """GET; see :meth:`request`. ``effect`` is False here unless told: some peers change things by GET."""
        return await self.request("GET", url, params=params, headers=headers, accept=accept, allow=allow, effect=effect)

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str = "application/json; charset=utf-8",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[str, ...] = JSON,
        allow: Collection[int] = (),
        effect: bool = True,
    ) -> Reply:
        """POST ``body``; see :meth:`request`. Say ``effect=False`` for a log-in or a query by POST."""
        told = {"Content-Type": content_type, **(headers or {})}
        return await self.request(
            "POST", url, params=params, headers=told, body=body, accept=accept, allow=allow, effect=effect
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        accept: tuple[str, ...] = JSON,
        allow: Collection[int] = (),
        effect: bool = True,
        source: Path | None = None,
        sink: Sink | None = None,
    ) -> Reply:
        """Send one request and return its whole reply; long bodies go from the file ``source`` or to ``sink``.

        ``accept`` are the content types that may be parsed (ANY: every one). ``allow`` are statuses outside of 2xx
        that the client reads by itself (a SOAP Fault with 500). ``effect`` says whether the peer changes anything by
        it: a call without effect is never Unknown.

        Raises:
            CallError: as the table at the head of this module.
        """
        self._check_origin(url)
        call = Call(method, url, dict(params or {}), dict(headers or {}), body, source=source, sink=sink)
        await self._turn()
        self._calls[PURPOSE.get()] += 1
        started_at = self._clock.now()
        try:
            await self._send(call, effect=effect)
        except TimeoutError as error:
            raise self._broken(call, "no whole reply in time", error, effect=effect) from error
        except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
            raise self._broken(call, f"{type(error).__name__}: {error}", error, effect=effect) from error
        finally:
            self._record(call, started_at)
        return self._judge(call, accept, allow, effect=effect)

    async def _turn(self) -> None:
        if self._gap is None:
            return
        now = self._clock.now()
        at = max(now, self._turn_at or now)
        self._turn_at = at + self._gap
        if at > now:
            await self._clock.wait_until(at)

    async def _send(self, call: Call, *, effect: bool) -> None:
        self._session = self._session or self._open()
        async with self._session.request(
            call.method,
            call.url,
            params=call.params or None,
            headers=call.headers,
            data=call.data(),
            allow_redirects=False,
            trace_request_ctx=call,
            middlewares=(_only_once,) if effect else (),
        ) as response:
            call.status = response.status
            call.reason = response.reason or ""
            call.reply_headers = [(name, value) for name, value in response.headers.items()]
            call.content_type = response.content_type.lower() if "Content-Type" in response.headers else ""
            call.charset = response.charset
            await self._receive(call, response)

    async def _receive(self, call: Call, response: aiohttp.ClientResponse) -> None:
        most = max(self._max_reply_bytes, call.sink.most if call.sink is not None else 0)
        unpacker = packing.Unpacker(response.headers.get("Content-Encoding", ""), most=most)
        try:
            async for part in response.content.iter_chunked(_TAIL):
                call.take(unpacker.take(part), self._max_reply_bytes)
                if call.too_long:
                    return
            unpacker.end()
        except packing.NotPackedSo as error:
            call.not_packed, call.reply = str(error), unpacker.came

    def _open(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_mark_sent)
        timeout = aiohttp.ClientTimeout(
            total=self._deadlines.total_s, connect=self._deadlines.connect_s, sock_read=self._deadlines.read_s
        )
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._max_in_flight + SPARE, keepalive_timeout=IDLE_S, ssl=context_of(self._tls, self.peer)
            ),
            timeout=timeout,
            trace_configs=[trace],
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "lienthong", "Accept-Encoding": packing.ACCEPTED},
            auto_decompress=False,  # a body that is not what its header says must be kept as it came (packing)
        )

    def _check_origin(self, url: str) -> None:
        if origin_of(url) not in self._origins:
            raise Misunderstood(
                f"{redact.url(url)} is not among the addresses of peers.{self.peer}; nothing was sent",
                subject=self.peer,
            )

    def _broken(self, call: Call, what: str, error: BaseException, *, effect: bool) -> CallError:
        where = f"{call.method} {redact.url(call.url)}: {what}"
        if isinstance(error, _CONNECT_FAILURES) or not call.sent:
            return Outage(f"{where}; nothing was sent", subject=self.peer)
        kind = Unknown if effect else Outage
        return kind(where, subject=self.peer, raw=bytes(call.reply), status=call.status)

    def _judge(self, call: Call, accept: tuple[str, ...], allow: Collection[int], *, effect: bool) -> Reply:
        status = call.status or 0
        if call.too_long:
            raise self._error(Misunderstood, call, f"reply of {call.taken} bytes and more is longer than is read")
        if call.not_packed:
            raise self._error(Misunderstood, call, f"HTTP {status}: {call.not_packed}")
        if not 200 <= status < 300 and status not in allow:
            kind = kind_of(status, effect=effect)
            raise self._error(kind, call, f"HTTP {status} {call.reason}".rstrip())
        if accept and call.content_type not in accept:
            told = call.content_type or "no content type"
            raise self._error(Misunderstood, call, f"HTTP {status} with {told} instead of {accept[0]}")
        return Reply(
            status=status,
            content_type=call.content_type,
            charset=call.charset,
            headers=types.MappingProxyType({name.lower(): value for name, value in call.reply_headers}),
            body=bytes(call.reply),
            received_at=self._clock.now(),
        )

    def _error(self, kind: type[CallError], call: Call, what: str) -> CallError:
        return kind(
            f"{call.method} {redact.url(call.url)}: {what}",
            subject=self.peer,
            raw=bytes(call.reply),
            status=call.status,
            retry_after_s=self._retry_after(call),
        )

    def _retry_after(self, call: Call) -> float | None:
        told = next((value for name, value in call.reply_headers if name.lower() == "retry-after"), "").strip()
        if told.isascii() and told.isdigit():
            return float(told)
        until = http_date(told)
        return max(0.0, (until - self._clock.now()).total_seconds()) if until is not None else None

    def _record(self, call: Call, started_at: dt.datetime) -> None:
        exchanges = _recorder.get()
        if exchanges is None:
            return
        exchanges.append(
            Exchange(
                url=redact.url(call.url, call.params),
                request=call.request_text(),
                reply=call.reply_text(),
                status=call.status,
                started_at=started_at,
                ended_at=self._clock.now(),
            )
        )


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, ports always written.

    >>> origin_of("https://LGSP.example/token")
    'https://lgsp.example:443'
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def join(base_url: str, path: str) -> str:
    """``path`` under ``base_url``, one slash between them.

    >>> join("https://a.example/api/", "/order")
    'https://a.example/api/order'
    """
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}" if path else base_url


class _Broken(aiohttp.ClientError):
    """The connection broke while a call with an effect was on it."""


async def _only_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp repeats a GET, PUT or DELETE by itself when the connection breaks, after the peer has read it or not. A
    # call with an effect (cancelOrder is a GET) must not be sent twice behind our back, and it repeats only the errors
    # that it knows.
    try:
        return await handler(request)
    except _CONNECT_FAILURES:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(f"{type(error).__name__}: {error}") from error


async def _mark_sent(
    _session: aiohttp.ClientSession,
    context: types.SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    # aiohttp calls this just before the first byte is written, so `sent` is True in every case of doubt.
    context.trace_request_ctx.sent = True
