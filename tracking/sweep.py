"""The full pass: every subject that a rule may concern, in bounded chunks. The stores only nominate.

:func:`begin` asks the nominating queries, :func:`next_chunk` is called in one write per chunk and hands the cursor back
until it is ``done``. A cursor knows how far it came (its ``place``), so another process can go on from there.
:func:`judge` says what the rules find and writes nothing.
"""

import bisect
import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from schemas.discrepancy import Finding, Subject
from schemas.ids import BagNumber, CarrierId, DossierId, ItemId, PeerId
from schemas.ports.stores import Tx
from tracking import reading, reconcile
from tracking.rules.catalogue import BAG_RULES, DOSSIER_RULES, FEED_RULES, INVOICE_RULES, ITEM_RULES
from tracking.rules.context import Context, ContextSource
from tracking.rules.rule import Rule

Row = TypeVar("Row")

AT_ONCE = 500
"""Subjects whose rows are read together."""


@dataclasses.dataclass(frozen=True, slots=True)
class Worklist:
    """Whom the pass will look at, ascending."""

    items: tuple[ItemId, ...] = ()
    dossiers: tuple[DossierId, ...] = ()
    bags: tuple[BagNumber, ...] = ()
    invoices: tuple[tuple[CarrierId, str], ...] = ()
    """All of them, each time: there are a few a month."""

    @property
    def total(self) -> int:
        """How many subjects."""
        return len(self.items) + len(self.dossiers) + len(self.bags) + len(self.invoices)


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """How far a pass came: the last item, dossier and bag that were looked at; invoices are begun again."""

    began: dt.datetime
    item: ItemId | None = None
    dossier: DossierId | None = None
    bag: BagNumber | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SweepCursor:
    """Where a pass stands: items, then dossiers, then bags. ``seen`` and ``changed`` count for the progress line."""

    work: Worklist | None = None
    """None: not begun; the first chunk asks for it."""
    place: Place | None = None
    seen: int = 0
    changed: int = 0

    @property
    def done(self) -> bool:
        """True when nobody is left."""
        return self.work is not None and self.seen >= self.work.total


def begin(tx: Tx, context: Context, *, place: Place | None = None) -> SweepCursor:
    """Ask who is to be looked at; with the ``place`` of a pass that broke off, only those that are still left."""
    here = place or Place(context.now)
    work = nominated(tx, context)
    left = Worklist(
        work.items[bisect.bisect_right(work.items, here.item or 0) :],
        work.dossiers[bisect.bisect_right(work.dossiers, here.dossier or 0) :],
        work.bags[bisect.bisect_right(work.bags, here.bag or "") :],
        work.invoices,
    )
    return SweepCursor(left, here)


def nominated(tx: Tx, context: Context) -> Worklist:
    """Everybody whom a rule may concern, and everybody who has an open case: it may have to close."""
    return Worklist(
        tuple(ItemId(row) for row in _rows(tx, Subject.ITEM, ITEM_RULES, context)),
        tuple(DossierId(row) for row in _rows(tx, Subject.DOSSIER, DOSSIER_RULES, context)),
        _bags(tx, context),
        _invoices(tx),
    )


def next_chunk(
    tx: Tx, cursor: SweepCursor, *, limit: int, context_source: ContextSource, now: dt.datetime
) -> SweepCursor:
    """Reconcile the next ``limit`` subjects; answers where to go on."""
    context = context_source(tx, now)
    if cursor.work is None:
        cursor = begin(tx, context)
    work, place = cursor.work or Worklist(), cursor.place or Place(now)
    first = cursor.seen
    items = work.items[first : first + limit]
    if items:
        changed = len(reconcile.settle_items(tx, reading.item_views(tx, items), context))
        return _further(cursor, dataclasses.replace(place, item=items[-1]), len(items), changed)
    first -= len(work.items)
    dossiers = work.dossiers[first : first + limit]
    if dossiers:
        changed = len(reconcile.settle_dossiers(tx, reading.dossier_views(tx, dossiers), context))
        return _further(cursor, dataclasses.replace(place, dossier=dossiers[-1]), len(dossiers), changed)
    first -= len(work.dossiers)
    bags = work.bags[first : first + limit]
    if bags:
        changed = sum(len(reconcile.reconcile_bag(tx, bag, context)) for bag in bags)
        return _further(cursor, dataclasses.replace(place, bag=bags[-1]), len(bags), changed)
    first -= len(work.bags)
    invoices = work.invoices[first : first + limit]
    changed = sum(len(reconcile.reconcile_invoice(tx, *invoice, context)) for invoice in invoices)
    return _further(cursor, place, len(invoices), changed)


def sweep_feeds(tx: Tx, peers: Sequence[PeerId], *, context_source: ContextSource, now: dt.datetime) -> int:
    """Reconcile the feeds of ``peers``, before the items that they explain; answers how many cases changed."""
    context = context_source(tx, now)
    return sum(len(reconcile.reconcile_feed(tx, peer, context)) for peer in peers)


def judge(tx: Tx, work: Worklist, peers: Sequence[PeerId], context: Context) -> Iterator[Finding]:
    """What the rules say of ``work`` and of the feeds, without writing. Subjects that are not there are left out."""
    for peer in peers:
        yield from reconcile.findings(FEED_RULES, reading.feed_view(tx, peer, context), context)
    for items in _chunks(work.items):
        there = tx.items.many(items)
        for view in reading.views_of(tx, there, tx.events.of_items([item.id for item in there])):
            yield from reconcile.findings(ITEM_RULES, view, context)
    for dossiers in _chunks(work.dossiers):
        for folder in reading.dossier_views(tx, dossiers):
            yield from reconcile.findings(DOSSIER_RULES, folder, context)
    for bag in work.bags:
        yield from reconcile.findings(BAG_RULES, reading.bag_view(tx, bag), context)
    for invoice in work.invoices:
        yield from reconcile.findings(INVOICE_RULES, reading.invoice_view(tx, *invoice), context)


def everything(tx: Tx) -> Worklist:
    """Every subject there is: for a moment in the past, where the columns of today nominate nobody."""
    return Worklist(
        tuple(ItemId(row) for row in tx.nominations.every(Subject.ITEM)),
        tuple(DossierId(row) for row in tx.nominations.every(Subject.DOSSIER)),
        tx.nominations.every_bag(),
        _invoices(tx),
    )


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), AT_ONCE):
        yield rows[first : first + AT_ONCE]


def _rows(tx: Tx, subject: Subject, rules: Iterable[Rule[Any]], context: Context) -> list[int]:
    found = {int(key) for key in tx.nominations.with_open_case(subject)}
    for rule in rules:
        waited = rule.shortest(context)
        offices = tuple(context.places)
        found.update(tx.nominations.rows(rule.id, subject, now=context.now, waited=waited, offices=offices))
    return sorted(found)


def _invoices(tx: Tx) -> tuple[tuple[CarrierId, str], ...]:
    return tuple((one.carrier, one.number) for one in tx.trade.invoices())


def _bags(tx: Tx, context: Context) -> tuple[BagNumber, ...]:
    found = {BagNumber(key) for key in tx.nominations.with_open_case(Subject.BAG)}
    for rule in BAG_RULES:
        found.update(tx.nominations.bags(rule.id, now=context.now, waited=rule.shortest(context)))
    return tuple(sorted(found))


def _further(cursor: SweepCursor, place: Place, seen: int, changed: int) -> SweepCursor:
    return dataclasses.replace(cursor, place=place, seen=cursor.seen + seen, changed=cursor.changed + changed)
