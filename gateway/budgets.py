"""What each peer was asked for today, and when its quota will be gone: for people, out of the ledger of calls."""

import collections
import dataclasses
import datetime as dt
from collections.abc import Callable

from adapters.registry import Peer, Registry
from schemas.ids import PeerId
from schemas.ports.learned import CallCount
from schemas.ports.stores import Store, Tx
from tracking import budget


@dataclasses.dataclass(frozen=True, slots=True)
class PeerBudget:
    """Calls with one account in today's day of Viet Nam; most accounts are of one peer alone."""

    peer: PeerId
    """The first of those who share the account."""
    credential: str
    peers: tuple[PeerId, ...]
    """All of them, by name."""
    calls_today: int
    calls_per_day: int | None
    """None: no quota is known."""
    by_purpose: tuple[tuple[str, int], ...]
    """Most first."""
    by_user: tuple[tuple[PeerId, str, int], ...]
    """Peer, purpose, calls: who used the account, most first."""
    by_hour: tuple[tuple[dt.datetime, int], ...]
    """Hours with calls, oldest first."""
    gone_at: dt.datetime | None
    """When the quota will be gone if it goes on as in the last three hours; None: not today."""

    @property
    def share(self) -> float | None:
        """Part of the quota that is used, 1 for all of it; None where none is known."""
        return None if not self.calls_per_day else self.calls_today / self.calls_per_day


AccountsOf = Callable[[Tx, dt.datetime], tuple[PeerBudget, ...]]
"""The accounts at a moment, inside a transaction."""


def no_accounts(_tx: Tx, _now: dt.datetime) -> tuple[PeerBudget, ...]:
    """A house without peers."""
    return ()


def accounts(registry: Registry, tx: Tx, now: dt.datetime) -> tuple[PeerBudget, ...]:
    """Every account of the peers that are switched on; bound to its registry it is an ``AccountsOf``."""
    return told_of(registry, counts_of(tx, now), now)


async def budgets(store: Store, registry: Registry, now: dt.datetime) -> tuple[PeerBudget, ...]:
    """Every account of the peers that are switched on, by the name of its first peer."""
    return await store.read(lambda tx: accounts(registry, tx, now))


def counts_of(tx: Tx, now: dt.datetime) -> tuple[CallCount, ...]:
    """The ledger of today, and of the hours that the forecast looks at."""
    return tx.calls.since(min(budget.day_of(now)[0], (now - budget.RECENT).replace(minute=0, second=0, microsecond=0)))


def told_of(registry: Registry, counts: tuple[CallCount, ...], now: dt.datetime) -> tuple[PeerBudget, ...]:
    """The ledger as accounts."""
    shared = {peer.credential: registry.sharing(peer.manifest.name) for peer in registry.peers}
    return tuple(_budget(peers, registry.quota(peers[0].manifest.name), counts, now) for peers in shared.values())


def _budget(peers: tuple[Peer, ...], quota: int | None, counts: tuple[CallCount, ...], now: dt.datetime) -> PeerBudget:
    names = tuple(peer.manifest.name for peer in peers)
    mine = [one for one in counts if one.peer in names]
    purposes: collections.Counter[str] = collections.Counter()
    users: collections.Counter[tuple[PeerId, str]] = collections.Counter()
    hours: collections.Counter[dt.datetime] = collections.Counter()
    for one in mine:
        if one.hour >= budget.day_of(now)[0]:
            purposes[one.purpose] += one.calls
            users[(one.peer, one.purpose)] += one.calls
            hours[one.hour] += one.calls
    return PeerBudget(
        peer=names[0],
        credential=peers[0].credential,
        peers=names,
        calls_today=purposes.total(),
        calls_per_day=quota,
        by_purpose=tuple(purposes.most_common()),
        by_user=tuple((peer, purpose, calls) for (peer, purpose), calls in users.most_common()),
        by_hour=tuple(sorted(hours.items())),
        gone_at=None if quota is None else budget.gone_at(mine, quota, now),
    )
