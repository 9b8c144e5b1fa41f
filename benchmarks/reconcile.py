"""A full reconciliation beside the bare nominating queries, how it grows, and how soon one event shows its discrepancy.

The store is made by bulk SQL: real rows of a few templates, copied with other ids, numbers and times. Two items in a
hundred have a fault that a rule finds; one in twenty is on its way, the others are delivered and settled, and half of
the items carry a dossier. The floor is every nominating query of the catalogue run to its end, and nothing more.
The process that reconciles is a child of its own, so that its memory is its own.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import world
from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.storage.database import Database
from gateway.workers.rules import full_pass
from schemas.dossier import DossierState, ProofKind, ReturnProof
from schemas.ids import DossierCode, DossierId, ItemId
from schemas.message import Fact
from schemas.numbers import s10
from schemas.ports.stores import Tx
from schemas.shipment import Item, NumberScheme, Packing
from schemas.tracking import EvidenceLevel, Movement
from tests.unit.tracking.build import PEER, after, calendar, dossier, event, item
from tracking import ingest, reading, sweep

SMALL, LARGE = 20_000, 200_000
WHOLE = (100_000, 1_000_000)
"""Items of ``LIENTHONG_BENCH_WHOLE=1``: the figures of the issue; takes a quarter of an hour and 4 GB of disk."""
EVENTS = 5
RATE = 200
MEMORY_MB = 500.0


def measure(extent: Extent) -> list[Figure]:
    """Cost of a pass over the queries, growth, memory; then arrival to discrepancy."""
    sizes = WHOLE if os.environ.get("LIENTHONG_BENCH_WHOLE") else (SMALL, LARGE)
    small, large = (extent.of(size, size // 100) for size in sizes)
    with tempfile.TemporaryDirectory(prefix="bench-reconcile-") as name:
        passes = {size: _pass(Path(name) / str(size), size) for size in (small, large)}
        shown = _arrival(Path(name) / "arrival", extent.of(2_000, 40))
    one = passes[large]
    note = f"{large:,} items, {large * EVENTS:,} events; {one['seen']:,.0f} looked at, {one['cases']:,.0f} cases open"
    return [
        Figure(
            "reconcile.again",
            "full pass over a store whose cases are open ÷ the bare nominating queries",
            "s",
            [one["again_s"]],
            [one["queries_s"]],
            Aim(3, at_most=True),
            note,
        ),
        Figure(
            "reconcile.first",
            "the pass that opens all these cases ÷ the bare nominating queries",
            "s",
            [one["first_s"]],
            [one["queries_s"]],
        ),
        Figure(
            "reconcile.memory", "peak memory of the process", "MB", [one["peak_mb"]], aim=Aim(MEMORY_MB, at_most=True)
        ),
        Figure(
            "reconcile.growth",
            f"a pass over {large:,} items ÷ over {small:,}",
            "s",
            [one["again_s"]],
            [passes[small]["again_s"]],
            Aim(12, at_most=True),
        ),
        *shown,
    ]


def _pass(folder: Path, items: int) -> dict[str, float]:
    asyncio.run(_stock(folder, items))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reconcile", str(folder)], capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


# --- the store -------------------------------------------------------------------------------------------------------


async def _stock(folder: Path, items: int) -> None:
    """A hundred real items with their events and dossiers, then as many copies as are asked for."""
    database = world.open_fresh(folder)
    await database.write(_templates)
    await database.close()
    _copy(folder / "gateway.sqlite", items)


def _templates(tx: Tx) -> None:
    tx.catalogue.put_calendar(calendar())
    for n in range(100):
        _template(tx, n)


def _template(tx: Tx, n: int) -> None:
    """0: wrong number; 1: an unknown code; 2 to 6: on their way; the others came, with whole proof."""
    number = s10.mint("EL", n)
    wrong = f"{number[:10]}{(int(number[10]) + 1) % 10}{number[11:]}"
    stored = tx.items.add(_item(wrong if n == 0 else number))
    if n % 2:
        state = DossierState.CLOSED if n > 6 else DossierState.IN_POST
        code = DossierCode(f"000.00.01.H99-261116-{n:05d}")
        made = tx.dossiers.add(
            dossier(
                state,
                id=DossierId(0),
                version=0,
                code=code,
                national=10 if n > 6 else 1,
                closed_at=after(29) if n > 6 else None,
                return_proof=ReturnProof(ProofKind.POSTAL, after(22), "An", None) if n > 6 else None,
            )
        )
        tx.items.pack(Packing(made.id, stored.id, 1, 1, (), after(), None))
    told = [(move, hours) for move, hours in world.WAVES if n > 6 or move is not Movement.DELIVERED]
    told += [(Movement.OUT_FOR_DELIVERY, 26.0)] if n <= 6 else []
    events = [event(move, after(hours), number=stored.number, code=f"{move}{hours}") for move, hours in told]
    if n == 1:
        events[-1] = dataclasses.replace(events[-1], mapped=None, code="X7")
    batch = world.batch(events)
    ingest.ingest(tx, batch, tell=_nobody, context_source=reading.load_context, now=after(28))


def _item(number: str) -> Item:
    scheme = NumberScheme.CARRIER if s10.is_valid(number) else NumberScheme.S10
    return item(
        number=number,
        number_scheme=scheme,
        reference=None,
        id=ItemId(0),
        version=0,
        evidence_required=EvidenceLevel.STATUS_ONLY,
    )


def _nobody(tx: Tx, fact: Fact) -> None:
    """Nobody is told."""


def _copy(path: Path, items: int) -> None:
    """Copies of the hundred, by SQL: the numbers of copies are theirs with the copy's own number behind."""
    with sqlite3.connect(path) as store:
        store.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF")
        store.execute("CREATE TEMP TABLE copies (of_no INTEGER PRIMARY KEY)")
        store.executemany("INSERT INTO copies VALUES (?)", ((n,) for n in range(1, items // 100)))
        shift = "100 * of_no"
        of_event = "(SELECT number FROM item WHERE item.id = item_id)"
        for table, changed in {
            "dossier": {"id": f"id + {shift}", "code": "code || '-' || of_no"},
            "item": {
                "id": f"id + {shift}",
                "number": "number || '-' || of_no",
                "doc": "replace(doc, number, number || '-' || of_no)",
            },
            "packing": {"dossier_id": f"dossier_id + {shift}", "item_id": f"item_id + {shift}"},
            "dossier_step": {"dossier_id": f"dossier_id + {shift}"},
            "item_number": {"item_id": f"item_id + {shift}", "number": "number || '-' || of_no"},
            "event": {"item_id": f"item_id + {shift}", "doc": f"replace(doc, {of_event}, {of_event} || '-' || of_no)"},
        }.items():
            names = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            told = ", ".join(changed.get(name, name) for name in names)
            store.execute(f"INSERT INTO {table} SELECT {told} FROM copies CROSS JOIN {table} ORDER BY of_no")


# --- the pass, in a process of its own -------------------------------------------------------------------------------


async def _child(folder: Path) -> dict[str, float]:
    database = world.open_fresh(folder)
    clock = Standing()
    try:
        began = time.perf_counter()
        await database.read(_queries)
        warmed = time.perf_counter() - began
        first = await _timed(database, clock)
        queries = []
        again = []
        for _ in range(3):
            began = time.perf_counter()
            await database.read(_queries)
            queries.append(time.perf_counter() - began)
            again.append(await _timed(database, clock))
        cases = await database.read(lambda tx: len(tx.discrepancies.open(limit=10_000_000)))
    finally:
        await database.close()
    return {
        "queries_s": statistics.median(queries),
        "cold_queries_s": warmed,
        "first_s": first[0],
        "again_s": statistics.median(took for took, _ in again),
        "seen": again[0][1],
        "cases": cases,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


class Standing:
    """Stands at the moment at which the store was made."""

    def now(self) -> dt.datetime:
        """The one moment."""
        return world.NOW

    async def wait_until(self, when: dt.datetime) -> None:
        """Nobody waits here."""


def _queries(tx: Tx) -> int:
    """Everybody whom SQL nominates, for every rule; nothing is read of them."""
    return sweep.nominated(tx, reading.load_context(tx, world.NOW)).total


async def _timed(database: Database, clock: Standing) -> tuple[float, int]:
    began = time.perf_counter()
    cursor = await full_pass(database, peers=(PEER,), clock=clock, context=reading.load_context)
    return time.perf_counter() - began, cursor.seen


# --- one event -------------------------------------------------------------------------------------------------------


def _arrival(folder: Path, events: int) -> list[Figure]:
    ours, commits = asyncio.run(_open_loop(folder, events))
    p99, usual = _quantile(ours, 0.99), statistics.median(commits)
    says = f"an event arrives until its discrepancy is visible, p99 ÷ one durable commit, median; {RATE} events/s"
    note = f"p50 {statistics.median(ours):.1f} ms; commits p99 {_quantile(commits, 0.99):.1f} ms"
    return [Figure("reconcile.arrival", says, "ms", [p99], [usual], Aim(50, at_most=True), note)]


async def _open_loop(folder: Path, events: int) -> tuple[list[float], list[float]]:
    """Latencies in ms, from the moment at which each was due: a writer that falls behind is seen."""
    database = world.open_fresh(folder)
    try:
        carried = await database.write(lambda tx: world.put_items(tx, 0, 400, packed=True))

        async def tell(n: int) -> None:
            one = carried[n % len(carried)]
            told = event(None, after(1 + n / 3600), number=one.number, code=f"X{n}")

            def take(tx: Tx) -> int:
                found = ingest.ingest(
                    tx, world.batch([told]), tell=_nobody, context_source=reading.load_context, now=world.NOW
                )
                return sum(case.rule == "D-35" for case in found.cases)

            if not await database.write(take):
                raise RuntimeError(f"event {n} showed no discrepancy")

        async def commit(n: int) -> None:
            await database.write(lambda tx: tx.schedule.keep_progress("bench", str(n)))

        commits = await _paced(commit, events)
        return await _paced(tell, events), commits
    finally:
        await database.close()


async def _paced(act: Callable[[int], Awaitable[None]], count: int) -> list[float]:
    took: list[float] = []
    clock = SystemClock()
    begun = time.perf_counter()

    async def one(n: int) -> None:
        due = begun + n / RATE
        await clock.wait_until(clock.now() + dt.timedelta(seconds=max(0.0, due - time.perf_counter())))
        await act(n)
        took.append((time.perf_counter() - due) * 1_000)

    await asyncio.gather(*(one(n) for n in range(count)))
    return took


def _quantile(of: list[float], share: float) -> float:
    return sorted(of)[min(len(of) - 1, int(len(of) * share))]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_child(Path(sys.argv[1])))))
