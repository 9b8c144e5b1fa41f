"""Folding a whole history again after a table of codes changed, and merely reading the same events into records.

Every item has one event of a code that nobody knew, so every item is written: the dearest change of a table there is.
``lienthong remap`` does this with a table that a carrier sent.
"""

import asyncio
import functools
import tempfile
import time
from pathlib import Path

from benchmarks import world
from benchmarks.figures import Aim, Extent, Figure
from gateway.storage.database import Database
from schemas.ids import ItemId
from schemas.ports.stores import Tx
from schemas.tracking import Movement, TrackingEvent
from tests.unit.tracking.build import CARRIER, after, event, mapped
from tracking import reading, remap
from tracking.ingest import ingest

CODE = "77"
AIM = Aim(3, at_most=True)
"""Of issue 5."""
TABLE = remap.CodeTable(CARRIER, [remap.DatedMeaning("test", CODE, None, None, mapped(Movement.HELD))])
_AT_ONCE = 2_000


def measure(extent: Extent) -> list[Figure]:
    """Seconds of both, on fresh stores."""
    items = extent.of(200_000, 200)
    ours, floor = [], []
    for _ in range(extent.rounds):
        with tempfile.TemporaryDirectory(prefix="bench-refold-") as name:
            again, read = asyncio.run(_round(Path(name), items))
        ours.append(again)
        floor.append(read)
    says = f"re-fold of {items * 5} events after a code was learned ÷ reading them into records"
    return [Figure("refold", says, "s", ours, floor, AIM)]


async def _round(folder: Path, items: int) -> tuple[float, float]:
    database = world.open_fresh(folder)
    try:
        for first in range(0, items, 1_000):
            await database.write(functools.partial(_stock, first=first, last=min(first + 1_000, items)))
        began = time.perf_counter()
        read = await _read(database)
        between = time.perf_counter()
        changed = await _again(database)
        ended = time.perf_counter()
    finally:
        await database.close()
    if read != items * 5 or changed != items:
        raise RuntimeError(f"{read} events read, {changed} items changed, of {items}")
    return ended - between, between - began


def _stock(tx: Tx, first: int, last: int) -> None:
    told: list[TrackingEvent] = []
    for one in world.put_items(tx, first, last, packed=False):
        told += [event(movement, after(hours), number=one.number) for movement, hours in world.WAVES[:4]]
        told.append(event(None, after(21), number=one.number, code=CODE))
    ingest(tx, world.batch(told), tell=world.nobody, context_source=reading.load_context, now=world.NOW, settle=False)


async def _read(database: Database) -> int:
    """All logs, as the fold would read them."""
    count, last = 0, ItemId(0)
    while True:
        found = await database.read(functools.partial(_logs, last=last))
        if not found:
            return count
        count += sum(len(log) for log in found.values())
        last = max(found)


def _logs(tx: Tx, last: ItemId) -> dict[ItemId, tuple[object, ...]]:
    ids = tx.events.items_with(CARRIER, (CODE,), limit=_AT_ONCE, after=last)
    return dict(tx.events.of_items(ids))


async def _again(database: Database) -> int:
    changed, last = 0, None
    while True:
        chunk = functools.partial(remap.remap, table=TABLE, now=world.NOW, by="system", after=last, limit=_AT_ONCE)
        done = await database.write(chunk)
        changed += len(done.changed)
        last = done.after
        if last is None:
            return changed
