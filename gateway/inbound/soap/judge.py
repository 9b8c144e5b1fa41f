"""What becomes of each pushed event, by its shape and a read-only look-up (domain model §5, per-event codes).

The item is found and the doubt is weighed by the same pure functions that the ingest uses later (T2), so the answer
says what the ingest will do, as far as that can be known before it is done: it promises nothing about the fold.
"""

import dataclasses
import enum
from collections.abc import Sequence

from schemas.ids import ItemId, PeerId
from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import PushEntry, TrackingEvent
from tracking import matching, normalise
from tracking.normalise import EventKey


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

    def __init__(self, tx: Tx, peer: PeerId) -> None:
        self._tx = tx
        self._peer = peer
        self._known: dict[ItemId, set[EventKey]] = {}
        self._told: set[tuple[str | None, str | None, EventKey]] = set()

    def all(self, entries: Sequence[PushEntry]) -> tuple[Judged, ...]:
        """In the order given; the second copy inside the batch is a duplicate of the first."""
        return tuple(self._one(entry) for entry in entries)

    def _one(self, entry: PushEntry) -> Judged:
        event, complaint = entry.event, entry.complaint
        if event is None:
            code, what = (complaint.code, complaint.what) if complaint is not None else ("EV-03", "")
            return Judged(entry.index, entry.event_id, EventOutcome.REJECTED, code, entry.path, what)
        item = matching.known_item(self._tx, self._peer, event)
        if self._seen(event, item):
            return Judged(entry.index, entry.event_id, EventOutcome.DUPLICATE)
        code = _doubt(event, item)
        if complaint is not None and code in ("", normalise.UNKNOWN_CODE):
            code = complaint.code  # the adapter knows better why the event has no meaning
        if code:
            return Judged(entry.index, entry.event_id, EventOutcome.QUARANTINED, code, entry.path)
        return Judged(entry.index, entry.event_id, EventOutcome.ACCEPTED)

    def _seen(self, event: TrackingEvent, item: Item | None) -> bool:
        key = _key(event, withdrawn=event.withdrawn)
        told = (event.number or event.bag, event.reference, key)
        if told in self._told or (item is not None and key in self._stored(item)):
            return True
        self._told.add(told)
        return False

    def _stored(self, item: Item) -> set[EventKey]:
        keys = self._known.get(item.id)
        if keys is None:
            keys = set()
            for stored in self._tx.events.of_item(item.id):
                keys.add(_key(stored.event, withdrawn=False))
                if stored.withdrawn_at is not None:
                    keys.add(_key(stored.event, withdrawn=True))
            self._known[item.id] = keys
        return keys


def _key(event: TrackingEvent, *, withdrawn: bool) -> EventKey:
    """The natural key; taking an event back is news of its own, although it is told by the same key."""
    wall, code, office, attempt = normalise.key_of(event)
    return (wall, f"{code} withdrawn" if withdrawn else code, office, attempt)


def _doubt(event: TrackingEvent, item: Item | None) -> str:
    if item is not None:
        return normalise.quarantine_reason(event, item) or ""
    if event.number is None and event.reference is None:  # about a bag, which no item stands for
        return normalise.UNKNOWN_CODE if event.mapped is None else ""
    return normalise.UNKNOWN_ITEM
