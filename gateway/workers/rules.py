"""Rules that time alone can break: a full pass in bounded chunks, each a transaction of its own.

Where the pass stands is kept in the same transaction as its chunk: a process that is stopped in the middle goes on
there when it starts again, and a crash loses nothing that was settled.
"""

import datetime as dt
from typing import Final

from adapters.registry import Registry
from gateway.storage.codec import from_json, to_json
from schemas.ids import PeerId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx
from tracking import sweep
from tracking.rules.context import ContextSource
from tracking.sweep import Place, SweepCursor

CHUNK: Final = 200
"""Subjects in one transaction: about 50 ms of the writer's time, so that acknowledgements do not wait behind it."""
PASS: Final = "reconcile"
STALE: Final = dt.timedelta(hours=24)
"""A pass that broke off longer ago begins anew: its early subjects have had a day to go wrong."""


class Rules:
    """One pass over everything that a rule may concern."""

    def __init__(self, store: Store, *, peers: tuple[PeerId, ...], clock: Clock, context: ContextSource) -> None:
        """``peers`` are those whose feeds are looked at: :func:`peers_of` the registry."""
        self._store = store
        self._peers = peers
        self._clock = clock
        self._context = context

    async def once(self) -> None:
        """The whole pass, or what is left of one that broke off; another one may run beside it without harm."""
        await full_pass(self._store, peers=self._peers, clock=self._clock, context=self._context)


def peers_of(registry: Registry) -> tuple[PeerId, ...]:
    """Everybody who is switched on."""
    return tuple(peer.manifest.name for peer in registry.peers)


async def full_pass(
    store: Store, *, peers: tuple[PeerId, ...], clock: Clock, context: ContextSource, chunk: int = CHUNK
) -> SweepCursor:
    """Feeds first, because they explain the rest; then everybody who is nominated. Answers the finished cursor."""
    now = clock.now()
    await store.write(lambda tx: sweep.sweep_feeds(tx, peers, context_source=context, now=now))
    cursor = await store.read(lambda tx: _begin(tx, context, now))
    while not cursor.done:
        cursor = await _chunk(store, cursor, clock=clock, context=context, chunk=chunk)
    await store.write(lambda tx: tx.schedule.keep_progress(PASS, None))
    return cursor


def _begin(tx: Tx, context: ContextSource, now: dt.datetime) -> SweepCursor:
    kept = tx.schedule.progress(PASS)
    place = None if kept is None else from_json(kept, Place)
    fresh = place is not None and now - place.began < STALE
    return sweep.begin(tx, context(tx, now), place=place if fresh else None)


async def _chunk(store: Store, cursor: SweepCursor, *, clock: Clock, context: ContextSource, chunk: int) -> SweepCursor:
    now = clock.now()

    def settle(tx: Tx) -> SweepCursor:
        after = sweep.next_chunk(tx, cursor, limit=chunk, context_source=context, now=now)
        tx.schedule.keep_progress(PASS, to_json(after.place))
        return after

    return await store.write(settle)
