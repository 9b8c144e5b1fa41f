"""Tickets of both directions, on both databases."""

import dataclasses
import datetime as dt

import pytest

from gateway.storage.database import Database
from schemas.errors import NotFound
from schemas.ids import CarrierId, PeerId, Sha256
from schemas.ticket import GivenTicket, OpenedTicket, TicketState
from tests.contract.stores.records import T0, later

POST = PeerId("postal_soap")
DAY = dt.timedelta(days=1)


def given(name: str = "t-1", **changes: object) -> GivenTicket:
    plain = GivenTicket(name, "post", f"r-{name}", Sha256("0" * 64), ("A", "B"), T0, T0 + DAY)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values


async def test_the_same_request_gets_the_same_ticket(database: Database) -> None:
    first = await database.write(lambda tx: tx.tickets.give(given()))
    again = await database.write(lambda tx: tx.tickets.give(given("t-2", request="r-t-1", opened_at=later(60))))
    other = await database.write(lambda tx: tx.tickets.give(given("t-3", request="r-t-1", account="somebody")))
    assert (first, again, other[1]) == ((given(), True), (given(), False), True)
    assert await database.read(lambda tx: tx.tickets.given("t-1")) == given()
    assert await database.read(lambda tx: tx.tickets.given("t-2")) is None


async def test_an_answer_is_pages_and_then_a_state(database: Database) -> None:
    late, early = given("late", opened_at=later(5)), given("early")
    await database.write(lambda tx: [tx.tickets.give(one) for one in (late, early)])
    assert await database.read(lambda tx: tx.tickets.waiting(limit=5)) == (early, late)
    assert await database.read(lambda tx: tx.tickets.waiting(limit=1)) == (early,)
    for body in (b"torn", b"\x00whole"):
        await database.write(lambda tx, body=body: tx.tickets.put_page("early", 1, body))  # type: ignore[misc]  # bound now
    await database.write(lambda tx: tx.tickets.settle("early", TicketState.READY, pages=1))
    await database.write(lambda tx: tx.tickets.settle("late", TicketState.FAILED, why="a slip"))
    ready = await database.read(lambda tx: tx.tickets.given("early"))
    failed = await database.read(lambda tx: tx.tickets.given("late"))
    assert ready is not None and failed is not None
    assert (ready.state, ready.pages, failed.state, failed.why) == (TicketState.READY, 1, TicketState.FAILED, "a slip")
    assert await database.read(lambda tx: (tx.tickets.page("early", 1), tx.tickets.page("early", 2))) == (
        b"\x00whole",
        None,
    )
    assert await database.read(lambda tx: tx.tickets.waiting(limit=5)) == ()
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.tickets.settle("nobody", TicketState.READY))


async def test_what_expired_loses_its_pages_first_and_its_row_later(database: Database) -> None:
    young = given("young", expires_at=T0 + 5 * DAY)
    await database.write(lambda tx: [tx.tickets.give(one) for one in (given(), young)])
    for one in ("t-1", "young"):
        await database.write(lambda tx, one=one: tx.tickets.put_page(one, 1, b"x"))  # type: ignore[misc]  # bound now
    await database.write(lambda tx: tx.tickets.drop_pages(now=T0 + 2 * DAY))
    assert await database.read(lambda tx: (tx.tickets.page("t-1", 1), tx.tickets.page("young", 1))) == (None, b"x")
    assert await database.read(lambda tx: tx.tickets.given("t-1")) == given()
    assert await database.write(lambda tx: tx.tickets.forget(expired_before=T0 + 2 * DAY)) == 1
    assert await database.read(lambda tx: (tx.tickets.given("t-1"), tx.tickets.given("young"))) == (None, young)


async def test_a_ticket_at_a_peer_stands_before_it_is_opened_and_until_it_is_closed(database: Database) -> None:
    before = OpenedTicket(POST, CarrierId("vnpost"), "r-1", ("A", "B"), T0, T0)
    other = dataclasses.replace(before, peer=PeerId("other"), request="r-2")
    for one in (before, other):
        await database.write(lambda tx, one=one: tx.tickets.put_opened(one))  # type: ignore[misc]  # bound now
    assert await database.read(lambda tx: tx.tickets.opened(POST)) == (before,)
    known = dataclasses.replace(before, ticket="T-1", expires_at=T0 + DAY, page=2, answered=("A",), next_at=later(5))
    await database.write(lambda tx: tx.tickets.put_opened(known))
    assert await database.read(lambda tx: tx.tickets.opened(POST)) == (known,)
    await database.write(lambda tx: tx.tickets.close(known))
    assert await database.read(lambda tx: (tx.tickets.opened(POST), tx.tickets.opened(other.peer))) == ((), (other,))
