"""What only VNPost HCC has, against its sandbox in a process of its own: paging, overlap, tokens, the outcome query."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from schemas.errors import Refused, Unauthorised, Unknown
from schemas.ids import CarrierId, PeerId
from schemas.message import Operation
from schemas.ports.carrier import (
    Answer,
    Booking,
    OutcomeQuery,
    Prober,
    TrackingFeed,
)
from schemas.shipment import BookingOrder
from schemas.tracking import TrackingEvent
from tests.contract.adapters import records
from tests.contract.adapters.bench import RealClock

PEER = PeerId("vnpost_hcc")
Peers = Callable[..., Registry]


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxProcess]:
    async with SandboxProcess(PEER, ledger=tmp_path / "ledger.jsonl") as process:
        yield process


@pytest.fixture
async def peers(sandbox: SandboxProcess) -> AsyncIterator[Peers]:
    made: list[Registry] = []

    def make(**more: object) -> Registry:
        registry = Registry.load({PEER: {**sandbox.settings, "enabled": True, **more}}, clock=RealClock())
        made.append(registry)
        return registry

    yield make
    await asyncio.gather(*(registry.aclose() for registry in made))


def order(**more: object) -> BookingOrder:
    return dataclasses.replace(records.order(CarrierId("vnpost")), **more)  # type: ignore[arg-type]  # fields by name


async def to_the_end(feed: TrackingFeed, cursor: str | None) -> tuple[list[TrackingEvent], str | None, int]:
    events: list[TrackingEvent] = []
    for pages in range(1, 100):
        batch = await feed.read(cursor)
        events += batch.events
        cursor = batch.next_cursor
        if not batch.more:
            return events, cursor, pages
    raise AssertionError("the feed does not end")


async def rows(sandbox: SandboxProcess, n: int, **more: object) -> list[str]:
    numbers = [records.new_number() for _ in range(n)]
    for number in numbers:
        await sandbox.control.event(number=number, reference=records.new_code(), code="2", **more)
    return numbers


async def test_many_small_pages_lose_nothing_and_come_to_an_end(sandbox: SandboxProcess, peers: Peers) -> None:
    numbers = await rows(sandbox, 23)
    feed = peers(page_size=5).port(PEER, TrackingFeed)
    events, cursor, pages = await to_the_end(feed, None)
    assert [event.number for event in events] == numbers
    assert pages == 5
    more = await rows(sandbox, 2)
    again, _, _ = await to_the_end(feed, cursor)
    assert {event.number for event in again} == {*numbers, *more}, "the overlap is read again"


async def test_a_row_that_appears_behind_the_cursor_is_not_lost(sandbox: SandboxProcess, peers: Peers) -> None:
    """Object ids are in the order of begin, not of commit (docs/adr/0033)."""
    feed = peers().port(PEER, TrackingFeed)
    await rows(sandbox, 3)
    _, cursor, _ = await to_the_end(feed, None)
    (late,) = await rows(sandbox, 1, id_back_s=600)
    events, after, _ = await to_the_end(feed, cursor)
    assert late in {event.number for event in events}
    assert after == cursor, "a late row does not move the cursor back"
    (lost,) = await rows(sandbox, 1, id_back_s=3600)
    events, _, _ = await to_the_end(feed, cursor)
    assert lost not in {event.number for event in events}, "beyond the overlap: the setting is the limit"


async def test_an_unclear_reply_is_an_unknown_outcome(peers: Peers) -> None:
    with pytest.raises(Unknown) as caught:
        await peers().port(PEER, Booking).book(order(contents="@refuse.101"))
    assert caught.value.code == "101"


async def test_the_outcome_is_found_in_the_feed_once_the_item_moves(sandbox: SandboxProcess, peers: Peers) -> None:
    told = order(contents="@reply_lost @sequence.9d-2")
    registry = peers(page_size=5)
    since = RealClock().now() - dt.timedelta(seconds=1)
    with pytest.raises(Unknown):
        await registry.port(PEER, Booking).book(told)
    query = registry.port(PEER, OutcomeQuery)
    assert await query.ask(Operation.CARRIER_BOOK, told, since=since) is Answer.CANNOT_TELL
    await rows(sandbox, 12)
    assert await sandbox.control.steps(1) == 1
    assert await query.ask(Operation.CARRIER_BOOK, told, since=since) is Answer.APPLIED
    other = order(reference=told.reference, seq=2)
    assert await query.ask(Operation.CARRIER_BOOK, other, since=since) is Answer.CANNOT_TELL
    assert await query.ask(Operation.CARRIER_CANCEL, told, since=since) is Answer.CANNOT_TELL


async def test_an_order_sent_twice_is_booked_twice(sandbox: SandboxProcess, peers: Peers) -> None:
    """Nothing in the contract says that a repetition is recognised; whoever resends must know it."""
    booking = peers().port(PEER, Booking)
    told = order()
    await booking.book(told)
    await booking.book(told)
    assert [line["key"] for line in await sandbox.control.applied("postOrder")] == [told.reference] * 2


async def test_what_does_not_exist_cannot_be_cancelled(peers: Peers) -> None:
    with pytest.raises(Refused, match="Không tìm thấy đơn hàng") as caught:
        await peers().port(PEER, Booking).cancel(order())
    assert caught.value.code == "404"


async def test_a_token_that_ran_out_is_renewed_without_a_second_booking(tmp_path: Path) -> None:
    options = {"token_ttl": "100000"}
    async with SandboxProcess(PEER, ledger=tmp_path / "ledger.jsonl", options=options) as sandbox:
        registry = Registry.load({PEER: {**sandbox.settings, "enabled": True}}, clock=RealClock())
        booking = registry.port(PEER, Booking)
        await booking.book(order())
        tomorrow = RealClock().now() + dt.timedelta(days=2)
        await sandbox.control.clock(tomorrow.isoformat())
        with recording() as exchanges:
            await booking.book(order())
        assert [exchange.status for exchange in exchanges] == [401, 200, 200]
        assert len(await sandbox.control.applied("postOrder")) == 2
        await registry.aclose()


async def test_the_token_may_stand_in_a_header_of_its_own(peers: Peers) -> None:
    with recording() as exchanges:
        await peers(token_header="access_token").port(PEER, Booking).book(order())
    assert b"access_token: ***" in exchanges[-1].request
    assert b"Authorization" not in exchanges[-1].request


async def test_wrong_secrets_are_unauthorised(peers: Peers) -> None:
    registry = peers(secret="wrong")
    with pytest.raises(Unauthorised):
        await registry.port(PEER, Booking).book(order())
    probe = await registry.port(PEER, Prober).probe()
    assert not probe.ok
    assert "log-in refused" in probe.what


@pytest.mark.parametrize("told", [{"at": "yesterday"}, {"at": "2026-11-20T10:00:00"}, {"id_back_s": "x"}])
async def test_an_event_that_the_sandbox_cannot_take_leaves_no_line(
    sandbox: SandboxProcess, told: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="__sandbox__/event"):
        await sandbox.control.event(number=records.new_number(), **told)
    assert await sandbox.control.ledger() == []
    await sandbox.control.event(number=records.new_number(), code="no number at all")
    await sandbox.kill()
    await sandbox.start()
    assert len(await sandbox.control.ledger()) == 1


async def test_forty_orders_at_once_through_a_bad_line_are_all_accounted_for(
    sandbox: SandboxProcess, peers: Peers
) -> None:
    """Seeded: three in ten replies are lost after applying, two in ten calls never reach the handler."""
    await sandbox.control.chaos("reply_lost", "postOrder", times=None, probability=0.3, seed=7)
    await sandbox.control.chaos("html_503", "postOrder", times=None, probability=0.2, seed=8)
    booking = peers().port(PEER, Booking)
    orders = [order() for _ in range(40)]
    results = await asyncio.gather(*(booking.book(told) for told in orders), return_exceptions=True)
    applied = {line["key"] for line in await sandbox.control.applied("postOrder")}
    for told, result in zip(orders, results, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, Unknown):
            assert told.reference not in applied, f"{result!r} says that nothing was applied"
        else:
            assert told.reference in applied
    assert any(isinstance(result, Unknown) for result in results)
    assert len(applied) < len(orders)
