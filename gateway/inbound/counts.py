"""``POST /api/v1/dossiers/{code}/counts``: what a unit counted when the papers came."""

from aiohttp import web

from gateway.accounts import Role
from gateway.desk.counts import CountDesk
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.dossiers import look_up
from gateway.inbound.forms.actions import CountsForm
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.replies import ActionReply, write
from gateway.inbound.routes import Route, require
from schemas.ports.clock import Clock
from schemas.ports.stores import Store


class Counts:
    """The receiver's count for systems."""

    def __init__(self, *, store: Store, clock: Clock, desk: CountDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its one address."""
        answers = {200: "ActionReply", 403: "ProblemReply", 404: "ProblemReply", 422: "ProblemReply"}
        return (
            Route(
                "POST",
                "/api/v1/dossiers/{code}/counts",
                self.post,
                require(Role.CLERK, Role.OPERATOR),
                summary="The sheets that the unit counted when the papers came; a second count replaces the first.",
                takes="CountsForm",
                answers=answers,
            ),
        )

    async def post(self, request: web.Request) -> web.Response:
        """Keep the count; what differs from the counter's list opens a case (D-30)."""
        form = parse(CountsForm, await bodies.json(request))
        principal = signed(request).principal
        found = await look_up(self._store, request.match_info["code"], principal, self._clock.now())
        sheets = {one.no: one.sheets for one in form.papers}
        kept = await self._desk.record(found.dossier.code, sheets, principal)
        reply = ActionReply(kept.code, "counted")
        return web.Response(body=write(reply), content_type="application/json")
