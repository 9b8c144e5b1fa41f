"""How much a stranger may make us keep: deliveries that are stored before anybody has proven whose they are.

Three bounds for each peer: so many a minute, so many bytes at the same time, so long. A true delivery that is proven at
the door counts for none of them, so a flood of others does not keep it out.
"""

import asyncio
import collections
import dataclasses
import datetime as dt
from typing import Final

from gateway.accounts import GatewayStore
from gateway.inbound.problems import TooMany
from schemas.ids import PeerId
from schemas.ports.stores import Tx
from schemas.wire import Callback

_MINUTE: Final = dt.timedelta(minutes=1)
ROW_BYTES: Final = 1_000
"""What a row costs beside its body, headers included, as measured with SQLite: about 700."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """Deliveries a minute, bytes at the same time, and how long unproven ones are kept."""

    per_minute: int
    most_bytes: int
    keep: dt.timedelta


@dataclasses.dataclass(slots=True)
class _Held:
    since: dt.datetime
    size: int


class Quota:
    """The bounds at the door; what is held is counted in the store, so a restart forgets nothing."""

    def __init__(self, store: GatewayStore, bounds: Bounds) -> None:
        self._store = store
        self._bounds = bounds
        self._lately: dict[PeerId, collections.deque[dt.datetime]] = collections.defaultdict(collections.deque)
        self._held: dict[PeerId, _Held] = {}
        self._counting = asyncio.Lock()

    async def admit(self, callback: Callback) -> None:
        """Count an unproven delivery in. Raises TooMany where it is one, or its bytes are, too many."""
        lately, now = self._lately[callback.peer], callback.received_at
        while lately and now - lately[0] >= _MINUTE:
            lately.popleft()
        if len(lately) >= self._bounds.per_minute:
            raise TooMany(subject=callback.peer)
        lately.append(now)
        size = len(callback.body) + ROW_BYTES
        held = await self._count(callback.peer, now)
        if held.size + size > self._bounds.most_bytes:
            raise TooMany("unproven deliveries fill their part of the disk", retry_after_s=3_600, subject=callback.peer)
        held.size += size

    async def _count(self, peer: PeerId, now: dt.datetime) -> _Held:
        """What is held; counted anew once a minute, after what is too old was forgotten."""
        async with self._counting:
            held = self._held.get(peer)
            if held is None or now - held.since >= _MINUTE:
                held = _Held(now, await self._store.write(lambda tx: self._kept(tx, peer, now)))
                self._held[peer] = held
            return held

    def _kept(self, tx: Tx, peer: PeerId, now: dt.datetime) -> int:
        tx.inbox.forget_unproven(peer, before=now - self._bounds.keep)
        rows, size = tx.inbox.unproven(peer)
        return size + rows * ROW_BYTES
