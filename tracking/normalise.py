"""Events before they are folded: one order, near duplicates, and why an event must wait in quarantine. Pure.

The second copy of an event is silence: its natural key is (item, wall time as told, code, office, attempt), without
the text and the language. A near duplicate (same code and office within two minutes) is flagged, never merged.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from schemas.shipment import Item, Purpose
from schemas.tracking import StoredEvent, TrackingEvent

FUTURE = "EV-11"
BEFORE_BOOKING = "EV-12"
UNKNOWN_CODE = "EV-13"
UNKNOWN_ITEM = "EV-14"

EventKey = tuple[str, str, str, int]
"""(wall, code, office, attempt): the natural key inside one item."""

NEAR_S = 120
"""Two scans of one code at one office closer than this are most likely one scan told twice (tracking facts §4.2)."""
SKEW = dt.timedelta(minutes=10)
"""How far a carrier's clock may run ahead of ours before its event is called future."""
EARLY = dt.timedelta(hours=24)
"""Bookings are often typed after the hand-over: an event this much older than its item is still the item's own."""


def key_of(event: TrackingEvent) -> EventKey:
    """The natural key of an event inside its item."""
    return (event.occurred.wall, event.code, event.office, event.attempt)


def sort_key(stored: StoredEvent) -> tuple[dt.datetime, int, EventKey, dt.datetime]:
    """(occurred, rank, received), with the natural key before the receipt: the fold must not depend on arrival."""
    event = stored.event
    rank = event.mapped.movement.rank if event.mapped is not None else -1
    return (event.occurred.utc_low, rank, key_of(event), stored.first_seen_at)


def ordered(events: Iterable[StoredEvent]) -> tuple[StoredEvent, ...]:
    """Distinct events in the one order in which they are folded."""
    distinct: dict[EventKey, StoredEvent] = {}
    for stored in events:
        distinct.setdefault(key_of(stored.event), stored)
    return tuple(sorted(distinct.values(), key=sort_key))


def near_duplicates(events: Sequence[StoredEvent]) -> frozenset[EventKey]:
    """Keys of the later ones of pairs with the same code and office within :data:`NEAR_S` seconds."""
    seen: dict[tuple[str, str], dt.datetime] = {}
    near: set[EventKey] = set()
    for stored in ordered(events):
        event = stored.event
        before = seen.get((event.code, event.office))
        if before is not None and (event.occurred.utc_low - before).total_seconds() <= NEAR_S:
            near.add(key_of(event))
        seen[event.code, event.office] = event.occurred.utc_low
    return frozenset(near)


def quarantine_reason(event: TrackingEvent, item: Item) -> str | None:
    """Code of the reason why the event must not be folded yet (domain model §5); None when it counts.

    EV-14: nobody told us yet what the item is. EV-13: a code outside the table, never "in transit". EV-11: it lies
    ahead of its own receipt, which a forecast does lawfully. EV-12: older than the item, so perhaps of an earlier item
    of a recycled number.
    """
    if item.purpose is Purpose.UNKNOWN:
        return UNKNOWN_ITEM
    if event.mapped is None:
        return UNKNOWN_CODE
    if event.occurred.utc_low > event.received_at + SKEW and not event.forecast:
        return FUTURE
    high = event.occurred.utc_high + EARLY
    if high < item.valid_from and high < _known_since(item):  # nearly always the first look is enough
        return BEFORE_BOOKING
    return None


def _known_since(item: Item) -> dt.datetime:
    told = [at for at in (item.booked_at, item.handed_over_at) if at is not None]
    return min([item.valid_from, *told])
