"""Recording what a person knows of an item, from its dossier's page."""

import datetime as dt

from aiohttp import web

from gateway.accounts import Role
from gateway.desk.checks import Faults
from gateway.desk.items import ItemAct, ItemDesk
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.dossiers import look_up
from gateway.inbound.forms.actions import ItemActForm
from gateway.inbound.forms.faults import check
from gateway.inbound.routes import Route, require
from schemas.calendar import VIETNAM
from schemas.errors import NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store


class ItemPages:
    """One form on the dossier's page for each item."""

    def __init__(self, *, store: Store, clock: Clock, desk: ItemDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its address."""
        return (
            Route("POST", "/dossiers/{code}/items/{id}", self.record, require(Role.CLERK, Role.OPERATOR), page=True),
        )

    async def record(self, request: web.Request) -> web.StreamResponse:
        """Record it and show the dossier again; a time without zone is the wall time of Viet Nam."""
        fields = await bodies.form(request)
        principal, now = signed(request).principal, self._clock.now()
        told = fields.get("at") or now.astimezone(VIETNAM).isoformat()
        form, faults = check(ItemActForm, {"note": fields.get("note", ""), "at": _zoned(told)})
        if form is None or fields.get("act", "") not in list(ItemAct):
            raise Faults(faults)
        found = await look_up(self._store, request.match_info["code"], principal, now)
        item = next((one.item for one in found.items if str(one.item.id) == request.match_info["id"]), None)
        if item is None:
            raise NotFound(subject=request.match_info["id"])
        await self._desk.record(item.id, ItemAct(fields["act"]), form.note, principal, at=form.at)
        raise web.HTTPSeeOther(f"/dossiers/{found.dossier.code}?done=recorded#items")


def _zoned(told: str) -> str:
    try:
        at = dt.datetime.fromisoformat(told)
    except ValueError:
        return told
    return (at if at.tzinfo else at.replace(tzinfo=VIETNAM)).isoformat()
