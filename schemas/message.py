"""Integration messages: one thing to tell one peer, each try of it, and what came in (DESIGN §4).

These rows are the truth; an engine only wakes a handler with a message number.
"""

import dataclasses
import datetime as dt
import enum

from schemas.dossier import Dossier, Step
from schemas.errors import Applied
from schemas.ids import AttemptNo, DossierId, InboxNo, ItemId, MessageNo, PeerId, Sha256, UnitId
from schemas.national import PortalAnswer, PortalRating, PortalStatus, PublishedQuestion
from schemas.official_document import DocumentStatus, OfficialDocument
from schemas.portal import OneStopDossier, OneStopRequest, OneStopStatus, PortalDossier, PortalProgress
from schemas.shipment import BookingOrder, OrderInstruction, PostalRegistration
from schemas.wire import Exchange


class Operation(enum.StrEnum):
    """What a message asks of a peer; :mod:`gateway.outbox.dispatch` maps each to a port call and a payload record."""

    CARRIER_BOOK = "carrier.book"
    CARRIER_CANCEL = "carrier.cancel"
    CARRIER_INSTRUCT = "carrier.instruct"
    CARRIER_REGISTER = "carrier.register"
    PORTAL_DOSSIER = "portal.dossier"
    PORTAL_PROGRESS = "portal.progress"
    PORTAL_STATUS = "portal.status"
    PORTAL_RATING = "portal.rating"
    PORTAL_ANSWER = "portal.answer"
    PORTAL_FAQ = "portal.faq"
    ONE_STOP_DOSSIER = "one_stop.dossier"
    ONE_STOP_STATUS = "one_stop.status"
    ONE_STOP_REQUEST = "one_stop.request"
    EXCHANGE_DOCUMENT = "exchange.document"
    EXCHANGE_STATUS = "exchange.status"


class MessageState(enum.StrEnum):
    """Life of a message. Open ones hold back later messages of the same peer and dossier."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    """A try ended without a whole answer: ask, resend or park, as the manifest says for the operation."""
    REFUSED = "refused"
    PARKED = "parked"
    DELIVERED = "delivered"
    RESOLVED = "resolved"
    """A person settled it with a reason."""
    CANCELLED = "cancelled"

    @property
    def open(self) -> bool:
        """True while it still stands in the way of later messages of its dossier at this peer."""
        return self not in (MessageState.DELIVERED, MessageState.RESOLVED, MessageState.CANCELLED)


@dataclasses.dataclass(frozen=True, slots=True)
class NewMessage:
    """A message about to be put. ``body`` is the JSON of the payload record of ``operation``.

    ``business_key`` is what the peer can recognise a repetition by; (peer, operation, business_key, nonce) is unique,
    so putting the same fact twice gives one message.
    """

    peer: PeerId
    operation: Operation
    business_key: str
    dossier: DossierId | None
    """None: of no single dossier (a rating, an answer); such messages never wait for each other."""
    item: ItemId | None
    unit: UnitId
    asserted_state: str
    as_of: dt.datetime
    body: bytes
    correlation_id: str
    replay_of: MessageNo | None = None
    nonce: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """A stored message. ``sequence`` counts per peer and dossier from 1; ``digest`` outlives the body."""

    id: MessageNo
    peer: PeerId
    operation: Operation
    business_key: str
    dossier: DossierId | None
    item: ItemId | None
    unit: UnitId
    asserted_state: str
    as_of: dt.datetime
    sequence: int
    digest: Sha256
    state: MessageState
    tries: int
    created_at: dt.datetime
    next_try_at: dt.datetime | None
    lease_until: dt.datetime | None
    settled_at: dt.datetime | None
    last_class: str
    """Class name of the last failure (``Outage`` …) or empty."""
    last_detail: str
    reason: str
    """Why a person resolved or cancelled it."""
    replay_of: MessageNo | None
    nonce: str
    correlation_id: str


class AttemptClass(enum.StrEnum):
    """How a try ended."""

    STARTED = "started"
    """The row of T3: written before the call; still so after a crash between T3 and T4."""
    OK = "ok"
    DUPLICATE = "duplicate"
    OUTAGE = "outage"
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    REFUSED = "refused"
    UNAUTHORISED = "unauthorised"
    MISUNDERSTOOD = "misunderstood"
    UNKNOWN = "unknown"
    CRASHED = "crashed"
    """Found as STARTED after its lease ran out; counts as unknown outcome."""
    ASKED = "asked"
    """Not a send: we asked the peer what became of an earlier try."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one message, append-only."""

    id: AttemptNo
    message: MessageNo
    n: int
    started_at: dt.datetime
    ended_at: dt.datetime | None
    outcome: AttemptClass
    applied: Applied
    status: int | None
    peer_code: str
    detail: str
    exchanges: tuple[Exchange, ...]


class InboxState(enum.StrEnum):
    """Life of something that came in."""

    RECEIVED = "received"
    APPLIED = "applied"
    QUARANTINED = "quarantined"


UNPROVEN = "unproven"
"""Kind of an inbox row that was stored before it was proven; its body proves it when the row is applied, or not."""
HINT = "hint"
"""Kind of a callback whose sender proved nothing: its items are asked about, and nothing else follows."""


@dataclasses.dataclass(frozen=True, slots=True)
class NewInbound:
    """Raw bytes from a peer, to be committed before they are believed. (peer, ext_id) is unique."""

    peer: PeerId
    kind: str
    """``callback``, ``hint``, ``soap``, ``manifest``, ``feed``, ``history`` or ``report``; of the document axis
    ``exchange.document`` or ``exchange.status``, whose body is the record and whose bytes are in the blobs.
    """
    ext_id: str
    sha256: Sha256
    body: bytes
    headers: tuple[tuple[str, str], ...]
    received_at: dt.datetime
    receipt: str
    correlation_id: str
    answer: bytes = b""
    """The first answer, where it is known before anything is applied: a repetition gets the same."""


@dataclasses.dataclass(frozen=True, slots=True)
class Inbound:
    """A stored inbox row; ``answer`` is the first reply given, repeated for a duplicate."""

    id: InboxNo
    peer: PeerId
    kind: str
    ext_id: str
    sha256: Sha256
    headers: tuple[tuple[str, str], ...]
    received_at: dt.datetime
    receipt: str
    state: InboxState
    tries: int
    detail: str
    answer: bytes
    correlation_id: str


# --- facts: what the house tells the router --------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class DossierMoved:
    """The dossier made lawful step ``step``; ``before`` is its national code until then."""

    dossier: Dossier
    step: Step
    before: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class DossierLodged:
    """A dossier is ready to be known to its competent unit's one-stop system."""

    dossier: Dossier
    item_number: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class ItemOrdered:
    """An item is to be booked at a carrier."""

    dossier: Dossier
    order: BookingOrder


@dataclasses.dataclass(frozen=True, slots=True)
class PapersAttached:
    """A scanned document was attached to the dossier."""

    dossier: Dossier
    document: Sha256


Payload = (
    BookingOrder
    | OrderInstruction
    | PostalRegistration
    | PortalDossier
    | PortalProgress
    | PortalStatus
    | PortalRating
    | PortalAnswer
    | PublishedQuestion
    | OneStopDossier
    | OneStopStatus
    | OneStopRequest
    | OfficialDocument
    | DocumentStatus
)
"""What a message says, as a record; which one belongs to which operation is :mod:`gateway.outbox.payload`."""

Fact = DossierMoved | DossierLodged | ItemOrdered | PapersAttached
