"""Discrepancies: the list, and one with its evidence, its remedy and a decision."""

from aiohttp import web

from gateway.accounts import Role
from gateway.console.render import Renderer
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.desks import SettleDesk
from gateway.inbound.forms.decisions import CaseForm
from gateway.inbound.forms.faults import check
from gateway.inbound.routes import Route, require
from gateway.inbound.views.whole import dossier_of
from schemas.discrepancy import Discrepancy, DiscrepancyState
from schemas.dossier import Dossier
from schemas.ids import DiscrepancyId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx

_MOST = 200


class CasePages:
    """Discrepancies."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, desk: SettleDesk) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/discrepancies", self.list, require(), page=True),
            Route("GET", "/discrepancies/{id}", self.show, require(), page=True),
            Route("POST", "/discrepancies/{id}", self.settle, require(Role.OPERATOR), page=True),
        )

    async def list(self, request: web.Request) -> web.Response:
        """Open cases gravest first, or all newest first; one rule where the filter names it."""
        units = signed(request).principal.units
        everything, rule = request.query.get("all") == "1", request.query.get("rule", "")

        def read(tx: Tx) -> list[tuple[Discrepancy, Dossier | None]]:
            store = tx.discrepancies
            cases = store.list(units=units, limit=_MOST) if everything else store.open(units=units, limit=_MOST)
            return [(case, dossier_of(tx, case)) for case in cases if not rule or case.rule == rule]

        cases = await self._store.read(read)
        rules = sorted({case.rule for case, _ in cases} | ({rule} if rule else set()))
        return self._renderer.page(
            request, "cases.html", cases=cases, everything=everything, rule=rule, rules=rules, now=self._clock.now()
        )

    async def show(self, request: web.Request) -> web.Response:
        """One case."""
        return await self._page(request)

    async def settle(self, request: web.Request) -> web.Response:
        """A decision with its reason; a fault shows the page again."""
        fields = await bodies.form(request)
        told = {"act": fields.get("act", ""), "reason": fields.get("reason", "")}
        form, faults = check(CaseForm, told)
        if form is None:
            return await self._page(request, faults={fault.path: fault for fault in faults}, told=told)
        case, _ = await self._found(request)
        await self._desk.settle_discrepancy(case.id, DiscrepancyState(form.act), form.reason, signed(request).principal)
        raise web.HTTPSeeOther(f"/discrepancies/{case.id}?done=settled")

    async def _page(
        self, request: web.Request, *, faults: dict[str, object] | None = None, told: dict[str, str] | None = None
    ) -> web.Response:
        case, dossier = await self._found(request)
        return self._renderer.page(
            request,
            "case.html",
            status=422 if faults else 200,
            case=case,
            dossier=dossier,
            resolved=case.state is DiscrepancyState.RESOLVED,
            faults=faults or {},
            told=told or {"act": "acknowledged", "reason": ""},
            now=self._clock.now(),
        )

    async def _found(self, request: web.Request) -> tuple[Discrepancy, Dossier | None]:
        """The case of the address. Raises NotFound, NotAllowed."""
        key = DiscrepancyId(request.match_info["id"])

        def read(tx: Tx) -> tuple[Discrepancy, Dossier | None]:
            case = tx.discrepancies.get(key)
            return case, dossier_of(tx, case)

        case, dossier = await self._store.read(read)
        principal = signed(request).principal
        if not scope.shares(principal, case.units):
            raise await scope.turn_away(self._store, principal, "discrepancy", key, self._clock.now())
        return case, dossier
