"""A district station's way to its gateway: parcels out of the outbound queue, one after another, each exactly once.

Sending is at least once, taking is once by key, and a parcel is done only when the gateway itself said so in its own
words: a proxy's page with status 200 is not its word. What the answer means:

===================================  ==============================================================
answer                               what becomes of it
===================================  ==============================================================
200, 201 with the parcel's key       handed over
400, 409, 413, 415, 422 (problem)    parked with the reason; the others go on
401, 403                             the key is refused: everything waits, a person is told
408, 425, 429, 503, 507              everything waits, as long as Retry-After says
other 5xx                            this parcel waits with back-off, the others go on
no answer, anything else             the gateway is away: one try per interval, growing
===================================  ==============================================================
"""

import asyncio
import dataclasses
import datetime as dt
import enum
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData

from scanning.outbound import OutboundQueue, Parcel, ParcelKind
from scanning.trouble import Trouble, TroubleKind
from schemas.ports.clock import Clock

log = structlog.get_logger(__name__)

_PATHS: Final = {
    ParcelKind.DOCUMENT: "/api/v1/documents",
    ParcelKind.ASIDE: "/api/v1/documents/aside",
    ParcelKind.TEXT: "/api/v1/documents/texts",
}
_REFUSED: Final = frozenset({400, 409, 413, 415, 422})
_LATER: Final = frozenset({408, 425, 429, 503, 507})
_REPLY_MOST: Final = 65_536
_TIMEOUT: Final = ClientTimeout(total=None, connect=10.0, sock_connect=10.0, sock_read=120.0)
"""A large document over a slow line takes minutes; what ends a call is silence. Judging takes the gateway seconds."""
_JITTER: Final = (0.8, 1.2)
_LOOK_S: Final = 15.0
"""Longest wait while nothing is known to be due: another process may have set parked parcels free."""


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """Back-off in seconds: the first wait and the longest; and how often the station tells how it stands."""

    first_s: float = 5.0
    most_s: float = 900.0
    report_s: float = 300.0


class _Became(enum.Enum):
    DONE = "done"
    PARKED = "parked"
    LATER = "later"
    AWAY = "away"
    KEY = "key"


@dataclasses.dataclass(frozen=True, slots=True)
class _Verdict:
    became: _Became
    why: str = ""
    after_s: float | None = None


class Sender:
    """Works one queue. ``run`` goes on for ever; ``once`` sends what can be sent now."""

    def __init__(
        self,
        queue: OutboundQueue,
        *,
        url: str,
        key: str,
        station: str,
        clock: Clock,
        pace: Pace | None = None,
        line_trouble: Callable[[], Trouble | None] = lambda: None,
    ) -> None:
        """``key`` is the secret of the station's account; ``line_trouble`` is told to the gateway with the counts."""
        self.trouble: Trouble | None = None
        """What keeps the queue from moving, while it does."""
        self._queue = queue
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._station = station
        self._clock = clock
        self._pace = pace or Pace()
        self._line_trouble = line_trouble
        self._misses = 0
        self._reported_at: dt.datetime | None = None

    async def run(self) -> None:
        """Send, wait, send again; tell how the station stands in between."""
        async with self._session() as session:
            while True:
                self._queue.arrived.clear()
                before = (await self._queue.counts()).waiting
                wait_s = await self._drain(session)
                if wait_s is None and (before or self._report_is_due()):
                    await self._report(session)
                await self._wait(wait_s)

    async def once(self) -> bool:
        """Send whatever can be sent now; True when nothing waits any more."""
        async with self._session() as session:
            await self._drain(session)
            if self.trouble is None:
                await self._report(session)
        return (await self._queue.counts()).waiting == 0

    # --- the queue -----------------------------------------------------------------------------------------------

    async def _drain(self, session: ClientSession) -> float | None:
        """Send parcel after parcel; seconds until the next try where the gateway is away, else ``None``."""
        while (parcel := await self._queue.due()) is not None:
            verdict = await self._send(session, parcel)
            if verdict.became in (_Became.AWAY, _Became.KEY):
                return self._away(verdict)
            self._misses = 0
            self._tell(None)
            await self._settle(parcel, verdict)
        return None

    async def _settle(self, parcel: Parcel, verdict: _Verdict) -> None:
        if verdict.became is _Became.DONE:
            await self._queue.handed_over(parcel)
        elif verdict.became is _Became.PARKED:
            log.warning("parcel.parked", kind=parcel.kind.value, key=parcel.key, why=verdict.why)
            await self._queue.park(parcel, verdict.why)
        else:
            until = self._clock.now() + dt.timedelta(seconds=self._back_off(parcel.tries))
            await self._queue.postpone(parcel, until, verdict.why)

    def _away(self, verdict: _Verdict) -> float:
        """Everything waits: how long."""
        kind = TroubleKind.KEY_REFUSED if verdict.became is _Became.KEY else TroubleKind.GATEWAY_AWAY
        self._tell(Trouble(kind, self._url, verdict.why))
        wait_s = self._back_off(self._misses) if verdict.after_s is None else min(verdict.after_s, self._pace.most_s)
        self._misses += 1
        return wait_s

    def _back_off(self, tries: int) -> float:
        return min(self._pace.first_s * 2.0 ** min(tries, 20), self._pace.most_s) * random.uniform(*_JITTER)

    def _tell(self, trouble: Trouble | None) -> None:
        if trouble and (self.trouble is None or self.trouble.kind is not trouble.kind):
            log.warning("gateway.away", told=str(trouble))
        elif trouble is None and self.trouble is not None:
            log.info("gateway.back", url=self._url)
        self.trouble = trouble

    async def _wait(self, wait_s: float | None) -> None:
        """Until the gateway is due to be tried again, or a parcel comes, or one that waits is due, or a report is."""
        now = self._clock.now()
        due = now + dt.timedelta(seconds=_LOOK_S if wait_s is None else wait_s)
        waits: list[asyncio.Future[Any]] = []
        if wait_s is None:
            next_try = await self._queue.next_try_at()
            due = min(due, max(next_try, now + dt.timedelta(seconds=1))) if next_try else due
            waits.append(asyncio.ensure_future(self._queue.arrived.wait()))
        waits.append(asyncio.ensure_future(self._clock.wait_until(due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    # --- the wire ------------------------------------------------------------------------------------------------

    def _session(self) -> ClientSession:
        return ClientSession(timeout=_TIMEOUT, headers=self._headers)

    async def _send(self, session: ClientSession, parcel: Parcel) -> _Verdict:
        url = self._url + _PATHS[parcel.kind]
        try:
            if parcel.file is None:
                data: Any = parcel.body.encode()
                headers = {"Content-Type": "application/json"}
                async with session.post(url, data=data, headers=headers, allow_redirects=False) as reply:
                    return await _verdict(reply, parcel.key)
            return await self._send_file(session, url, parcel, parcel.file)
        except (ClientError, TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
            return _Verdict(_Became.AWAY, f"{type(error).__name__}: {error}".rstrip(": "))

    async def _send_file(self, session: ClientSession, url: str, parcel: Parcel, file: Path) -> _Verdict:
        try:
            pdf = await asyncio.to_thread(file.open, "rb")
        except OSError as error:
            return _Verdict(_Became.PARKED, f"{file}: {error.strerror}")
        with pdf:
            form = FormData(quote_fields=False)
            form.add_field("metadata", parcel.body, content_type="application/json")
            form.add_field("file", pdf, filename=f"{parcel.key}.pdf", content_type="application/pdf")
            async with session.post(url, data=form, allow_redirects=False) as reply:
                return await _verdict(reply, parcel.key)

    def _report_is_due(self) -> bool:
        if self._reported_at is None:
            return True
        return abs(self._clock.now() - self._reported_at) >= dt.timedelta(seconds=self._pace.report_s)

    async def _report(self, session: ClientSession) -> None:
        """Tell how the station stands; a report that does not get through is not missed."""
        self._reported_at = self._clock.now()
        counts = await self._queue.counts()
        trouble = self._line_trouble()
        told = {
            "name": self._station,
            "documents": counts.documents,
            "waiting": counts.waiting,
            "parked": counts.parked,
            "trouble": str(trouble.text) if trouble else "",
        }
        try:
            async with session.post(f"{self._url}/api/v1/stations", json=told, allow_redirects=False) as reply:
                await reply.read()
        except (ClientError, TimeoutError, ConnectionError) as error:
            log.info("station.report", failed=type(error).__name__)


async def _verdict(reply: ClientResponse, key: str) -> _Verdict:
    """What the gateway's answer means for a parcel."""
    body = await reply.content.read(_REPLY_MOST)
    told = _json(body) if reply.content_type.endswith("json") else {}
    why = _reason(reply.status, told)
    if reply.status in (200, 201) and told.get("key") == key:
        return _Verdict(_Became.DONE)
    if reply.status in (401, 403):
        return _Verdict(_Became.KEY, why)
    if reply.status in _REFUSED and reply.content_type == "application/problem+json":
        return _Verdict(_Became.PARKED, why)
    if reply.status in _LATER:
        return _Verdict(_Became.AWAY, why, _seconds(reply.headers.get("Retry-After", "")))
    if reply.status >= 500 and told:
        return _Verdict(_Became.LATER, why)
    return _Verdict(_Became.AWAY, why)


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _reason(status: int, told: dict[str, Any]) -> str:
    """The problem's sentence and its faults, as a person reads them."""
    faults = [f"{fault.get('path')}: {fault.get('message')}" for fault in told.get("faults", ()) if fault]
    parts = [str(told.get("detail") or f"HTTP {status}"), *faults[:5]]
    return "; ".join(parts)[:1_000]


def _seconds(told: str) -> float | None:
    """Retry-After in seconds; its other form, a date, is not used by our gateway."""
    return float(told) if told.isdecimal() else None
