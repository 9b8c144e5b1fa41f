"""Messages to a peer a second: ours through the lane, and a bare loop that does the same least.

Both make three commits for a message (put, lease, settle; SQLite, ``synchronous=FULL``), the same POST with the same
bytes to the same peer process, and have the same number in flight. The bare loop keeps the same rows in the same
tables, knows everything beforehand, and cannot fail, wait, retry or tell anybody what it did.
"""

import asyncio
import contextlib
import datetime as dt
import itertools
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from adapters.registry import Registry
from adapters.vnpost_hcc import translate
from adapters.vnpost_hcc.terms import Terms
from benchmarks import world
from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.metrics import Metrics
from gateway.outbox import payload
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.breaker import BreakerPolicy
from gateway.outbox.dispatch import Dispatcher
from gateway.outbox.lanes import Lane
from gateway.outbox.retry import RetryPolicy
from gateway.storage.database import Database
from gateway.storage.sqlite import prepare
from schemas.message import MessageState
from schemas.ports.stores import Tx
from tests.unit.tracking.build import CARRIER, PEER

IN_FLIGHT = 8
LOOK_EVERY = dt.timedelta(milliseconds=20)


def measure(extent: Extent) -> list[Figure]:
    """Messages a second, ours ÷ bare."""
    count = extent.of(1_000, 100)
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="bench-sends-") as name, peer() as url:
        for n in range(extent.rounds):
            ours.append(uvloop.run(_ours(Path(name) / f"ours-{n}", url, count)))
            bare.append(uvloop.run(_bare(Path(name) / f"bare-{n}", url, count)))
        _check(url, 2 * count * extent.rounds)
    says = f"messages delivered ÷ bare loop with the same commits and POSTs ({IN_FLIGHT} in flight)"
    return [Figure("sends.delivered", says, "messages/s", ours, bare, Aim(0.4))]


@contextlib.contextmanager
def peer() -> Iterator[str]:
    """The carrier in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.orders_peer"], stdout=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline() if process.stdout else b"{}")["url"]
    finally:
        process.terminate()
        process.wait()


def settings(url: str) -> dict[str, dict[str, object]]:
    """``[peers.*]`` that reach the carrier at ``url``."""
    told = {name: f"{url}/{path}" for name, path in _ADDRESSES.items()}
    more = {"key": "k", "secret": "s", "customer_code": CUSTOMER, "enabled": True, "max_in_flight": IN_FLIGHT}
    return {PEER: {**told, **more}}


CUSTOMER = "H99_TTHCC"
_ADDRESSES = {"token_url": "token", "order_url": "order", "cancel_url": "cancel", "tracking_url": "tracking"}


async def stocked(folder: Path, count: int) -> tuple[Database, list[world.Carried]]:
    """A fresh store with ``count`` dossiers in items."""
    database = world.open_fresh(folder)
    carried: list[world.Carried] = []
    for first in range(0, count, 500):
        last = min(first + 500, count)
        carried += await database.write(lambda tx, a=first, b=last: world.put_items(tx, a, b, packed=True))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
    return database, carried


async def _ours(folder: Path, url: str, count: int) -> float:
    """Put and deliver ``count`` messages; messages a second from the first put to the last settlement."""
    clock = SystemClock()
    database, carried = await stocked(folder, count)
    registry = Registry.load(settings(url), clock=clock)
    bell = EmbeddedBell(f"sqlite:///{folder}", clock=clock)
    lane = Lane(
        PEER,
        store=database,
        bell=bell,
        dispatcher=Dispatcher(registry),
        clock=clock,
        policy=RetryPolicy(),
        breaker_policy=BreakerPolicy(),
        max_in_flight=registry.peer(PEER).max_in_flight,
        lease_for=dt.timedelta(seconds=120),
        tried=Metrics().tried,
    )
    waiting = iter([world.message_of(each, payload.encode(world.order_of(each))) for each in carried])

    async def intake() -> None:
        for message in waiting:

            def put(tx: Tx, message: Any = message) -> None:
                tx.messages.put(message, now=clock.now())
                bell.ring(tx, PEER)

            await database.write(put)

    running = asyncio.create_task(lane.run())
    began = time.perf_counter()
    await asyncio.gather(*(intake() for _ in range(IN_FLIGHT)))
    while await database.read(_undelivered):
        await clock.wait_until(clock.now() + LOOK_EVERY)
    took = time.perf_counter() - began
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await registry.aclose()
    await database.close()
    return count / took


def _undelivered(tx: Tx) -> int:
    return sum(n for _, state, n, _ in tx.messages.counts() if state is not MessageState.DELIVERED)


async def _bare(folder: Path, url: str, count: int) -> float:
    """The same messages with nothing but the three commits and the POST."""
    database, carried = await stocked(folder, count)
    await database.close()
    terms = Terms(CUSTOMER, 1, 2, "epoch", {}, CARRIER, True)
    orders = [(each, world.order_of(each)) for each in carried]
    work = iter([(each, payload.encode(order), translate.order_to_wire(order, terms)) for each, order in orders])
    store = sqlite3.connect(folder / "gateway.sqlite", isolation_level=None, check_same_thread=False)
    prepare(store)
    loop, numbers = asyncio.get_running_loop(), itertools.count(1)
    headers = {"Authorization": "Bearer benchmark", "Content-Type": "application/json; charset=utf-8"}
    with ThreadPoolExecutor(1) as thread:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

            async def worker() -> None:
                for each, body, wire in work:
                    number = next(numbers)
                    await loop.run_in_executor(thread, _in_one, store, _put, number, each, body)
                    await loop.run_in_executor(thread, _in_one, store, _lease, number, each, b"")
                    async with session.post(f"{url}/order", data=wire, headers=headers) as reply:
                        told = await reply.read()
                    await loop.run_in_executor(thread, _in_one, store, _settle, number, each, wire + b"\0" + told)

            began = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
            took = time.perf_counter() - began
    store.close()
    return count / took


_Rows = Callable[[sqlite3.Connection, int, world.Carried, bytes], None]


def _in_one(store: sqlite3.Connection, rows: _Rows, number: int, each: world.Carried, body: bytes) -> None:
    """One transaction, on the disk when this returns."""
    store.execute("BEGIN IMMEDIATE")
    rows(store, number, each, body)
    store.execute("COMMIT")


def _put(store: sqlite3.Connection, number: int, each: world.Carried, body: bytes) -> None:
    now = time.time_ns() // 1000
    store.execute(
        "INSERT INTO message (id, peer, operation, business_key, nonce, dossier_id, item_id, unit, asserted_state,"
        " as_of, sequence, digest, state, tries, created_at, next_try_at, last_class, last_detail, reason,"
        " correlation_id) VALUES (?, ?, 'carrier.book', ?, '', ?, ?, 'office', 'lodged', ?, 1, ?, 'pending', 0, ?, ?,"
        " '', '', '', ?)",
        (number, PEER, each.code, each.dossier, each.item, now, "0" * 64, now, now, each.code),
    )
    store.execute(_BODY, ("message", number, now, body))


def _lease(store: sqlite3.Connection, number: int, each: world.Carried, body: bytes) -> None:
    now = time.time_ns() // 1000
    store.execute("UPDATE message SET state = 'sending', tries = 1, lease_until = ? WHERE id = ?", (now, number))
    store.execute(
        "INSERT INTO attempt (id, message_id, n, started_at, outcome, applied, peer_code, detail)"
        " VALUES (?, ?, 1, ?, 'started', 'maybe', '', '')",
        (number, number, now),
    )


def _settle(store: sqlite3.Connection, number: int, each: world.Carried, body: bytes) -> None:
    now = time.time_ns() // 1000
    request, _, reply = body.partition(b"\0")
    store.execute(
        "UPDATE message SET state = 'delivered', next_try_at = NULL, lease_until = NULL, settled_at = ? WHERE id = ?",
        (now, number),
    )
    store.execute("UPDATE attempt SET ended_at = ?, outcome = 'ok', applied = 'yes' WHERE id = ?", (now, number))
    store.execute("INSERT INTO exchange VALUES (?, 0, 'order', 200, ?, ?)", (number, now, now))
    store.execute(_BODY, ("request", number, now, request))
    store.execute(_BODY, ("reply", number, now, reply))


_BODY = "INSERT INTO body (kind, owner, n, kept_since, content) VALUES (?, ?, 0, ?, ?)"


def _check(url: str, wanted: int) -> None:
    """Every message arrived, none twice in its run. Raises RuntimeError."""

    async def ask() -> dict[str, int]:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/orders") as reply:
            told: dict[str, int] = await reply.json()
            return told

    told = uvloop.run(ask())
    if told["came"] != wanted:
        raise RuntimeError(f"{wanted} messages, {told['came']} orders at the peer")
