"""Carriers' reports that were compared with our items, and their results as downloads (ADR 143)."""

from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.console.render import Renderer
from gateway.inbound.auth import signed
from gateway.inbound.desks import Blobs
from gateway.inbound.routes import Route, require
from schemas.audit import Act
from schemas.errors import NotAllowed
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

_MOST = 100


class ReportPages:
    """The list of runs and the result of one."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, blobs: Blobs) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._blobs = blobs

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/reports", self.list, require(Role.OPERATOR), page=True),
            Route("GET", "/reports/{id}.csv", self.download, require(Role.OPERATOR), page=True),
        )

    async def list(self, request: web.Request) -> web.Response:
        """The newest runs."""
        _check(signed(request).principal)
        runs = await self._store.read(lambda tx: tx.trade.runs(limit=_MOST))
        return self._renderer.page(request, "reports.html", runs=[(run, dict(run.counts)) for run in runs])

    async def download(self, request: web.Request) -> web.StreamResponse:
        """The result of one run as it was found then."""
        principal = signed(request).principal
        _check(principal)
        run = await self._store.read(lambda tx: tx.trade.run(request.match_info["id"]))
        file = await self._blobs.path(run.result_sha256)
        act = Act(self._clock.now(), principal.who, "report.read", "report", run.id, None)
        await self._store.write(lambda tx: tx.audit.write(act))
        name = f"{run.carrier}-{run.at:%Y%m%d}-{run.result_sha256[:8]}.csv"
        headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f'attachment; filename="{name}"'}
        return web.FileResponse(file, headers=headers)


def _check(principal: Principal) -> None:
    """A result names items of every unit. Raises NotAllowed."""
    if principal.units is not None:
        raise NotAllowed("a report of a carrier names items of every unit", subject=principal.who)
