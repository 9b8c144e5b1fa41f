"""Postal items with what they fold to, the orders that announced them, and what binds them to dossiers."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage import item_rows
from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Raw, Sql
from gateway.storage.tables.dossiers import booking, item, item_number, packing
from schemas.errors import NotFound, Stale
from schemas.ids import CarrierId, DossierId, ItemId, PeerId
from schemas.shipment import Booking, BookingState, Item, LegDirection, Packing, PollState
from schemas.tracking import Fold
from tracking import watch

_TABLE: Final = item
_DOC: Final = sa.select(item.c.id, item.c.version, item.c.doc)
_GET: Final = _DOC.where(item.c.id == sa.bindparam("item"))
_NAMED: Final = _DOC.join(item_number, item_number.c.item_id == item.c.id).where(
    item_number.c.number == sa.bindparam("number")
)
_NEWEST_FIRST: Final = (item.c.valid_from.desc(), item.c.id.desc())
_FIND_NUMBER: Final = _NAMED.order_by(*_NEWEST_FIRST)
_FIND: Final = (
    _NAMED.where(
        item_number.c.carrier == sa.bindparam("carrier"),
        item_number.c.valid_from <= sa.bindparam("at"),
        sa.or_(item_number.c.valid_to.is_(None), item_number.c.valid_to >= sa.bindparam("at")),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)
_NAMED_MANY: Final = (
    sa.select(item_number.c.number, item.c.id, item.c.version, item.c.doc)
    .join(item_number, item_number.c.item_id == item.c.id)
    .where(item_number.c.number.in_(sa.bindparam("these", expanding=True)))
    .order_by(*_NEWEST_FIRST)
)
_UPDATE: Final = sa.update(item).where(item.c.id == sa.bindparam("row_id"), item.c.version == sa.bindparam("read"))
_FOLD_QUIETLY: Final = Raw(_UPDATE, *item_rows.TOLD)
"""Nearly every scan leaves the columns alone that an index asks about; SQLite then touches no index, a third less."""
_FOLD: Final = Raw(_UPDATE, *item_rows.TOLD, *item_rows.FOUND_BY)
_UPDATE_SAME_NAMES: Final = _UPDATE.where(item.c.names == sa.bindparam("same_names"))
"""Nearly every change leaves the numbers alone; then their rows need not even be looked at."""
_FORGET_NUMBERS: Final = sa.delete(item_number).where(item_number.c.item_id == sa.bindparam("item"))
_PACKINGS_OF: Final = sa.select(packing).where(packing.c.item_id == sa.bindparam("item")).order_by(packing.c.since)
_PACKINGS_IN: Final = (
    sa.select(packing)
    .where(packing.c.dossier_id == sa.bindparam("dossier"))
    .order_by(packing.c.since, packing.c.item_id)
)
_THESE: "Final[sa.BindParameter[Any]]" = sa.bindparam("these", expanding=True)
_MANY: Final = _DOC.where(item.c.id.in_(_THESE))
_PACKINGS_OF_MANY: Final = sa.select(packing).where(packing.c.item_id.in_(_THESE)).order_by(packing.c.since)
_SHARED: Final = (
    sa.select(item_number.c.number)
    .where(item_number.c.number.in_(_THESE))
    .group_by(item_number.c.number)
    .having(sa.func.min(item_number.c.item_id) != sa.func.max(item_number.c.item_id))
)
_CROWDED: Final = (
    sa.select(packing.c.dossier_id)
    .where(packing.c.dossier_id.in_(_THESE), packing.c.until.is_(None))
    .group_by(packing.c.dossier_id)
    .having(sa.func.min(packing.c.item_id) != sa.func.max(packing.c.item_id))
)
_PACKINGS_IN_MANY: Final = (
    sa.select(packing).where(packing.c.dossier_id.in_(_THESE)).order_by(packing.c.since, packing.c.item_id)
)
_UNDER: Final = sa.select(booking).where(
    booking.c.peer == sa.bindparam("peer"), booking.c.reference == sa.bindparam("reference")
)
_AGE: Final = (booking.c.window_from, booking.c.direction, booking.c.seq)
_BOOKINGS: Final = _UNDER.order_by(*_AGE)
_BOOKINGS_OF: Final = sa.select(booking).where(booking.c.item_id == sa.bindparam("item")).order_by(*_AGE)
_LAST_SEQ: Final = sa.select(sa.func.coalesce(sa.func.max(booking.c.seq), 0)).where(
    booking.c.peer == sa.bindparam("peer"),
    booking.c.reference == sa.bindparam("reference"),
    booking.c.direction == sa.bindparam("direction"),
)
_POLL_AT: Final = sa.type_coerce(item.c.poll_at, sa.BigInteger)
_SLACK: Final = sa.type_coerce(item.c.promised_at, sa.BigInteger) - _POLL_AT
_LEAST, _MOST, _UNPROMISED = (
    sa.literal_column(str(span // dt.timedelta(microseconds=1)), sa.BigInteger)
    for span in (watch.SLACK_MIN, watch.SLACK_MAX, watch.NO_PROMISE)
)
_PLACE: Final = _POLL_AT * sa.literal_column(str(watch.AGE), sa.BigInteger) + sa.case(
    (item.c.promised_at.is_(None), _UNPROMISED),
    (_SLACK < _LEAST, _LEAST),
    (_SLACK > _MOST, _MOST),
    else_=_SLACK,
)
"""As :func:`tracking.watch.place` has it; a contract test compares."""
_CARRIED: Final = _DOC.where(
    item.c.carrier == sa.bindparam("carrier"),
    sa.func.coalesce(item.c.accepted_at, item.c.handed_over_at).between(sa.bindparam("since"), sa.bindparam("to")),
).order_by(item.c.id)
_DUE: Final = (
    _DOC.where(
        item.c.carrier == sa.bindparam("carrier"), item.c.poll_at.is_not(None), item.c.poll_at <= sa.bindparam("now")
    )
    .order_by(_PLACE, item.c.id)
    .limit(sa.bindparam("limit"))
)
_OPEN: Final = (
    item.c.carrier == sa.bindparam("carrier"),
    sa.text("NOT item.settled"),
    item.c.number.is_not(None),
    item.c.valid_to.is_(None),
)
_UNSETTLED: Final = (
    _DOC.where(*_OPEN, item.c.id > sa.bindparam("after")).order_by(item.c.id).limit(sa.bindparam("limit"))
)
_COUNT_OPEN: Final = sa.select(sa.func.count()).select_from(item).where(*_OPEN)


class Items:
    """:class:`schemas.ports.dossier_stores.ItemStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, item: ItemId) -> Item:
        """Raises NotFound."""
        row = self._sql.row(_GET, {"item": item})
        if row is None:
            raise NotFound("no postal item with this row id", subject=str(item))
        return _item(row)

    def find(self, carrier: CarrierId, number: str, at: dt.datetime) -> Item | None:
        """The item of this number (or alias) whose validity holds ``at``; the newest where several do.

        An item that has a reference and no number is found by its reference.
        """
        row = self._sql.row(_FIND, {"carrier": carrier, "number": number, "at": at})
        return None if row is None else _item(row)

    def find_number(self, number: str) -> tuple[Item, ...]:
        """Every item that ever had this number, newest first."""
        return tuple(_item(row) for row in self._sql.rows(_FIND_NUMBER, {"number": number}))

    def named(self, numbers: Sequence[str]) -> dict[str, tuple[Item, ...]]:
        """:meth:`find_number` of each of these."""
        found: dict[str, list[Item]] = {number: [] for number in numbers}
        for row in self._sql.rows_in(_NAMED_MANY, numbers):
            found[row.number].append(_item(row))
        return {number: tuple(items) for number, items in found.items()}

    def put_folds(self, folded: Sequence[tuple[Item, Fold, PollState]]) -> tuple[Item, ...]:
        """Give items another fold and other polls, their other fields are as they were read. Raises Stale."""
        stored = [item_rows.refolded(item, fold, polls) for item, fold, polls in folded]
        quiet, loud = [], []
        for (before, _, _), after in zip(folded, stored, strict=True):
            found = item_rows.found_by(after)
            row = item_rows.driven(
                {**item_rows.told(after), "version": after.version, "row_id": after.id, "read": before.version}
            )
            if found == item_rows.found_by(before):
                quiet.append(row)
            else:
                loud.append(row | item_rows.driven(found))
        touched = self._sql.run_raw(_FOLD_QUIETLY, quiet) + self._sql.run_raw(_FOLD, loud)
        if touched != len(stored):
            raise Stale("read them again and repeat the change", subject=f"{len(stored)} items")
        return tuple(stored)

    def add(self, item: Item) -> Item:
        """Store a new one; returns it with its id."""
        new = ItemId(self._sql.insert(_TABLE, {**item_rows.row(item), "version": 1}))
        stored = dataclasses.replace(item, id=new, version=1)
        self._sql.insert_all(item_number, item_rows.number_rows(stored))
        return stored

    def put(self, item: Item) -> Item:
        """Store a changed one whose ``version`` is the one read. Raises Stale."""
        stored = dataclasses.replace(item, version=item.version + 1)
        values = {**item_rows.row(stored), "version": stored.version, "row_id": item.id, "read": item.version}
        values["same_names"] = values["names"]
        if self._sql.run(_UPDATE_SAME_NAMES, values) == 1:
            return stored
        if self._sql.run(_UPDATE, values) == 0:
            raise Stale("read it again and repeat the change", subject=item.number or item.reference or str(item.id))
        self._sql.run(_FORGET_NUMBERS, {"item": item.id})
        self._sql.insert_all(item_number, item_rows.number_rows(stored))
        return stored

    def pack(self, packing: Packing) -> None:
        """Bind a dossier to an item from a moment; the same (dossier, item, since) again changes ``until``."""
        row = {
            "dossier_id": packing.dossier,
            "item_id": packing.item,
            "since": packing.since,
            "until": packing.until,
            "part": packing.part,
            "parts": packing.parts,
            "components": to_json(packing.components),
            "confidence": packing.confidence,
        }
        self._sql.put(_PACKING, row)

    def packings_of(self, item: ItemId) -> tuple[Packing, ...]:
        """Oldest first."""
        return tuple(_packing(row) for row in self._sql.rows(_PACKINGS_OF, {"item": item}))

    def packings_in(self, dossier: DossierId) -> tuple[Packing, ...]:
        """Oldest first."""
        return tuple(_packing(row) for row in self._sql.rows(_PACKINGS_IN, {"dossier": dossier}))

    def many(self, items: Sequence[ItemId]) -> tuple[Item, ...]:
        """Those of these ids that are there; no order."""
        return tuple(_item(row) for row in self._sql.rows_in(_MANY, items))

    def packings_of_many(self, items: Sequence[ItemId]) -> tuple[Packing, ...]:
        """Of all these items, oldest first."""
        return tuple(_packing(row) for row in self._sql.rows_in(_PACKINGS_OF_MANY, items))

    def packings_in_many(self, dossiers: Sequence[DossierId]) -> tuple[Packing, ...]:
        """Of all these dossiers, oldest first."""
        return tuple(_packing(row) for row in self._sql.rows_in(_PACKINGS_IN_MANY, dossiers))

    def shared(self, numbers: Sequence[str]) -> tuple[str, ...]:
        """Those of these numbers that several items have or had."""
        return tuple(row.number for row in self._sql.rows_in(_SHARED, numbers))

    def crowded(self, dossiers: Sequence[DossierId]) -> tuple[DossierId, ...]:
        """Those of these dossiers that several items carry now."""
        return tuple(DossierId(row.dossier_id) for row in self._sql.rows_in(_CROWDED, dossiers))

    def put_booking(self, booking: Booking) -> None:
        """Insert or replace by (peer, reference, direction, seq)."""
        row = {
            "peer": booking.peer,
            "reference": booking.reference,
            "direction": booking.direction,
            "seq": booking.seq,
            "carrier": booking.carrier,
            "item_id": booking.item,
            "state": booking.state,
            "window_from": booking.window_from,
            "window_to": booking.window_to,
        }
        self._sql.put(_BOOKING, row)

    def bookings(self, peer: PeerId, reference: str) -> tuple[Booking, ...]:
        """All bookings under a reference, oldest first."""
        return tuple(_booking(row) for row in self._sql.rows(_BOOKINGS, {"peer": peer, "reference": reference}))

    def bookings_of(self, item: ItemId) -> tuple[Booking, ...]:
        """All bookings of an item, oldest first."""
        return tuple(_booking(row) for row in self._sql.rows(_BOOKINGS_OF, {"item": item}))

    def next_seq(self, peer: PeerId, reference: str, direction: LegDirection) -> int:
        """One more than the highest ``seq`` there, 1 for the first; nobody else gets it at the same time."""
        self._sql.lock("booking", peer, reference, direction.value)
        values = {"peer": peer, "reference": reference, "direction": direction}
        return int(self._sql.scalar(_LAST_SEQ, values)) + 1

    def carried(self, carrier: CarrierId, since: dt.datetime, until: dt.datetime) -> tuple[Item, ...]:
        """What the carrier took, or was given, in this time; by id."""
        return tuple(_item(row) for row in self._sql.rows(_CARRIED, {"carrier": carrier, "since": since, "to": until}))

    def due_for_poll(self, carrier: CarrierId, now: dt.datetime, *, limit: int) -> tuple[Item, ...]:
        """Open items whose next poll has come, most urgent first; one never asked about is due at once."""
        return tuple(_item(row) for row in self._sql.rows(_DUE, {"carrier": carrier, "now": now, "limit": limit}))

    def unsettled(self, carrier: CarrierId, *, after: ItemId, limit: int) -> tuple[Item, ...]:
        """Items of the carrier that can be asked about and are not settled, ascending by id."""
        values = {"carrier": carrier, "after": after, "limit": limit}
        return tuple(_item(row) for row in self._sql.rows(_UNSETTLED, values))

    def count_unsettled(self, carrier: CarrierId) -> int:
        """How many items :meth:`unsettled` has in all."""
        return int(self._sql.scalar(_COUNT_OPEN, {"carrier": carrier}))


_PACKING: Final = packing
_BOOKING: Final = booking


def _item(row: Any) -> Item:
    item = from_json(row.doc, Item)
    # Set, not replaced: nobody else has seen this object yet, and replacing one of 37 fields costs 9 µs of 20.
    object.__setattr__(item, "id", row.id)
    object.__setattr__(item, "version", row.version)
    return item


def _packing(row: Any) -> Packing:
    return Packing(
        dossier=DossierId(row.dossier_id),
        item=ItemId(row.item_id),
        part=row.part,
        parts=row.parts,
        components=from_json(row.components, tuple[int, ...]),
        since=row.since,
        until=row.until,
        confidence=row.confidence,
    )


def _booking(row: Any) -> Booking:
    return Booking(
        peer=PeerId(row.peer),
        carrier=CarrierId(row.carrier),
        reference=row.reference,
        direction=LegDirection(row.direction),
        seq=row.seq,
        item=ItemId(row.item_id),
        state=BookingState(row.state),
        window_from=row.window_from,
        window_to=row.window_to,
    )
