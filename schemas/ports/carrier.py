"""What a postal carrier can be asked. Every method raises :class:`schemas.errors.CallError` and nothing else.

A failed call is an exception, never an empty batch.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from schemas.ids import CarrierId
from schemas.message import Operation, Payload
from schemas.shipment import BookingOrder, BookingReceipt
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
class TrackingPush(Protocol):
    """Reads what the carrier pushes to ``/callbacks/{peer}``. Pure apart from keys: no network, no clock of its own."""

    def verify_header(self, callback: Callback) -> bool:
        """True where a signature in the headers proves the raw bytes; checked before anything is stored."""
        ...

    def event_key(self, callback: Callback) -> str:
        """The carrier's id of this delivery, or a digest of the body: the key under which a repetition is known."""
        ...

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read the stored body; verifies a signature inside the body. Raises Misunderstood, or Refused if unproven."""
        ...

    def answer(self, *, repeated: bool) -> CallbackReply:
        """What this carrier wants to hear."""
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
