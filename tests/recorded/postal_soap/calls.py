"""Calls of this peer alone: tickets."""

import datetime as dt

from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import TicketPull
from schemas.ticket import OpenedTicket
from tests.contract.adapters.calls import NUMBER, Ask, Scene

NUMBERS = (NUMBER, "EL000000014VN")
AT = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
TICKET = OpenedTicket(PeerId("postal_soap"), CarrierId("vnpost"), "r-7", NUMBERS, AT, AT, "T-2026-11-20-7")


async def _open(scene: Scene) -> object:
    return await scene.port(TicketPull).open_ticket(NUMBERS, request="r-7")


async def _fetch(scene: Scene) -> object:
    """The batch of a page, where a page has one: its complaints are judged as those of any batch."""
    page = await scene.port(TicketPull).fetch_ticket(TICKET)
    return page if page.batch is None else page.batch


CALLS: dict[str, Ask] = {
    "TicketPull.open_ticket": _open,
    "TicketPull.fetch_ticket": _fetch,
}
