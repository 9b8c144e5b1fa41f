"""Outages and stops of a peer, chunks of progress, repetitions: what the lanes save themselves and the peer."""

import asyncio
import dataclasses
from pathlib import Path

import pytest

from gateway.outbox import payload as payloads
from schemas.dossier import Dossier
from schemas.ids import PeerId
from schemas.message import (
    AttemptClass,
    DossierMoved,
    ItemOrdered,
    Message,
    MessageState,
    NewMessage,
    Operation,
)
from schemas.ports.message_stores import Breaker, MessageFilter
from schemas.ports.stores import Tx
from schemas.shipment import BookingOrder
from tests.flows.outbox_house import LIMIT_S, MONDAY, OPERATOR, PORTAL, POST, OutboxHouse, desk_house, outbox_house

pytestmark = pytest.mark.flow
C, S, Op = AttemptClass, MessageState, Operation
DELAYS_S = (10, 60, 300, 1800, 7200, 21600)


async def classes(house: OutboxHouse, message: Message) -> list[AttemptClass]:
    return [attempt.outcome for attempt in await house.attempts(message)]


async def steps_at_the_portal(house: OutboxHouse) -> list[list[str]]:
    """National codes of each call that took effect."""
    lines = await house.control(PORTAL).applied("CapNhatTienDoHoSoMC")
    return [[step["TrangThai"] for step in line["data"]["steps"]] for line in lines]


async def orders_at_the_post(house: OutboxHouse) -> list[str]:
    return [line["key"] for line in await house.control(POST).applied("postOrder")]


# --- breaker and stop ------------------------------------------------------------------------------------------------


def _breaker(tx: Tx, peer: PeerId = POST) -> Breaker:
    return tx.peers.breaker(peer)


def _tries(tx: Tx) -> int:
    return sum(message.tries for message in tx.messages.list(MessageFilter(), limit=500))


async def test_an_outage_with_fifty_messages_costs_a_few_tries_and_then_one_probe_per_interval(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.take_in(50)
        await house.sandboxes[POST].kill()
        async with house.sending(POST):
            await house.store.until(lambda tx: _breaker(tx).open_until is not None and not _in_flight(tx))
            spent = await house.store.read(_tries)
            # Who was in flight when the breaker opened had begun before.
            assert house.breaker.failures <= spent < house.breaker.failures + house.registry.peer(POST).max_in_flight
            for probe in (1, 2, 3):
                await house.clock.move(house.breaker.interval.total_seconds())
                await house.store.until(lambda tx, n=spent + probe: _tries(tx) == n and not _in_flight(tx))  # type: ignore[misc]  # a default argument fixes the loop's value
                opened = await house.store.read(_breaker)
                assert opened.open_until == house.clock.now() + house.breaker.interval
            await house.sandboxes[POST].start()
            await house.clock.move(house.breaker.interval.total_seconds())
            await house.store.until(lambda tx: _breaker(tx).open_until is None)
            await house.clock.move(600)
            await house.until_count(S.DELIVERED, 50)
        orders = await orders_at_the_post(house)
        assert len(orders) == len(set(orders)) == 50
        closed = await house.store.read(_breaker)
        assert (closed.failures, closed.last_error) == (0, "")


def _in_flight(tx: Tx) -> int:
    return len(tx.messages.list(MessageFilter(states=(S.SENDING,)), limit=500))


async def test_while_a_probe_is_on_its_way_no_second_one_leaves_however_often_the_bell_rings(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.take_in(5)
        past = dataclasses.replace(await house.store.read(_breaker), failures=5, open_until=MONDAY)
        await house.store.write(lambda tx: tx.peers.put_breaker(past))
        await house.control(POST).chaos("black_hole", "book", times=None)
        async with house.sending(POST):
            await house.seen(POST, lambda lines: len(lines) == 1, kind="strike")
            for _ in range(3):
                house.bell.ring_now(POST)
                await house.store.until_written(1)
            assert await house.store.read(_tries) == 1


async def test_after_a_probe_that_succeeds_every_slot_opens_again(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST, settings={"max_in_flight": 3}) as house:
        await house.take_in(6)
        past = dataclasses.replace(await house.store.read(_breaker), failures=5, open_until=MONDAY)
        await house.store.write(lambda tx: tx.peers.put_breaker(past))
        await house.control(POST).chaos("black_hole", "book", times=None, skip=1)
        async with house.sending(POST):
            await house.until_count(S.DELIVERED, 1)
            await house.until_count(S.SENDING, 3)


async def test_a_refusal_that_never_reached_the_peer_does_not_close_its_breaker(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.take_in(1)
        order = await house.message(Op.CARRIER_BOOK)
        body = await house.store.read(lambda tx: tx.messages.body(order.id))
        nameless = body.replace("Vì".encode(), b"").replace(b'"phone":"0100', b'"phone":"","was":"0100')
        past = dataclasses.replace(await house.store.read(_breaker), failures=5, open_until=MONDAY)

        def spoil(tx: Tx) -> None:
            tx.messages.extend_pending(order.id, nameless, asserted_state="", as_of=MONDAY)
            tx.peers.put_breaker(past)

        await house.store.write(spoil)
        async with house.sending(POST):
            await house.until_state(order.id, S.REFUSED)
        assert await house.store.read(_breaker) == past
        assert await house.control(POST).ledger(kind="request") == []


async def test_a_peer_that_a_person_stopped_hears_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        running = await house.store.read(_breaker)
        stopped = dataclasses.replace(running, stopped=True)
        await house.store.write(lambda tx: tx.peers.put_breaker(stopped))
        await house.take_in(5)
        async with house.sending(POST):
            await house.store.until_written(1)  # the first look
            house.bell.ring_now(POST)
            await house.store.until_written(1)
            await house.clock.move(3600)
            assert await house.store.read(_tries) == 0
            assert await house.control(POST).ledger(kind="request") == []
            await house.store.write(lambda tx: tx.peers.put_breaker(running))
            house.bell.ring_now(POST)
            await house.until_count(S.DELIVERED, 5)
        assert len(await orders_at_the_post(house)) == 5


async def test_a_ring_that_comes_while_a_wait_is_given_up_is_heard_by_the_next_one(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as house:
        given_up = asyncio.create_task(house.bell.wait(PORTAL, None))
        await house.bell.wait(POST, house.clock.now())  # meanwhile the other one has begun
        house.bell.ring_now(PORTAL)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        async with asyncio.timeout(LIMIT_S):
            await house.bell.wait(PORTAL, None)


# --- chunks and snapshots --------------------------------------------------------------------------------------------


async def test_ten_waiting_steps_travel_as_one_message_and_the_snapshot_is_the_newest(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        (receipt,) = await house.take_in(with_post=False)
        nationals = (2, 4, 5, 4, 6, 4, 5, 4, 6, 4, 5)
        await house.walk(receipt.dossier, *nationals)
        assert [message.operation for message in await house.messages()] == [
            Op.PORTAL_DOSSIER,
            Op.PORTAL_PROGRESS,
            Op.PORTAL_PROGRESS,
        ]
        async with house.sending(PORTAL):
            await house.until_count(S.DELIVERED, 3)
        told = [str(national) for national in (1, *nationals)]
        assert await steps_at_the_portal(house) == [told[:10], told[10:]]
        (line,) = await house.control(PORTAL).applied("DongBoHoSoMC")
        assert line["data"]["row"]["TrangThaiHoSo"] == "5"


async def test_a_refused_chunk_goes_step_by_step_and_the_refused_step_is_named(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        (receipt,) = await house.take_in(with_post=False)
        await house.walk(receipt.dossier, 2, 4, 5, reasons={2: "chuyển xử lý @refuse"})
        progress = await house.message(Op.PORTAL_PROGRESS)
        async with house.sending(PORTAL):
            refused = await house.until_state(progress.id, S.REFUSED)
            assert refused.last_detail.startswith("step 3 of 4 (4, 2026-11-23 09:02:00, chuyển xử lý @refuse): ")
            assert "Từ chối theo kịch bản" in refused.last_detail
            assert await steps_at_the_portal(house) == [["1"], ["2"]]
            await house.settle.retry_message(progress.id, OPERATOR)
            again = await house.until_state(progress.id, S.REFUSED, tries=2)
            assert again.last_detail.startswith("step 1 of 2 (4, ")
        assert await steps_at_the_portal(house) == [["1"], ["2"]]
        assert again.digest == refused.digest == progress.digest


async def test_steps_that_were_accepted_before_a_crash_are_not_told_again(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        (receipt,) = await house.take_in(with_post=False)
        await house.walk(receipt.dossier, 2, 4, 5)
        progress = await house.message(Op.PORTAL_PROGRESS)
        await house.control(PORTAL).chaos("refuse", "progress")
        await house.control(PORTAL).chaos("black_hole", "progress", skip=3)
        async with house.sending(PORTAL):
            await house.seen(PORTAL, lambda lines: bool(lines), kind="strike")
        assert await steps_at_the_portal(house) == [["1"], ["2"]]
        assert await house.sweeper.after_restart() == (progress.id,)
        async with house.sending(PORTAL):
            await house.until_state(progress.id, S.DELIVERED)
        assert await steps_at_the_portal(house) == [["1"], ["2"], ["4", "5"]]
        assert await classes(house, progress) == [C.CRASHED, C.ASKED, C.OK]


# --- repetitions -----------------------------------------------------------------------------------------------------


async def test_a_fact_that_is_told_twice_gives_one_message(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, POST) as house:
        (receipt,) = await house.take_in()
        before = await house.messages()
        order = await house.message(Op.CARRIER_BOOK)
        dossier = await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))
        await house.store.write(lambda tx: _tell_again(house, tx, dossier, order))
        assert [(each.id, each.digest) for each in await house.messages()] == [
            (each.id, each.digest) for each in before
        ]
        async with house.sending(PORTAL, POST):
            await house.until_count(S.DELIVERED, 3)
        await house.store.write(lambda tx: _tell_again(house, tx, dossier, order))
        assert len(await house.messages()) == 3
        assert await steps_at_the_portal(house) == [["1"]]
        assert len(await orders_at_the_post(house)) == 1


def _tell_again(house: OutboxHouse, tx: Tx, dossier: Dossier, order: Message) -> None:
    lodged = dataclasses.replace(dossier, history=dossier.history[:1])
    house.router(tx, DossierMoved(lodged, lodged.history[0], None))
    payload = _order_of(tx, order)
    house.router(tx, ItemOrdered(dossier, dataclasses.replace(payload, seq=1)))


def _order_of(tx: Tx, order: Message) -> BookingOrder:
    payload = payloads.decode(order.operation, tx.messages.body(order.id))
    assert isinstance(payload, BookingOrder)
    return payload


async def test_a_replay_is_a_row_of_its_own_and_the_first_one_stays_as_it_was(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.take_in(with_post=False)
        async with house.sending(PORTAL):
            await house.until_count(S.DELIVERED, 2)
        first = await house.message(Op.PORTAL_DOSSIER)
        body = await house.store.read(lambda tx: tx.messages.body(first.id))

        def replay(tx: Tx, nonce: str) -> Message:
            again = NewMessage(
                peer=first.peer,
                operation=first.operation,
                business_key=first.business_key,
                dossier=first.dossier,
                item=None,
                unit=first.unit,
                asserted_state=first.asserted_state,
                as_of=first.as_of,
                body=body,
                correlation_id=first.correlation_id,
                replay_of=first.id if nonce else None,
                nonce=nonce,
            )
            return tx.messages.put(again, now=MONDAY)

        assert (await house.store.write(lambda tx: replay(tx, ""))).id == first.id
        made = await house.store.write(lambda tx: replay(tx, "r-1"))
        assert (made.replay_of, made.state, made.sequence) == (first.id, S.PENDING, 3)
        assert (await house.store.write(lambda tx: replay(tx, "r-1"))).id == made.id
        async with house.sending(PORTAL):
            await house.until_state(made.id, S.DELIVERED)
        assert await house.store.read(lambda tx: tx.messages.get(first.id)) == first
