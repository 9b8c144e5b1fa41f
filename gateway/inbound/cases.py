"""Discrepancies: ``GET /api/v1/discrepancies``, one of them, and a person's decision on it."""

from aiohttp import web

from gateway.accounts import Role
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.desks import SettleDesk
from gateway.inbound.forms.decisions import CaseForm
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.replies import DiscrepancyListReply, write
from gateway.inbound.routes import LIMIT, Parameter, Route, require
from gateway.inbound.views import masking
from schemas.discrepancy import Discrepancy, DiscrepancyState, ReasonCode
from schemas.ids import DiscrepancyId
from schemas.ports.clock import Clock
from schemas.ports.house_stores import CaseFilter
from schemas.ports.stores import Store

_ALL = Parameter("all", about="`1`: resolved ones too, newest first; default: open ones, gravest and oldest first.")
_SHADOW = Parameter("shadow", about="`1`: findings of rules that are still being tried, too.")


class Cases:
    """Discrepancies for systems."""

    def __init__(self, *, store: Store, clock: Clock, desk: SettleDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route(
                "GET",
                "/api/v1/discrepancies",
                self.list,
                require(),
                summary="Cases in which two sides disagree.",
                answers={200: "DiscrepancyListReply"},
                parameters=(_ALL, _SHADOW, LIMIT),
            ),
            Route(
                "GET",
                "/api/v1/discrepancies/{id}",
                self.get,
                require(),
                summary="One case with its evidence.",
                answers={200: "Discrepancy", 404: "ProblemReply"},
            ),
            Route(
                "POST",
                "/api/v1/discrepancies/{id}",
                self.settle,
                require(Role.OPERATOR),
                summary="Decide on a case, with a reason.",
                takes="CaseForm",
                answers={200: "Discrepancy", 409: "ProblemReply", 422: "ProblemReply"},
            ),
        )

    async def list(self, request: web.Request) -> web.Response:
        """Cases of the sender's units."""
        units = signed(request).principal.units
        limit = bodies.limit(request, default=200)
        shadow = None if request.query.get("shadow") == "1" else False
        wanted = CaseFilter(units=units, shadow=shadow, resolved=request.query.get("all") == "1")
        cases = await self._store.read(lambda tx: tx.discrepancies.search(wanted, now=self._clock.now(), limit=limit))
        return web.Response(
            body=write(DiscrepancyListReply(tuple(masking.case(case) for case in cases))),
            content_type="application/json",
        )

    async def get(self, request: web.Request) -> web.Response:
        """One case."""
        return web.Response(body=write(masking.case(await self._found(request))), content_type="application/json")

    async def settle(self, request: web.Request) -> web.Response:
        """A decision."""
        form = parse(CaseForm, await bodies.json(request))
        case = await self._found(request)
        decided = await self._desk.settle_discrepancy(
            case.id,
            DiscrepancyState(form.act),
            form.reason,
            signed(request).principal,
            code=ReasonCode(form.code),
        )
        return web.Response(body=write(masking.case(decided)), content_type="application/json")

    async def _found(self, request: web.Request) -> Discrepancy:
        """The case of the address. Raises NotFound, NotAllowed."""
        key = DiscrepancyId(request.match_info["id"])
        case = await self._store.read(lambda tx: tx.discrepancies.get(key))
        principal = signed(request).principal
        if not scope.shares(principal, case.units):
            raise await scope.turn_away(self._store, principal, "discrepancy", key, self._clock.now())
        return case
