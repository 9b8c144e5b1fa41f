"""How most systems merge tracking events, as a pure function, and the same news through our log beside it.

The naive way: an event that is not equal to a kept one as a whole is new (so an edited text makes a second copy); what
was fetched last is the status; a code outside of the table is "in transit"; and a code means the same whichever way the
item goes. Each of these was read in public code (tracking facts §0.3, §2, §4.1).
"""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Sequence

from gateway.simulate.parcel import CODES
from gateway.simulate.world import World
from schemas.ids import Sha256
from schemas.ports.stores import Tx
from schemas.tracking import Direction, Movement, StoredEvent, TrackingEvent
from tracking import normalise, status

_BY_CODE = {code: movement for movement, code in CODES.items()} | {
    "EMI": Movement.DELIVERED,
    "EMG": Movement.IN_TRANSIT,
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Tally:
    """What went wrong over all items of a world."""

    items: int
    kept: int
    """Events kept."""
    duplicates: int
    """Events kept beyond the scans that really happened."""
    regressions: int
    """How often a status left an end by itself."""
    false_deliveries: int
    """Items said to be delivered to their addressee that were not."""


def merge(events: Iterable[TrackingEvent]) -> tuple[int, tuple[Movement, ...]]:
    """How many events are kept, and the status after each arrival; ``events`` come as they were heard."""
    kept: set[TrackingEvent] = set()
    statuses = []
    for event in events:
        kept.add(dataclasses.replace(event, received_at=_EPOCH, raw_sha256=Sha256("")))
        statuses.append(_BY_CODE.get(event.code, Movement.IN_TRANSIT))
    return len(kept), tuple(statuses)


def compare(tx: Tx, world: World) -> tuple[Tally, Tally]:
    """(naive, ours) over the news that the world's carriers told of items that have their number for themselves."""
    heard: dict[str, list[TrackingEvent]] = {}
    for event in world.heard:
        heard.setdefault(event.number or "", []).append(event)
    naive, ours = Tally(0, 0, 0, 0, 0), Tally(0, 0, 0, 0, 0)
    for number, scans in sorted(world.scans.items()):
        items = tx.items.find_number(number)
        if len(items) != 1 or number not in heard:
            continue
        real = {normalise.key_of(event) for event in scans}
        delivered = any(_hands_over(event) for event in scans)
        kept, statuses = merge(heard[number])
        naive = _added(naive, kept, len(real), statuses, delivered=delivered)
        log = tx.events.of_item(items[0].id)
        standing = sum(stored.withdrawn_at is None for stored in log)
        ours = _added(ours, standing, len(real), _as_it_came(log), delivered=delivered)
    return naive, ours


def _added(tally: Tally, kept: int, real: int, statuses: Sequence[Movement | None], *, delivered: bool) -> Tally:
    left = sum(
        before is not None and before.terminal and after is not before for before, after in itertools.pairwise(statuses)
    )
    says = bool(statuses) and statuses[-1] is Movement.DELIVERED
    return Tally(
        tally.items + 1,
        tally.kept + kept,
        tally.duplicates + max(0, kept - real),
        tally.regressions + left,
        tally.false_deliveries + (says and not delivered),
    )


def _as_it_came(log: Sequence[StoredEvent]) -> tuple[Movement | None, ...]:
    """What our fold said after each event, in the order in which they were heard."""
    arrived = sorted(log, key=lambda stored: (stored.first_seen_at, normalise.sort_key(stored)))
    return tuple(status.fold(arrived[: n + 1]).movement for n in range(len(arrived)))


def _hands_over(event: TrackingEvent) -> bool:
    mapped = event.mapped
    forward = mapped is not None and mapped.direction is Direction.FORWARD
    return forward and mapped is not None and mapped.movement is Movement.DELIVERED
