"""The scanning operator's queue: documents in doubt, files set aside with their reason, and the upload form."""

from aiohttp import web

from gateway.accounts import Role
from gateway.console.catalogue import known
from gateway.console.live import LivePages
from gateway.console.render import Renderer, static_path
from gateway.desk.review import ReviewDesk
from gateway.inbound import bodies, scope
from gateway.inbound.auth import MULTIPART, signed
from gateway.inbound.desks import QueueDesk
from gateway.inbound.routes import Route, require
from gateway.inbound.uploads import Uploads
from gateway.inbound.views.whole import find
from schemas.attachment import AttachedDocument, KeptAside
from schemas.errors import NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx

_BATCHES = 40
"""Batches that are offered for review: a day of a busy station."""
_OFFERS = 3
"""Codes offered for one document; more would be a list of another paper."""


class ScanPages:
    """What the scan line could not decide."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        renderer: Renderer,
        uploads: Uploads,
        desk: QueueDesk,
        review: ReviewDesk,
        live: LivePages,
    ) -> None:
        self._store = store
        self._review = review
        self._clock = clock
        self._renderer = renderer
        self._uploads = uploads
        self._desk = desk
        self._live = live

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/scans", self.show, require(Role.SCANNER, Role.OPERATOR), page=True),
            Route("POST", "/scans", self.upload, require(Role.SCANNER), takes_type=MULTIPART, page=True),
            Route("POST", "/scans/assign", self.assign, require(Role.SCANNER, Role.OPERATOR), page=True),
        )

    async def show(self, request: web.Request) -> web.Response:
        """The queue."""
        waiting, aside, offers = await self._store.read(_queue)
        batches = await self._review.recent(_BATCHES)
        live = await self._live.context()
        on_the_board = {told.batch.id for told in (*live["live"].running, *live["live"].ended)}
        return self._renderer.page(
            request,
            "scans.html",
            waiting=waiting,
            aside=aside,
            offers=offers,
            reason_id=_reason_id,
            batches=[known for known in batches if known.batch.id not in on_the_board],
            js=static_path("scans.js"),
            **live,
            reviewable={known.batch.id for known in batches},
        )

    async def upload(self, request: web.Request) -> web.Response:
        """Files from the form; the same reader and bounds as the API."""
        taken = await self._uploads.take(request)
        raise web.HTTPSeeOther(f"/scans?done=uploaded&batch={taken.batch}")

    async def assign(self, request: web.Request) -> web.Response:
        """A person says which dossier a waiting document belongs to."""
        fields = await bodies.form(request)
        key, code = fields.get("key", ""), fields.get("code", "").strip()
        principal = signed(request).principal
        dossier = await self._store.read(lambda tx: find(tx, code))
        if dossier is None:
            raise NotFound(subject=code[:64])
        if not scope.may_see(principal, dossier):
            raise await scope.turn_away(self._store, principal, "dossier", dossier.code, self._clock.now())
        await self._desk.assign(key, dossier.code, principal=principal)
        raise web.HTTPSeeOther("/scans?done=assigned")


def _queue(
    tx: Tx,
) -> tuple[tuple[AttachedDocument, ...], tuple[KeptAside, ...], dict[str, tuple[str, ...]]]:
    """What waits, what was set aside, and dossier codes read on what waits, known ones first: a person chooses."""
    waiting = tx.documents.unassigned()
    return waiting, tx.documents.aside(), {one.key: _offered(tx, one.key) for one in waiting}


def _offered(tx: Tx, key: str) -> tuple[str, ...]:
    text = tx.texts.of_document(key)
    pages = text.pages if text else ()
    read = [code for page in pages for code in page.codes]
    read += [code for page in pages for miss in page.near_misses for code in miss.candidates if tx.dossiers.find(code)]
    known = sorted(dict.fromkeys(read), key=lambda code: tx.dossiers.find(code) is None)
    return tuple(known[:_OFFERS])


def _reason_id(reason: str) -> str:
    """The sentence id of a reason as the rows keep it, with or without its prefix."""
    return reason if known(reason) else f"scan.{reason}"
