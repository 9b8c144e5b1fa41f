"""Rules that time alone can break: a full pass in bounded chunks, each a transaction of its own."""

from adapters.registry import Registry
from schemas.ports.clock import Clock
from schemas.ports.stores import Store
from tracking import sweep
from tracking.rules.context import ContextSource
from tracking.sweep import SweepCursor

CHUNK = 200
"""Subjects in one transaction: about 50 ms of the writer's time, so that acknowledgements do not wait behind it."""


class Rules:
    """One pass over everything that a rule may concern."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, context: ContextSource) -> None:
        """Feeds are those of the peers that are switched on."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._context = context

    async def once(self) -> None:
        """The whole pass; another one may run beside it without harm."""
        peers = tuple(peer.manifest.name for peer in self._registry.peers)
        now = self._clock.now()
        await self._store.write(lambda tx: sweep.sweep_feeds(tx, peers, context_source=self._context, now=now))
        cursor = SweepCursor()
        while not cursor.done:
            cursor = await self._chunk(cursor)

    async def _chunk(self, cursor: SweepCursor) -> SweepCursor:
        now = self._clock.now()
        return await self._store.write(
            lambda tx: sweep.next_chunk(tx, cursor, limit=CHUNK, context_source=self._context, now=now)
        )
