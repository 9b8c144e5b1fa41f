"""What each peer was asked for today, and when its quota will be gone: for people, out of the ledger of calls."""

import collections
import dataclasses
import datetime as dt

from adapters.registry import Peer, Registry
from schemas.ids import PeerId
from schemas.ports.learned import CallCount
from schemas.ports.stores import Store
from tracking import budget


@dataclasses.dataclass(frozen=True, slots=True)
class PeerBudget:
    """Calls of a peer in today's day of Viet Nam."""

    peer: PeerId
    calls_today: int
    calls_per_day: int | None
    """None: no quota is known."""
    by_purpose: tuple[tuple[str, int], ...]
    """Most first."""
    by_hour: tuple[tuple[dt.datetime, int], ...]
    """Hours with calls, oldest first."""
    gone_at: dt.datetime | None
    """When the quota will be gone if it goes on as in the last three hours; None: not today."""


async def budgets(store: Store, registry: Registry, now: dt.datetime) -> tuple[PeerBudget, ...]:
    """Every peer that is switched on, by name."""
    since = min(budget.day_of(now)[0], (now - budget.RECENT).replace(minute=0, second=0, microsecond=0))
    counts = await store.read(lambda tx: tx.calls.since(since))
    return tuple(_budget(peer, counts, now) for peer in registry.peers)


def _budget(peer: Peer, counts: tuple[CallCount, ...], now: dt.datetime) -> PeerBudget:
    mine = [one for one in counts if one.peer == peer.manifest.name]
    today = [one for one in mine if one.hour >= budget.day_of(now)[0]]
    purposes: collections.Counter[str] = collections.Counter()
    hours: collections.Counter[dt.datetime] = collections.Counter()
    for one in today:
        purposes[one.purpose] += one.calls
        hours[one.hour] += one.calls
    quota = peer.calls_per_day
    return PeerBudget(
        peer=peer.manifest.name,
        calls_today=purposes.total(),
        calls_per_day=quota,
        by_purpose=tuple(purposes.most_common()),
        by_hour=tuple(sorted(hours.items())),
        gone_at=None if quota is None else budget.gone_at(mine, quota, now),
    )
