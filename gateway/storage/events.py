"""The append-only log of events. The natural key is the row: the second copy of an event is silence, counted."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import from_json, from_micros, to_json, to_micros
from gateway.storage.sql import Raw, Sql
from gateway.storage.tables.columns import Micros
from gateway.storage.tables.dossiers import event, item
from schemas.errors import NotFound
from schemas.ids import CarrierId, ItemId
from schemas.ports.dossier_stores import Appended, Logged
from schemas.tracking import Mapped, StoredEvent, TrackingEvent

Key = tuple[str, str, str, int]
Told = Sequence[tuple[TrackingEvent, str | None]]
StoredRow = tuple[ItemId, StoredEvent]

_UNKNOWN_RANK: Final = -1
_ITEM: Final = sa.bindparam("item", type_=sa.BigInteger)
_WHOLE: Final = (
    event.c.occurred_key,
    event.c.code,
    event.c.office,
    event.c.attempt_no,
    event.c.seen_n,
    event.c.first_seen_at,
    event.c.last_seen_at,
    event.c.withdrawn_at,
    event.c.quarantine,
    event.c.doc,
)
_STORED: Final = sa.select(*_WHOLE)
_KEY_LENGTH: Final = 4
_IN_ORDER: Final = (
    event.c.utc_low,
    event.c.rank,
    event.c.received_at,
    event.c.occurred_key,
    event.c.code,
    event.c.attempt_no,
)
_OF_ITEM: Final = Raw(_STORED.where(event.c.item_id == _ITEM).order_by(*_IN_ORDER))
_OF_ITEMS: Final = (
    sa.select(
        event.c.item_id,
        *(sa.type_coerce(column, sa.BigInteger) if isinstance(column.type, Micros) else column for column in _WHOLE),
    )
    .where(event.c.item_id.in_(sa.bindparam("these", expanding=True)))
    .order_by(event.c.item_id, *_IN_ORDER)
)
_SEEN: Final = Raw(
    _STORED.where(
        event.c.item_id == _ITEM,
        event.c.occurred_key >= sa.bindparam("low"),
        event.c.occurred_key <= sa.bindparam("high"),
    )
)
_INSERT: Final = Raw(sa.insert(event), *(column.name for column in event.columns))
_LOCK: Final = (
    sa.select(item.c.id)
    .where(item.c.id.in_(sa.bindparam("these", expanding=True)))
    .order_by(item.c.id)
    .with_for_update()
)
_ONE: Final = (
    event.c.item_id == sa.bindparam("of_item"),
    event.c.occurred_key == sa.bindparam("wall"),
    event.c.code == sa.bindparam("of_code"),
    event.c.office == sa.bindparam("of_office"),
    event.c.attempt_no == sa.bindparam("attempt"),
)
_CHANGE: Final = sa.update(event).where(*_ONE)
_COUNT: Final = Raw(_CHANGE, "seen_n", "last_seen_at")
_WITHDRAW: Final = sa.update(event).where(*_ONE, event.c.withdrawn_at.is_(None))
_REREAD: Final = Raw(_CHANGE, "known", "rank", "quarantine", "doc")
_WITH_CODES: Final = (
    sa.select(event.c.item_id)
    .where(
        event.c.item_id > sa.bindparam("after"),
        event.c.carrier == sa.bindparam("of_carrier"),
        event.c.code.in_(sa.bindparam("these", expanding=True)),
    )
    .group_by(event.c.item_id)
    .order_by(event.c.item_id)
    .limit(sa.bindparam("limit"))
)
_EXISTS: Final = sa.select(event.c.item_id).where(*_ONE)
_UNREAD: Final = sa.select(event.c.known, event.c.doc).where(*_ONE)
_UNKNOWN: Final = (
    sa.select(
        event.c.carrier, event.c.code, sa.func.count().label("n"), sa.func.max(event.c.last_seen_at).label("last")
    )
    .where(event.c.known.is_(False))
    .group_by(event.c.carrier, event.c.code)
    .order_by(sa.desc("n"), event.c.carrier, event.c.code)
    .limit(sa.bindparam("limit"))
)


class Events:
    """:class:`schemas.ports.dossier_stores.EventStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def append(self, item: ItemId, events: Sequence[tuple[TrackingEvent, str | None]]) -> tuple[Appended, ...]:
        """Append (event, quarantine code or None); a second copy only counts. Answers in the order given.

        Three statements for any number of events: what is there, the new ones, the counts of the others.
        """
        if not events:
            return ()
        self._sql.lock_row(_LOCK, {"these": [item]})
        known = self._known(item, [told.occurred.wall for told, _ in events])
        return self.append_many({item: events}, {item: known})[item].answers

    def append_many(
        self, told: Mapping[ItemId, Told], known: Mapping[ItemId, Sequence[StoredEvent]]
    ) -> dict[ItemId, Logged]:
        """:meth:`append` to many logs, in two statements; ``known`` holds the logs, read with ``lock``."""
        fresh: list[StoredRow] = []
        again: list[StoredRow] = []
        answers = {item: _judged(item, events, known[item], fresh, again) for item, events in told.items()}
        self._sql.run_raw(_INSERT, [_row(item, stored) for item, stored in fresh])
        self._sql.run_raw(_COUNT, [_counted(item, stored) for item, stored in again])
        return answers

    def _known(self, item: ItemId, walls: list[str]) -> list[StoredEvent]:
        rows = self._sql.rows_raw(_SEEN, {"item": item, "low": min(walls), "high": max(walls)})
        return [_stored(row) for row in rows]

    def of_item(self, item: ItemId) -> tuple[StoredEvent, ...]:
        """All events by (occurred low end, rank, received)."""
        return tuple(_stored(row) for row in self._sql.rows_raw(_OF_ITEM, {"item": item}))

    def of_items(self, items: Sequence[ItemId], *, lock: bool = False) -> dict[ItemId, tuple[StoredEvent, ...]]:
        """:meth:`of_item` of each of these items; ``lock``: nobody else appends to them before the end."""
        if lock and items:
            self._sql.lock_row(_LOCK, {"these": list(items)})
        found: dict[ItemId, list[StoredEvent]] = {one: [] for one in items}
        for owner, *row in self._sql.rows_in(_OF_ITEMS, items):
            found[ItemId(owner)].append(_stored(tuple(row)))
        return {one: tuple(events) for one, events in found.items()}

    def withdraw(self, item: ItemId, key: Key, at: dt.datetime) -> None:
        """Mark the event (wall, code, office, attempt) as withdrawn; the row and its first withdrawal stay.

        Raises NotFound.
        """
        self._need(item, key)
        self._sql.run(_WITHDRAW, {**_one(item, key), "withdrawn_at": at})

    def set_quarantine(self, item: ItemId, key: Key, reason: str | None) -> None:
        """Put an event into quarantine, or take it out. Raises NotFound."""
        self._need(item, key)
        self._sql.run(_CHANGE, {**_one(item, key), "quarantine": reason})

    def learn(self, item: ItemId, key: Key, mapped: Mapped) -> None:
        """Give an event whose code nobody knew the meaning that the code has now. Raises NotFound."""
        row = self._sql.row(_UNREAD, _one(item, key))
        if row is None:
            raise NotFound(f"no event {key} of this item", subject=str(item))
        if not row.known:
            told = dataclasses.replace(from_json(row.doc, TrackingEvent), mapped=mapped)
            values = {"known": True, "rank": mapped.movement.rank, "doc": to_json(told)}
            self._sql.run(_CHANGE, {**_one(item, key), **values})

    def items_with(
        self, carrier: CarrierId, codes: Sequence[str], *, limit: int, after: ItemId | None = None
    ) -> tuple[ItemId, ...]:
        """Items that have an event of this carrier with one of these codes, by ascending id.

        It goes along the log in its own order and stops at ``limit``: a table changes seldom, an index would cost
        every event.
        """
        values = {"of_carrier": carrier, "these": list(codes), "after": after or 0, "limit": limit}
        return tuple(ItemId(row.item_id) for row in self._sql.rows(_WITH_CODES, values)) if codes else ()

    def reread(self, events: Sequence[tuple[ItemId, StoredEvent]]) -> None:
        """Store another reading (``mapped``, ``quarantine``) of events that are in the log; nothing else changes."""
        self._sql.run_raw(_REREAD, [_read_again(item, stored) for item, stored in events])

    def unknown_codes(self, *, limit: int) -> tuple[tuple[CarrierId, str, int, dt.datetime], ...]:
        """(carrier, code, how many, last seen) of codes outside the tables, most frequent first."""
        return tuple(
            (CarrierId(row.carrier), row.code, row.n, row.last) for row in self._sql.rows(_UNKNOWN, {"limit": limit})
        )

    def _need(self, item: ItemId, key: Key) -> None:
        if self._sql.row(_EXISTS, _one(item, key)) is None:
            raise NotFound(f"no event {key} of this item", subject=str(item))


def _key(told: TrackingEvent) -> Key:
    return (told.occurred.wall, told.code, told.office, told.attempt)


def _one(item: ItemId, key: Key) -> dict[str, Any]:
    wall, code, office, attempt = key
    return {"of_item": item, "wall": wall, "of_code": code, "of_office": office, "attempt": attempt}


def _judged(
    item: ItemId, events: Told, log: Sequence[StoredEvent], fresh: list[StoredRow], again: list[StoredRow]
) -> Logged:
    """What each event is to the log, first or second copy; the rows to write go to ``fresh`` and ``again``."""
    known = {_key(stored.event): stored for stored in log}
    new: dict[Key, StoredEvent] = {}
    seen: dict[Key, StoredEvent] = {}
    answers = []
    for told, quarantine in events:
        key = _key(told)
        before = known.get(key)
        if before is None:
            now = StoredEvent(told, 1, told.received_at, told.received_at, None, quarantine)
            new[key] = now
        else:
            now = _seen_again(before, told.received_at)
            (new if key in new else seen)[key] = now
        known[key] = now
        answers.append(Appended(now, new=before is None))
    fresh += [(item, stored) for stored in new.values()]
    again += [(item, stored) for stored in seen.values()]
    return Logged(tuple(answers), tuple(known.values()))


def _counted(item: ItemId, now: StoredEvent) -> dict[str, Any]:
    return {**_one(item, _key(now.event)), "seen_n": now.seen_n, "last_seen_at": to_micros(now.last_seen_at)}


def _read_again(item: ItemId, stored: StoredEvent) -> dict[str, Any]:
    mapped = stored.event.mapped
    return {
        **_one(item, _key(stored.event)),
        "known": mapped is not None,
        "rank": _UNKNOWN_RANK if mapped is None else mapped.movement.rank,
        "quarantine": stored.quarantine,
        "doc": to_json(stored.event),
    }


def _seen_again(before: StoredEvent, at: dt.datetime) -> StoredEvent:
    return StoredEvent(
        event=before.event,
        seen_n=before.seen_n + 1,
        first_seen_at=before.first_seen_at,
        last_seen_at=max(before.last_seen_at, at),
        withdrawn_at=before.withdrawn_at,
        quarantine=before.quarantine,
    )


def _row(item: ItemId, stored: StoredEvent) -> dict[str, Any]:
    told = stored.event
    received = to_micros(told.received_at)
    return {
        "item_id": item,
        "occurred_key": told.occurred.wall,
        "code": told.code,
        "office": told.office,
        "attempt_no": told.attempt,
        "carrier": told.carrier,
        "known": told.mapped is not None,
        "rank": _UNKNOWN_RANK if told.mapped is None else told.mapped.movement.rank,
        "utc_low": to_micros(told.occurred.utc_low),
        "received_at": received,
        "quarantine": stored.quarantine,
        "seen_n": stored.seen_n,
        "first_seen_at": received,
        "last_seen_at": received if stored.seen_n == 1 else to_micros(stored.last_seen_at),
        "withdrawn_at": None,
        "doc": to_json(told),
        "source": told.source,
    }


def _stored(row: tuple[Any, ...]) -> StoredEvent:
    seen_n, first, last, withdrawn, quarantine, doc = row[_KEY_LENGTH:]
    return StoredEvent(
        event=from_json(doc, TrackingEvent),
        seen_n=seen_n,
        first_seen_at=from_micros(first),
        last_seen_at=from_micros(last),
        withdrawn_at=None if withdrawn is None else from_micros(withdrawn),
        quarantine=quarantine,
    )
