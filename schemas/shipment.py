"""Postal items, what binds them to dossiers, and the orders that announced them (domain model §1.1, §1.15, §2)."""

import dataclasses
import datetime as dt
import enum

from schemas.dossier import Party
from schemas.ids import CarrierId, DossierCode, DossierId, ItemId, PeerId, ProcedureCode, UnitId
from schemas.tracking import Complaint, EvidenceLevel, Fold, Mapped


class Purpose(enum.StrEnum):
    """Why an item travels."""

    DOSSIER_IN = "dossier_in"
    SUPPLEMENT_IN = "supplement_in"
    REQUEST_OUT = "request_out"
    RESULT_OUT = "result_out"
    PAPERS_BACK = "papers_back"
    INTER_UNIT = "inter_unit"
    BAG = "bag"
    """The log of a bag as the carrier tells of it; what is inside moves with it (:mod:`tracking.bags`)."""
    UNKNOWN = "unknown"
    """An orphan: we heard of it before anybody told us what it is."""


class NumberScheme(enum.StrEnum):
    """Whose numbering an item number follows; only S10 has a check digit (D-20)."""

    S10 = "s10"
    CARRIER = "carrier"
    REFERENCE = "reference"


@dataclasses.dataclass(frozen=True, slots=True)
class ExpectedOffice:
    """An office where the item should be delivered, from a date, and why we think so."""

    office: str
    since: dt.datetime
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class PollState:
    """When we last asked the carrier, and when we shall ask again."""

    last_at: dt.datetime | None = None
    next_at: dt.datetime | None = None
    failures: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One postal item (bưu gửi). Exists for everything ever heard of; ``id`` is 0 until stored.

    (carrier, number, valid_from) tells two items of a recycled number apart. ``evidence_required`` is per carrier and
    service; a carrier that never gives proof is ``STATUS_ONLY``.
    """

    id: ItemId
    version: int
    carrier: CarrierId
    service: str
    number: str | None
    number_scheme: NumberScheme
    reference: str | None
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    aliases: tuple[str, ...]
    purpose: Purpose
    sender_unit: UnitId | None
    receiver_unit: UnitId | None
    sender: Party | None
    addressee: Party | None
    origin_office: str
    expected_offices: tuple[ExpectedOffice, ...]
    booked_at: dt.datetime | None
    handed_over_at: dt.datetime | None
    """When the post's person signed for it (our own record, before any event of the carrier)."""
    promised_at: dt.datetime | None
    storage_until: dt.datetime | None
    attempt_max: int
    weight_g: int | None
    fee_due: int
    cod_due: int
    evidence_required: EvidenceLevel
    fold: Fold
    parcels_declared: int
    sender_receipt_at: dt.datetime | None
    """Receipt of a returned item by the one who sent it (D-14, D-15)."""
    inquiry_at: dt.datetime | None
    recall_at: dt.datetime | None
    polls: PollState = PollState()

    @staticmethod
    def heard_of(carrier: CarrierId, at: dt.datetime, purpose: Purpose) -> "Item":
        """An item of which nothing else is known, not stored yet; whoever knows more replaces fields."""
        return Item(
            id=ItemId(0),
            version=0,
            carrier=carrier,
            service="",
            number=None,
            number_scheme=NumberScheme.REFERENCE,
            reference=None,
            valid_from=at,
            valid_to=None,
            aliases=(),
            purpose=purpose,
            sender_unit=None,
            receiver_unit=None,
            sender=None,
            addressee=None,
            origin_office="",
            expected_offices=(),
            booked_at=None,
            handed_over_at=None,
            promised_at=None,
            storage_until=None,
            attempt_max=0,
            weight_g=None,
            fee_due=0,
            cod_due=0,
            evidence_required=EvidenceLevel.STATUS_ONLY,
            fold=Fold.empty(),
            parcels_declared=1,
            sender_receipt_at=None,
            inquiry_at=None,
            recall_at=None,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Packing:
    """A dossier was in this item as parcel ``part`` of ``parts``, from ``since`` to ``until`` (None: still)."""

    dossier: DossierId
    item: ItemId
    part: int
    parts: int
    components: tuple[int, ...]
    since: dt.datetime
    until: dt.datetime | None
    confidence: float = 1.0


class BookingState(enum.StrEnum):
    """Life of an order at the carrier."""

    OPEN = "open"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class LegDirection(enum.StrEnum):
    """Which of the two legs an order serves: 1 collects from the citizen, 2 returns to the citizen."""

    TO_OFFICE = "to_office"
    TO_CITIZEN = "to_citizen"


@dataclasses.dataclass(frozen=True, slots=True)
class Booking:
    """An order at a carrier, by (reference, direction, seq): collect, return and retry may share a reference.

    A feed row without item code goes to the open booking whose window holds its time (domain model §1.1).
    """

    peer: PeerId
    carrier: CarrierId
    reference: str
    direction: LegDirection
    seq: int
    item: ItemId
    state: BookingState
    window_from: dt.datetime
    window_to: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class BookingOrder:
    """What a carrier needs to be told to take an item; the payload of ``carrier.book`` and ``carrier.cancel``."""

    carrier: CarrierId
    dossier: DossierId
    dossier_code: DossierCode
    item: ItemId
    number: str | None
    reference: str
    direction: LegDirection
    seq: int
    purpose: Purpose
    service: str
    sender: Party
    addressee: Party
    contents: str
    """What is inside, for the label: procedure and papers. Never an identity number (domain model §1.4)."""
    cod_due: int
    weight_g: int | None
    ordered_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class BookingReceipt:
    """The carrier accepted the order; ``number`` is set where the carrier gave one of its own."""

    reference: str
    number: str | None
    peer_code: str
    peer_text: str


class InstructionKind(enum.StrEnum):
    """What may be asked of a carrier about an order that it has already."""

    APPROVE = "approve"
    APPROVE_RETURN = "approve_return"
    DELIVER_AGAIN = "deliver_again"
    TAKE_BACK = "take_back"
    DELETE_CANCELLED = "delete_cancelled"


@dataclasses.dataclass(frozen=True, slots=True)
class OrderInstruction:
    """A wish about an order under way; the payload of ``carrier.instruct``. Withdrawing is ``carrier.cancel``."""

    order: BookingOrder
    kind: InstructionKind
    note: str
    asked_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class PostalRegistration:
    """A dossier announced to the carrier with its two legs; the payload of ``carrier.register``.

    ``collect_from`` is the citizen whose papers the post shall fetch, ``bring_to`` the one who gets the result; None:
    that leg is not wanted. ``elements`` are the titles of the papers.
    """

    carrier: CarrierId
    dossier: DossierId
    dossier_code: DossierCode
    reference: str
    procedure: ProcedureCode
    procedure_title: str
    category: str
    elements: tuple[str, ...]
    collect_from: Party | None
    bring_to: Party | None
    announced_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class PriceQuote:
    """What a carrier asks for an order: đồng with tax, for one of its services."""

    service: str
    """The carrier's own code of the service."""
    title: str
    amount: int
    promise: str
    """How long it says to take, in its own words; empty where it does not tell."""


@dataclasses.dataclass(frozen=True, slots=True)
class CarrierOrder:
    """A row of the carrier's own list of our orders, for reconciliation. ``mapped`` None: a code we do not know.

    ``cod_due`` and ``fee`` in đồng, None where the list does not tell; ``told_at`` is when the carrier last changed it.
    """

    reference: str
    number: str | None
    service: str
    code: str
    text: str
    mapped: Mapped | None
    cod_due: int | None
    fee: int | None
    told_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of the carrier's list: what was understood, what was complained of, and where it goes on (None: end)."""

    orders: tuple[CarrierOrder, ...]
    complaints: tuple[Complaint, ...]
    next_cursor: str | None


class AddressTier(enum.StrEnum):
    """Which division of the country a carrier's list follows: with districts, or the one since 2025-07-01 without."""

    WITH_DISTRICTS = "with_districts"
    TWO_TIER = "two_tier"


class AddressLevel(enum.StrEnum):
    """A level of the list."""

    PROVINCE = "province"
    DISTRICT = "district"
    WARD = "ward"


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A row of a carrier's own address list; its codes are no codes of the State (vn-protocols §4.3)."""

    tier: AddressTier
    level: AddressLevel
    code: str
    name: str
    parent: str | None
    """Code of the level above: the district of a ward, or its province where there are no districts."""
