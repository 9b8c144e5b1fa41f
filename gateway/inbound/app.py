"""Puts the door together: one application, every route declared, every answer through the same layer."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path

from aiohttp import web

from gateway.accounts import GatewayStore
from gateway.config import Settings
from gateway.inbound.auth import Doorkeeper
from gateway.inbound.callbacks import Callbacks, Pushing
from gateway.inbound.cases import Cases
from gateway.inbound.desks import HandoverDesk, ScanDesk, SettleDesk
from gateway.inbound.dossiers import Dossiers
from gateway.inbound.events import Events
from gateway.inbound.handovers import Handovers
from gateway.inbound.health import Health, Ready
from gateway.inbound.messages import Messages
from gateway.inbound.middleware import Edge, ShowProblem
from gateway.inbound.openapi import Document
from gateway.inbound.problems import Say
from gateway.inbound.routes import Route, declared, mount
from gateway.inbound.texts import Texts
from gateway.inbound.unproven import Bounds
from gateway.inbound.uploads import Uploads
from gateway.metrics import Metrics
from schemas.ids import PeerId
from schemas.ports.clock import Clock


def make_uploads(settings: Settings, *, store: GatewayStore, scans: ScanDesk, folder: Path | None = None) -> Uploads:
    """The upload reader; the console's upload form uses the same one."""
    return Uploads(desk=scans, store=store, folder=folder or settings.uploads_folder, limits=settings.limits)


def make_doorkeeper(settings: Settings, *, store: GatewayStore, clock: Clock) -> Doorkeeper:
    """The doorkeeper; the console logs people in and out with the same one."""
    return Doorkeeper(store=store, clock=clock, rules=settings.sessions, https=settings.https)


def make_app(
    settings: Settings,
    *,
    store: GatewayStore,
    clock: Clock,
    say: Say,
    metrics: Metrics,
    doorkeeper: Doorkeeper,
    handovers: HandoverDesk,
    settle: SettleDesk,
    uploads: Uploads,
    callbacks: Mapping[PeerId, Pushing],
    arrived: Callable[[], None],
    ready: Ready,
    pages: Iterable[Route] = (),
    show_problem: ShowProblem | None = None,
) -> web.Application:
    """The application.

    Args:
        settings: limits, sessions, public address.
        store: the gateway's own store.
        clock: the only timer.
        say: the catalogue of sentences.
        metrics: figures to count into.
        doorkeeper: of `make_doorkeeper`, shared with the console.
        handovers: desk that lodges dossiers.
        settle: desk that decides on messages and cases.
        uploads: of `make_uploads`, shared with the console.
        callbacks: peers that may call us.
        arrived: wakes the one who applies the inbox, after the commit.
        ready: asks the other parts of the house whether they can work.
        pages: routes of the console and of the SOAP server.
        show_problem: how the console shows a problem as a page; None where there is no console.
    """
    edge = Edge(say=say, metrics=metrics, show=show_problem, https=settings.https)
    events = Events(store=store, clock=clock, most_streams=settings.limits.event_streams)
    app = _frame(edge, events, body_bytes=settings.limits.body_bytes)
    limits = settings.limits
    keep = dt.timedelta(seconds=limits.unproven_keep_s)
    unproven = Bounds(limits.unproven_callbacks, limits.unproven_bytes, keep)
    called = Callbacks(store=store, clock=clock, peers=callbacks, metrics=metrics, unproven=unproven, arrived=arrived)
    parts = (
        Health(store=store, clock=clock, metrics=metrics, ready=ready),
        Document(routes=lambda: declared(app), version=_version(), server=settings.public_url),
        Handovers(desk=handovers),
        Dossiers(store=store, clock=clock, say=say),
        Cases(store=store, clock=clock, desk=settle),
        Messages(store=store, clock=clock, desk=settle),
        Texts(store=store, clock=clock),
        uploads,
        called,
        events,
    )
    for part in parts:
        mount(app, part.routes(), doorkeeper.guard)
    mount(app, pages, doorkeeper.guard)
    return app


def _frame(edge: Edge, events: Events, *, body_bytes: int) -> web.Application:
    """An application without routes: the outermost layer around it, the feed of changes beside it."""
    app = web.Application(middlewares=[edge.__call__], client_max_size=body_bytes)
    app.on_response_prepare.append(edge.prepare)
    app.cleanup_ctx.append(events.run)
    app.on_shutdown.append(events.close)
    return app


def _version() -> str:
    """Version of the installed distribution, or 0 in a bare checkout."""
    try:
        return metadata.version("lienthong")
    except metadata.PackageNotFoundError:
        return "0"
