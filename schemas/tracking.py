"""Events of postal items and what they fold into (domain model §2 TrackingEvent, §1.15; tracking facts §4).

Two axes: where the item is (:class:`Movement`) and what is proven (:class:`Outcome` with :class:`EvidenceLevel`).
"""

import dataclasses
import datetime as dt
import enum

from schemas.ids import CarrierId, PeerId, Sha256
from schemas.wire import RawDocument


class Movement(enum.StrEnum):
    """Where an item is. There is no value for an unknown code: such an event has no ``mapped`` part."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    HELD = "held"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_COLLECTION = "ready_for_collection"
    ATTEMPT_FAILED = "attempt_failed"
    DELIVERED = "delivered"
    RETURNING = "returning"
    RETURNED = "returned"
    RETURN_FAILED = "return_failed"
    LOST = "lost"
    DAMAGED = "damaged"
    DESTROYED = "destroyed"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """Order among events of one instant; rank ≥ ACCEPTED means that the post holds or held the item."""
        return _RANK[self]

    @property
    def terminal(self) -> bool:
        """True where the carrier's part is over; leaving such a state is a regression (D-31)."""
        return self in _TERMINAL

    @property
    def outcome(self) -> "Outcome":
        """What the item's story has come to in this movement."""
        return _OUTCOMES.get(self, Outcome.OPEN)


_RANK = {
    Movement.REGISTERED: 0,
    Movement.CANCELLED: 1,
    Movement.ACCEPTED: 10,
    Movement.IN_TRANSIT: 20,
    Movement.HELD: 25,
    Movement.OUT_FOR_DELIVERY: 30,
    Movement.ATTEMPT_FAILED: 35,
    Movement.READY_FOR_COLLECTION: 40,
    Movement.RETURNING: 50,
    Movement.RETURN_FAILED: 55,
    Movement.DAMAGED: 60,
    Movement.LOST: 70,
    Movement.DESTROYED: 75,
    Movement.RETURNED: 80,
    Movement.DELIVERED: 90,
}
_TERMINAL = frozenset({Movement.DELIVERED, Movement.RETURNED, Movement.LOST, Movement.DESTROYED, Movement.CANCELLED})


class Outcome(enum.StrEnum):
    """What the item's story came to, as far as the carrier says."""

    OPEN = "open"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DESTROYED = "destroyed"
    CANCELLED = "cancelled"


_OUTCOMES = {
    Movement.DELIVERED: Outcome.DELIVERED,
    Movement.RETURNED: Outcome.RETURNED,
    Movement.LOST: Outcome.LOST,
    Movement.DESTROYED: Outcome.DESTROYED,
    Movement.CANCELLED: Outcome.CANCELLED,
}
GOING_BACK = frozenset({Movement.RETURNING, Movement.RETURNED, Movement.RETURN_FAILED})
"""Movements on the way back to the sender."""


class EvidenceLevel(enum.IntEnum):
    """How well a delivery is proven; compare with ``evidence_required``."""

    NONE = 0
    STATUS_ONLY = 1
    NAME = 2
    SIGNATURE = 3
    SCAN = 4


class Direction(enum.StrEnum):
    """Forward to the addressee, or back to the sender."""

    FORWARD = "forward"
    RETURN = "return"


class ZoneSource(enum.StrEnum):
    """Where the zone of a carrier's wall time came from."""

    EXPLICIT = "explicit"
    OFFICE = "office"
    CARRIER_DEFAULT = "carrier_default"
    QUIRK = "quirk"
    UNKNOWN = "unknown"


class Precision(enum.StrEnum):
    """To what a carrier's time is told; a DAY is the whole day."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"


@dataclasses.dataclass(frozen=True, slots=True)
class EventTime:
    """A carrier's time: the wall time as told, and the interval of UTC in which it lies.

    ``wall`` is ISO 8601 local without zone, ``2026-11-20T10:02:11`` or ``2026-11-20`` for a DAY: it is the
    ``occurred_key`` of the event, because a key in UTC would change when a zone is learned.
    """

    wall: str
    precision: Precision
    zone_source: ZoneSource
    utc_low: dt.datetime
    utc_high: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Mapped:
    """What a known code means; from the peer's dated table of codes."""

    movement: Movement
    outcome: Outcome
    direction: Direction
    proof: EvidenceLevel
    reason: str | None = None
    action: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of proof: kind (``signature``, ``photo``, ``scan``) and digest."""

    kind: str
    sha256: Sha256
    media_type: str = ""
    uri: str = ""
    size: int = 0
    """Length in bytes; 0 where the carrier does not tell."""


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """To whom an item was given: relation code and a digest of the name, never the name itself."""

    relation: str
    name_hash: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class MoneyLine:
    """An amount that a carrier tells with an event, in đồng."""

    kind: str
    amount: int


@dataclasses.dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One thing a carrier said about one item.

    ``mapped`` is None for a code that our table does not know: the row is kept, quarantined, and never taken for a
    movement (D-35). Natural key: (item, ``occurred.wall``, ``code``, ``office``, ``attempt``).
    """

    carrier: CarrierId
    source: PeerId
    carrier_event_id: str | None
    number: str | None
    reference: str | None
    code: str
    code_list: str
    text: str
    mapped: Mapped | None
    occurred: EventTime
    recorded_at: dt.datetime | None
    """When the carrier wrote it down, where it tells."""
    received_at: dt.datetime
    office: str
    office_name: str
    next_office: str
    attempt: int
    """1 to 99; 0 where the carrier does not number attempts."""
    forecast: bool
    supersedes: str | None
    withdrawn: bool
    recipient: Recipient | None
    evidence: tuple[Evidence, ...]
    money: tuple[MoneyLine, ...]
    weight_g: int | None
    seal: str | None
    raw_sha256: Sha256
    any_row_means_accepted: bool = False
    """The peer's manifest says that any row of its feed proves that the post holds the item (domain model §4)."""
    bag: str | None = None
    """Bag that the event is about, or that the item was in."""
    confidence: float = 1.0
    """How sure it is that the event is about this item; below 1 it was told of the bag that the item was in."""

    @property
    def derived(self) -> bool:
        """True where the carrier told it of a bag: it places the item and proves nothing (:mod:`tracking.bags`)."""
        return self.confidence < 1


@dataclasses.dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the append-only log holds it."""

    event: TrackingEvent
    seen_n: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    withdrawn_at: dt.datetime | None
    """When the carrier took it back or its full history no longer had it."""
    quarantine: str | None
    """Code of the reason (``EV-11`` …) while it must not be folded; None when it counts."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fold:
    """What an item's events come to. ``since`` is when the present movement began (pessimistic end of its interval)."""

    movement: Movement | None
    outcome: Outcome
    direction: Direction
    evidence: EvidenceLevel
    recipient: Recipient | None
    since: dt.datetime | None
    last_event_at: dt.datetime | None
    accepted_at: dt.datetime | None
    """Time of the first sign that the post holds it (rank ≥ ACCEPTED), else None."""
    delivered_at: dt.datetime | None
    attempts: int
    regressed: bool
    """A movement came after a terminal state and has not been withdrawn (D-31)."""
    events_n: int
    unknown_n: int
    """Events with a code outside the table (D-35)."""

    @staticmethod
    def empty() -> "Fold":
        """The fold of no events at all."""
        return Fold(
            movement=None,
            outcome=Outcome.OPEN,
            direction=Direction.FORWARD,
            evidence=EvidenceLevel.NONE,
            recipient=None,
            since=None,
            last_event_at=None,
            accepted_at=None,
            delivered_at=None,
            attempts=0,
            regressed=False,
            events_n=0,
            unknown_n=0,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    """Something in a peer's answer that we could not use; its neighbours went through.

    ``code`` is ``EV-01`` … ``EV-15`` (domain model §5), ``unknown_code`` or ``shape``.
    """

    code: str
    what: str
    number: str | None
    raw_sha256: Sha256


@dataclasses.dataclass(frozen=True, slots=True)
class TrackingBatch:
    """What one answer or one push held: what was understood, and what was complained of."""

    peer: PeerId
    carrier: CarrierId
    events: tuple[TrackingEvent, ...]
    complaints: tuple[Complaint, ...]
    raw: tuple[RawDocument, ...]
    received_at: dt.datetime
    complete_for: tuple[str, ...] = ()
    """Item numbers whose full history this batch holds; only for these may a missing event count (D-34)."""
    next_cursor: str | None = None
    """Where a feed goes on; stored in the same transaction as the events."""
    more: bool = False
    """The feed has further pages now."""


@dataclasses.dataclass(frozen=True, slots=True)
class PushEntry:
    """One event of a push by its place: read (``event``), unreadable (``complaint``), or both where it must wait."""

    index: int
    """From 1."""
    event_id: str | None
    event: TrackingEvent | None
    complaint: Complaint | None
    path: str
    """Where in the body the complaint points, in element names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Push:
    """A body of PushEvents as its sender's adapter reads it; ``batch`` is the same for the ingest."""

    batch_id: str
    sender: str
    sent_at: dt.datetime
    sequence: int | None
    entries: tuple[PushEntry, ...]
    batch: TrackingBatch
