"""The bell of one process: an event per peer, set from the writer's thread after the commit."""

import asyncio
import contextlib
import datetime as dt
from collections import defaultdict

from schemas.errors import BadConfiguration
from schemas.ids import PeerId
from schemas.ports.clock import Clock
from schemas.ports.stores import Tx


class EmbeddedBell:
    """Rings inside this process only; it refuses to start on PostgreSQL, where several processes need an engine."""

    def __init__(self, database_url: str, *, clock: Clock) -> None:
        """Belongs to the running event loop. Raises BadConfiguration for a database that is not SQLite."""
        if not database_url.startswith("sqlite"):
            raise BadConfiguration("the embedded dispatcher runs on SQLite only", subject="database.url")
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._rung: defaultdict[PeerId, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, tx: Tx, peer: PeerId) -> None:
        """See :class:`gateway.outbox.bells.bell.Bell`."""
        tx.after_commit(lambda: self.ring_now(peer))

    def ring_now(self, peer: PeerId) -> None:
        """Wake the lane now; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is going down, rows remain
            self._loop.call_soon_threadsafe(self._rung[peer].set)

    async def wait(self, peer: PeerId, until: dt.datetime | None) -> None:
        """See :class:`gateway.outbox.bells.bell.Bell`."""
        event = self._rung[peer]
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(event.wait())]
        if until is not None:
            waits.append(asyncio.ensure_future(self._clock.wait_until(until)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        # Only who woke takes the ring: a wait that was given up must not swallow one that came in the meantime.
        event.clear()
