"""What an item's events come to: a fold over the append-only log, never "the last one fetched wins". Pure.

Events are taken in the one order of :func:`tracking.normalise.ordered`. A terminal state latches: what a carrier tells
after it does not move the item but raises ``regressed`` (D-31), unless the two intervals of time overlap (a delivery
told to the day beside a scan of that day is no regression) or the carrier took one of them back. Forecasts, withdrawn
and quarantined events never move anything. Any row of a feed whose manifest says ``any_row_means_accepted`` proves
that the post holds the item, even with a code that nobody knows.

An order that was cancelled and then scanned by the post is the one end that gives way, because the post has the paper;
it is flagged all the same. After a return is decided the direction stays RETURN: a delivery then is a delivery to the
sender (domain model §1.5).
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable

from schemas.tracking import GOING_BACK, Direction, EvidenceLevel, Fold, Movement, Outcome, Recipient, StoredEvent
from tracking import normalise
from tracking.normalise import EventKey

MONEY = "money"
"""``mapped.action`` of codes that tell of money only (VNPost 110, 120): they neither move an item nor regress it."""

_POST_HAS_IT = Movement.ACCEPTED.rank
_POSITIONS = {
    Movement.ACCEPTED: Movement.ACCEPTED,
    Movement.HELD: Movement.HELD,
    Movement.DAMAGED: Movement.HELD,
    Movement.LOST: Movement.HELD,
    Movement.DESTROYED: Movement.HELD,
}
"""What a scan of its bag says of an item; every other one says that it travels. It never delivers and never ends."""
_KINDS = {"scan": EvidenceLevel.SCAN, "signature": EvidenceLevel.SIGNATURE, "photo": EvidenceLevel.STATUS_ONLY}


@dataclasses.dataclass(frozen=True, slots=True)
class ItemContext:
    """What the fold must know besides the events."""

    reopened_at: dt.datetime | None = None
    """When two persons reopened the dossier (row 31): a terminal event that we knew then counts no more."""
    attempt_max: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Use:
    """One event in an explanation: whether the fold used it, and why or why not."""

    stored: StoredEvent
    used: bool
    why: str


def fold(events: Iterable[StoredEvent], *, context: ItemContext | None = None) -> Fold:
    """What ``events`` (of one item, any order) come to."""
    folder = _Folder(context or ItemContext())
    for stored in normalise.ordered(events):
        folder.take(stored)
    return folder.result()


def explain_fold(events: Iterable[StoredEvent], *, context: ItemContext | None = None) -> tuple[Use, ...]:
    """Which events the fold used and which not, and why, in the order of the fold."""
    folder = _Folder(context or ItemContext())
    known = normalise.ordered(events)
    near = normalise.near_duplicates(known)
    uses = []
    for stored in known:
        used, why = folder.take(stored)
        if normalise.key_of(stored.event) in near:
            why += "; near duplicate of the scan before it"
        uses.append(Use(stored, used, why))
    return tuple(uses)


def regression(
    events: Iterable[StoredEvent], *, context: ItemContext | None = None
) -> tuple[StoredEvent, StoredEvent] | None:
    """The terminal event and the first movement after it, where the fold is ``regressed``."""
    folder = _Folder(context or ItemContext())
    for stored in normalise.ordered(events):
        folder.take(stored)
    return folder.regression


def goes_on(fold_before: Fold, event: StoredEvent) -> bool:
    """True where appending ``event`` cannot reorder history: bulk ingest may then take the fast path.

    The newest event so far ended before this one began, nothing terminal has latched and the event moves something.
    """
    last = fold_before.last_event_at
    later = last is None or event.event.occurred.utc_low > last
    return later and not fold_before.regressed and fold_before.outcome is Outcome.OPEN


class _Folder:
    """The running fold. ``take`` answers (used, why) so that explaining and folding cannot differ."""

    def __init__(self, context: ItemContext) -> None:
        self.context = context
        self.movement: Movement | None = None
        self.direction = Direction.FORWARD
        self.evidence = EvidenceLevel.NONE
        self.recipient: Recipient | None = None
        self.since: dt.datetime | None = None
        self.last_event_at: dt.datetime | None = None
        self.accepted_at: dt.datetime | None = None
        self.delivered_at: dt.datetime | None = None
        self.events_n = 0
        self.unknown_n = 0
        self.regression: tuple[StoredEvent, StoredEvent] | None = None
        self.latched: StoredEvent | None = None
        self.attempts_told: set[int | EventKey] = set()
        self.last_failed: tuple[str, str, dt.datetime] | None = None

    def take(self, stored: StoredEvent) -> tuple[bool, str]:
        """Fold one event in."""
        event = stored.event
        if stored.withdrawn_at is not None or event.withdrawn:
            return False, "withdrawn by the carrier"
        if event.forecast:
            return False, "a forecast, not an event"
        self.events_n += 1
        self.unknown_n += event.mapped is None
        if event.any_row_means_accepted and stored.quarantine in (None, normalise.UNKNOWN_CODE):
            self._post_has_it(stored)
        if event.mapped is None:
            return False, f"code {event.code!r} is not in the table {event.code_list!r}"
        if stored.quarantine is not None:
            return False, f"in quarantine ({stored.quarantine})"
        if event.mapped.action == MONEY:
            return False, "tells of money only"
        return self._move(stored, event.mapped.movement)

    def result(self) -> Fold:
        """The fold so far."""
        return Fold(
            movement=self.movement,
            outcome=Outcome.OPEN if self.movement is None else self.movement.outcome,
            direction=self.direction,
            evidence=self.evidence,
            recipient=self.recipient,
            since=self.since,
            last_event_at=self.last_event_at,
            accepted_at=self.accepted_at,
            delivered_at=self.delivered_at,
            attempts=len(self.attempts_told),
            regressed=self.regression is not None,
            events_n=self.events_n,
            unknown_n=self.unknown_n,
        )

    def _post_has_it(self, stored: StoredEvent) -> None:
        low = stored.event.occurred.utc_low
        if self.accepted_at is None or low < self.accepted_at:
            self.accepted_at = low
        if stored.event.mapped is None or stored.event.mapped.action != MONEY:
            self._heard(stored)  # money that moves is no news of where the item is

    def _heard(self, stored: StoredEvent) -> None:
        high = stored.event.occurred.utc_high
        if self.last_event_at is None or high > self.last_event_at:
            self.last_event_at = high

    def _move(self, stored: StoredEvent, told: Movement) -> tuple[bool, str]:
        movement = _POSITIONS.get(told, Movement.IN_TRANSIT) if stored.event.derived else self._directed(stored, told)
        if movement.terminal and self._reopened(stored):
            return False, "the dossier was reopened after this was known (row 31)"
        if movement.rank >= _POST_HAS_IT:
            self._post_has_it(stored)
        if movement is Movement.ATTEMPT_FAILED:
            self._attempt(stored)
        if self.latched is not None:
            return self._after_the_end(self.latched, stored, movement)
        self._stand(stored, movement)
        return True, f"moves the item to {movement.value}"

    def _directed(self, stored: StoredEvent, told: Movement) -> Movement:
        mapped = stored.event.mapped
        back = self.direction is Direction.RETURN or (mapped is not None and mapped.direction is Direction.RETURN)
        return Movement.RETURNED if told is Movement.DELIVERED and back else told

    def _reopened(self, stored: StoredEvent) -> bool:
        reopened = self.context.reopened_at
        return reopened is not None and stored.first_seen_at <= reopened

    def _after_the_end(self, end: StoredEvent, stored: StoredEvent, movement: Movement) -> tuple[bool, str]:
        if movement is self.movement:
            self._prove(stored, movement)
            return True, "tells the same end again; its proof counts"
        if stored.event.occurred.utc_low <= end.event.occurred.utc_high:
            if movement.terminal:  # two ends of one time: which of them is true nobody can say, so it is not silent
                self.regression = self.regression or (end, stored)
            return False, f"of the same time as {self.movement}; the end stands"
        if stored.event.derived:
            return False, "told of the bag that it was in; the end stands"
        if movement is Movement.REGISTERED:
            return False, "an announcement, not a movement; the end stands"
        self.regression = self.regression or (end, stored)
        if self.movement is Movement.CANCELLED:
            self.latched = None
            self._stand(stored, movement)
            return True, f"moves a cancelled item to {movement.value}: the post has it after all, flagged (D-31)"
        self._heard(stored)
        return False, f"a movement after {self.movement}: kept, flagged (D-31), does not undo it"

    def _stand(self, stored: StoredEvent, movement: Movement) -> None:
        event = stored.event
        back = event.mapped is not None and event.mapped.direction is Direction.RETURN and not event.derived
        if movement in GOING_BACK or back:
            self.direction = Direction.RETURN
        if movement is not self.movement:
            self.since = event.occurred.utc_high
        self.movement = movement
        self._heard(stored)
        if movement.terminal:
            self.latched = stored
        self._prove(stored, movement)

    def _prove(self, stored: StoredEvent, movement: Movement) -> None:
        if movement is not Movement.DELIVERED:
            return
        event = stored.event
        proof = [self.evidence, EvidenceLevel.STATUS_ONLY]
        proof += [_KINDS.get(piece.kind, EvidenceLevel.STATUS_ONLY) for piece in event.evidence]
        proof += [event.mapped.proof] if event.mapped is not None else []
        proof += [EvidenceLevel.NAME] if event.recipient is not None and event.recipient.name_hash else []
        self.evidence = max(proof)
        self.recipient = event.recipient or self.recipient
        self.delivered_at = self.delivered_at or event.occurred.utc_low

    def _attempt(self, stored: StoredEvent) -> None:
        """Count an attempt once: by the carrier's own number, else by its scan, near duplicates left out."""
        event = stored.event
        if event.attempt:
            self.attempts_told.add(event.attempt)
            return
        at = event.occurred.utc_low
        last = self.last_failed
        self.last_failed = (event.code, event.office, at)
        near = last is not None and last[:2] == (event.code, event.office)
        if near and last is not None and (at - last[2]).total_seconds() <= normalise.NEAR_S:
            return
        self.attempts_told.add(normalise.key_of(event))
