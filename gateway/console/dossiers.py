"""Search, one dossier's merged timeline, and the scanned papers."""

import datetime as dt
from collections.abc import Sequence

from aiohttp import web

from gateway.console.render import Renderer
from gateway.desk.counts import countable
from gateway.desk.items import ItemAct, recordable
from gateway.inbound import bodies, texts
from gateway.inbound.auth import signed
from gateway.inbound.desks import Blobs
from gateway.inbound.dossiers import MOST_QUERY, look_up
from gateway.inbound.routes import Route, require
from gateway.inbound.views import masking
from gateway.inbound.views.timeline import Source, clocks, merged
from gateway.inbound.views.whole import Whole
from schemas.calendar import VIETNAM
from schemas.discrepancy import DiscrepancyState
from schemas.ids import DossierId, ItemId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

_PAGE = 30


class DossierPages:
    """Looking dossiers up."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, blobs: Blobs) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._blobs = blobs

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/dossiers", self.search, require(), page=True),
            Route("GET", "/dossiers/{code}", self.show, require(), page=True),
            Route("GET", "/documents/{key}", self.document, require(), page=True),
        )

    async def search(self, request: web.Request) -> web.Response:
        """The list; a text that is exactly one dossier's code opens it."""
        principal = signed(request).principal
        text, after = request.query.get("q", "").strip()[:MOST_QUERY], bodies.after(request)
        lines = await self._store.read(
            lambda tx: tx.dossiers.search(
                text, units=principal.units, limit=_PAGE, after=None if after is None else DossierId(after)
            )
        )
        if text and len(lines) == 1 and lines[0].code == text.upper():
            raise web.HTTPSeeOther(f"/dossiers/{lines[0].code}")
        more = lines[-1].id if len(lines) == _PAGE else None
        return self._renderer.page(request, "dossiers.html", lines=lines, text=text, more=more)

    async def show(self, request: web.Request) -> web.Response:
        """One dossier: two clocks, open cases with their evidence, the timeline, items and papers."""
        now = self._clock.now()
        as_of = _moment(request.query.get("as_of", ""), now)
        found = await look_up(self._store, request.match_info["code"], signed(request).principal, now, as_of=as_of)
        chosen = _chosen(request.query.getall("source", ()))
        return self._renderer.page(
            request,
            "dossier.html",
            dossier=masking.dossier(found.dossier),
            whole=found,
            units=found.units,
            cases=[case for case in found.cases if case.state is not DiscrepancyState.RESOLVED],
            past_cases=[case for case in found.cases if case.state is DiscrepancyState.RESOLVED],
            lines=[line for line in merged(found) if line.source in chosen],
            clocks=clocks(found, as_of or now),
            sources=list(Source),
            chosen=chosen,
            lodged=request.query.get("done") == "lodged",
            asked=[one for one in found.dossier.requests if one.settled_at is None],
            requested=found.dossier.requests,
            peer_ids=[alias.scheme for alias in found.dossier.aliases if alias.scheme.startswith("peer-id:")],
            acts=_acts(found) if as_of is None else {},
            counts=as_of is None and countable(found.dossier, signed(request).principal),
            as_of=as_of,
            now=as_of or now,
        )

    async def document(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a scanned paper; whoever looks is written down, as papers name people."""
        key = request.match_info["key"].removesuffix(".pdf")
        principal, now = signed(request).principal, self._clock.now()
        found = await texts.readable(self._store, key, principal, now)
        file = await self._blobs.path(found.document.sha256)
        await texts.note_read(self._store, found, principal, now, act="document.read")
        name = f"{found.dossier.code if found.dossier else 'scan'}-{found.document.sha256[:8]}.pdf"
        return web.FileResponse(
            file,
            headers={"Content-Type": "application/pdf", "Content-Disposition": f'attachment; filename="{name}"'},
        )


def _moment(told: str, now: dt.datetime) -> dt.datetime | None:
    """The moment that a form tells in the wall time of Viet Nam; None for now, and for what is no time or to come."""
    try:
        moment = dt.datetime.fromisoformat(told).replace(tzinfo=VIETNAM)
    except ValueError:
        return None
    return moment if moment < now else None


def _acts(found: Whole) -> dict[ItemId, tuple[ItemAct, ...]]:
    """What may still be recorded of each item."""
    open_to = {one.item.id: tuple(act for act in ItemAct if recordable(one.item, act)) for one in found.items}
    return {item: acts for item, acts in open_to.items() if acts}


def _chosen(told: Sequence[str]) -> frozenset[Source]:
    """The sources that the filter asks for; none named means all."""
    known = {source.value for source in Source}
    return frozenset(Source(each) for each in told if each in known) or frozenset(Source)
