"""Asking carriers by number, and what one silent peer costs the others.

``polling.items``: items asked about a second at a carrier that answers after 200 ms, one item a call, no limit; the
floor is as many bare POSTs at the same time. ``polling.quota``: calls made on a day with a quota, by a clock that is
moved minute by minute, ÷ the calls that questions may take of it: 1 is exactly the quota, and the peer itself counts.
``polling.black_hole``: the 99th percentile from put to settled of messages to one peer while another takes every call
and answers none ÷ the same without it.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import aiohttp
import uvloop

from adapters.registry import Registry
from benchmarks import sends, world
from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.outbox import payload
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.breaker import BreakerPolicy
from gateway.outbox.dispatch import Dispatcher
from gateway.outbox.lanes import Lane
from gateway.outbox.retry import RetryPolicy
from gateway.storage.database import Database
from gateway.workers.questions import Questions
from schemas.calendar import VIETNAM
from schemas.ids import PeerId
from schemas.message import MessageState, NewMessage
from schemas.ports.clock import Clock
from schemas.ports.learned import Way
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx
from schemas.shipment import PollState
from schemas.tracking import TrackingBatch
from tests.unit.tracking.build import PEER
from tracking.budget import QUOTA_SHARE
from tracking.ingest import ingest
from tracking.reading import load_context

SOAP = PeerId("postal_soap")
SILENT = PeerId("viettel_post")
LATE_S = 0.2
IN_FLIGHT = 128
"""Calls that the carrier takes at the same time; questions take half of them."""
QUOTA = 200
EVENING = dt.datetime(2026, 11, 23, 18, 0, tzinfo=VIETNAM)
WINDOW = 50
"""Messages of one turn."""
EVERY = dt.timedelta(milliseconds=10)
"""A message each so often: far below what the lane can do, so that the 99th percentile is no queue."""


class HandClock:
    """Goes on only when it is moved, or when somebody waits for it."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        """The time that it was told."""
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        """Be there at once."""
        self.at = max(self.at, when)


def measure(extent: Extent) -> list[Figure]:
    """Items a second, calls of a day, and the price of a silent peer."""
    count = extent.of(2_000, 100)
    items, bare, quota, beside, alone = [], [], [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-polling-") as name:
        for n in range(extent.rounds):
            folder = Path(name) / str(n)
            with post(LATE_S) as told:
                items.append(uvloop.run(_polled(folder / "items", told["url"], count)))
                bare.append(uvloop.run(_posted(told["url"], count)))
            with post(0.0) as told:
                quota.append(uvloop.run(_day(folder / "quota", told["url"])))
            with post(0.0) as told, sends.peer() as url:
                one, other = uvloop.run(_sent(folder / "hole", url, told["hole"], extent.of(300, 100)))
                beside.append(one)
                alone.append(other)
    allowed = [QUOTA * QUOTA_SHARE] * extent.rounds
    far = f"items asked about a second, a carrier {LATE_S * 1000:.0f} ms away"
    bare_says = f"the same ÷ bare POSTs, {IN_FLIGHT // 2} at the same time"
    quota_says = f"calls of a day with a quota of {QUOTA} ÷ the {QUOTA_SHARE:.0%} for questions"
    hole_says = "p99 of a peer's messages beside a black hole ÷ without it"
    return [
        Figure("polling.items", far, "items/s", items, aim=Aim(200)),
        Figure("polling.items_floor", bare_says, "items/s", items, bare),
        Figure("polling.quota", quota_says, "calls", quota, allowed, Aim(1, at_most=True)),
        Figure("polling.black_hole", hole_says, "ms", beside, alone, Aim(1.1, at_most=True)),
    ]


@contextlib.contextmanager
def post(late_s: float) -> Iterator[Mapping[str, str]]:
    """The carrier in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.polling_peer", str(late_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline() if process.stdout else b"{}")
    finally:
        process.terminate()
        process.wait()


# --- items and calls -------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Poller:
    """The engine that asks, over a store with ``count`` items that are all due."""

    database: Database
    registry: Registry
    questions: Questions

    async def ask(self) -> None:
        """Whatever may be asked now."""
        await self.questions.ask(self.registry.peer(SOAP))


@contextlib.asynccontextmanager
async def poller(folder: Path, url: str, count: int, clock: Clock, **more: object) -> AsyncIterator[Poller]:
    """Made as the gateway makes it."""
    database = world.open_fresh(folder)
    for first in range(0, count, 500):
        await database.write(functools.partial(_due, first=first, last=min(first + 500, count), now=clock.now()))
    told = {"enabled": True, "url": f"{url}/soap", "max_in_flight": IN_FLIGHT, "username": "", **more}
    registry = Registry.load({SOAP: told}, clock=clock)

    def take(tx: Tx, batch: TrackingBatch) -> None:
        ingest(tx, batch, tell=world.nobody, context_source=load_context, now=clock.now(), way=Way.PULL)

    yield Poller(
        database, registry, Questions(database, registry=registry, clock=clock, take=take, context=load_context)
    )
    await registry.aclose()
    await database.close()


def _due(tx: Tx, *, first: int, last: int, now: dt.datetime) -> None:
    for each in tx.items.many([one.item for one in world.put_items(tx, first, last, packed=False)]):
        tx.items.put(dataclasses.replace(each, polls=PollState(None, now - dt.timedelta(hours=2))))


async def _polled(folder: Path, url: str, count: int) -> float:
    async with poller(folder, url, count, SystemClock(), rate_per_s=100_000.0) as engine:
        began = time.perf_counter()
        while (await _asked(url))["different"] < count:
            await engine.ask()
        took = time.perf_counter() - began
    return count / took


async def _posted(url: str, count: int) -> float:
    """The same number of POSTs with nothing before or after them."""
    numbers = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT // 2)) as session:

        async def line() -> None:
            for _ in numbers:
                async with session.post(f"{url}/soap", data=b"<itemNumber>EL000000005VN</itemNumber>") as reply:
                    await reply.read()

        began = time.perf_counter()
        await asyncio.gather(*(line() for _ in range(IN_FLIGHT // 2)))
        return count / (time.perf_counter() - began)


async def _day(folder: Path, url: str) -> float:
    """Calls that came to the peer from the evening to midnight, however much was due."""
    clock = HandClock(EVENING)
    midnight = EVENING.replace(hour=0) + dt.timedelta(days=1)
    async with poller(folder, url, 3 * QUOTA, clock, calls_per_day=QUOTA, rate_per_s=50.0) as engine:
        while clock.now() < midnight - dt.timedelta(minutes=1):
            await engine.ask()
            clock.at += dt.timedelta(minutes=1)
    return float((await _asked(url))["came"])


async def _asked(url: str) -> dict[str, int]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/asked") as reply:
        told: dict[str, int] = await reply.json()
        return told


# --- beside a black hole ---------------------------------------------------------------------------------------------


async def _sent(folder: Path, url: str, hole: str, count: int) -> tuple[float, float]:
    """Milliseconds from put to settled, the 99th percentile of ``count`` messages beside a black hole and without it.

    In windows by turns, so that whatever else the machine does falls on both.
    """
    clock = SystemClock()
    database, carried = await sends.stocked(folder, 2 * count + WINDOW)
    registry = Registry.load({**sends.settings(url), **_silent(hole)}, clock=clock)
    bell = EmbeddedBell(f"sqlite:///{folder}", clock=clock)
    good = asyncio.create_task(_lane(PEER, database, registry, bell).run())
    messages = [world.message_of(each, payload.encode(world.order_of(each))) for each in carried]
    silenced = [dataclasses.replace(one, peer=SILENT) for one in messages[:200]]
    await database.write(functools.partial(_put, bell, silenced))
    took: dict[bool, list[float]] = {True: [], False: []}
    for n, first in enumerate(range(0, len(messages), WINDOW)):
        lane = asyncio.create_task(_lane(SILENT, database, registry, bell).run()) if n % 2 == 0 else None
        for message in messages[first : first + WINDOW]:
            await database.write(functools.partial(_put, bell, [message]))
            await clock.wait_until(clock.now() + EVERY)
        while await database.read(_open):
            await clock.wait_until(clock.now() + EVERY)
        if first:  # the first turn logs in and loads what is loaded once
            took[lane is not None] += (await database.read(_took))[:WINDOW]
        await _end(lane)
    await _end(good)
    await registry.aclose()
    await database.close()
    beside, alone = (statistics.quantiles(took[one], n=100)[98] * 1000 for one in (True, False))
    return beside, alone


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _silent(hole: str) -> dict[str, dict[str, object]]:
    times = {"connect_timeout_s": 2.0, "read_timeout_s": 2.0, "total_timeout_s": 2.0}
    return {SILENT: {"enabled": True, "base_url": hole, "username": "u", "password": "p", "service": "VCN", **times}}


def _lane(peer: PeerId, database: Database, registry: Registry, bell: EmbeddedBell) -> Lane:
    return Lane(
        peer,
        store=database,
        bell=bell,
        dispatcher=Dispatcher(registry),
        clock=SystemClock(),
        policy=RetryPolicy(),
        breaker_policy=BreakerPolicy(),
        max_in_flight=registry.peer(peer).max_in_flight,
        lease_for=dt.timedelta(seconds=120),
    )


def _put(bell: EmbeddedBell, messages: list[NewMessage], tx: Tx) -> None:
    for message in messages:
        tx.messages.put(message, now=SystemClock().now())
        bell.ring(tx, message.peer)


def _open(tx: Tx) -> int:
    return sum(n for peer, state, n, _ in tx.messages.counts() if peer == PEER and state is not MessageState.DELIVERED)


def _took(tx: Tx) -> list[float]:
    """Seconds from put to the end of the last try, newest message first."""
    found = tx.messages.list(MessageFilter(peer=PEER), limit=WINDOW)
    ends = [(one.created_at, [each.ended_at for each in tx.messages.attempts(one.id)][-1]) for one in found]
    return [(end - begin).total_seconds() for begin, end in ends if end is not None]
