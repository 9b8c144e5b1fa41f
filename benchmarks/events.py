"""Events taken in a second: ours with all that follows from them, and a bare executemany of the very same rows.

Ours is `tracking.ingest.ingest` through ``database.write``: find the item, judge, append, fold the item's log, move the
dossier inside, settle the cases, write the audit chain. The floor only inserts the finished rows of the event log,
their JSON made beforehand, into the same table with the same indexes, and commits as often. So the ratio does not say
how much the log costs; it says what the *meaning* of an event costs beside its row.

``events.bulk`` is a bulk import: the same call with ``settle=False``, which leaves the cases to the one full pass after
the import (``reconcile.*`` measures that one). ``histories``: the events of an item lie beside each other, as in a
carrier's export; ``waves``: each batch tells one event of every item, the dearest order there is. The garbage collector
is set as the gateway sets it when it listens.
"""

import asyncio
import contextlib
import functools
import gc
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import world
from benchmarks.figures import Aim, Extent, Figure
from gateway.storage.database import Database
from gateway.storage.sqlite import prepare
from schemas.ports.stores import Tx
from tracking import reading
from tracking.ingest import ingest

SIZES = (1, 100, 5_000)
BULK = 5_000
AIM = Aim(0.25)
"""Of issue 5: bulk ingest through the real path with fold, on SQLite."""


def measure(extent: Extent) -> list[Figure]:
    """Events a second at three batch sizes, with a dossier in every item; at the largest also without, and in bulk."""
    _as_in_service()
    figures = [_bulk(extent, histories=True), _bulk(extent, histories=False)]
    for packed, sizes in ((True, SIZES), (False, SIZES[-1:])):
        for size in sizes:
            count = extent.of({1: 500, 100: 5_000, 5_000: 10_000}[size], {1: 20, 100: 200, 5_000: 500}[size])
            ours, floor = _turns(extent.rounds, count, min(size, count), packed=packed, settle=True)
            kind = "a dossier in each item" if packed else "items without a dossier"
            says = f"events ingested ÷ bare executemany of the same rows, batches of {size}, {kind}"
            name = f"events.{'carried' if packed else 'alone'}.{size}"
            figures.append(Figure(name, says, "events/s", ours, floor))
    return figures


def _bulk(extent: Extent, *, histories: bool) -> Figure:
    count = extent.of(25_000, 500)
    ours, floor = _turns(extent.rounds, count, min(BULK, count), packed=False, settle=False, histories=histories)
    order = "histories" if histories else "waves"
    says = f"bulk import with fold, {order} ÷ bare executemany of the same rows, batches of {BULK}"
    return Figure(f"events.bulk.{order}", says, "events/s", ours, floor, AIM if histories else None)


def _as_in_service() -> None:
    """As ``gateway.wiring.leave_start_alone`` (ADR 76): what start-up made is not gone through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _turns(
    rounds: int, count: int, size: int, *, packed: bool, settle: bool, histories: bool = False
) -> tuple[list[float], list[float]]:
    ours, floor = [], []
    with tempfile.TemporaryDirectory(prefix="bench-events-") as name:
        stock = Path(name) / "stock"
        carried = asyncio.run(_stock(stock, count // len(world.WAVES), packed=packed))
        for n in range(rounds):
            ran = Path(name) / f"ours-{n}"
            shutil.copytree(stock, ran)
            ours.append(asyncio.run(_ours(ran, carried, size, settle=settle, histories=histories)))
            bare = Path(name) / f"bare-{n}"
            shutil.copytree(stock, bare)
            floor.append(_bare(bare, _rows(ran), size))
            shutil.rmtree(ran)
            shutil.rmtree(bare)
    return ours, floor


async def _stock(folder: Path, items: int, *, packed: bool) -> list[world.Carried]:
    database = world.open_fresh(folder)
    made: list[world.Carried] = []
    for first in range(0, items, 500):
        put = functools.partial(world.put_items, first=first, last=min(first + 500, items), packed=packed)
        made += await database.write(put)
    await database.close()
    return made


async def _ours(folder: Path, carried: list[world.Carried], size: int, *, settle: bool, histories: bool) -> float:
    database = world.open_fresh(folder)
    events = world.waves(carried)
    if histories:
        events.sort(key=lambda event: event.number or "")
    batches = [world.batch(events[first : first + size]) for first in range(0, len(events), size)]
    try:
        began = time.perf_counter()
        new = 0
        for each in batches:
            new += await _take(database, each, settle=settle)
        took = time.perf_counter() - began
    finally:
        await database.close()
    if new != len(events):
        raise RuntimeError(f"{len(events)} events, {new} new rows")
    return len(events) / took


async def _take(database: Database, batch: Any, *, settle: bool) -> int:
    def take(tx: Tx) -> int:
        told = ingest(tx, batch, tell=world.nobody, context_source=reading.load_context, now=world.NOW, settle=settle)
        return told.appended

    return await database.write(take)


def _rows(folder: Path) -> list[tuple[Any, ...]]:
    """The rows of the log in the order in which they came."""
    with contextlib.closing(sqlite3.connect(folder / "gateway.sqlite")) as store:
        return store.execute("SELECT * FROM event ORDER BY occurred_key, item_id").fetchall()


def _bare(folder: Path, rows: list[tuple[Any, ...]], size: int) -> float:
    with contextlib.closing(sqlite3.connect(folder / "gateway.sqlite", isolation_level=None)) as store:
        prepare(store)
        insert = f"INSERT INTO event VALUES ({', '.join('?' * len(rows[0]))})"
        began = time.perf_counter()
        for first in range(0, len(rows), size):
            store.execute("BEGIN IMMEDIATE")
            store.executemany(insert, rows[first : first + size])
            store.execute("COMMIT")
        return len(rows) / (time.perf_counter() - began)
