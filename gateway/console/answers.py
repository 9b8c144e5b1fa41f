"""Answering a unit's request from the dossier's page: the papers are here, the fee is paid."""

from aiohttp import web

from gateway.accounts import Role
from gateway.desk.checks import Faults
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.desks import AnswerDesk
from gateway.inbound.dossiers import look_up
from gateway.inbound.forms.actions import AnswerForm
from gateway.inbound.forms.faults import check
from gateway.inbound.routes import Route, require
from schemas.dossier import RequestKind
from schemas.ports.clock import Clock
from schemas.ports.stores import Store


class AnswerPages:
    """One button on the dossier's page."""

    def __init__(self, *, store: Store, clock: Clock, desk: AnswerDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its address."""
        return (Route("POST", "/dossiers/{code}/answer", self.answer, require(Role.CLERK, Role.OPERATOR), page=True),)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Note it and show the dossier again."""
        fields = await bodies.form(request)
        form, faults = check(AnswerForm, {"kind": fields.get("kind", ""), "proof": fields.get("proof", "")})
        if form is None:
            raise Faults(faults)
        principal = signed(request).principal
        found = await look_up(self._store, request.match_info["code"], principal, self._clock.now())
        await self._desk.answer(found.dossier.code, RequestKind(form.kind), proof=form.proof, principal=principal)
        raise web.HTTPSeeOther(f"/dossiers/{found.dossier.code}?done=answered#requests")
