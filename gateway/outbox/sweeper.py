"""Rings for what time makes due: leases of a dead process. Lanes look at their own due times themselves."""

from gateway.outbox.bells.bell import Bell
from schemas.ids import MessageNo
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx


class Sweeper:
    """Turns attempts whose lease ran out into unknown outcomes and wakes the lanes of what is due."""

    def __init__(self, store: Store, *, bell: Bell, clock: Clock) -> None:
        """One per process; several do no harm."""
        self._store = store
        self._bell = bell
        self._clock = clock

    async def sweep(self) -> tuple[MessageNo, ...]:
        """One pass; returns the messages whose outcome became unknown."""

        def pass_over(tx: Tx) -> tuple[MessageNo, ...]:
            now = self._clock.now()
            expired = tx.messages.expire_leases(now=now)
            for peer in tx.messages.due_peers(now=now):
                self._bell.ring(tx, peer)
            return expired

        return await self._store.write(pass_over)

    async def after_restart(self) -> tuple[MessageNo, ...]:
        """A single process starts: every lease of the process before it is over, whatever its clock says."""

        def pass_over(tx: Tx) -> tuple[MessageNo, ...]:
            return tx.messages.expire_leases(now=self._clock.now(), all_of_them=True)

        return await self._store.write(pass_over)
