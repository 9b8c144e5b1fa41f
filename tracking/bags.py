"""A bag's scan moves what is inside: as a place with a confidence, never as proof.

The carrier tells of a bag by its number alone. Such an event goes into the bag's own log (an item of purpose BAG, found
by the bag's number), and a copy of it into the log of each item that was in the bag at that time. A copy places its
item and no more: whatever the bag's code says, the item is in transit or held (:mod:`tracking.status`, ADR 105). It
keeps the code as told, so that a changed table of codes folds it again.

A bag that nobody registered has a log all the same, as an orphan; what it told is spread when it becomes known.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from schemas.bag import Bag, Stay
from schemas.ids import BagNumber, CarrierId, ItemId
from schemas.ports.stores import Tx
from schemas.shipment import Item, Purpose
from schemas.tracking import TrackingEvent
from tracking import normalise

SEALED = 0.9
"""Listed, put in and closed in: only a wrong list makes it untrue."""
LISTED = 0.6
"""Listed, but nobody told that it was put in, or that the bag was closed by then."""
DERIVED = 100
"""Attempt number of a copy: carriers number 1 to 99, so a copy never takes the place of the item's own event."""


def of_bag(event: TrackingEvent) -> bool:
    """True for an event that names a bag and no item."""
    return bool(event.bag) and event.number is None and event.reference is None


def log_of(tx: Tx, bag: BagNumber, carrier: CarrierId | None = None) -> Item | None:
    """The item that holds the bag's own log, or None where the carrier never told of it."""
    for item in tx.items.find_number(bag):
        mine = item.purpose is Purpose.BAG or (item.purpose is Purpose.UNKNOWN and item.number is None)
        if mine and carrier in (None, item.carrier):
            return item
    return None


def item_of(tx: Tx, event: TrackingEvent) -> Item:
    """The log that a bag's event belongs to; made, or named as a bag's once the bag is known."""
    number = BagNumber(event.bag or "")
    known = tx.bags.get(number) is not None
    found = log_of(tx, number, event.carrier)
    if found is None:
        return tx.items.add(_new_log(event, Purpose.BAG if known else Purpose.UNKNOWN))
    if known and found.purpose is Purpose.UNKNOWN:
        return tx.items.put(dataclasses.replace(found, purpose=Purpose.BAG))
    return found


def spread(tx: Tx, events: Iterable[TrackingEvent]) -> list[tuple[Item, TrackingEvent]]:
    """Copies of bag events for what was inside at the time; told twice they are the same copies.

    A bag that is heard of again tells everything that its log holds: events from before it was registered too.
    """
    told: dict[BagNumber, list[TrackingEvent]] = {}
    for event in events:
        told.setdefault(BagNumber(event.bag or ""), []).append(event)
    copies = []
    for number, fresh in told.items():
        bag = tx.bags.get(number)
        if bag is not None:
            log = log_of(tx, number, fresh[0].carrier)
            older = tx.events.of_item(log.id) if log is not None else ()
            copies += _copies(tx, bag, fresh, [one.event for one in older if one.withdrawn_at is None])
    return copies


def _copies(
    tx: Tx, bag: Bag, fresh: Sequence[TrackingEvent], older: Sequence[TrackingEvent]
) -> list[tuple[Item, TrackingEvent]]:
    inside: tuple[ItemId, ...] = tuple(line.item for line in bag.lines if line.item is not None)
    logs = tx.events.of_items(inside)
    copies = []
    for item in tx.items.many(inside):
        known = {normalise.key_of(stored.event) for stored in logs[item.id]}
        for line in (line for line in bag.lines if line.item == item.id):
            made = _made(Stay(bag, line), fresh)
            made += [copy for copy in _made(Stay(bag, line), older) if normalise.key_of(copy) not in known]
            copies += [(item, copy) for copy in made]
    return copies


def _made(stay: Stay, events: Iterable[TrackingEvent]) -> list[TrackingEvent]:
    return [
        _copy(event, sure)
        for event in events
        if event.mapped is not None and not event.forecast and (sure := confidence(stay, event)) > 0
    ]


def confidence(stay: Stay, event: TrackingEvent) -> float:
    """How sure it is that the item was in its bag when the bag was scanned; 0: it was not."""
    since, until = stay.since, stay.until
    if until is not None and event.occurred.utc_low > until:
        return 0.0
    if since is not None and event.occurred.utc_high < since:
        return 0.0
    closed = stay.bag.closed_at is not None and stay.bag.closed_at <= event.occurred.utc_high
    return SEALED if closed and stay.line.put_in_at is not None else LISTED


def _copy(event: TrackingEvent, sure: float) -> TrackingEvent:
    """What the bag's event says of an item: where it is. Weight, seal, money and proof are the bag's own."""
    return dataclasses.replace(
        event, attempt=DERIVED, confidence=sure, recipient=None, evidence=(), money=(), weight_g=None, seal=None
    )


def _new_log(event: TrackingEvent, purpose: Purpose) -> Item:
    return dataclasses.replace(
        Item.heard_of(event.carrier, event.occurred.utc_low, purpose),
        reference=event.bag,
    )
