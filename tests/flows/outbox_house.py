"""Lanes, desks and router over a real SQLite file and sandbox peers in processes of their own; time moves by hand."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from adapters._kit.sandbox.process import SandboxControl, SandboxProcess
from adapters.registry import Registry
from gateway.accounts import Principal, Role
from gateway.desk import intake, numbering
from gateway.desk.intake import HandoverDesk
from gateway.desk.requests import HandoverReceipt, HandoverRequest
from gateway.desk.results import ResultDesk
from gateway.desk.settle import SettleDesk
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.breaker import BreakerPolicy
from gateway.outbox.dispatch import Dispatcher
from gateway.outbox.lanes import Lane
from gateway.outbox.registrations import files_of
from gateway.outbox.retry import RetryPolicy
from gateway.outbox.route import Router, RoutingTable
from gateway.outbox.sweeper import Sweeper
from gateway.outbox.table import routing_table
from gateway.sample import people, province
from gateway.storage.database import Database, open_database
from schemas.audit import Act
from schemas.calendar import Span, WorkCalendar
from schemas.dossier import Channel, Component, IntakeMode, ReturnMethod, Step
from schemas.ids import DossierId, MessageNo, PeerId, ProcedureCode
from schemas.message import Attempt, DossierMoved, Message, MessageState, Operation
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx
from tracking.reading import load_context
from tracking.reconcile import Reconciler

T = TypeVar("T")
MONDAY = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
"""Nine o'clock at the counter."""
PORTAL, POST, AXIS = PeerId("dvcqg"), PeerId("vnpost_hcc"), PeerId("lien_thong")
CLERK = Principal("user:gdv", "Lò Thị Ơi", frozenset({Role.CLERK}), None)
OPERATOR = Principal("user:truc", "Cầm Văn Hịa", frozenset({Role.OPERATOR}), None)
LIMIT_S = 30.0
"""How long a test waits for a condition in real time: two shared cores are slow now and then."""


class StandingClock:
    """Stands until a test moves it; who waits is woken by the move."""

    def __init__(self) -> None:
        self.at = MONDAY
        self._moved = asyncio.Condition()

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.at >= when)

    async def move(self, seconds: float) -> None:
        async with self._moved:
            self.at += dt.timedelta(seconds=seconds)
            self._moved.notify_all()


class WatchedStore:
    """The database, telling after each write that something may have changed: tests wait for that, not for time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writes = 0
        self.changed = asyncio.Event()

    async def write(self, fn: Callable[[Tx], T]) -> T:
        try:
            return await self.database.write(fn)
        finally:
            self.writes += 1
            self.changed.set()

    async def read(self, fn: Callable[[Tx], T]) -> T:
        return await self.database.read(fn)

    async def until(self, told: Callable[[Tx], T]) -> T:
        """The first true answer of ``told``, asked again after each write."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                self.changed.clear()
                answer = await self.database.read(told)
                if answer:
                    return answer
                await self.changed.wait()

    async def until_written(self, more: int) -> None:
        """Until ``more`` writes have ended from now on."""
        goal = self.writes + more
        async with asyncio.timeout(LIMIT_S):
            while self.writes < goal:
                self.changed.clear()
                await self.changed.wait()


@dataclasses.dataclass
class OutboxHouse:
    """Everything between a desk and a peer, made as the wiring makes it; lanes run only where a test says so."""

    store: WatchedStore
    clock: StandingClock
    bell: EmbeddedBell
    registry: Registry
    router: Router
    sandboxes: Mapping[PeerId, SandboxProcess]
    jitter: float = 1.0
    breaker: BreakerPolicy = dataclasses.field(default_factory=BreakerPolicy)

    @property
    def handovers(self) -> HandoverDesk:
        return HandoverDesk(self.store, clock=self.clock, tell=self.router)

    @property
    def results(self) -> ResultDesk:
        return ResultDesk(self.store, clock=self.clock, tell=self.router)

    @property
    def settle(self) -> SettleDesk:
        return SettleDesk(self.store, clock=self.clock, bell=self.bell, reconciler=Reconciler(load_context))

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(self.store, bell=self.bell, clock=self.clock)

    def control(self, peer: PeerId) -> SandboxControl:
        return self.sandboxes[peer].control

    def lane(self, peer: PeerId) -> Lane:
        return Lane(
            peer,
            store=self.store,
            bell=self.bell,
            dispatcher=Dispatcher(self.registry, files=files_of(self.store.database.blobs.path)),
            clock=self.clock,
            policy=RetryPolicy(),
            breaker_policy=self.breaker,
            max_in_flight=self.registry.peer(peer).max_in_flight,
            lease_for=dt.timedelta(minutes=2),
            jitter=lambda: self.jitter,
        )

    @contextlib.asynccontextmanager
    async def sending(self, *peers: PeerId) -> AsyncIterator[None]:
        """Lanes of these peers run inside; at the end they are cut off, whatever they are at."""
        lanes = [asyncio.create_task(self.lane(peer).run()) for peer in peers]
        try:
            yield
        finally:
            for lane in lanes:
                lane.cancel()
            ended = await asyncio.gather(*lanes, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended

    async def take_in(self, n: int = 1, *, with_post: bool = True, **changes: object) -> tuple[HandoverReceipt, ...]:
        """``n`` citizens hand in a dossier each, in one transaction."""
        requests = [request(seed, with_post=with_post, **changes) for seed in range(n)]
        take = functools.partial(intake.take_in, principal=CLERK, tell=self.router, now=self.clock.now())
        return await self.store.write(lambda tx: tuple(take(tx, each) for each in requests))

    async def walk(self, dossier: DossierId, *nationals: int, reasons: Mapping[int, str] | None = None) -> None:
        """The router hears of one move after the other; ``reasons`` by the number of the move, from 1."""
        for n, national in enumerate(nationals, start=1):
            at = MONDAY + dt.timedelta(minutes=n)
            await self.store.write(functools.partial(self._moved, dossier, national, at, (reasons or {}).get(n, "")))

    def _moved(self, dossier: DossierId, national: int, at: dt.datetime, reason: str, tx: Tx) -> None:
        known = tx.dossiers.get(dossier)
        step = Step(0, known.state, national, at, at, "An", "desk", None, reason)
        grown = dataclasses.replace(known, national=national, history=(*known.history, step))
        self.router(tx, DossierMoved(tx.dossiers.put(grown), step, known.national))

    async def messages(self, **where: Any) -> tuple[Message, ...]:
        """Oldest first."""
        newest_first = await self.store.read(lambda tx: tx.messages.list(MessageFilter(**where), limit=500))
        return tuple(reversed(newest_first))

    async def message(self, operation: Operation, dossier: DossierId | None = None) -> Message:
        (found,) = await self.messages(operation=operation, dossier=dossier)
        return found

    async def attempts(self, message: Message) -> tuple[Attempt, ...]:
        return await self.store.read(lambda tx: tx.messages.attempts(message.id))

    async def until_state(self, message: MessageNo, state: MessageState, *, tries: int | None = None) -> Message:
        """Until a message is in this state (after so many tries)."""

        def look(tx: Tx) -> Message | None:
            told = tx.messages.get(message)
            return told if told.state is state and tries in (None, told.tries) else None

        found = await self.store.until(look)
        assert found is not None
        return found

    async def until_count(self, state: MessageState, n: int) -> None:
        """Until exactly ``n`` messages are in this state."""
        where = MessageFilter(states=(state,))
        await self.store.until(lambda tx: len(tx.messages.list(where, limit=500)) == n)

    async def acts(self, act: str) -> tuple[Act, ...]:
        rows = await self.store.read(lambda tx: tx.audit.rows(limit=5000))
        return tuple(row.act for row in rows if row.act.act == act)

    async def seen(self, peer: PeerId, wanted: Callable[[Sequence[Mapping[str, Any]]], bool], **which: str) -> None:
        """Until the peer's ledger holds what is wanted; it lies in another process, so it is asked again and again."""
        async with asyncio.timeout(LIMIT_S):
            while not wanted(await self.control(peer).ledger(**which)):
                pass


def request(seed: int = 0, **changes: Any) -> HandoverRequest:
    """A lawful hand-over of citizen ``seed``; ``changes`` replace fields."""
    citizen = people.citizen(seed)
    plain = HandoverRequest(
        code=None,
        intake_mode=IntakeMode.DELEGATED,
        channel=Channel.POST,
        procedure=ProcedureCode("9.000012"),
        owner=citizen,
        submitter=None,
        authority="self",
        receiving_unit=province.COMMUNE,
        competent_unit=None,
        returning_unit=None,
        post_unit=province.POST,
        components=(Component(1, "Giấy đề nghị", "original", 1, 2), Component(2, "Giấy tờ pháp lý", "copy", 1, 1)),
        return_method=ReturnMethod.POST,
        return_address=citizen.address,
        with_post=True,
        item_number=None,
        signed_by="Vì Văn Thương",
        parcels=1,
        handed_at=MONDAY,
        note="",
    )
    return dataclasses.replace(plain, **changes)


def furnish(tx: Tx) -> None:
    """The sample province: units, procedures, agreements, a calendar, leased ranges."""
    tx.catalogue.put_units(province.UNITS)
    tx.catalogue.put_procedures(province.PROCEDURES)
    tx.catalogue.put_agreements(province.AGREEMENTS)
    hours = (Span(dt.time(7, 30), dt.time(11, 30)), Span(dt.time(13, 30), dt.time(17)))
    week = (*(hours,) * 5, (), ())
    tx.catalogue.put_calendar(WorkCalendar(None, "test-1", dt.date(2026, 1, 1), dt.date(2027, 12, 31), week, hours, ()))
    for unit, service, first, last in province.S10_RANGES:
        numbering.lease_items(tx, unit, service, first, last, now=MONDAY)


@contextlib.asynccontextmanager
async def outbox_house(
    folder: Path,
    *peers: PeerId,
    settings: Mapping[str, object] | None = None,
    options: Mapping[str, str] | None = None,
) -> AsyncIterator[OutboxHouse]:
    """The house with these peers on; ``settings`` are added to each peer's own, ``options`` to its sandbox's."""
    clock = StandingClock()
    url = f"sqlite:///{folder / 'rows.db'}"
    database = open_database(url, blobs=folder / "blobs")
    sandboxes = {peer: SandboxProcess(peer, ledger=folder / f"{peer}.jsonl", options=options or {}) for peer in peers}
    try:
        await database.write(furnish)
        await asyncio.gather(*(sandbox.start() for sandbox in sandboxes.values()))
        await asyncio.gather(*(sandbox.control.clock(MONDAY.isoformat()) for sandbox in sandboxes.values()))
        told: dict[str, Mapping[str, object]] = {}
        for peer, sandbox in sandboxes.items():
            told[peer] = {"enabled": True, **sandbox.settings, **(settings or {})}
        registry = Registry.load(told, clock=clock)
        bell = EmbeddedBell(url, clock=clock)
        router = Router(routing_table(registry), bell=bell, clock=clock, base_url="http://127.0.0.1:8080")
        try:
            yield OutboxHouse(WatchedStore(database), clock, bell, registry, router, sandboxes)
        finally:
            await registry.aclose()
    finally:
        await asyncio.gather(*(sandbox.stop() for sandbox in sandboxes.values()))
        await database.close()


@contextlib.asynccontextmanager
async def desk_house(folder: Path) -> AsyncIterator[OutboxHouse]:
    """The house without any peer: no lane runs, messages wait in their rows."""
    url = f"sqlite:///{folder / 'rows.db'}"
    database = open_database(url, blobs=folder / "blobs")
    await database.write(furnish)
    clock = StandingClock()
    bell = EmbeddedBell(url, clock=clock)
    table = RoutingTable(PORTAL, AXIS, {}, {province.CARRIER: POST})
    router = Router(table, bell=bell, clock=clock, base_url="http://127.0.0.1:8080")
    try:
        yield OutboxHouse(WatchedStore(database), clock, bell, Registry({}, {}), router, {})
    finally:
        await database.close()
