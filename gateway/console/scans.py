"""The scanning operator's queue: documents in doubt, files set aside with their reason, and the upload form."""

from aiohttp import web

from gateway.accounts import Role
from gateway.console.catalogue import known
from gateway.console.render import Renderer
from gateway.inbound import bodies, scope
from gateway.inbound.auth import MULTIPART, signed
from gateway.inbound.desks import QueueDesk
from gateway.inbound.routes import Route, require
from gateway.inbound.uploads import Uploads
from gateway.inbound.views.whole import find
from schemas.errors import NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store


class ScanPages:
    """What the scan line could not decide."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, uploads: Uploads, desk: QueueDesk) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._uploads = uploads
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/scans", self.show, require(Role.SCANNER, Role.OPERATOR), page=True),
            Route("POST", "/scans", self.upload, require(Role.SCANNER), takes_type=MULTIPART, page=True),
            Route("POST", "/scans/assign", self.assign, require(Role.SCANNER, Role.OPERATOR), page=True),
        )

    async def show(self, request: web.Request) -> web.Response:
        """The queue."""
        waiting, aside = await self._store.read(lambda tx: (tx.documents.unassigned(), tx.documents.aside()))
        return self._renderer.page(request, "scans.html", waiting=waiting, aside=aside, reason_id=_reason_id)

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


def _reason_id(reason: str) -> str:
    """The sentence id of a reason as the rows keep it, with or without its prefix."""
    return reason if known(reason) else f"scan.{reason}"
