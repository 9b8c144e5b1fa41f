"""Discrepancies: the list, and one with its evidence, its remedy and a decision."""

import enum
from collections.abc import Callable
from typing import TypeVar

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
from schemas.discrepancy import Age, Discrepancy, DiscrepancyState, ReasonCode, Severity
from schemas.dossier import Dossier
from schemas.ids import DiscrepancyId
from schemas.ports.clock import Clock
from schemas.ports.house_stores import CaseFilter
from schemas.ports.stores import Store, Tx

Choice = TypeVar("Choice", bound=enum.Enum)

_MOST = 200
_KNOWN = 5_000
"""Open cases that the filters and the table of ages count; more than these are a day on which nobody filters."""


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
        """Open cases gravest first, or all newest first, as the filters say; findings of rules in shadow on demand."""
        units, query, now = signed(request).principal.units, request.query, self._clock.now()
        wanted = CaseFilter(
            units=units,
            rule=query.get("rule") or None,
            severity=_one_of(Severity, query.get("severity", ""), int),
            age=_one_of(Age, query.get("age", ""), str),
            owner={"": None, "none": ""}.get(query.get("owner", ""), query.get("owner", "")),
            shadow=query.get("shadow") == "1",
            resolved=query.get("all") == "1",
        )

        def read(tx: Tx) -> tuple[list[tuple[Discrepancy, Dossier | None]], tuple[Discrepancy, ...]]:
            cases = tx.discrepancies.search(wanted, now=now, limit=_MOST)
            everybody = tx.discrepancies.search(CaseFilter(units=units, shadow=None), now=now, limit=_KNOWN)
            return [(case, dossier_of(tx, case)) for case in cases], everybody

        cases, everybody = await self._store.read(read)
        shown = [case for case in everybody if not case.shadow]
        return self._renderer.page(
            request,
            "cases.html",
            cases=cases,
            wanted=wanted,
            most=_MOST,
            rules=sorted({case.rule for case in everybody} | ({wanted.rule} if wanted.rule else set())),
            owners=sorted({case.owner for case in everybody if case.owner}),
            ages=[(age, sum(Age.of(case.opened_at, now) is age for case in shown)) for age in Age],
            severities=tuple(reversed(Severity)),
            now=now,
            reports=units is None and Role.OPERATOR in signed(request).principal.roles,
        )

    async def show(self, request: web.Request) -> web.Response:
        """One case."""
        return await self._page(request)

    async def settle(self, request: web.Request) -> web.Response:
        """A decision with its reason; a fault shows the page again."""
        fields = await bodies.form(request)
        told = {"act": fields.get("act", ""), "code": fields.get("code") or "confirmed"}
        told["reason"] = fields.get("reason", "")
        form, faults = check(CaseForm, told)
        if form is None:
            return await self._page(request, faults={fault.path: fault for fault in faults}, told=told)
        case, _ = await self._found(request)
        decided = await self._desk.settle_discrepancy(
            case.id,
            DiscrepancyState(form.act),
            form.reason,
            signed(request).principal,
            code=ReasonCode(form.code),
        )
        done = "proposed" if decided.proposed_by and decided.resolved_at is None else "settled"
        raise web.HTTPSeeOther(f"/discrepancies/{case.id}?done={done}")

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
            told=told or {"act": "acknowledged", "code": "confirmed", "reason": ""},
            codes=tuple(ReasonCode),
            grave=case.severity is Severity.HIGH,
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


def _one_of(kind: type[Choice], told: str, read: Callable[[str], object]) -> Choice | None:
    """The choice of a filter; None for nothing and for what nobody offers."""
    try:
        return kind(read(told)) if told else None
    except ValueError:
        return None
