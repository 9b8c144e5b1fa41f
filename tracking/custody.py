"""Who holds the paper, and since when: a ledger without gaps, because the giver answers until the taker signs (D-41).

Pure, from signed manifests, the carrier's story and an item's own records. A hand-over that was released and not
accepted is a hole: the ledger names the giver as holder and marks the entry.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Sequence

from schemas.bag import HandoverManifest
from schemas.ids import ItemId, UnitId
from schemas.shipment import Item
from schemas.tracking import Movement


class Why(enum.StrEnum):
    """What a hold rests on; the sentence is ``custody.<why>``."""

    POST_SIGNED = "post_signed"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    RECEIPT = "receipt"
    """The sender has it back."""
    TAKEN = "taken"
    """The taker signed the manifest."""
    RELEASED = "released"
    """The giver signed the manifest and the taker did not: a hole."""


_WITH_THE_CARRIER = frozenset({Why.POST_SIGNED, Why.ACCEPTED})


@dataclasses.dataclass(frozen=True, slots=True)
class Hold:
    """The holder from ``since``. ``unit`` is None while the carrier has it, and when it is with the citizen."""

    unit: UnitId | None
    since: dt.datetime
    why: Why
    manifest: str = ""

    @property
    def carrier(self) -> bool:
        """True while the carrier has it."""
        return self.why in _WITH_THE_CARRIER


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a holder from ``since`` to ``until`` (None: still)."""

    hold: Hold
    until: dt.datetime | None

    @property
    def hole(self) -> bool:
        """True where the hand-over that began it was never accepted."""
        return self.hold.why is Why.RELEASED


@dataclasses.dataclass(frozen=True, slots=True)
class Ledger:
    """Who held what, oldest first. ``name`` is the item's number or reference; empty: the paper without any item."""

    name: str
    entries: tuple[Entry, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Hole:
    """A release that somebody signed and nobody took: from ``since`` the giver alone answers for the item."""

    manifest: str
    giver: UnitId
    taker: UnitId
    since: dt.datetime


def ledgers(
    items: Sequence[Item], manifests: Sequence[HandoverManifest], at: dt.datetime
) -> tuple[tuple[Ledger, ...], tuple[Hole, ...]]:
    """A dossier's ledgers, one for each item that carries it or carried it, and its open holes.

    A manifest that lists items speaks of those; one that lists the dossier alone speaks of the paper by itself.
    """
    books = []
    for item in items:
        mine = [manifest for manifest in manifests if item.id in _listed(manifest)]
        books.append(Ledger(item.number or item.reference or "", ledger(item, mine, at)))
    loose = [manifest for manifest in manifests if not _listed(manifest)]
    entries = _entries([hold for manifest in loose for hold in _signed(manifest)], at)
    books += [Ledger("", entries)] if entries else []
    return tuple(book for book in books if book.entries), open_holes(items, manifests, at)


def ledger(item: Item, manifests: Iterable[HandoverManifest], at: dt.datetime) -> tuple[Entry, ...]:
    """Every holder of the item up to ``at``, oldest first; what changes nothing is left out.

    Args:
        item: with its hand-over to the post and its fold.
        manifests: those that list the item or its dossier, newest revision each.
        at: the moment asked about.
    """
    return _entries(_holds(item, manifests), at)


def _entries(known: Iterable[Hold], at: dt.datetime) -> tuple[Entry, ...]:
    holds = sorted((hold for hold in known if hold.since <= at), key=lambda hold: hold.since)
    kept: list[Hold] = []
    for hold in holds:
        if not kept or (kept[-1].unit, kept[-1].carrier, kept[-1].why) != (hold.unit, hold.carrier, hold.why):
            same_carrier = kept and kept[-1].carrier and hold.carrier
            kept += [] if same_carrier else [hold]
    ends = [*(hold.since for hold in kept[1:]), None]
    return tuple(Entry(hold, until) for hold, until in zip(kept, ends, strict=False))


def holder(item: Item, manifests: Iterable[HandoverManifest], at: dt.datetime) -> Hold | None:
    """Who held the item at ``at``; None before anybody signed for it."""
    known = ledger(item, manifests, at)
    return known[-1].hold if known else None


def holes(manifests: Iterable[HandoverManifest]) -> tuple[Hole, ...]:
    """Signed releases without an acceptance; a rule decides how long that may last."""
    return tuple(
        Hole(manifest.number, manifest.giver.unit, manifest.taker.unit, manifest.giver.signed_at)
        for manifest in manifests
        if manifest.giver.signed_at is not None and manifest.taker.signed_at is None
    )


def open_holes(items: Sequence[Item], manifests: Sequence[HandoverManifest], now: dt.datetime) -> tuple[Hole, ...]:
    """Holes that nothing later has closed, of a dossier that travels in ``items``.

    A hole closes when each item of the manifest is later seen in other hands; a dossier handed over without an item,
    when a later manifest of it was accepted.
    """
    by_number = {manifest.number: manifest for manifest in manifests}
    found = []
    for hole in holes(manifests):
        listed = _listed(by_number[hole.manifest])
        mine = [item for item in items if item.id in listed]
        others = [manifest for manifest in manifests if manifest.number != hole.manifest]
        if hole.since > now or (mine and all(_later(_holds(item, others), hole) for item in mine)):
            continue
        if not mine and _later((hold for one in others for hold in _signed(one)), hole):
            continue
        found.append(hole)
    return tuple(found)


def _listed(manifest: HandoverManifest) -> set[ItemId]:
    return {line.item for line in manifest.lines if line.item is not None and line.giver_says != "missing"}


def _later(holds: Iterable[Hold], hole: Hole) -> bool:
    return any(hold.since > hole.since and hold.why is not Why.RELEASED for hold in holds)


def _holds(item: Item, manifests: Iterable[HandoverManifest]) -> Iterator[Hold]:
    fold = item.fold
    if item.handed_over_at is not None:
        yield Hold(None, item.handed_over_at, Why.POST_SIGNED)
    if fold.accepted_at is not None:
        yield Hold(None, fold.accepted_at, Why.ACCEPTED)
    if fold.movement is Movement.DELIVERED and fold.delivered_at is not None:
        yield Hold(item.receiver_unit, fold.delivered_at, Why.DELIVERED)
    if item.sender_receipt_at is not None:
        yield Hold(item.sender_unit, item.sender_receipt_at, Why.RECEIPT)
    for manifest in manifests:
        yield from _signed(manifest)


def _signed(manifest: HandoverManifest) -> Iterator[Hold]:
    if manifest.taker.signed_at is not None:
        yield Hold(manifest.taker.unit, manifest.taker.signed_at, Why.TAKEN, manifest.number)
    elif manifest.giver.signed_at is not None:
        yield Hold(manifest.giver.unit, manifest.giver.signed_at, Why.RELEASED, manifest.number)
