"""The database inside one transaction: synchronous Protocols, one for each family of rows.

A function of the form ``fn(tx)`` does no I/O besides these calls and is bounded; ``Store.write`` may run it twice (a
group whose commit failed is replayed), so it must not change anything outside of ``tx``. Reads see the transaction's
own writes. Missing rows raise NotFound where the method says so.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from schemas.ports.dossier_stores import BagStore, DocumentStore, DossierStore, EventStore, ItemStore
from schemas.ports.house_stores import AuditLog, CatalogueStore, DiscrepancyStore, NumberStore, ScheduleStore
from schemas.ports.learned import CallStore, LearnedStore, VolumeStore
from schemas.ports.message_stores import FeedStore, IdempotencyStore, InboxStore, MessageStore, PeerStore
from schemas.ports.nominations import NominationStore
from schemas.ports.text_stores import TextStore
from schemas.ports.ticket_stores import TicketStore
from schemas.ports.trade_stores import TradeStore

T = TypeVar("T")


class Tx(Protocol):
    """Everything of one transaction."""

    @property
    def dossiers(self) -> DossierStore:
        """Dossiers, whole aggregates."""
        ...

    @property
    def items(self) -> ItemStore:
        """Items, bookings and packings."""
        ...

    @property
    def events(self) -> EventStore:
        """The log of events."""
        ...

    @property
    def messages(self) -> MessageStore:
        """The outbox."""
        ...

    @property
    def inbox(self) -> InboxStore:
        """What came in."""
        ...

    @property
    def discrepancies(self) -> DiscrepancyStore:
        """Cases."""
        ...

    @property
    def feeds(self) -> FeedStore:
        """Cursors and health of feeds."""
        ...

    @property
    def peers(self) -> PeerStore:
        """Breakers, stops and nonces of peers."""
        ...

    @property
    def idempotency(self) -> IdempotencyStore:
        """First answers by key."""
        ...

    @property
    def numbers(self) -> NumberStore:
        """Leased blocks of numbers."""
        ...

    @property
    def documents(self) -> DocumentStore:
        """Scanned documents."""
        ...

    @property
    def texts(self) -> TextStore:
        """Words of scanned documents."""
        ...

    @property
    def catalogue(self) -> CatalogueStore:
        """Units, procedures, agreements, calendars."""
        ...

    @property
    def bags(self) -> BagStore:
        """Bags, manifests, dispatches."""
        ...

    @property
    def trade(self) -> TradeStore:
        """Invoice lines, tariffs, corridors, service profiles."""
        ...

    @property
    def tickets(self) -> TicketStore:
        """Tickets that we gave, and those that we opened at peers."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The hash chain."""
        ...

    @property
    def nominations(self) -> NominationStore:
        """Work lists for the full pass."""
        ...

    @property
    def learned(self) -> LearnedStore:
        """What the log taught."""
        ...

    @property
    def volumes(self) -> VolumeStore:
        """New events by the hour."""
        ...

    @property
    def calls(self) -> CallStore:
        """The ledger of calls to peers."""
        ...

    @property
    def schedule(self) -> ScheduleStore:
        """Slots of periodic work."""
        ...

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call ``act`` once the transaction is durable (ring a bell); never when it rolled back. Must not block."""
        ...


class Store(Protocol):
    """One way to the database."""

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` in a transaction; returns when it is durable."""
        ...

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on a consistent snapshot; it must not write."""
        ...
