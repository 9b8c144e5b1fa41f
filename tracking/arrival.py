"""A batch's events into the log, and items folded: read once, worked on in memory, written once.

Whatever a batch touches is read in a handful of queries (who has these numbers, the logs of the items, the dossiers in
them), and written with one statement for the new rows of the log and one for the folds. An event costs then what its
row and its meaning cost, not a conversation with the database (ADR 110). The result is the same as one event at a time:
a property test holds the two beside each other.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ids import ItemId
from schemas.ports.stores import Tx
from schemas.shipment import Item, PollState
from schemas.tracking import Fold, StoredEvent, TrackingBatch, TrackingEvent
from tracking import bags, foretold, matching, normalise, reading, status, watch

RELEASED = frozenset({normalise.UNKNOWN_CODE, normalise.UNKNOWN_ITEM, normalise.BEFORE_BOOKING})
"""Reasons that end when an item becomes known, is corrected, or a code gets a meaning."""

Logs = dict[ItemId, tuple[StoredEvent, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event of a batch, in the batch's order."""

    item: ItemId
    new: bool
    """False: a second copy, counted."""
    quarantine: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Folded:
    """An item as it stands now, its log in no order, and the dossiers that are in it."""

    item: Item
    log: tuple[StoredEvent, ...]
    dossiers: tuple[Dossier, ...]

    def in_order(self) -> tuple[StoredEvent, ...]:
        """The log as the store would read it."""
        return tuple(sorted(self.log, key=_as_stored))


def take(
    tx: Tx, batch: TrackingBatch, now: dt.datetime, *, pushed: bool = False
) -> tuple[tuple[EventOutcome, ...], tuple[Folded, ...]]:
    """Append a batch and fold what it touched: what became of each event, and each item as it stands now."""
    items, places = _matched(tx, batch)
    told, batch = len(batch.events), _with_copies(tx, batch, items, places)
    logs = tx.events.of_items(tuple(items), lock=True)
    outcomes = _append(tx, batch, items, places, logs)
    heard = {item: [batch.events[place] for place in at] for item, at in places.items()}
    taken_back = [item for item, events in heard.items() if _withdraw(tx, batch, item, events, logs[item], now)]
    logs |= tx.events.of_items(taken_back)
    return outcomes[:told], fold_all(tx, items, logs, now, pushed=pushed)


def refold(tx: Tx, items: Sequence[ItemId], now: dt.datetime) -> tuple[Folded, ...]:
    """Fold these items again from their logs, and store what they come to. Raises NotFound."""
    known = {item.id: item for item in tx.items.many(items)}
    missing = [item for item in items if item not in known]
    if missing:
        raise NotFound("no postal item with this row id", subject=str(missing[0]))
    return fold_all(tx, {item: known[item] for item in items}, tx.events.of_items(items, lock=True), now)


def _matched(tx: Tx, batch: TrackingBatch) -> tuple[dict[ItemId, Item], dict[ItemId, list[int]]]:
    """Each item that the batch speaks of, as it stands after the last of its events, and the places of its events."""
    names = matching.Names(tx, (event.number for event in batch.events if event.number is not None))
    items: dict[ItemId, Item] = {}
    places: dict[ItemId, list[int]] = {}
    for place, event in enumerate(batch.events):
        item = matching.item_of(tx, batch.peer, event, names)
        items[item.id] = item
        places.setdefault(item.id, []).append(place)
    return items, places


def _with_copies(
    tx: Tx, batch: TrackingBatch, items: dict[ItemId, Item], places: dict[ItemId, list[int]]
) -> TrackingBatch:
    """The batch with what its events of bags mean for the items inside, behind what was told."""
    events = list(batch.events)
    for item, copy in bags.spread(tx, filter(bags.of_bag, batch.events)):
        items.setdefault(item.id, item)
        places.setdefault(item.id, []).append(len(events))
        events.append(copy)
    return batch if len(events) == len(batch.events) else dataclasses.replace(batch, events=tuple(events))


def _append(
    tx: Tx, batch: TrackingBatch, items: Mapping[ItemId, Item], places: Mapping[ItemId, list[int]], logs: Logs
) -> tuple[EventOutcome, ...]:
    """Every event to its item's log, ``logs`` brought up to date; the answer keeps the batch's order."""
    judged = {
        item: [(batch.events[place], normalise.quarantine_reason(batch.events[place], items[item])) for place in at]
        for item, at in places.items()
    }
    logged = tx.events.append_many(judged, logs)
    outcomes: list[EventOutcome | None] = [None] * len(batch.events)
    relearned: list[ItemId] = []
    for item, after in logged.items():
        logs[item] = after.log
        for place, one in zip(places[item], after.answers, strict=True):
            outcomes[place] = EventOutcome(item, one.new, one.event.quarantine)
            told = batch.events[place].mapped
            if told is not None and one.event.event.mapped is None:  # told again, understood this time
                tx.events.learn(item, normalise.key_of(one.event.event), told)
                relearned.append(item)
    logs |= tx.events.of_items(relearned)
    return tuple(outcome for outcome in outcomes if outcome is not None)


def _withdraw(
    tx: Tx,
    batch: TrackingBatch,
    item: ItemId,
    events: Iterable[TrackingEvent],
    log: Sequence[StoredEvent],
    now: dt.datetime,
) -> bool:
    """Mark what the carrier took back: by saying so, by superseding it, or by a full history that lacks it.

    What it took back by saying so is marked with the moment of its saying, which is also when the event was last seen:
    that tells it from what vanished in silence (D-34). The whole log is asked for what supersedes what, because a
    correction may arrive before the event that it corrects.
    """
    gone = {normalise.key_of(event): event.received_at for event in events if event.withdrawn}
    replaced_by = {stored.event.supersedes: stored for stored in log if stored.event.supersedes}
    whole = any(event.number in batch.complete_for for event in events)
    if not (gone or replaced_by or whole):
        return False
    told = {normalise.key_of(event) for event in events}
    any_taken = False
    for stored in log:
        key = normalise.key_of(stored.event)
        newer = replaced_by.get(stored.event.carrier_event_id or "", stored)
        replaced = normalise.key_of(newer.event) != key  # a correction of the text alone is the same row
        own = stored.event.source == batch.peer and not stored.event.derived
        vanished = whole and own and key not in told
        if stored.withdrawn_at is None and (key in gone or replaced or vanished):
            tx.events.withdraw(item, key, gone.get(key, now))
            any_taken = True
    return any_taken


def fold_all(
    tx: Tx, items: Mapping[ItemId, Item], logs: Logs, now: dt.datetime, *, pushed: bool = False
) -> tuple[Folded, ...]:
    """Fold each item's log and store the folds that changed, all at once; ``pushed``: the news came by itself."""
    inside = reading.dossiers_inside(tx, tuple(items))
    changed: list[tuple[Item, Fold, PollState]] = []
    redated: dict[ItemId, Item] = {}
    for of, item in items.items():
        logs[of] = _released(tx, item, logs[of])
        dated = foretold.dated(item, logs[of])
        if dated is not item:  # rare: what changes with every event is the fold alone
            redated[of] = item = tx.items.put(dated)
        fold = status.fold(logs[of], context=reading.folding_of(item, inside.get(of, ())))
        if fold != item.fold:
            changed.append((item, fold, _polls(item, fold, now, pushed=pushed)))
    stored = redated | {item.id: item for item in tx.items.put_folds(changed)}
    return tuple(Folded(stored.get(of, item), logs[of], inside.get(of, ())) for of, item in items.items())


def _as_stored(stored: StoredEvent) -> tuple[dt.datetime, int, dt.datetime, str, str, int]:
    """The order in which the store reads a log."""
    event = stored.event
    rank = -1 if event.mapped is None else event.mapped.movement.rank
    return (event.occurred.utc_low, rank, event.received_at, event.occurred.wall, event.code, event.attempt)


def _released(tx: Tx, item: Item, log: tuple[StoredEvent, ...]) -> tuple[StoredEvent, ...]:
    """Let go what need not wait in quarantine any longer."""
    if not any(stored.quarantine in RELEASED for stored in log):
        return log
    events = []
    for stored in log:
        reason = stored.quarantine
        if reason in RELEASED:
            reason = normalise.quarantine_reason(stored.event, item)
        if reason != stored.quarantine:
            tx.events.set_quarantine(item.id, normalise.key_of(stored.event), reason)
            stored = dataclasses.replace(stored, quarantine=reason)
        events.append(stored)
    return tuple(events)


def _polls(item: Item, fold: Fold, now: dt.datetime, *, pushed: bool) -> PollState:
    """The news moves the next question; an item that was never asked about stays due.

    The jitter comes from the id, because a transaction may run twice and must do the same.
    """
    if item.polls.last_at is None:
        return item.polls
    told = dataclasses.replace(item, fold=fold)
    outlook = watch.Outlook(push_well=pushed)
    next_at = watch.next_poll(told, now=now, chance=(item.id * 0.6180339887) % 1.0, outlook=outlook)
    return PollState(item.polls.last_at, next_at, item.polls.failures)
