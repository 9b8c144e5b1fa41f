"""T2: applies what came in: one row, one transaction, idempotent; a bad row never hides its neighbours."""

import asyncio
import dataclasses

import structlog

from adapters.registry import Registry
from gateway import failpoints
from gateway.workers import hints, notices
from schemas.errors import LienthongError, StoreFull
from schemas.ids import InboxNo, push_feed
from schemas.message import HINT, Inbound, InboxState
from schemas.national import CitizenQuestion, PortalNotice
from schemas.portal import OneStopReport
from schemas.ports.carrier import ContractPush, TrackingPush
from schemas.ports.clock import Clock
from schemas.ports.facts import Tell
from schemas.ports.learned import Way
from schemas.ports.one_stop import DossierSource
from schemas.ports.portal import CitizenQuestions, PortalPush
from schemas.ports.stores import Store, Tx
from schemas.tracking import TrackingBatch
from schemas.wire import Callback
from tracking.ingest import ReportOutcome, ingest, receive_report
from tracking.rules.context import ContextSource

log = structlog.get_logger(__name__)

THE_ROWS_OWN = (LienthongError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""Errors that lie in what the row says (or in how we read it): it waits for a person, its neighbours go on. What the
database or the machine says is not among them: then the loop fails and finds the row again."""
QUESTION = "question"
"""Kind of the rows that :mod:`gateway.workers.citizens` stores."""
Told = TrackingBatch | tuple[OneStopReport, ...] | CitizenQuestion | PortalNotice
AT_ONCE = 100
"""Rows read in one look; each is applied in a transaction of its own."""


class Inbox:
    """Applies RECEIVED rows, oldest first."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, tell: Tell, context: ContextSource) -> None:
        """``registry`` supplies the readers of each peer."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._tell = tell
        self._context = context
        self._came = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Something was committed to the inbox; from any thread."""
        self._loop.call_soon_threadsafe(self._came.set)

    async def run(self) -> None:
        """Apply what is there, then wait for the ring; the sweeper rings too, so a lost ring is a delay."""
        while True:
            self._came.clear()
            while await self.once():
                pass
            await self._came.wait()

    async def once(self) -> int:
        """Apply one look's worth of rows; returns how many were settled."""
        pending = await self._store.read(lambda tx: tx.inbox.pending(limit=AT_ONCE))
        settled = 0
        for row in pending:
            with structlog.contextvars.bound_contextvars(correlation_id=row.correlation_id):
                settled += await self._apply(row)
        return settled

    async def _apply(self, row: Inbound) -> bool:
        body = await self._store.read(lambda tx: tx.inbox.body(row.id))
        try:
            told = self._read(row, body)
            failpoints.hit("t2.before_apply")
            await self._store.write(lambda tx: self._take(tx, row, told))
        except StoreFull:
            raise
        except THE_ROWS_OWN as error:
            log.warning("inbox.quarantined", peer=row.peer, inbox=row.id, error=type(error).__name__, detail=str(error))
            words = str(error) if isinstance(error, LienthongError) else f"{type(error).__name__}: {error}"
            await self._settle(row.id, InboxState.QUARANTINED, words)
        failpoints.hit("t2.after_apply")
        return True

    def _read(self, row: Inbound, body: bytes) -> Told:
        if row.kind == "report":
            return self._registry.port(row.peer, DossierSource).read(body, row.sha256)
        if row.kind == QUESTION:
            return self._registry.port(row.peer, CitizenQuestions).read_question(body)
        if self._registry.offers(row.peer, PortalPush):
            return self._registry.port(row.peer, PortalPush).read_notice(body)
        if row.kind == "soap":
            reader = self._registry.port(row.peer, ContractPush)
            return reader.read_push(body, received_at=row.received_at).batch
        callback = Callback(row.peer, row.headers, (), body, row.received_at)
        return self._registry.port(row.peer, TrackingPush).parse(callback)

    def _take(self, tx: Tx, row: Inbound, told: Told) -> None:
        now = self._clock.now()
        if isinstance(told, CitizenQuestion):
            tx.inbox.settle(row.id, InboxState.APPLIED, detail=told.text[:500], now=now)
            return
        if isinstance(told, PortalNotice):
            units = self._registry.peer(row.peer).settings.table("inbound_units")
            state, detail = notices.take(tx, row, told, units=units, tell=self._tell, now=now)
            tx.inbox.settle(row.id, state, detail=detail, now=now)
            return
        if isinstance(told, TrackingBatch) and row.kind == HINT:
            tx.inbox.settle(row.id, InboxState.APPLIED, detail=hints.heed(tx, told, now)[:2000], now=now)
            return
        if isinstance(told, TrackingBatch):
            ingest(tx, told, tell=self._tell, context_source=self._context, now=now, way=Way.PUSH)
            if row.kind != "soap":  # the SOAP server notes its pushes itself, with their sequence
                pushes = tx.feeds.get(push_feed(row.peer))
                tx.feeds.put(dataclasses.replace(pushes, last_ok_at=row.received_at))
            tx.inbox.settle(row.id, InboxState.APPLIED, detail="", now=now)
            return
        results = [
            receive_report(tx, report, peer=row.peer, tell=self._tell, context_source=self._context, now=now)
            for report in told
        ]
        unknown = [result.detail for result in results if result.outcome is ReportOutcome.UNKNOWN_DOSSIER]
        state = InboxState.QUARANTINED if unknown else InboxState.APPLIED
        tx.inbox.settle(row.id, state, detail="; ".join(unknown or (result.detail for result in results)), now=now)

    async def _settle(self, inbox: InboxNo, state: InboxState, detail: str) -> None:
        now = self._clock.now()
        await self._store.write(lambda tx: tx.inbox.settle(inbox, state, detail=detail[:2000], now=now))
