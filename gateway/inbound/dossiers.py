"""Looking dossiers up: ``GET /api/v1/dossiers`` and ``/api/v1/dossiers/{code}``."""

import datetime as dt

from aiohttp import web

from gateway.accounts import Principal
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.forms.replies import DossierListReply, write
from gateway.inbound.middleware import language_of
from gateway.inbound.problems import Say
from gateway.inbound.routes import AFTER, LIMIT, Parameter, Route, require
from gateway.inbound.views import shown, whole
from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ids import DossierId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx

_QUERY = Parameter(
    "q", about="Prefix or suffix of a code, part of the owner's name (marks may be left out), item number."
)
MOST_QUERY = 200
"""Longest search text; what is longer is cut, as no code and no name is."""


class Dossiers:
    """Reading dossiers."""

    def __init__(self, *, store: Store, clock: Clock, say: Say) -> None:
        self._store = store
        self._clock = clock
        self._say = say

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route(
                "GET",
                "/api/v1/dossiers",
                self.search,
                require(),
                summary="Search dossiers on the way of the sender's units, newest first.",
                answers={200: "DossierListReply"},
                parameters=(_QUERY, LIMIT, AFTER),
            ),
            Route(
                "GET",
                "/api/v1/dossiers/{code}",
                self.get,
                require(),
                summary="The whole record of one dossier by any code it ever had, with its merged timeline.",
                answers={200: "DossierReply", 403: "ProblemReply", 404: "ProblemReply"},
            ),
        )

    async def search(self, request: web.Request) -> web.Response:
        """A page of lines."""
        principal = signed(request).principal
        text = request.query.get("q", "")[:MOST_QUERY]
        limit, after = bodies.limit(request), bodies.after(request)
        lines = await self._store.read(
            lambda tx: tx.dossiers.search(
                text, units=principal.units, limit=limit, after=None if after is None else DossierId(after)
            )
        )
        more = lines[-1].id if len(lines) == limit else None
        return web.Response(body=write(DossierListReply(lines, more)), content_type="application/json")

    async def get(self, request: web.Request) -> web.Response:
        """One dossier."""
        found = await look_up(self._store, request.match_info["code"], signed(request).principal, self._clock.now())
        reply = shown.reply(found, say=self._say, lang=language_of(request), now=self._clock.now())
        return web.Response(body=write(reply), content_type="application/json")


async def look_up(
    store: Store, code: str, principal: Principal, now: dt.datetime, *, as_of: dt.datetime | None = None
) -> whole.Whole:
    """Read one dossier whole, if the principal may see it; with ``as_of`` what was known at that moment.

    Raises:
        NotFound: no dossier has or had this code.
        NotAllowed: it is not on the way of the principal's units; the look is in the audit log.
    """

    def read(tx: Tx) -> Dossier | whole.Whole | None:
        dossier = whole.find(tx, code)
        if dossier is None or not scope.may_see(principal, dossier):
            return dossier
        return whole.read(tx, dossier, now) if as_of is None else whole.read_then(tx, dossier, as_of)

    found = await store.read(read)
    if found is None:
        raise NotFound(subject=code[:64])
    if isinstance(found, Dossier):
        raise await scope.turn_away(store, principal, "dossier", found.code, now)
    return found
