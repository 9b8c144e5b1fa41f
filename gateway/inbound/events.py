"""``GET /events``: what changed, as server-sent events; the audit log is the source and its number the event id.

Every change writes an audit row in its own transaction, so the log is a complete, ordered feed that survives a restart:
a browser that comes back with ``Last-Event-ID`` gets what it missed, once and in order. One reader follows the log for
all streams; a stream only carries kinds and keys, never contents, and only what concerns the units of its person.
"""

import asyncio
import contextlib
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from gateway.accounts import Principal
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.problems import TooMany
from gateway.inbound.routes import Parameter, Route, require
from gateway.log import logger
from schemas.audit import AuditRow
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

KINDS: Final = frozenset({"dossier", "message", "discrepancy", "document", "item"})
"""Kinds of objects whose changes are told."""
_EVERY: Final = dt.timedelta(seconds=1)
_HEARTBEAT: Final = dt.timedelta(seconds=15)
_PAGE: Final = 500
_LOG = logger(__name__)


class Events:
    """The feed of changes. ``run`` must be running for streams to move."""

    def __init__(self, *, store: Store, clock: Clock, most_streams: int) -> None:
        self._store = store
        self._clock = clock
        self._most = most_streams
        self._streams = 0
        self._end = 0
        self._moved = asyncio.Condition()
        self._closed = False

    def routes(self) -> tuple[Route, ...]:
        """Its one address."""
        return (
            Route(
                "GET",
                "/events",
                self.stream,
                require(),
                summary="Changes of dossiers, messages, discrepancies, documents and items (text/event-stream).",
                parameters=(
                    Parameter("Last-Event-ID", "header", "Number of the last event seen."),
                    Parameter("topics", about="Kinds by comma; default: all."),
                ),
            ),
        )

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Follow the log while the application runs (for ``app.cleanup_ctx``)."""
        self._end = await self._last()
        task = asyncio.create_task(self._follow(), name="events")
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def close(self, app: web.Application) -> None:
        """End the streams before the server waits for its connections (for ``app.on_shutdown``)."""
        self._closed = True
        async with self._moved:
            self._moved.notify_all()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """One stream, until its reader goes away or the server stops."""
        principal = signed(request).principal
        topics = frozenset(request.query.get("topics", "").split(",")) & KINDS or KINDS
        told = request.headers.get("Last-Event-ID") or request.query.get("after")
        seen = bodies.number(told) if told else self._end
        if self._streams >= self._most:
            raise TooMany
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )
        self._streams += 1
        try:
            await response.prepare(request)
            await response.write(b"retry: 3000\n\n")
            await self._feed(response, principal, topics, seen)
        except ConnectionResetError:
            _LOG.debug("event stream closed by its reader")
        finally:
            self._streams -= 1
        return response

    async def _feed(
        self, response: web.StreamResponse, principal: Principal, topics: frozenset[str], seen: int
    ) -> None:
        heard_at = self._clock.now()
        while not self._closed:
            rows = await self._after(seen) if seen < self._end else ()
            lines = [_event(row) for row in rows if row.act.object_kind in topics and _concerns(principal, row)]
            if rows:
                seen = rows[-1].seq
            now = self._clock.now()
            if lines or now - heard_at >= _HEARTBEAT:
                await response.write("".join(lines).encode() or b": alive\n\n")
                heard_at = now
            if seen >= self._end:
                await self._wait()

    async def _wait(self) -> None:
        async with self._moved:
            if not self._closed:
                await self._moved.wait()

    async def _follow(self) -> None:
        """Look once a second; every look wakes the streams, so that heartbeats go out."""
        while True:
            await self._clock.wait_until(self._clock.now() + _EVERY)
            try:
                while rows := await self._after(self._end):
                    self._end = rows[-1].seq
            except Exception:  # the store may be busy or restarting: the next look finds what this one missed
                _LOG.warning("the change feed could not be read", exc_info=True)
            async with self._moved:
                self._moved.notify_all()

    async def _after(self, seq: int) -> tuple[AuditRow, ...]:
        return await self._store.read(lambda tx: tx.audit.rows(after=seq, limit=_PAGE))

    async def _last(self) -> int:
        """The newest number. The chain has no gaps, so doubling and halving finds it in a few reads of one row."""
        low, high = 0, 1
        while await self._exists(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if await self._exists(middle) else (low, middle)
        return low

    async def _exists(self, seq: int) -> bool:
        return bool(await self._store.read(lambda tx: tx.audit.rows(after=seq - 1, limit=1)))


def _concerns(principal: Principal, row: AuditRow) -> bool:
    return principal.units is None or row.act.unit in principal.units


def _event(row: AuditRow) -> str:
    data = json.dumps(
        {"kind": row.act.object_kind, "key": row.act.object_key, "act": row.act.act, "at": row.act.at.isoformat()}
    )
    return f"id: {row.seq}\nevent: {row.act.object_kind}\ndata: {data}\n\n"
