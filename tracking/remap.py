"""A table of codes changed: events get the meaning that their code had on their day, and their items are folded again.

The log keeps what the carrier said (code, text, bytes); only our reading of it changes, so a table that was wrong or
incomplete is mended backwards, and an event that waited in quarantine for its code counts from then on. Work goes in
chunks of items by ascending id, each a transaction of its own, so that a live gateway is not held up and a pass that
broke off goes on where it was. Cases are left to the full pass that follows.
"""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Mapping

from schemas.audit import Act
from schemas.calendar import VIETNAM
from schemas.ids import CarrierId, ItemId
from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import Mapped, StoredEvent
from tracking import arrival, normalise

AT_ONCE = 2_000
"""Items in one transaction: about a tenth of a second of the writer."""


@dataclasses.dataclass(frozen=True, slots=True)
class DatedMeaning:
    """What a code means from ``since`` (None: always did) to before ``until`` (None: still does)."""

    code_list: str
    code: str
    since: dt.date | None
    until: dt.date | None
    mapped: Mapped | None
    """None: the code was a mistake of our table and means nothing that we know."""

    def holds(self, on: dt.date) -> bool:
        """Whether it is in force on this day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


class CodeTable:
    """Meanings of a carrier's codes by date; codes that are not in it are left as they are."""

    def __init__(self, carrier: CarrierId, rows: Iterable[DatedMeaning]) -> None:
        """Raises ValueError where two meanings of one code are in force on the same day."""
        self.carrier = carrier
        self._rows: dict[tuple[str, str], list[DatedMeaning]] = {}
        for row in rows:
            self._rows.setdefault((row.code_list, row.code), []).append(row)
        for (code_list, code), known in self._rows.items():
            known.sort(key=lambda row: row.since or dt.date.min)
            for before, after in itertools.pairwise(known):
                if before.until is None or (after.since or dt.date.min) < before.until:
                    raise ValueError(f"{code_list} {code}: two meanings on {after.since or dt.date.min}")

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that it speaks of, in any list."""
        return tuple(dict.fromkeys(code for _, code in self._rows))

    def meaning(self, stored: StoredEvent) -> Mapped | None:
        """What the event means by this table; its present meaning where the table is silent.

        The day is that of the pessimistic end of the event's interval, in Vietnam.
        """
        event = stored.event
        on = event.occurred.utc_high.astimezone(VIETNAM).date()
        known = self._rows.get((event.code_list, event.code), ())
        return next((row.mapped for row in known if row.holds(on)), event.mapped)


@dataclasses.dataclass(frozen=True, slots=True)
class Remapped:
    """What one chunk did."""

    items: int
    """Items looked at."""
    events: int
    """Events that got another meaning."""
    changed: tuple[ItemId, ...]
    """Items that stand elsewhere now."""
    after: ItemId | None
    """Where the next chunk goes on; None: nobody is left."""


def remap(
    tx: Tx, table: CodeTable, *, now: dt.datetime, by: str, after: ItemId | None = None, limit: int = AT_ONCE
) -> Remapped:
    """Give the events of the next ``limit`` items their meaning by ``table`` and fold these items again."""
    ids = tx.events.items_with(table.carrier, table.codes, limit=limit, after=after)
    items: Mapping[ItemId, Item] = {item.id: item for item in tx.items.many(ids)}
    logs = tx.events.of_items(ids, lock=True)
    written = []
    for of, log in logs.items():
        fresh = tuple(_reread(stored, table, items[of]) for stored in log)
        written += [(of, now_) for was, now_ in zip(log, fresh, strict=True) if now_ is not was]
        logs[of] = fresh
    tx.events.reread(written)
    before = {of: item.fold for of, item in items.items()}
    folded = arrival.fold_all(tx, {of: items[of] for of in ids}, logs, now)
    changed = tuple(one.item.id for one in folded if one.item.fold != before[one.item.id])
    if written:
        what = f"{len(written)} events of {len(ids)} items read again, {len(changed)} items stand elsewhere"
        tx.audit.write(Act(now, by, "tracking.remap", "carrier", table.carrier, None, what))
    return Remapped(len(ids), len(written), changed, ids[-1] if len(ids) == limit else None)


def _reread(stored: StoredEvent, table: CodeTable, item: Item) -> StoredEvent:
    """The same object where nothing changes."""
    mapped = table.meaning(stored)
    if mapped == stored.event.mapped:
        return stored
    event = dataclasses.replace(stored.event, mapped=mapped)
    return dataclasses.replace(stored, event=event, quarantine=normalise.quarantine_reason(event, item))
