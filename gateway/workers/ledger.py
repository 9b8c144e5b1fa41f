"""Writes down the calls of peers whom nobody asks anything; those that are asked are counted when they are."""

from collections.abc import Collection

from adapters.registry import Registry
from gateway.workers.questions import note
from schemas.ids import PeerId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx


class Ledger:
    """Counts what was sent. A process that is killed loses the calls since the last look."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, counted: Collection[PeerId]) -> None:
        """``counted`` are the peers that somebody else counts."""
        self._store = store
        self._peers = tuple(peer for peer in registry.peers if peer.manifest.name not in counted)
        self._clock = clock

    async def once(self) -> None:
        """Write down every peer's calls since the last time."""
        counts = {peer.manifest.name: peer.http.take_calls() for peer in self._peers}
        told = {name: calls for name, calls in counts.items() if calls}
        if told:
            await self._store.write(lambda tx: self._note(tx, told))

    def _note(self, tx: Tx, told: dict[PeerId, dict[str, int]]) -> None:
        for name, calls in told.items():
            note(tx, name, calls, self._clock.now())
