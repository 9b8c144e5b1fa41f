"""OpenTicket and GetItemsByTicket: the answer comes later, and PENDING is never mistaken for nothing."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit import xml
from adapters._kit.xml import Element
from gateway.inbound.soap import tickets
from schemas.ids import CarrierId
from schemas.tracking import StoredEvent
from tests.flows.soap_house import (
    KNOWN,
    NOW,
    NS,
    PEER,
    UNKNOWN,
    Said,
    SoapHouse,
    envelope,
    event,
    item,
    key,
    push_body,
    security,
    soap_house,
)

pytestmark = pytest.mark.flow
OTHERS = "EE473124829VN"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SoapHouse]:
    async with soap_house(tmp_path) as made:
        yield made


def question(*numbers: str, request: str = "r-1") -> str:
    told = "".join(f"<itemNumber>{number}</itemNumber>" for number in numbers)
    return f'<OpenTicket xmlns="{NS}"><requestId>{request}</requestId><items>{told}</items></OpenTicket>'


async def opened(house: SoapHouse, *numbers: str, request: str = "r-1") -> Said:
    return await house.post(house.envelope(question(*numbers, request=request)), operation="OpenTicket")


def fetch_body(ticket: str, page: int = 1) -> str:
    return f'<GetItemsByTicket xmlns="{NS}"><ticketId>{ticket}</ticketId><page>{page}</page></GetItemsByTicket>'


async def fetched(house: SoapHouse, ticket: str, page: int = 1) -> Said:
    return await house.post(house.envelope(fetch_body(ticket, page)), operation="GetItemsByTicket")


async def ticket_of(house: SoapHouse, *numbers: str, request: str = "r-1") -> str:
    said = await opened(house, *numbers, request=request)
    assert said.fault is None
    return xml.text(said.body, "ticketId") or ""


def items_of(said: Said) -> list[Element]:
    items = xml.child(said.body, "items")
    assert items is not None
    return list(xml.children(items))


async def with_events(house: SoapHouse, count: int, number: str = KNOWN) -> None:
    """An item with a log of its own, as the ingest would keep it."""
    bodies = [event(number, "EMC", f"2026-11-20T{n // 60:02}:{n % 60:02}:00+07:00") for n in range(count)]
    raw = house.envelope(push_body(*bodies))
    batch = house.adapter().read_push(raw, received_at=NOW).batch
    (known,) = await house.store.read(lambda tx: tx.items.find_number(number))
    await house.store.write(lambda tx: tx.events.append(known.id, [(one, None) for one in batch.events]))


async def test_a_ticket_is_pending_then_ready_then_expired_then_unknown(house: SoapHouse) -> None:
    await with_events(house, 3)
    await house.store.write(lambda tx: tx.items.add(item(OTHERS, carrier=CarrierId("ems"))))
    said = await opened(house, KNOWN, UNKNOWN, OTHERS)
    ticket = xml.text(said.body, "ticketId") or ""
    assert (said.count("readyAfterSeconds"), xml.text(said.body, "expiresAt")) == (2, "2026-11-21T08:00:00.000Z")
    pending = await fetched(house, ticket)
    assert (xml.text(pending.body, "state"), items_of(pending)) == ("PENDING", [])
    assert pending.count("retryAfterSeconds") == 2
    assert await house.desk.once() == 1
    ready = await fetched(house, ticket)
    told = [
        (xml.text(one, "itemNumber"), xml.text(one, "outcome"), xml.text(one, "complete")) for one in items_of(ready)
    ]
    assert told == [(KNOWN, "FOUND", "true"), (UNKNOWN, "UNKNOWN", None), (OTHERS, "UNKNOWN", None)]
    events = xml.child(items_of(ready)[0], "events")
    assert (events is not None and len(events), ready.count("page"), ready.count("pages")) == (3, 1, 1)
    assert (await opened(house, KNOWN, UNKNOWN, OTHERS)).count("readyAfterSeconds") == 0
    house.clock.at += dt.timedelta(days=1)
    expired = await fetched(house, ticket)
    assert (xml.text(expired.body, "state"), items_of(expired)) == ("EXPIRED", [])
    house.clock.at += tickets.KEPT + dt.timedelta(seconds=1)
    await house.desk.once()
    assert (await fetched(house, ticket)).fault == "404.01"


async def test_both_versions_serve_tickets(house: SoapHouse) -> None:
    said = await house.post_12(question(KNOWN), operation="OpenTicket")
    ticket = xml.text(said.body, "ticketId") or ""
    await house.desk.once()
    ready = await house.post_12(fetch_body(ticket), operation="GetItemsByTicket")
    assert xml.text(ready.body, "state") == "READY"
    lost = await house.post_12(fetch_body("nobody's"), operation="GetItemsByTicket")
    assert (lost.fault, lost.status) == ("404.01", 400)


async def test_the_same_request_is_the_same_ticket_and_another_question_is_refused(house: SoapHouse) -> None:
    said = await asyncio.gather(*(opened(house, KNOWN, UNKNOWN) for _ in range(5)))
    assert len({xml.text(one.body, "ticketId") for one in said}) == 1
    assert (await opened(house, UNKNOWN)).fault == "409.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("other")))
    theirs = await house.post(envelope(question(UNKNOWN), headers=security(NOW, user="other")), operation="OpenTicket")
    assert theirs.fault is None, "request ids of two callers are two things"


async def test_nobody_fetches_the_ticket_of_another(house: SoapHouse) -> None:
    ticket = await ticket_of(house, KNOWN)
    await house.desk.once()
    await house.store.write(lambda tx: tx.accounts.put_key(key("other")))
    raw = envelope(fetch_body(ticket), headers=security(NOW, user="other"))
    assert (await house.post(raw, operation="GetItemsByTicket")).fault == "404.01"


async def test_a_ticket_survives_the_process_that_gave_it(house: SoapHouse) -> None:
    """A desk that was killed in the middle leaves half of the pages; the next one begins them anew."""
    ticket = await ticket_of(house, KNOWN)
    await house.store.write(lambda tx: tx.tickets.put_page(ticket, 1, b"<items>torn"))
    assert xml.text((await fetched(house, ticket)).body, "state") == "PENDING", "pages without an end are not told"
    next_life = tickets.TicketDesk(house.store, clock=house.clock, readers=lambda _peer: house.adapter())
    assert await next_life.once() == 1
    assert [xml.text(one, "outcome") for one in items_of(await fetched(house, ticket))] == ["FOUND"]


async def test_the_desk_wakes_when_a_ticket_is_given(house: SoapHouse) -> None:
    running = asyncio.create_task(house.desk.run())
    ticket = await ticket_of(house, KNOWN)
    async with asyncio.timeout(10):
        while xml.text((await fetched(house, ticket)).body, "state") != "READY":
            assert not running.done()
    running.cancel()


async def test_many_items_come_in_pages(house: SoapHouse) -> None:
    numbers = [f"B{n:05}" for n in range(1200)]
    ticket = await ticket_of(house, *numbers, numbers[0])
    await house.desk.once()
    seen = []
    for page in (1, 2, 3):
        said = await fetched(house, ticket, page)
        assert (said.count("page"), said.count("pages")) == (page, 3)
        seen += [xml.text(one, "itemNumber") for one in items_of(said)]
    assert seen == numbers, "each once, in the order asked"
    beyond = await fetched(house, ticket, 4)
    assert beyond.fault == "400.02"


async def test_an_item_with_a_long_story_says_that_there_is_more(house: SoapHouse) -> None:
    await with_events(house, 205)
    ticket = await ticket_of(house, KNOWN)
    await house.desk.once()
    (told,) = items_of(await fetched(house, ticket))
    events = xml.child(told, "events")
    assert (xml.text(told, "code"), xml.text(told, "complete")) == (tickets.MORE, "false")
    assert events is not None and len(events) == 200
    stored: tuple[StoredEvent, ...] = await house.store.read(
        lambda tx: tx.events.of_item(tx.items.find_number(KNOWN)[0].id)
    )
    last = xml.text(list(xml.children(events))[-1], "occurred", "at")
    assert last is not None and last.startswith(stored[-1].event.occurred.wall)


async def test_a_page_is_bounded_by_its_bytes_too(house: SoapHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "PAGE_BYTES", 400)
    ticket = await ticket_of(house, *(f"B{n:05}" for n in range(10)))
    await house.desk.once()
    assert (await fetched(house, ticket)).count("pages") > 2


async def test_an_account_that_is_gone_gets_no_answer(house: SoapHouse) -> None:
    ticket = await ticket_of(house, KNOWN)
    await house.store.write(lambda tx: tx.accounts.put_key(key(active=False)))
    await house.desk.once()
    await house.store.write(lambda tx: tx.accounts.put_key(key()))
    assert xml.text((await fetched(house, ticket)).body, "state") == "FAILED"


async def test_too_many_waiting_tickets_are_told_to_come_later(house: SoapHouse) -> None:
    for n in range(tickets.MOST_WAITING):
        await ticket_of(house, KNOWN, request=f"r-{n}")
    said = await opened(house, KNOWN, request="one more")
    assert said.fault == "429.01" and said.detail is not None
    assert (xml.text(said.detail, "retryable"), xml.text(said.detail, "retryAfterSeconds")) == ("true", "30")
    assert (await opened(house, KNOWN, request="r-1")).fault is None, "what is known already is no new burden"
    await house.desk.once()
    assert (await opened(house, KNOWN, request="one more")).fault is None


async def test_a_nonce_opens_one_ticket(house: SoapHouse) -> None:
    raw = house.envelope(question(KNOWN))
    assert (await house.post(raw, operation="OpenTicket")).fault is None
    assert (await house.post(raw, operation="OpenTicket")).fault == "401.02"
    known = await house.store.read(lambda tx: tx.tickets.waiting(limit=9))
    assert [dataclasses.replace(one, id="").account for one in known] == ["post-soap"]
    assert PEER == "postal_soap"
