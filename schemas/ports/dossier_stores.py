"""Rows of dossiers, items, their events, bags and scanned documents.

The rules of :mod:`schemas.ports.stores` hold: synchronous, inside one transaction, database only.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.attachment import AttachedDocument, KeptAside
from schemas.bag import Bag, Dispatch, HandoverManifest, Stay
from schemas.dossier import Dossier
from schemas.ids import (
    BagNumber,
    CarrierId,
    DossierCode,
    DossierId,
    ItemId,
    PeerId,
    ProcedureCode,
    UnitId,
)
from schemas.shipment import Booking, Item, LegDirection, Packing, PollState
from schemas.tracking import Fold, Mapped, StoredEvent, TrackingEvent


@dataclasses.dataclass(frozen=True, slots=True)
class DossierLine:
    """A dossier as a list shows it."""

    id: DossierId
    code: DossierCode
    owner_name: str
    procedure: ProcedureCode
    state: str
    national: int | None
    competent_unit: UnitId
    due_at: dt.datetime | None
    changed_at: dt.datetime


class DossierStore(Protocol):
    """Dossiers, whole aggregates."""

    def get(self, dossier: DossierId) -> Dossier:
        """Raises NotFound."""
        ...

    def find(self, code: str) -> Dossier | None:
        """By the code it has or ever had."""
        ...

    def add(self, dossier: Dossier) -> Dossier:
        """Store a new one; returns it with its id. Raises Stale where one of its codes is taken."""
        ...

    def put(self, dossier: Dossier) -> Dossier:
        """Store a changed one whose ``version`` is the one read; returns it with the next. Raises Stale."""
        ...

    def search(
        self, text: str, *, units: Sequence[UnitId] | None, limit: int = 50, after: DossierId | None = None
    ) -> tuple[DossierLine, ...]:
        """Newest first, by code prefix or suffix, folded owner name or item number; ``units`` None means every unit.

        Keyset paging: ``after`` is the id of the last line of the page before.
        """
        ...

    def many(self, dossiers: Sequence[DossierId]) -> tuple[Dossier, ...]:
        """Those of these ids that are there, in a few queries; no order."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Appended:
    """What became of an event that was appended. ``new`` False: a second copy, counted in ``seen_n``."""

    event: StoredEvent
    new: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Logged:
    """What was appended to one item: an answer for each event, and the whole log after it, in no order."""

    answers: tuple[Appended, ...]
    log: tuple[StoredEvent, ...]


class ItemStore(Protocol):
    """Items, bookings and packings."""

    def get(self, item: ItemId) -> Item:
        """Raises NotFound."""
        ...

    def find(self, carrier: CarrierId, number: str, at: dt.datetime) -> Item | None:
        """The item of this number (or alias) whose validity holds ``at``; the newest where several do."""
        ...

    def find_number(self, number: str) -> tuple[Item, ...]:
        """Every item that ever had this number, newest first."""
        ...

    def named(self, numbers: Sequence[str]) -> dict[str, tuple[Item, ...]]:
        """:meth:`find_number` of each of these, in a few queries."""
        ...

    def put_folds(self, folded: Sequence[tuple[Item, Fold, PollState]]) -> tuple[Item, ...]:
        """:meth:`put` for many items of which only the fold and the polls change. Raises Stale."""
        ...

    def add(self, item: Item) -> Item:
        """Store a new one; returns it with its id."""
        ...

    def put(self, item: Item) -> Item:
        """Store a changed one whose ``version`` is the one read. Raises Stale."""
        ...

    def pack(self, packing: Packing) -> None:
        """Bind a dossier to an item from a moment; the same (dossier, item, since) again changes ``until``."""
        ...

    def packings_of(self, item: ItemId) -> tuple[Packing, ...]:
        """Oldest first."""
        ...

    def packings_in(self, dossier: DossierId) -> tuple[Packing, ...]:
        """Oldest first."""
        ...

    def put_booking(self, booking: Booking) -> None:
        """Insert or replace by (peer, reference, direction, seq)."""
        ...

    def bookings(self, peer: PeerId, reference: str) -> tuple[Booking, ...]:
        """All bookings under a reference, oldest first."""
        ...

    def bookings_of(self, item: ItemId) -> tuple[Booking, ...]:
        """All bookings of an item."""
        ...

    def next_seq(self, peer: PeerId, reference: str, direction: LegDirection) -> int:
        """One more than the highest ``seq`` there, 1 for the first."""
        ...

    def many(self, items: Sequence[ItemId]) -> tuple[Item, ...]:
        """Those of these ids that are there, in a few queries; no order."""
        ...

    def packings_of_many(self, items: Sequence[ItemId]) -> tuple[Packing, ...]:
        """Of all these items, oldest first."""
        ...

    def packings_in_many(self, dossiers: Sequence[DossierId]) -> tuple[Packing, ...]:
        """Of all these dossiers, oldest first."""
        ...

    def shared(self, numbers: Sequence[str]) -> tuple[str, ...]:
        """Those of these numbers that several items have or had: nearly always none."""
        ...

    def crowded(self, dossiers: Sequence[DossierId]) -> tuple[DossierId, ...]:
        """Those of these dossiers that several items carry now."""
        ...

    def carried(self, carrier: CarrierId, since: dt.datetime, until: dt.datetime) -> tuple[Item, ...]:
        """What the carrier took, or was given, in this time; by id."""
        ...

    def due_for_poll(self, carrier: CarrierId, now: dt.datetime, *, limit: int) -> tuple[Item, ...]:
        """Open items whose next poll has come, in the order of :func:`tracking.watch.place`."""
        ...

    def unsettled(self, carrier: CarrierId, *, after: ItemId, limit: int) -> tuple[Item, ...]:
        """Items of the carrier that can be asked about and are not settled, ascending by id."""
        ...

    def count_unsettled(self, carrier: CarrierId) -> int:
        """How many items :meth:`unsettled` has in all."""
        ...


class EventStore(Protocol):
    """The append-only log of events, by natural key (item, occurred wall time, code, office, attempt)."""

    def append(self, item: ItemId, events: Sequence[tuple[TrackingEvent, str | None]]) -> tuple[Appended, ...]:
        """Append (event, quarantine code or None); a second copy only counts. Answers in the order given."""
        ...

    def of_item(self, item: ItemId) -> tuple[StoredEvent, ...]:
        """All events by (occurred low end, rank, received)."""
        ...

    def of_items(self, items: Sequence[ItemId], *, lock: bool = False) -> dict[ItemId, tuple[StoredEvent, ...]]:
        """:meth:`of_item` of each of these items, in a few queries; an item without events has an empty tuple.

        ``lock``: nobody else appends to these logs before the transaction ends.
        """
        ...

    def append_many(
        self,
        told: Mapping[ItemId, Sequence[tuple[TrackingEvent, str | None]]],
        known: Mapping[ItemId, Sequence[StoredEvent]],
    ) -> dict[ItemId, Logged]:
        """:meth:`append` to many logs at once; ``known`` holds these logs whole, read with ``lock``."""
        ...

    def withdraw(self, item: ItemId, key: tuple[str, str, str, int], at: dt.datetime) -> None:
        """Mark the event (wall, code, office, attempt) as withdrawn by the carrier; the row stays."""
        ...

    def set_quarantine(self, item: ItemId, key: tuple[str, str, str, int], reason: str | None) -> None:
        """Put an event into quarantine, or take it out when its code became known."""
        ...

    def learn(self, item: ItemId, key: tuple[str, str, str, int], mapped: Mapped) -> None:
        """Give an event whose code nobody knew the meaning that the code has now. Raises NotFound.

        An event that was understood keeps its meaning; quarantine is not touched.
        """
        ...

    def items_with(
        self, carrier: CarrierId, codes: Sequence[str], *, limit: int, after: ItemId | None = None
    ) -> tuple[ItemId, ...]:
        """Items that have an event of this carrier with one of these codes, by ascending id."""
        ...

    def reread(self, events: Sequence[tuple[ItemId, StoredEvent]]) -> None:
        """Store another reading (``mapped``, ``quarantine``) of events that are in the log; nothing else changes."""
        ...

    def unknown_codes(self, *, limit: int) -> tuple[tuple[CarrierId, str, int, dt.datetime], ...]:
        """(carrier, code, how many, last seen) of codes outside the tables."""
        ...


class DocumentStore(Protocol):
    """Scanned documents bound to dossiers; the bytes are blobs."""

    def attach(self, document: AttachedDocument) -> bool:
        """Bind; False where this document key is bound already."""
        ...

    def of_dossier(self, dossier: DossierId) -> tuple[AttachedDocument, ...]:
        """Those that stand, oldest first."""
        ...

    def history(self, dossier: DossierId) -> tuple[AttachedDocument, ...]:
        """All that were ever bound to it, oldest first; those that a newer version superseded too."""
        ...

    def unassigned(self, *, limit: int = 100) -> tuple[AttachedDocument, ...]:
        """Documents in the operator's queue: no dossier, or in doubt."""
        ...

    def find(self, key: str) -> AttachedDocument | None:
        """By document key."""
        ...

    def bind(self, key: str, dossier: DossierId, *, at: dt.datetime) -> AttachedDocument:
        """A person binds a waiting document. Raises NotFound, Stale where it is bound already."""
        ...

    def supersede(self, key: str, by: str, *, at: dt.datetime) -> AttachedDocument:
        """A newer document takes its place; twice by the same one is silence. Raises NotFound, Stale."""
        ...

    def set_aside(self, kept: KeptAside) -> bool:
        """Remember a file or page that is in no document; False where this key is known."""
        ...

    def aside(self, *, limit: int = 100) -> tuple[KeptAside, ...]:
        """Newest first."""
        ...


class BagStore(Protocol):
    """Bags, manifests and dispatches."""

    def get(self, bag: BagNumber) -> Bag | None:
        """The bag, or None."""
        ...

    def put(self, bag: Bag) -> Bag:
        """Insert (version 0) or replace (version read); returns it with the next version. Raises Stale."""
        ...

    def put_manifest(self, manifest: HandoverManifest) -> None:
        """Insert a revision; a signed revision is never replaced (raises Stale)."""
        ...

    def manifest(self, number: str) -> HandoverManifest | None:
        """The newest revision."""
        ...

    def stays(self, items: Sequence[ItemId]) -> tuple[tuple[ItemId, Stay], ...]:
        """The bags that these items are or were in."""
        ...

    def manifest_of(self, bag: BagNumber) -> HandoverManifest | None:
        """The newest revision of the manifest that hands the bag over; the last one where there were several."""
        ...

    def listing(self, dossiers: Sequence[DossierId], items: Sequence[ItemId]) -> tuple[HandoverManifest, ...]:
        """Newest revisions of the manifests that list one of the dossiers or items, by number."""
        ...

    def put_dispatch(self, dispatch: Dispatch) -> None:
        """Insert or replace by number."""
        ...
