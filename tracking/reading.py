"""Loads views and the Context from the stores: the only place where rules meet rows."""

import datetime as dt
import functools
from collections.abc import Mapping, Sequence

from schemas.bag import HandoverManifest, Stay
from schemas.calendar import VIETNAM, Span, WorkCalendar
from schemas.discrepancy import Subject
from schemas.dossier import Dossier, DossierState
from schemas.errors import NotFound
from schemas.ids import BagNumber, CarrierId, DossierId, ItemId, PeerId, UnitId, push_feed
from schemas.invoice import Invoice, InvoiceLine
from schemas.organisation import Succession
from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import StoredEvent
from tracking import bags, volumes
from tracking.rules.context import Context, LimitKey, Limits, Wait
from tracking.rules.documents import differing
from tracking.rules.views import BagView, Companion, DossierView, FeedView, InvoiceView, ItemView, Parcel
from tracking.status import ItemContext

NO_UNIT = UnitId("")
"""Nobody's id: the catalogue answers with the common calendar."""
REOPENING_ROW = 31
POST_CODES = "post"
"""Scheme of the codes by which carriers name offices."""
_DAY = (Span(dt.time(7, 30), dt.time(11, 30)), Span(dt.time(13, 30), dt.time(17)))
PLAIN_WEEK = WorkCalendar(None, "plain week", dt.date.min, dt.date.max, ((_DAY,) * 5 + ((), ())), _DAY, ())
"""Measures elapsed office time where the catalogue has no calendar, so that no rule stops the news; never promises."""


def load_context(tx: Tx, now: dt.datetime, *, limits: Mapping[LimitKey, Limits] | None = None) -> Context:
    """The situation at ``now``. Calendars are read once per unit; ``limits`` given stand before the stored."""
    calendars: dict[UnitId, WorkCalendar] = {}

    def calendar(unit: UnitId | None) -> WorkCalendar:
        name = unit or NO_UNIT
        if name not in calendars:
            try:
                calendars[name] = tx.catalogue.calendar(name)
            except NotFound:
                calendars[name] = PLAIN_WEEK
        return calendars[name]

    successions = tx.catalogue.successions()
    learned = tx.learned.get()
    return Context(
        now=now,
        calendar=calendar,
        feed=tx.feeds.get,
        feed_cases=functools.cache(lambda peer: tx.discrepancies.of_subject(Subject.FEED, peer)),
        limits={**_limits(tx), **(limits or {})},
        lags=learned.lags,
        paces=learned.paces,
        remaining=learned.remaining,
        successions=successions,
        places={one.office: (one.latitude, one.longitude) for one in tx.trade.places()},
        office=functools.cache(lambda code, on: _office(tx, successions, code, on)),
        corridors=functools.cache(tx.trade.corridors),
        tariffs=functools.cache(tx.trade.tariffs),
        profiles=functools.cache(tx.trade.profiles),
    )


def _limits(tx: Tx) -> dict[LimitKey, Limits]:
    """What the house says instead of the rules' defaults."""
    found: dict[LimitKey, Limits] = {}
    for one in tx.trade.limits():
        of = (one.rule, one.carrier, one.service)
        soft, hard = (Wait(span.hours, span.working) for span in (one.soft, one.hard))
        found[(*of, one.route) if one.route else of] = Limits(soft, hard)
    return found


def _office(tx: Tx, successions: Sequence[Succession], code: str, on: dt.date) -> UnitId | None:
    """The unit that has this code of the post; one that was dissolved keeps its old code in old systems."""
    before = (one.on - dt.timedelta(days=1) for one in reversed(successions) if one.on <= on)
    for day in (on, *before):
        unit = tx.catalogue.unit_by_code(POST_CODES, code, day)
        if unit is not None:
            return unit.id
    return None


def item_view(tx: Tx, item_id: ItemId) -> ItemView:
    """Raises NotFound."""
    return item_views(tx, (item_id,))[0]


def item_views(tx: Tx, item_ids: Sequence[ItemId]) -> tuple[ItemView, ...]:
    """:func:`item_view` of each of these, in a few queries. Raises NotFound."""
    items = {item.id: item for item in tx.items.many(item_ids)}
    missing = [item for item in item_ids if item not in items]
    if missing:
        raise NotFound("no postal item with this row id", subject=str(missing[0]))
    return views_of(tx, tuple(items[item] for item in item_ids), tx.events.of_items(item_ids))


def views_of(
    tx: Tx,
    items: Sequence[Item],
    logs: Mapping[ItemId, tuple[StoredEvent, ...]],
    inside: Mapping[ItemId, tuple[Dossier, ...]] | None = None,
) -> tuple[ItemView, ...]:
    """Views of items that were read already, with their logs; ``inside`` where the dossiers in them are known too."""
    inside = dossiers_inside(tx, [item.id for item in items]) if inside is None else inside
    namesakes = tx.items.named(tx.items.shared(tuple(item.number for item in items if item.number)))
    companions = _companions(tx, items, inside)
    stays: dict[ItemId, list[Stay]] = {}
    for of, stay in tx.bags.stays([item.id for item in items]):
        stays.setdefault(of, []).append(stay)
    views = []
    for item in items:
        dossiers = inside.get(item.id, ())
        others = (one for one in namesakes.get(item.number or "", ()) if one.id != item.id)
        view = ItemView(
            item,
            logs[item.id],
            dossiers,
            folding_of(item, dossiers),
            namesakes=tuple(one for one in others if one.carrier == item.carrier and one.number == item.number),
            companions=companions.get(item.id, ()),
            stays=tuple(stays.get(item.id, ())),
        )
        views.append(view)
    return tuple(views)


def dossiers_inside(tx: Tx, items: Sequence[ItemId]) -> dict[ItemId, tuple[Dossier, ...]]:
    """The dossiers that are in each of these items now; an item without any is not in the answer."""
    inside: dict[ItemId, dict[DossierId, None]] = {}
    for packing in tx.items.packings_of_many(items):
        if packing.until is None:
            inside.setdefault(packing.item, {})[packing.dossier] = None
    carried = dict.fromkeys(dossier for dossiers in inside.values() for dossier in dossiers)
    known = {dossier.id: dossier for dossier in tx.dossiers.many(tuple(carried))}
    return {of: tuple(known[one] for one in packed if one in known) for of, packed in inside.items()}


def _companions(
    tx: Tx, items: Sequence[Item], inside: Mapping[ItemId, Sequence[Dossier]]
) -> dict[ItemId, tuple[Companion, ...]]:
    """Logs are read only of what shares its dossier and its purpose with one of the items: most have no companion."""
    carriers: dict[DossierId, dict[ItemId, None]] = {}
    carried = tuple({one.id: None for packed in inside.values() for one in packed})
    for packing in tx.items.packings_in_many(tx.items.crowded(carried)):
        if packing.until is None:
            carriers.setdefault(packing.dossier, {})[packing.item] = None
    near: dict[ItemId, list[ItemId]] = {
        item.id: [
            other for dossier in inside.get(item.id, ()) for other in carriers.get(dossier.id, ()) if other != item.id
        ]
        for item in items
    }
    known = {item.id: item for item in items}
    missing = tuple({other: None for others in near.values() for other in others if other not in known})
    known |= {item.id: item for item in tx.items.many(missing)}
    pairs = {
        item.id: tuple(dict.fromkeys(other for other in near[item.id] if known[other].purpose is item.purpose))
        for item in items
    }
    logs = tx.events.of_items(tuple({other: None for others in pairs.values() for other in others}))
    return {of: tuple(Companion(known[one], logs[one]) for one in others) for of, others in pairs.items() if others}


def peers_of(tx: Tx, view: ItemView) -> tuple[PeerId, ...]:
    """Peers that told of the item or that it was booked at: a silent feed of theirs explains its silence."""
    told = [stored.event.source for stored in view.events]
    booked = [booking.peer for booking in tx.items.bookings_of(view.item.id)]
    return tuple(dict.fromkeys([*booked, *told]))


def dossier_view(tx: Tx, dossier_id: DossierId) -> DossierView:
    """Raises NotFound."""
    views = dossier_views(tx, (dossier_id,))
    if not views:
        raise NotFound("no dossier with this row id", subject=str(dossier_id))
    return views[0]


def dossier_views(tx: Tx, dossier_ids: Sequence[DossierId]) -> tuple[DossierView, ...]:
    """Views of those of these dossiers that are there, in a few queries."""
    return views_around(tx, tx.dossiers.many(dossier_ids))


def views_around(tx: Tx, dossiers: Sequence[Dossier]) -> tuple[DossierView, ...]:
    """Views of dossiers that were read already in this transaction."""
    dossier_ids = [dossier.id for dossier in dossiers]
    packings = tx.items.packings_in_many(dossier_ids)
    items = {item.id: item for item in tx.items.many(tuple(dict.fromkeys(packing.item for packing in packings)))}
    parcels: dict[DossierId, list[Parcel]] = {}
    for packing in packings:
        if packing.item in items:
            parcels.setdefault(packing.dossier, []).append(Parcel(items[packing.item], packing))
    listed = tx.bags.listing(dossier_ids, tuple(items))
    return tuple(_whole(tx, dossier, tuple(parcels.get(dossier.id, ())), listed) for dossier in dossiers)


def bag_view(tx: Tx, number: BagNumber) -> BagView:
    """The bag with the newest revision of its manifest. Raises NotFound."""
    bag = tx.bags.get(number)
    if bag is None:
        raise NotFound("no bag has this number", subject=number)
    manifest = tx.bags.manifest(bag.manifest) if bag.manifest else tx.bags.manifest_of(number)
    log = bags.log_of(tx, number)
    return BagView(bag, manifest, tx.events.of_item(log.id) if log is not None else ())


def invoice_view(tx: Tx, carrier: CarrierId, number: str) -> InvoiceView:
    """An invoice, the items that its lines speak of, and those that it forgot. Raises NotFound."""
    lines = tx.trade.lines(carrier, number)
    if not lines:
        raise NotFound("no line of this invoice is here", subject=f"{carrier} {number}")
    since, until = min(line.since for line in lines), max(line.until for line in lines)
    numbers = tuple({line.number: None for line in lines})
    items = {line.number: item for line in lines if (item := _billed(tx, line)) is not None}
    unbilled = tx.trade.unbilled(Invoice(carrier, number, since, until))
    return InvoiceView(
        number,
        carrier,
        since,
        until,
        lines,
        items,
        {name: tx.trade.lines_of(carrier, name) for name in numbers},
        tx.items.many(unbilled),
    )


def _billed(tx: Tx, line: InvoiceLine) -> Item | None:
    """The item of a line: by number in the billed time; numbers are used again."""
    day = line.taken_on or line.until
    at = dt.datetime.combine(day, dt.time.max, VIETNAM)
    return tx.items.find(line.carrier, line.number, at)


def feed_view(tx: Tx, peer: PeerId, context: Context) -> FeedView:
    """A feed never read has an empty state."""
    push = tx.feeds.get(push_feed(peer))
    hours = volumes.hours_of(context.now)
    counts, first = tx.volumes.hours(peer, hours), tx.volumes.first(peer)
    return FeedView(
        state=tx.feeds.get(peer),
        push=push if push.last_ok_at is not None else None,
        volume=volumes.volume(hours, counts, first=first, calendar=context.calendar(None)),
        pulled_since_push=0 if push.last_ok_at is None else tx.volumes.fetched(peer, push.last_ok_at),
    )


def _whole(tx: Tx, dossier: Dossier, parcels: tuple[Parcel, ...], listed: Sequence[HandoverManifest]) -> DossierView:
    """With what only few dossiers need read: logs while a fee is asked for, documents where sheets do not agree."""
    fee = dossier.state is DossierState.FEE_ASKED
    told = [stored for one in parcels for stored in tx.events.of_item(one.item.id)] if fee else []
    carried = {parcel.item.id for parcel in parcels}
    mine = (one for one in listed if any(line.dossier == dossier.id or line.item in carried for line in one.lines))
    return DossierView(
        dossier,
        parcels,
        manifests=tuple(mine),
        money=tuple(stored for stored in told if stored.event.money),
        documents=tx.documents.of_dossier(dossier.id) if any(differing(dossier.components)) else (),
    )


def parcels_of(tx: Tx, dossier_id: DossierId) -> tuple[Parcel, ...]:
    """Everything that carries or carried a part of the dossier, oldest first."""
    return tuple(Parcel(tx.items.get(packing.item), packing) for packing in tx.items.packings_in(dossier_id))


def dossiers_in(tx: Tx, item_id: ItemId) -> tuple[Dossier, ...]:
    """The dossiers that are in the item now."""
    inside = {packing.dossier: None for packing in tx.items.packings_of(item_id) if packing.until is None}
    return tuple(tx.dossiers.get(dossier) for dossier in inside)


def folding_of(item: Item, dossiers: tuple[Dossier, ...]) -> ItemContext:
    """What the fold of an item must know of its dossiers: when one was reopened (row 31)."""
    reopened = [step.recorded_at for one in dossiers for step in one.history if step.row == REOPENING_ROW]
    return ItemContext(reopened_at=max(reopened, default=None), attempt_max=item.attempt_max)
