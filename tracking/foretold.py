"""What a carrier foretells of an item: until when it promises to deliver, and until when it keeps it at the counter.

A forecast is never an event (tracking facts §0 6b): it moves nothing. But a delivery that is foretold is a promise of
the carrier's (D-09, D-10, the next poll), and a return that is foretold of an item at the counter is the end of its
storage (D-17, E-12). Only what lies ahead of its own telling is foretold: a delivery man's report of this morning, kept
like a forecast, promises nothing.
"""

import dataclasses
from collections.abc import Sequence

from schemas.shipment import Item
from schemas.tracking import Direction, Movement, StoredEvent


def dated(item: Item, log: Sequence[StoredEvent]) -> Item:
    """The item with the dates that its log foretells.

    The first promise stands: one that is put off again and again would never be broken. It is the end of the foretold
    interval. A term of storage may lawfully be extended: the last word counts, at its earliest moment.

    Args:
        item: as it is stored.
        log: its events in any order.
    """
    told = [one for one in log if _ahead(one)]
    if not told:
        return item
    promises = [one for one in told if _means(one, Movement.DELIVERED)]
    terms = [one for one in told if _means(one, Movement.RETURNING)]
    promised, until = item.promised_at, item.storage_until
    if promises and promised is None:
        first = min(promises, key=lambda one: (one.first_seen_at, one.event.occurred.utc_high))
        promised = first.event.occurred.utc_high
    if terms:
        last = max(terms, key=lambda one: (one.first_seen_at, one.event.occurred.utc_low))
        until = last.event.occurred.utc_low
    if (promised, until) == (item.promised_at, item.storage_until):
        return item
    return dataclasses.replace(item, promised_at=promised, storage_until=until)


def _ahead(stored: StoredEvent) -> bool:
    event = stored.event
    told = event.forecast and not event.withdrawn and stored.withdrawn_at is None
    return told and event.occurred.utc_low > event.received_at


def _means(stored: StoredEvent, movement: Movement) -> bool:
    """A delivery on the way back is no promise to the addressee."""
    mapped = stored.event.mapped
    back = mapped is not None and mapped.direction is Direction.RETURN
    return mapped is not None and mapped.movement is movement and back <= (movement is Movement.RETURNING)
