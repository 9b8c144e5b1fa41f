"""Everything about one dossier, read in one snapshot."""

import dataclasses
import datetime as dt

from schemas.attachment import AttachedDocument
from schemas.calendar import WorkCalendar
from schemas.discrepancy import Discrepancy, DiscrepancyState, Subject
from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ids import DossierId, ItemId, UnitId
from schemas.message import Message
from schemas.numbers import dossier_code
from schemas.organisation import ProcedureVersion, Unit
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx
from schemas.shipment import Booking, Item, Packing
from schemas.tracking import StoredEvent
from tracking import known
from tracking.custody import Ledger
from tracking.explain import custody_of

_MESSAGES = 200
"""Newest messages of one dossier that are shown."""


@dataclasses.dataclass(frozen=True, slots=True)
class ItemWhole:
    """A postal item of the dossier with its events, oldest first."""

    item: Item
    packing: Packing
    events: tuple[StoredEvent, ...]
    bookings: tuple[Booking, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Whole:
    """One dossier and all that belongs to it; persons are not masked yet."""

    dossier: Dossier
    procedure: ProcedureVersion | None
    units: dict[UnitId, Unit]
    calendar: WorkCalendar
    items: tuple[ItemWhole, ...]
    documents: tuple[AttachedDocument, ...]
    superseded: tuple[AttachedDocument, ...]
    """Older versions of documents; a newer one stands in their place."""
    messages: tuple[Message, ...]
    """Oldest first."""
    cases: tuple[Discrepancy, ...]
    """Open ones first."""
    custody: tuple[Ledger, ...] = ()
    """Who held each item, oldest first."""


def find(tx: Tx, told: str) -> Dossier | None:
    """A dossier by any code it ever had, as a person types it or as a link tells it."""
    return tx.dossiers.find(told) or tx.dossiers.find(dossier_code.compact(told))


def read(tx: Tx, dossier: Dossier, now: dt.datetime | None = None) -> Whole:
    """Everything about it; who holds what, where ``now`` is given."""
    on = dossier_code.local_day(dossier.created_at)
    packings = tx.items.packings_in(dossier.id)
    items = tuple(_item(tx, packing) for packing in packings)
    cases = list(tx.discrepancies.of_subject(Subject.DOSSIER, str(dossier.id)))
    for whole in items:
        cases += tx.discrepancies.of_subject(Subject.ITEM, str(whole.item.id))
    unique = {case.id: case for case in cases}.values()
    messages = tx.messages.list(MessageFilter(dossier=dossier.id), limit=_MESSAGES)
    papers = tx.documents.history(dossier.id)
    return Whole(
        dossier=dossier,
        procedure=tx.catalogue.procedure(dossier.procedure, on),
        units={unit.id: unit for unit in tx.catalogue.units(on)},
        calendar=tx.catalogue.calendar(dossier.competent_unit),
        items=items,
        documents=tuple(each for each in papers if not each.superseded_by),
        superseded=tuple(each for each in papers if each.superseded_by),
        messages=messages[::-1],
        cases=tuple(sorted(unique, key=lambda case: (case.state is DiscrepancyState.RESOLVED, case.opened_at))),
        custody=custody_of(tx, dossier, now)[0] if now is not None else (),
    )


def read_then(tx: Tx, dossier: Dossier, moment: dt.datetime) -> Whole:
    """Everything about it as it was known at ``moment``; messages keep no past and are left out.

    Raises NotFound where nobody knew of it then.
    """
    then = known.at(tx, moment)
    found = read(then, then.dossiers.get(dossier.id), moment)
    there = [each for each in tx.documents.history(dossier.id) if each.attached_at <= moment]
    gone = {each.key for each in there if each.superseded_at is not None and each.superseded_at <= moment}
    return dataclasses.replace(
        found,
        documents=tuple(each for each in there if each.key not in gone),
        superseded=tuple(each for each in there if each.key in gone),
        messages=(),
    )


def _item(tx: Tx, packing: Packing) -> ItemWhole:
    return ItemWhole(
        item=tx.items.get(packing.item),
        packing=packing,
        events=tx.events.of_item(packing.item),
        bookings=tx.items.bookings_of(packing.item),
    )


def dossier_of(tx: Tx, case: Discrepancy) -> Dossier | None:
    """The dossier a case is about: its own, or the one its item carries."""
    if not case.subject.isdigit():
        return None
    try:
        if case.subject_kind is Subject.DOSSIER:
            return tx.dossiers.get(DossierId(int(case.subject)))
        if case.subject_kind is Subject.ITEM:
            packings = tx.items.packings_of(ItemId(int(case.subject)))
            return tx.dossiers.get(packings[-1].dossier) if packings else None
    except NotFound:
        return None
    return None
