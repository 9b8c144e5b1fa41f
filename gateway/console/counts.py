"""The receiver's count of the papers, from the dossier's page."""

from aiohttp import web

from gateway.accounts import Role
from gateway.desk.checks import Faults
from gateway.desk.counts import CountDesk
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.dossiers import look_up
from gateway.inbound.forms.actions import CountsForm
from gateway.inbound.forms.faults import check
from gateway.inbound.routes import Route, require
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

_FIELD = "sheets-"
_MOST_DIGITS = 6


class CountPages:
    """One form with a field for each paper."""

    def __init__(self, *, store: Store, clock: Clock, desk: CountDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its address."""
        return (Route("POST", "/dossiers/{code}/counts", self.record, require(Role.CLERK, Role.OPERATOR), page=True),)

    async def record(self, request: web.Request) -> web.StreamResponse:
        """Keep the count and show the dossier again; a field that is left empty was not counted."""
        fields = await bodies.form(request)
        told = [
            {"no": _whole(name.removeprefix(_FIELD)), "sheets": _whole(value)}
            for name, value in fields.items()
            if name.startswith(_FIELD) and value.strip()
        ]
        form, faults = check(CountsForm, {"papers": told})
        if form is None:
            raise Faults(faults)
        principal = signed(request).principal
        found = await look_up(self._store, request.match_info["code"], principal, self._clock.now())
        await self._desk.record(found.dossier.code, {one.no: one.sheets for one in form.papers}, principal)
        raise web.HTTPSeeOther(f"/dossiers/{found.dossier.code}?done=counted#papers")


def _whole(told: str) -> int | str:
    """A number where it is one: what is none is the form's to refuse."""
    text = told.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else told
