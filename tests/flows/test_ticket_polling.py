"""Asking by ticket over a real socket: kept durably, opened once, nothing lost whatever happens in between."""

import asyncio
import datetime as dt
import os
import sys
from pathlib import Path

import pytest

from gateway import failpoints
from gateway.workers.tickets import PATIENCE, ticketing
from schemas.ids import ItemId, PeerId
from schemas.shipment import Item
from schemas.ticket import OpenedTicket
from schemas.tracking import Movement
from tests.flows.outbox_house import MONDAY, OutboxHouse, outbox_house
from tests.flows.test_questions import DAY, feeds, parcel, polls, register, requests

pytestmark = [pytest.mark.flow, pytest.mark.slow]
SOAP = PeerId("postal_soap")
MANY = 12
SETTINGS = {"ticket_from": 10}
NUMBERS = [parcel(n).number or "" for n in range(MANY)]


async def told(house: OutboxHouse, *numbers: str, code: str = "EMC") -> None:
    for number in numbers:
        await house.control(SOAP).event(number=number, code=code, at="2026-11-22T15:00:00+07:00", push=False)


async def many(house: OutboxHouse, count: int = MANY) -> list[ItemId]:
    return await register(house, *(parcel(n) for n in range(count)))


async def opened(house: OutboxHouse) -> tuple[OpenedTicket, ...]:
    return await house.store.read(lambda tx: tx.tickets.opened(SOAP))


async def given(house: OutboxHouse) -> list[str]:
    """Tickets that the post gave."""
    return [line["data"]["ticket"] for line in await house.control(SOAP).ledger(kind="applied")]


async def moving(house: OutboxHouse, items: list[ItemId]) -> list[bool]:
    found: tuple[Item, ...] = await house.store.read(lambda tx: tx.items.many(items))
    return [one.fold.movement is Movement.IN_TRANSIT for one in found]


async def patiently(house: OutboxHouse) -> None:
    """Ask until nothing is due any more: asking one by one has a budget that time fills."""
    worker = feeds(house)
    for _ in range(3 * MANY):
        await worker.once()
        await house.clock.move(1)


async def calls(house: OutboxHouse, operation: str) -> int:
    return len(await house.control(SOAP).ledger(kind="request", operation=operation))


async def test_many_due_items_are_asked_about_by_one_ticket(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        await feeds(house).once()
        assert await moving(house, items) == [True] * MANY
        assert (await requests(house), await calls(house, "OpenTicket")) == (0, 1)
        assert await opened(house) == ()
        assert all(one.last_at == MONDAY and one.next_at and one.next_at > MONDAY for one in await polls(house, items))


async def test_few_due_items_and_a_post_without_tickets_are_asked_one_by_one(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings={**SETTINGS, "ticket_from": 0}) as house:
        await many(house)
        await patiently(house)
        assert (await calls(house, "OpenTicket"), await requests(house)) == (0, MANY)
    (tmp_path / "few").mkdir()
    async with outbox_house(tmp_path / "few", SOAP, settings=SETTINGS) as house:
        await many(house, 9)
        await patiently(house)
        assert (await calls(house, "OpenTicket"), await requests(house)) == (0, 9)


async def test_pending_is_not_empty_and_the_ticket_is_kept_until_it_is_ready(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS, options={"ticket_ready_s": "60"}) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        await feeds(house).once()
        (kept,) = await opened(house)
        assert (kept.ticket, kept.next_at) == ("T-1", MONDAY + dt.timedelta(seconds=60))
        assert await moving(house, items) == [False] * MANY
        await house.clock.move(30)
        await feeds(house).once()
        assert (await requests(house), await calls(house, "GetItemsByTicket")) == (0, 0), "nobody asks before its time"
        await house.clock.move(31)
        await feeds(house).once()
        assert await opened(house), "the post's own clock has not come so far: PENDING"
        assert await moving(house, items) == [False] * MANY
        await house.control(SOAP).clock((MONDAY + dt.timedelta(minutes=2)).isoformat())
        await house.clock.move(31)
        await feeds(house).once()
        assert await moving(house, items) == [True] * MANY
        assert await given(house) == ["T-1"]


async def test_pages_are_applied_one_by_one_and_a_failure_in_between_repeats_none(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS, options={"ticket_page_size": "5"}) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        await house.control(SOAP).chaos("html_503", "GetItemsByTicket", skip=1)
        await feeds(house).once()
        (kept,) = await opened(house)
        assert (kept.page, len(kept.answered), sum(await moving(house, items))) == (2, 5, 5)
        assert await requests(house) == 0, "what the ticket will tell is not asked for twice"
        await house.clock.move(60)
        await feeds(house).once()
        assert (await opened(house), sum(await moving(house, items))) == ((), MANY)
        assert (await calls(house, "GetItemsByTicket"), len(await given(house))) == (4, 1)


@pytest.mark.parametrize("verb", ["reply_lost", "hang_up", "half_reply", "html_200", "throttle"])
async def test_an_opening_without_an_answer_is_repeated_and_opens_one_ticket(tmp_path: Path, verb: str) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        await house.control(SOAP).chaos(verb, "OpenTicket")
        await feeds(house).once()
        await house.clock.move(700)
        await feeds(house).once()
        assert await moving(house, items) == [True] * MANY
        assert (len(await given(house)), await opened(house)) == (1, ())


@pytest.mark.parametrize("place", failpoints.TICKETS)
async def test_a_process_killed_in_between_opens_nothing_twice_and_loses_nothing(tmp_path: Path, place: str) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.flows.ticket_child", f"sqlite:///{tmp_path / 'rows.db'}"),
            *(str(tmp_path / "blobs"), house.registry.peer(SOAP).settings.text("url")),
            env={**os.environ, failpoints.VARIABLE: place},
        )
        assert await child.wait() == 137
        (kept,) = await opened(house)
        assert (kept.ticket is None) == (place == "ticket.before_note")
        assert await moving(house, items) == [False] * MANY
        await house.clock.move(3600)
        await feeds(house).once()
        assert (await moving(house, items), await given(house)) == ([True] * MANY, ["T-1"])


async def test_a_ticket_that_fails_or_expires_or_is_forgotten_costs_no_item(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        await house.control(SOAP).chaos("refuse", "GetItemsByTicket")
        await feeds(house).once()
        assert await opened(house) == ()
        state = await house.store.read(lambda tx: tx.feeds.get(ticketing(SOAP)))
        assert state.failing_since == MONDAY and "FAILED" in state.last_error
        await patiently(house)
        assert await moving(house, items) == [True] * MANY
        stale = OpenedTicket(SOAP, parcel(1).carrier, "r-old", tuple(NUMBERS), MONDAY - DAY, MONDAY, "T-99", MONDAY)
        await house.store.write(lambda tx: tx.tickets.put_opened(stale))
        await house.clock.move(700)
        tried = await calls(house, "GetItemsByTicket")
        await feeds(house).once()
        assert await opened(house) == ()
        assert await calls(house, "GetItemsByTicket") == tried + 1, "404.01: given up at once"


async def test_an_item_that_the_page_leaves_open_is_asked_by_itself(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS, options={"forbidden": NUMBERS[3]}) as house:
        items = await many(house)
        odd = await register(house, parcel(50, number="không gửi được"))
        await told(house, *NUMBERS)
        day = dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
        minute = dt.timedelta(minutes=1)
        events: list[dict[str, object]] = [
            {"number": NUMBERS[0], "code": "EMC", "at": (day + n * minute).isoformat()} for n in range(205)
        ]
        await house.control(SOAP).event(events=events, push=False)
        await patiently(house)
        assert await moving(house, items) == [n != 3 for n in range(MANY)]
        log = await house.store.read(lambda tx: tx.events.of_item(items[0]))
        assert len(log) == 206, "cut short in the ticket, whole by GetItemHistory"
        assert await requests(house) == 3, "one that was cut in three pages"
        assert [one.last_at is not None for one in await polls(house, odd)] == [True], (
            "a number no contract carries is planned too"
        )


async def test_a_post_that_stays_pending_is_given_up(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings=SETTINGS, options={"ticket_ready_s": "999999"}) as house:
        items = await many(house)
        await told(house, *NUMBERS)
        await feeds(house).once()
        assert len(await opened(house)) == 1
        await house.clock.move((PATIENCE + dt.timedelta(hours=1)).total_seconds())
        await patiently(house)
        assert (await opened(house), await moving(house, items)) == ((), [True] * MANY)
