"""What follows from news whose sender proved nothing: the carrier is asked about the items it names, soon.

Nothing that a hint says is believed: no event is kept of it, no item is made for it, and the carrier's pushes do not
count as heard. Whoever forges hints wins a question to the carrier, and of one item at most one in a while.
"""

import dataclasses
import datetime as dt

from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import TrackingBatch
from tracking import watch

AT_MOST_EVERY = dt.timedelta(minutes=1)
"""Between two questions about one item that hints ask for."""


def heed(tx: Tx, batch: TrackingBatch, now: dt.datetime) -> str:
    """Plan the questions; returns what was done, in words for the row."""
    items = {item.id: item for event in batch.events for item in _known(tx, batch, event.number, now)}
    for item in items.values():
        _soon(tx, item, now)
    named = sorted({event.number for event in batch.events if event.number is not None})
    about = f"{len(items)} known items are asked about" if items else "no item of ours is named, so nobody is asked"
    return f"hint about {', '.join(named) or 'no number'}: {about}"


def _known(tx: Tx, batch: TrackingBatch, number: str | None, now: dt.datetime) -> tuple[Item, ...]:
    item = tx.items.find(batch.carrier, number, now) if number is not None else None
    return (item,) if item is not None else ()


def _soon(tx: Tx, item: Item, now: dt.datetime) -> None:
    last = item.polls.last_at
    at = max(now, last + AT_MOST_EVERY) if last is not None else now
    polls = watch.swept(item, now=at, span=dt.timedelta(0), chance=0.0)
    if polls is not None:
        tx.items.put(dataclasses.replace(item, polls=polls))
