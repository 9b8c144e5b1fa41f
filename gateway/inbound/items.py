"""What people record of an item: its sender has it back, it is searched for, it is recalled."""

from aiohttp import web

from gateway.accounts import Role
from gateway.desk.items import ItemAct, ItemDesk
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.forms.actions import ItemActForm
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.replies import ActionReply, write
from gateway.inbound.routes import Route, require
from schemas.errors import NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store
from schemas.shipment import Item

_SUMMARIES = {
    ItemAct.RECEIPT: "The sender has a returned item back and signed for it.",
    ItemAct.INQUIRY: "The carrier was asked to search for an item.",
    ItemAct.RECALL: "The carrier was asked to bring an item back.",
}


class ItemActions:
    """One address for each :class:`ItemAct`."""

    def __init__(self, *, store: Store, clock: Clock, desk: ItemDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        answers = {200: "ActionReply", 403: "ProblemReply", 404: "ProblemReply", 422: "ProblemReply"}
        return tuple(
            Route(
                "POST",
                f"/api/v1/items/{{number}}/{act}",
                self.record,
                require(Role.CLERK, Role.OPERATOR),
                summary=summary,
                takes="ItemActForm",
                answers=answers,
            )
            for act, summary in _SUMMARIES.items()
        )

    async def record(self, request: web.Request) -> web.Response:
        """Record it of the newest item of this number; a repetition changes nothing."""
        form = parse(ItemActForm, await bodies.json(request))
        act = ItemAct(request.path.rpartition("/")[2])
        principal = signed(request).principal
        item = await self._newest(request.match_info["number"])
        units = tuple(unit for unit in (item.sender_unit, item.receiver_unit) if unit is not None)
        if not scope.shares(principal, units):
            raise await scope.turn_away(self._store, principal, "item", str(item.id), self._clock.now())
        await self._desk.record(item.id, act, form.note, principal, at=form.at)
        reply = ActionReply(request.match_info["number"], act.value, item.number)
        return web.Response(body=write(reply), content_type="application/json")

    async def _newest(self, number: str) -> Item:
        found = await self._store.read(lambda tx: tx.items.find_number(number))
        if not found:
            raise NotFound(subject=number)
        return found[0]
