"""Asking carriers: change feeds with a stored cursor, and items whose next question has come (by `questions`).

What an answer says and where the feed goes on are committed in one transaction; the raw pages stand in the inbox as
applied. A failed poll is an outage with a beginning, never an empty list.
"""

import dataclasses
import datetime as dt
import functools
from collections.abc import Awaitable, Callable

import structlog

from adapters.registry import Peer, Registry
from gateway import failpoints
from gateway.workers.questions import Questions, after_failure, counted_as
from gateway.workers.tickets import TicketQuestions
from schemas.errors import CallError
from schemas.ids import PeerId
from schemas.message import InboxState, NewInbound
from schemas.ports.carrier import TicketPull, TrackingFeed, TrackingPull
from schemas.ports.clock import Clock
from schemas.ports.facts import Tell
from schemas.ports.learned import Way
from schemas.ports.stores import Store, Tx
from schemas.tracking import TrackingBatch
from tracking.ingest import ingest
from tracking.rules.context import ContextSource

log = structlog.get_logger(__name__)


class Feeds:
    """Reads the feeds and asks about items of every peer that is switched on."""

    def __init__(
        self, store: Store, *, registry: Registry, clock: Clock, tell: Tell, context: ContextSource, rhythm_s: float
    ) -> None:
        """``rhythm_s`` is used for peers whose manifest names no poll interval."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._tell = tell
        self._context = context
        self._rhythm_s = rhythm_s
        self._questions = Questions(store, registry=registry, clock=clock, take=self._answer, context=context)
        self._tickets = TicketQuestions(
            store, registry=registry, clock=clock, take=self._answer, questions=self._questions
        )

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Whom to ask; each gets a loop of its own, so that one that hangs keeps nobody else waiting."""
        return tuple(dict.fromkeys((*self._registry.with_port(TrackingFeed), *self._registry.with_port(TrackingPull))))

    async def ask(self, name: PeerId) -> None:
        """Ask one peer whatever is due."""
        if self._registry.offers(name, TrackingFeed):
            await self._look(self._feed, name)
            await self._questions.note_calls(self._registry.peer(name))
        if self._registry.offers(name, TicketPull):
            await self._look(self._tickets.ask, name)
        if self._registry.offers(name, TrackingPull):
            await self._look(self._questions.ask, name)

    async def once(self) -> None:
        """Ask every peer in turn."""
        for name in self.peers:
            await self.ask(name)

    async def _look(self, look: Callable[[Peer], Awaitable[None]], name: PeerId) -> None:
        """A page that we cannot take fails the feed of its peer, where D-36 shows it, and nobody else's.

        The cursor stays where it was, so nothing is lost; where the store itself fails, noting it raises.
        """
        try:
            await look(self._registry.peer(name))
        except Exception as error:
            log.exception("feed.broken", peer=name, error=type(error).__name__)
            await self._failed(name, error)

    async def _feed(self, peer: Peer) -> None:
        name = peer.manifest.name
        state = await self._store.read(lambda tx: tx.feeds.get(name))
        if state.next_at is not None and state.next_at > self._clock.now():
            return
        cursor, more = state.cursor, True
        while more:
            try:
                with counted_as("feed"):
                    batch = await self._registry.port(name, TrackingFeed).read(cursor)
            except CallError as error:
                await self._failed(name, error)
                return
            failpoints.hit("feed.before_ingest")
            await self._store.write(functools.partial(self._take, peer=peer, batch=batch))
            more = batch.more and batch.next_cursor != cursor
            cursor = batch.next_cursor

    def _take(self, tx: Tx, peer: Peer, batch: TrackingBatch) -> None:
        now = self._clock.now()
        if keep_raw(tx, batch, "feed", now):
            ingest(tx, batch, tell=self._tell, context_source=self._context, now=now)
        state = tx.feeds.get(batch.peer)
        pause = dt.timedelta(seconds=peer.poll_interval_s or self._rhythm_s)
        tx.feeds.put(
            dataclasses.replace(
                state,
                cursor=batch.next_cursor,
                last_ok_at=now,
                failing_since=None,
                failures=0,
                last_error="",
                next_at=now if batch.more else now + pause,
            )
        )

    async def _failed(self, peer: PeerId, error: Exception) -> None:
        log.warning("feed.failed", peer=peer, error=type(error).__name__, detail=str(error))
        await self._store.write(lambda tx: tx.feeds.put(after_failure(tx.feeds.get(peer), error, self._clock.now())))

    def _answer(self, tx: Tx, batch: TrackingBatch) -> None:
        now = self._clock.now()
        if keep_raw(tx, batch, "history", now):
            ingest(tx, batch, tell=self._tell, context_source=self._context, now=now, way=Way.PULL)


def keep_raw(tx: Tx, batch: TrackingBatch, kind: str, now: dt.datetime) -> bool:
    """Keep the pages of an answer; they are applied in the same transaction, so they are never pending.

    False: every page came before, byte for byte (the overlap of a quiet feed), so nothing in it is news.
    """
    news = not batch.raw
    for raw in batch.raw:
        row, new = tx.inbox.put(
            NewInbound(
                peer=batch.peer,
                kind=kind,
                ext_id=f"{kind}:{raw.sha256}",
                sha256=raw.sha256,
                body=raw.body,
                headers=(),
                received_at=batch.received_at,
                receipt="",
                correlation_id="",
            )
        )
        if new:
            tx.inbox.settle(row.id, InboxState.APPLIED, detail="", now=now)
        news = news or new
    return news
