"""What becomes of each pushed event, by its shape and a read-only look-up (domain model §5, per-event codes).

The answer promises nothing about the fold: whether the event moves anything is decided by the ingest (T2), which judges
again with the whole history.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence
from typing import Final

from schemas.ids import CarrierId
from schemas.ports.stores import Tx
from schemas.shipment import Item, Purpose
from schemas.tracking import PushEntry, TrackingEvent

AHEAD: Final = dt.timedelta(minutes=5)
"""How far a carrier's clock may be ahead of ours before its event counts as in the future."""
EARLY: Final = dt.timedelta(hours=12)
"""How long before its booking an item may have moved: it is often booked in the evening for the papers of the day."""
Key = tuple[str, str, str, int]


class EventOutcome(enum.StrEnum):
    """EventOutcome of the contract."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    QUARANTINED = "QUARANTINED"
    REJECTED = "REJECTED"


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """What became of the event at place ``index`` (from 1); ``code`` is EV-01 … EV-15 or empty."""

    index: int
    event_id: str | None
    outcome: EventOutcome
    code: str = ""
    path: str = ""
    what: str = ""


class Judge:
    """One batch in one transaction; remembers what it looked up."""

    def __init__(self, tx: Tx, carrier: CarrierId, *, now: dt.datetime) -> None:
        self._tx = tx
        self._carrier = carrier
        self._now = now
        self._items: dict[str, tuple[Item, ...]] = {}
        self._known: dict[str, set[Key]] = {}

    def all(self, entries: Sequence[PushEntry]) -> tuple[Judged, ...]:
        """In the order given; the second copy inside the batch is a duplicate of the first."""
        return tuple(self._one(entry) for entry in entries)

    def _one(self, entry: PushEntry) -> Judged:
        event, complaint = entry.event, entry.complaint
        if event is None:
            code, what = (complaint.code, complaint.what) if complaint is not None else ("EV-03", "")
            return Judged(entry.index, entry.event_id, EventOutcome.REJECTED, code, entry.path, what)
        if self._seen(event):
            return Judged(entry.index, entry.event_id, EventOutcome.DUPLICATE)
        code = self._doubt(event)
        if complaint is not None and code in ("", "EV-13"):  # the adapter knows better why it has no meaning
            code = complaint.code
        if code:
            return Judged(entry.index, entry.event_id, EventOutcome.QUARANTINED, code, entry.path)
        return Judged(entry.index, entry.event_id, EventOutcome.ACCEPTED)

    def _seen(self, event: TrackingEvent) -> bool:
        if event.number is None:
            return False
        known = self._known.get(event.number)
        if known is None:
            known = self._known[event.number] = self._stored(event.number)
        # Taking an event back is news of its own, although it is told by the same key.
        key = (event.occurred.wall, event.code + ("!" if event.withdrawn else ""), event.office, event.attempt)
        if key in known:
            return True
        known.add(key)
        return False

    def _stored(self, number: str) -> set[Key]:
        keys: set[Key] = set()
        for item in self._of(number):
            for stored in self._tx.events.of_item(item.id):
                event = stored.event
                keys.add((event.occurred.wall, event.code, event.office, event.attempt))
                if stored.withdrawn_at is not None:
                    keys.add((event.occurred.wall, event.code + "!", event.office, event.attempt))
        return keys

    def _of(self, number: str) -> tuple[Item, ...]:
        found = self._items.get(number)
        if found is None:
            every = self._tx.items.find_number(number)
            found = self._items[number] = tuple(item for item in every if item.carrier == self._carrier)
        return found

    def _doubt(self, event: TrackingEvent) -> str:
        if event.occurred.utc_low > self._now + AHEAD and not event.forecast:
            return "EV-11"
        if event.number is None:  # about a bag; bags are matched by the ingest
            return "EV-13" if event.mapped is None else ""
        known = [item for item in self._of(event.number) if item.purpose is not Purpose.UNKNOWN]
        booked = [item.booked_at for item in known if item.booked_at is not None]
        if booked and len(booked) == len(known) and event.occurred.utc_high < min(booked) - EARLY:
            return "EV-12"
        if event.mapped is None:
            return "EV-13"
        return "" if known else "EV-14"
