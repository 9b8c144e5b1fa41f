"""Bags, manifests and dispatches: paper that travels together (domain model §2)."""

import dataclasses
import datetime as dt

from schemas.ids import BagNumber, DossierId, ItemId, Sha256, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class Seal:
    """A seal on a bag, from when to when, and who put it on."""

    number: str
    since: dt.datetime
    until: dt.datetime | None
    by: str


@dataclasses.dataclass(frozen=True, slots=True)
class BagLine:
    """An item in a bag; ``seq`` is its place on the list, ``item`` None for something that nobody knew."""

    seq: int
    item: ItemId | None
    number: str
    put_in_at: dt.datetime | None
    taken_out_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Bag:
    """A bag (túi thư) between two units."""

    number: BagNumber
    version: int
    origin: UnitId
    target: UnitId
    seals: tuple[Seal, ...]
    closed_at: dt.datetime | None
    opened_at: dt.datetime | None
    weight_out_g: int | None
    weight_in_g: int | None
    lines: tuple[BagLine, ...]
    manifest: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Stay:
    """An item's place in a bag: it is or was in there, from ``line.put_in_at`` to ``line.taken_out_at``."""

    bag: Bag
    line: BagLine

    @property
    def since(self) -> dt.datetime | None:
        """From when the bag's way is the item's way; None while nobody said so."""
        return self.line.put_in_at or self.bag.closed_at

    @property
    def until(self) -> dt.datetime | None:
        """Until when; None: still. An opened bag proves no longer that the item is inside."""
        ends = [at for at in (self.line.taken_out_at, self.bag.opened_at) if at is not None]
        return min(ends, default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class ManifestParty:
    """One side of a hand-over; ``signed_at`` None until the person signed."""

    unit: UnitId
    person: str
    signed_at: dt.datetime | None
    digest: Sha256 | None


@dataclasses.dataclass(frozen=True, slots=True)
class ManifestLine:
    """What giver and taker say about one item: present, missing, extra, damaged or wrong_destination."""

    item: ItemId | None
    number: str
    dossier: DossierId | None
    giver_says: str
    taker_says: str | None
    sheets: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class HandoverManifest:
    """Bảng kê giao nhận: the giver stays the holder until the taker signs (D-41)."""

    number: str
    revision: int
    bag: BagNumber | None
    giver: ManifestParty
    taker: ManifestParty
    lines: tuple[ManifestLine, ...]
    seal_declared: str | None
    seal_found: str | None
    weight_g: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Dispatch:
    """A journey of bags between two offices."""

    number: str
    origin: str
    target: str
    departed_at: dt.datetime | None
    arrived_at: dt.datetime | None
    bags: tuple[BagNumber, ...]
