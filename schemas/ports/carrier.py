"""What a postal carrier can be asked. Every method raises :class:`schemas.errors.CallError` and nothing else.

A failed call is an exception, never an empty batch.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from schemas.ids import CarrierId
from schemas.message import Operation, Payload
from schemas.shipment import (
    AddressLevel,
    AddressTier,
    BookingOrder,
    BookingReceipt,
    OrderInstruction,
    OrderPage,
    Place,
    PostalRegistration,
    PriceQuote,
)
from schemas.ticket import OpenedTicket, TicketPage, TicketReceipt
from schemas.tracking import Push, TrackingBatch
from schemas.wire import Callback, CallbackReply, Probe


@runtime_checkable
class Booking(Protocol):
    """Takes orders."""

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """Announce an item. Raises Duplicate where the carrier has this very order already."""
        ...

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """Withdraw an order by its reference; the caller makes sure that one booking is open."""
        ...


@runtime_checkable
class Instructing(Protocol):
    """Takes wishes about an order under way."""

    async def instruct(self, wish: OrderInstruction) -> BookingReceipt:
        """Ask for it. Raises Refused where this carrier knows no such wish, before anything is sent."""
        ...


@runtime_checkable
class Registering(Protocol):
    """Takes the announcement of a dossier with its legs (HCC ``postDocument``)."""

    async def register_dossier(self, registration: PostalRegistration) -> BookingReceipt:
        """Announce the dossier. Raises Duplicate where the carrier has this very announcement already."""
        ...


@runtime_checkable
class Pricing(Protocol):
    """Says what an order would cost; changes nothing."""

    async def prices(self, order: BookingOrder) -> tuple[PriceQuote, ...]:
        """One quote for each service that the carrier offers for ``order``, at least one.

        Raises Refused where it offers none.
        """
        ...


@runtime_checkable
class OrderListing(Protocol):
    """The carrier's own list of our orders, for reconciliation; changes nothing."""

    async def orders(self, cursor: str | None, *, numbers: Sequence[str] = ()) -> OrderPage:
        """A page of the list from ``cursor`` (None: from the beginning), only of ``numbers`` where they are named.

        A carrier whose list answers by number alone raises Refused for no numbers at all: it never says "no orders".
        """
        ...


@runtime_checkable
class AddressBook(Protocol):
    """The carrier's list of places, whose codes its orders want; changes nothing."""

    async def places(self, tier: AddressTier, level: AddressLevel, parent: str | None) -> tuple[Place, ...]:
        """The places of a level below ``parent`` (None: all). Raises Refused for a list that the carrier has not."""
        ...


@runtime_checkable
class TrackingFeed(Protocol):
    """A change feed of all our items, read with a stored cursor. The adapter re-reads its own overlap."""

    async def read(self, cursor: str | None) -> TrackingBatch:
        """Return the next page from ``cursor`` (None: from the beginning); the batch holds the new cursor."""
        ...


@runtime_checkable
class TrackingPull(Protocol):
    """Answers about items by number."""

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """Return the events of ``numbers``; an item unknown to the carrier simply has none."""
        ...


@runtime_checkable
class TicketPull(Protocol):
    """Answers about many items at once, later: a ticket is opened, and its answer is fetched page by page."""

    @property
    def ticket_from(self) -> int:
        """From how many items a ticket is worth it; 0: never."""
        ...

    async def open_ticket(self, numbers: Sequence[str], *, request: str) -> TicketReceipt:
        """Ask about ``numbers``. The same ``request`` again is the same ticket, so a repetition opens nothing twice."""
        ...

    async def fetch_ticket(self, ticket: OpenedTicket) -> TicketPage:
        """Fetch page ``ticket.page`` of a ticket that has an id. Raises Refused for one that the peer does not know."""
        ...


@runtime_checkable
class TrackingPush(Protocol):
    """Reads what the carrier pushes to ``/callbacks/{peer}``. Pure apart from keys: no network, no clock of its own."""

    def verify_header(self, callback: Callback) -> bool:
        """True where what came with the raw bytes proves them: a signature, a secret, the sender's address.

        Checked before anything is stored.
        """
        ...

    def event_key(self, callback: Callback) -> str:
        """The carrier's id of this delivery, or a digest of the body: the key under which a repetition is known."""
        ...

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read the stored body; verifies a signature inside the body. Raises Misunderstood, or Refused if unproven."""
        ...

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """What this carrier wants to hear of this delivery; some want something of it back."""
        ...


@runtime_checkable
class BodyProof(Protocol):
    """Beside TrackingPush: tells at the door whether the body proves itself, so that true deliveries need no quota."""

    def proves(self, callback: Callback) -> bool:
        """True where a signature or secret inside the body is right. Pure; never raises; what it costs is bounded."""
        ...


@runtime_checkable
class ContractPush(Protocol):
    """Reads what a carrier pushes over our published SOAP contract, with its own codes. Pure: no network, no clock."""

    @property
    def carrier(self) -> CarrierId:
        """For which carrier this peer speaks."""
        ...

    def read_push(self, raw: bytes, *, received_at: dt.datetime) -> Push:
        """Read a whole SOAP envelope of PushEvents. One unreadable event is a complaint and costs no other.

        Raises Misunderstood where the envelope itself breaks the contract.
        """
        ...


class Answer(enum.Enum):
    """What the peer knows about an order whose outcome was unknown."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    CANNOT_TELL = "cannot_tell"


@runtime_checkable
class OutcomeQuery(Protocol):
    """Can say whether an earlier, unanswered message was applied."""

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Ask what became of ``payload``, first sent at ``since``; changes nothing at the peer."""
        ...


@runtime_checkable
class Prober(Protocol):
    """Connection test: reachable, log-in works, clock difference."""

    async def probe(self) -> Probe:
        """Try the connection without changing anything at the peer. Does not raise for a failing peer: says so."""
        ...
