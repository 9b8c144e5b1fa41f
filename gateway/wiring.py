"""The one file that knows every class: settings in, a running house out.

``open_house`` makes the parts and starts nothing; ``House.start`` starts loops and lanes; ``serve`` adds the door. What
is needed is named in constructors; nobody looks anything up.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import gc
import shutil
import signal
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from adapters.registry import Registry
from gateway.budgets import accounts
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.console.catalogue import sentence
from gateway.console.pages import make_pages, make_renderer
from gateway.desk.answers import AnswerDesk
from gateway.desk.archive import ArchiveDesk
from gateway.desk.asking import AskingDesk
from gateway.desk.attach import AttachDesk
from gateway.desk.counts import CountDesk
from gateway.desk.intake import HandoverDesk
from gateway.desk.items import ItemDesk
from gateway.desk.results import ResultDesk
from gateway.desk.scans import ScanDesk
from gateway.desk.settle import SettleDesk
from gateway.inbound.actions import Actions
from gateway.inbound.app import make_app, make_doorkeeper, make_uploads
from gateway.inbound.callbacks import pushing_of
from gateway.inbound.counts import Counts
from gateway.inbound.documents import StationDocuments
from gateway.inbound.items import ItemActions
from gateway.inbound.routes import Route
from gateway.inbound.soap.admission import Doorway, readers_of
from gateway.inbound.soap.routes import make_soap_routes
from gateway.inbound.soap.tickets import TicketDesk
from gateway.metrics import Metrics
from gateway.occupancy import occupied
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.breaker import BreakerPolicy
from gateway.outbox.dispatch import Dispatcher
from gateway.outbox.lanes import Lane
from gateway.outbox.registrations import files_of
from gateway.outbox.retry import RetryPolicy
from gateway.outbox.route import Router
from gateway.outbox.sweeper import Sweeper
from gateway.outbox.table import routing_table
from gateway.sealing import configured_sealer
from gateway.storage.database import Database, open_database
from gateway.tls import door_context
from gateway.workers.citizens import Citizens
from gateway.workers.documents import Documents
from gateway.workers.feeds import Feeds
from gateway.workers.inbox import Inbox
from gateway.workers.judging import DocumentJudge
from gateway.workers.learning import Learning
from gateway.workers.ledger import Ledger
from gateway.workers.reports import Reports
from gateway.workers.reviews import RESUME_S, Reviews
from gateway.workers.rules import Rules, peers_of
from gateway.workers.scans import ScanLine
from gateway.workers.supervisor import Supervisor
from scanning.approved import Sealer
from schemas.ids import UnitId
from schemas.ports.clock import Clock
from tracking.reading import load_context
from tracking.reconcile import Reconciler

DRAIN_S = 8.0
"""Seconds for calls under way when the process is asked to stop: an interrupted one is an unknown outcome."""
SHUTDOWN_S = 5.0
"""Seconds that open requests get when the process is asked to stop."""


@dataclasses.dataclass(frozen=True, slots=True)
class Desks:
    """The use cases."""

    handovers: HandoverDesk
    results: ResultDesk
    settle: SettleDesk
    attach: AttachDesk
    scans: ScanDesk
    asking: AskingDesk
    items: ItemDesk
    counts: CountDesk
    archive: ArchiveDesk
    answers: AnswerDesk


@dataclasses.dataclass(frozen=True, slots=True)
class House:
    """All parts of one process, made and not yet started."""

    settings: Settings
    clock: Clock
    database: Database
    registry: Registry
    desks: Desks
    lanes: tuple[Lane, ...]
    sweeper: Sweeper
    inbox: Inbox
    feeds: Feeds
    reports: Reports
    documents: Documents
    citizens: Citizens
    rules: Rules
    learning: Learning
    ledger: Ledger
    scan_line: ScanLine
    judge: DocumentJudge
    reviews: Reviews
    tickets: TicketDesk
    supervisor: Supervisor
    metrics: Metrics

    async def start(self) -> None:
        """Settle what a crash left behind, then start every loop."""
        await self.sweeper.after_restart()
        rhythm = self.settings.rhythm
        for lane in self.lanes:
            self.supervisor.start(f"lane-{lane.peer}", lane.run)
        self.supervisor.start("inbox", self.inbox.run)
        self.supervisor.start("scans", self.scan_line.run)
        self.supervisor.start("tickets", self.tickets.run)
        self.supervisor.every("reviews", dt.timedelta(seconds=RESUME_S), self.reviews.once)
        self.supervisor.every("sweeper", dt.timedelta(seconds=rhythm.outbox_s), self._sweep)
        watch = dt.timedelta(seconds=rhythm.watch_s)
        for peer in self.feeds.peers:
            self.supervisor.every(f"feed-{peer}", watch, functools.partial(self.feeds.ask, peer))
        for peer in self.reports.peers:
            self.supervisor.every(f"reports-{peer}", watch, functools.partial(self.reports.ask, peer))
        for peer in self.documents.peers:
            self.supervisor.every(f"documents-{peer}", watch, functools.partial(self.documents.ask, peer))
        for peer in self.citizens.peers:
            self.supervisor.every(f"citizens-{peer}", watch, functools.partial(self.citizens.ask, peer))
        self.supervisor.every("rules", dt.timedelta(seconds=rhythm.rules_s), self.rules.once)
        self.supervisor.every("learning", dt.timedelta(seconds=rhythm.learning_s), self.learning.once)
        self.supervisor.every("ledger", watch, self.ledger.once)

    async def stop(self) -> None:
        """Lanes finish what they are sending, a while long; then every loop ends."""
        await asyncio.gather(*(lane.drain(DRAIN_S) for lane in self.lanes))
        await self.supervisor.stop()
        await self.judge.aclose()
        await self.reviews.close()

    async def _sweep(self) -> None:
        self.inbox.ring()
        await self.sweeper.sweep()


@contextlib.asynccontextmanager
async def open_house(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[House]:
    """Make the parts; closes them at the end.

    Raises:
        BadConfiguration: a wrong setting, named.
        FolderTaken: another gateway works in this data folder.
    """
    clock = clock or SystemClock()
    registry = Registry.load(settings.peers, clock=clock)
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    with occupied(settings.data_folder):
        # What a killed process was spooling was never answered: whoever sent it sends it again.
        await asyncio.to_thread(shutil.rmtree, settings.uploads_folder, ignore_errors=True)
        database = await asyncio.to_thread(open_database, settings.database_url, blobs=settings.blobs_folder)
        try:
            async with configured_sealer(settings.seal, clock=clock) as sealer:
                house = _house(settings, clock, registry, database, sealer)
                try:
                    yield house
                finally:
                    await house.stop()
                    await registry.aclose()
        finally:
            await database.close()


def _house(settings: Settings, clock: Clock, registry: Registry, database: Database, sealer: Sealer | None) -> House:
    metrics = Metrics()
    bell = EmbeddedBell(settings.database_url, clock=clock)
    router = Router(routing_table(registry), bell=bell, clock=clock, base_url=settings.public_url)
    reconciler = Reconciler(load_context)
    attach = AttachDesk(
        database,
        blobs=database.blobs,
        clock=clock,
        tell=router,
        unit=UnitId(settings.default_unit),
        reconciler=reconciler,
    )
    inbox = Inbox(database, registry=registry, clock=clock, tell=router, context=load_context)
    feeds = Feeds(
        database, registry=registry, clock=clock, tell=router, context=load_context, rhythm_s=settings.rhythm.watch_s
    )
    return House(
        settings=settings,
        clock=clock,
        database=database,
        registry=registry,
        desks=Desks(
            handovers=HandoverDesk(database, clock=clock, tell=router),
            results=ResultDesk(database, clock=clock, tell=router),
            settle=SettleDesk(database, clock=clock, bell=bell, reconciler=reconciler),
            attach=attach,
            scans=ScanDesk(database, hot_folder=settings.hot_folder, clock=clock),
            asking=AskingDesk(database, clock=clock),
            items=ItemDesk(database, clock=clock, tell=router, context=load_context),
            counts=CountDesk(database, clock=clock, context=load_context),
            answers=AnswerDesk(database, clock=clock, tell=router),
            archive=ArchiveDesk(database, blob=database.blobs.path, clock=clock, fonds=settings.archive.fonds),
        ),
        lanes=_lanes(settings, registry, database, bell, clock, metrics),
        sweeper=Sweeper(database, bell=bell, clock=clock),
        inbox=inbox,
        feeds=feeds,
        reports=Reports(database, registry=registry, clock=clock, inbox=inbox),
        documents=Documents(
            database, registry=registry, clock=clock, blobs=database.blobs, spool=settings.uploads_folder
        ),
        citizens=Citizens(database, registry=registry, clock=clock, inbox=inbox, rhythm_s=settings.rhythm.watch_s),
        rules=Rules(database, peers=peers_of(registry), clock=clock, context=load_context),
        learning=Learning(database, clock=clock),
        ledger=Ledger(database, registry=registry, clock=clock, counted=feeds.peers),
        scan_line=ScanLine(
            settings.scan,
            hot_folder=settings.hot_folder,
            data_folder=settings.data_folder,
            inbox=attach,
            clock=clock,
            sealer=sealer,
        ),
        reviews=_reviews(settings, database, attach, sealer, clock),
        tickets=TicketDesk(database, clock=clock, readers=readers_of(registry)),
        judge=DocumentJudge(roots=settings.seal.roots),
        supervisor=Supervisor(clock=clock),
        metrics=metrics,
    )


def _reviews(
    settings: Settings, database: Database, attach: AttachDesk, sealer: Sealer | None, clock: Clock
) -> Reviews:
    return Reviews(
        settings.scan,
        store=database,
        attach=attach,
        sealer=sealer,
        hot_folder=settings.hot_folder,
        data_folder=settings.data_folder,
        clock=clock,
    )


def _lanes(
    settings: Settings, registry: Registry, database: Database, bell: EmbeddedBell, clock: Clock, metrics: Metrics
) -> tuple[Lane, ...]:
    told = settings.retry
    policy = RetryPolicy(tuple(dt.timedelta(seconds=s) for s in told.steps_s), told.daily_for_days)
    breaker = BreakerPolicy(told.breaker_failures, dt.timedelta(seconds=told.probe_s))
    dispatcher = Dispatcher(registry, files=files_of(database.blobs.path), locate=database.blobs.path)
    return tuple(
        Lane(
            peer.manifest.name,
            store=database,
            bell=bell,
            dispatcher=dispatcher,
            clock=clock,
            policy=policy,
            breaker_policy=breaker,
            max_in_flight=peer.max_in_flight,
            lease_for=dt.timedelta(seconds=told.lease_s),
            tried=metrics.tried,
        )
        for peer in registry.peers
        if peer.manifest.operations
    )


def make_door(house: House) -> web.Application:
    """The application: REST, callbacks, SOAP, console, health; every route declared with its access."""
    settings, store, clock, desks = house.settings, house.database, house.clock, house.desks
    registry = house.registry
    doorkeeper = make_doorkeeper(settings, store=store, clock=clock)
    uploads = make_uploads(settings, store=store, scans=desks.scans)
    renderer = make_renderer(settings, peers={peer.manifest.name: peer.manifest.title for peer in registry.peers})
    pages = make_pages(
        settings,
        store=store,
        clock=clock,
        renderer=renderer,
        doorkeeper=doorkeeper,
        handovers=desks.handovers,
        settle=desks.settle,
        queue=desks.attach,
        uploads=uploads,
        blobs=store.blobs,
        archive=desks.archive,
        answers=desks.answers,
        items=desks.items,
        counts=desks.counts,
        review=house.reviews.desk,
        line=house.scan_line,
        accounts=functools.partial(accounts, registry),
    )
    return make_app(
        settings,
        store=store,
        clock=clock,
        say=sentence,
        metrics=house.metrics,
        doorkeeper=doorkeeper,
        handovers=desks.handovers,
        settle=desks.settle,
        uploads=uploads,
        callbacks=pushing_of(registry),
        arrived=house.inbox.ring,
        ready=house.supervisor.ready,
        pages=(*pages, *_addresses(house)),
        show_problem=renderer.problem,
    )


def _addresses(house: House) -> tuple[Route, ...]:
    """What systems call besides the door's own: acts on dossiers and items, stations' documents, SOAP."""
    settings, clock, store, desks = house.settings, house.clock, house.database, house.desks
    actions = Actions(
        store=store,
        clock=clock,
        results=desks.results,
        asking=desks.asking,
        settle=desks.settle,
        attach=desks.attach,
        answers=desks.answers,
    )
    items = ItemActions(store=store, clock=clock, desk=desks.items)
    counts = Counts(store=store, clock=clock, desk=desks.counts)
    documents = StationDocuments(
        store=store,
        clock=clock,
        desk=desks.attach,
        judge=house.judge,
        folder=settings.uploads_folder,
        limits=settings.limits,
    )
    soap = make_soap_routes(
        store,
        clock,
        readers_of(house.registry),
        ring=house.inbox.ring,
        ring_tickets=house.tickets.ring,
        public_origin=settings.http.public_url,
        doorway=Doorway.of(settings.soap),
    )
    return (*soap, *actions.routes(), *items.routes(), *counts.routes(), *documents.routes())


def leave_start_alone() -> None:
    """Take what the start made out of the garbage collector's rounds; it stays until the end.

    Going through half a million lasting objects stopped the loop for 100 ms: the 99th percentile of a durable answer
    fell from 108 to 39 ms (docs/adr/0076).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def serve(settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Run the house and its door until SIGTERM or SIGINT; ``ready`` is told the address once it listens."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stop.set)
    async with open_house(settings) as house:
        runner = web.AppRunner(make_door(house), access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        try:
            tls = door_context(settings.http)
            await web.TCPSite(runner, settings.http.host, settings.http.port, backlog=1024, ssl_context=tls).start()
            await house.start()
            host, port = runner.addresses[0][:2]
            ready(f"{'https' if tls else 'http'}://{host}:{port}")
            leave_start_alone()
            await stop.wait()
        finally:
            await runner.cleanup()
