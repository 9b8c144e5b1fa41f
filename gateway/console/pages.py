"""Puts the screens together."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web

from gateway.accounts import GatewayStore
from gateway.budgets import AccountsOf, no_accounts
from gateway.config import Settings
from gateway.console.answers import AnswerPages
from gateway.console.archive import ArchivePages
from gateway.console.cases import CasePages
from gateway.console.counts import CountPages
from gateway.console.dossiers import DossierPages
from gateway.console.home import Home
from gateway.console.intake import IntakePages
from gateway.console.items import ItemPages
from gateway.console.live import Line, LivePages
from gateway.console.login import Login
from gateway.console.messages import MessagePages
from gateway.console.passwords import Passwords
from gateway.console.render import Renderer, static_bytes
from gateway.console.reports import ReportPages
from gateway.console.review import ReviewPages
from gateway.console.scans import ScanPages
from gateway.console.texts import TextPages
from gateway.desk.counts import CountDesk
from gateway.desk.items import ItemDesk
from gateway.desk.review import ReviewDesk
from gateway.inbound.auth import Doorkeeper
from gateway.inbound.desks import AnswerDesk, ArchiveDesk, Blobs, HandoverDesk, QueueDesk, SettleDesk
from gateway.inbound.routes import Route, public
from gateway.inbound.uploads import Uploads
from schemas.errors import NotFound
from schemas.ids import PeerId
from schemas.ports.clock import Clock

NOBODY: Final[Mapping[PeerId, str]] = MappingProxyType({})
_TYPES = {
    **dict.fromkeys(("console.css", "review.css"), "text/css"),
    **dict.fromkeys(("review.js", "scans.js"), "text/javascript"),
}


def make_renderer(settings: Settings, *, peers: Mapping[PeerId, str] = NOBODY) -> Renderer:
    """The templates; its ``problem`` is the application's ``show_problem``. ``peers``: titles of the manifests."""
    return Renderer(language_cookie_secure=settings.https, peers=peers)


def make_pages(
    settings: Settings,
    *,
    store: GatewayStore,
    clock: Clock,
    renderer: Renderer,
    doorkeeper: Doorkeeper,
    handovers: HandoverDesk,
    settle: SettleDesk,
    queue: QueueDesk,
    uploads: Uploads,
    blobs: Blobs,
    archive: ArchiveDesk,
    answers: AnswerDesk,
    items: ItemDesk,
    counts: CountDesk,
    review: ReviewDesk,
    line: Line,
    accounts: AccountsOf = no_accounts,
) -> tuple[Route, ...]:
    """Every screen of the console, for ``make_app(pages=…)``; doorkeeper and uploads are those of the application."""
    login = Login(
        store=store,
        clock=clock,
        renderer=renderer,
        doorkeeper=doorkeeper,
        passwords=Passwords(settings.argon2),
        rules=settings.sessions,
        https=settings.https,
    )
    live = LivePages(store=store, renderer=renderer, line=line)
    screens = (
        login,
        Home(store=store, clock=clock, renderer=renderer, accounts=accounts),
        IntakePages(store=store, clock=clock, renderer=renderer, desk=handovers),
        DossierPages(store=store, clock=clock, renderer=renderer, blobs=blobs),
        AnswerPages(store=store, clock=clock, desk=answers),
        ItemPages(store=store, clock=clock, desk=items),
        CountPages(store=store, clock=clock, desk=counts),
        ArchivePages(store=store, clock=clock, desk=archive, folder=settings.packages_folder),
        TextPages(store=store, clock=clock, renderer=renderer),
        ReportPages(store=store, clock=clock, renderer=renderer, blobs=blobs),
        CasePages(store=store, clock=clock, renderer=renderer, desk=settle),
        MessagePages(store=store, clock=clock, renderer=renderer, desk=settle),
        live,
        ScanPages(store=store, clock=clock, renderer=renderer, uploads=uploads, desk=queue, review=review, live=live),
        ReviewPages(store=store, clock=clock, renderer=renderer, uploads=uploads, desk=review),
    )
    why = public("the log-in page needs its styles; they are no secret")
    static = Route("GET", "/static/{digest}/{name}", _static, why, page=True)
    return (*(route for screen in screens for route in screen.routes()), static)


async def _static(request: web.Request) -> web.Response:
    """A static file; its address holds its digest, so it never changes."""
    name = request.match_info["name"]
    if name not in _TYPES:
        raise NotFound(subject=name[:64])
    return web.Response(
        body=static_bytes(name),
        content_type=_TYPES[name],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
