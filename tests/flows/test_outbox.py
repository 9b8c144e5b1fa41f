"""Lanes against sandbox peers that lose, refuse, stall and die; what took effect is counted in the peers' ledgers."""

import dataclasses
from pathlib import Path

import pytest

from gateway.outbox import payload as payloads
from gateway.outbox.dispatch import Dispatcher
from schemas.dossier import Dossier
from schemas.errors import Applied, NotAllowed
from schemas.ids import DossierId, PeerId, UnitId
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
from schemas.shipment import BookingOrder, BookingState
from tests.flows.outbox_house import MONDAY, OPERATOR, PORTAL, POST, OutboxHouse, outbox_house

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


# --- unknown outcomes ------------------------------------------------------------------------------------------------


async def test_a_progress_whose_reply_was_lost_is_asked_about_and_not_sent_twice(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).chaos("reply_lost", "progress")
        await house.take_in(with_post=False)
        progress = await house.message(Op.PORTAL_PROGRESS)
        async with house.sending(PORTAL):
            doubtful = await house.until_state(progress.id, S.UNKNOWN)
            assert doubtful.next_try_at == MONDAY.replace(second=10)
            await house.clock.move(10)
            await house.until_state(progress.id, S.DELIVERED)
        assert await steps_at_the_portal(house) == [["1"]]
        assert await classes(house, progress) == [C.UNKNOWN, C.ASKED]


async def test_a_snapshot_whose_reply_was_lost_is_sent_again_and_is_created_once(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).chaos("reply_lost", "register")
        (receipt,) = await house.take_in(with_post=False)
        snapshot = await house.message(Op.PORTAL_DOSSIER)
        async with house.sending(PORTAL):
            await house.until_state(snapshot.id, S.UNKNOWN)
            await house.clock.move(10)
            await house.until_state(snapshot.id, S.DELIVERED)
        lines = await house.control(PORTAL).applied("DongBoHoSoMC")
        assert [line["data"]["mode"] for line in lines] == ["create", "update"]
        assert lines[0]["data"]["row"] == lines[1]["data"]["row"]
        assert await classes(house, snapshot) == [C.UNKNOWN, C.OK]
        known = await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))
        assert [(told.peer, told.national) for told in known.peer_states] == [(PORTAL, 1)]


async def test_an_order_whose_reply_was_lost_stays_unknown_until_the_feed_tells_and_is_never_booked_twice(
    tmp_path: Path,
) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.control(POST).chaos("reply_lost", "book")
        (receipt,) = await house.take_in()
        order = await house.message(Op.CARRIER_BOOK)
        async with house.sending(POST):
            await house.until_state(order.id, S.UNKNOWN, tries=1)
            await house.clock.move(10)
            waiting = await house.until_state(order.id, S.UNKNOWN, tries=2)
            assert waiting.last_detail == "the peer cannot tell the outcome"
            await house.control(POST).event(reference=receipt.code, number=receipt.item_number, code="1")
            await house.clock.move(60)
            await house.until_state(order.id, S.DELIVERED, tries=3)
        assert await orders_at_the_post(house) == [receipt.code]
        assert await classes(house, order) == [C.UNKNOWN, C.ASKED, C.ASKED]
        (booking,) = await house.store.read(lambda tx: tx.items.bookings(POST, receipt.code))
        assert booking.state is BookingState.ACCEPTED


async def test_after_the_delays_it_is_parked_and_a_person_retries_resolves_or_cancels_with_an_audit_row(
    tmp_path: Path,
) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.control(POST).chaos("reply_lost", "book", times=3)
        await house.take_in(3)
        async with house.sending(POST):
            await house.until_count(S.UNKNOWN, 3)
            for tries, delay_s in enumerate(DELAYS_S, start=2):
                await house.clock.move(delay_s)
                for order in await house.messages():
                    state = S.PARKED if tries > len(DELAYS_S) else S.UNKNOWN
                    await house.until_state(order.id, state, tries=tries)
            assert len(await orders_at_the_post(house)) == 3
            again, told, dropped = await house.messages()
            with pytest.raises(NotAllowed):
                await house.settle.resolve_message(told.id, "  ", OPERATOR)
            await house.settle.resolve_message(told.id, "bưu cục xác nhận đã có đơn", OPERATOR)
            await house.settle.cancel_message(dropped.id, "người dân tự mang đi", OPERATOR)
            await house.settle.retry_message(again.id, OPERATOR)
            await house.until_state(again.id, S.DELIVERED)
        assert [message.state for message in await house.messages()] == [S.DELIVERED, S.RESOLVED, S.CANCELLED]
        assert len(await orders_at_the_post(house)) == 4  # the person decided to send it once more
        acts = [*await house.acts("message.resolved"), *await house.acts("message.cancelled")]
        assert [(act.who, act.detail) for act in acts] == [
            (OPERATOR.who, "bưu cục xác nhận đã có đơn"),
            (OPERATOR.who, "người dân tự mang đi"),
        ]
        assert [act.object_key for act in await house.acts("message.pending")] == [str(again.id)]


async def test_a_question_that_fails_never_makes_it_pending(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.control(POST).chaos("reply_lost", "book")
        (receipt,) = await house.take_in()
        order = await house.message(Op.CARRIER_BOOK)
        async with house.sending(POST):
            await house.until_state(order.id, S.UNKNOWN, tries=1)
            await house.sandboxes[POST].kill()
            await house.clock.move(10)
            await house.until_state(order.id, S.UNKNOWN, tries=2)
            await house.sandboxes[POST].start()
            await house.control(POST).chaos("html_503", "read")
            await house.clock.move(60)
            await house.until_state(order.id, S.UNKNOWN, tries=3)
            await house.control(POST).event(reference=receipt.code, number=receipt.item_number, code="1")
            await house.clock.move(300)
            await house.until_state(order.id, S.DELIVERED, tries=4)
        assert await classes(house, order) == [C.UNKNOWN, C.OUTAGE, C.TRANSIENT, C.ASKED]
        assert await orders_at_the_post(house) == [receipt.code]


@pytest.mark.parametrize("reached", [True, False], ids=["after the peer took it", "before the peer heard of it"])
async def test_a_crash_between_lease_and_settling_is_found_at_the_next_start_and_asked_about(
    tmp_path: Path, reached: bool
) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        (receipt,) = await house.take_in(with_post=False)
        async with house.sending(PORTAL):
            await house.until_count(S.DELIVERED, 2)
        await house.walk(receipt.dossier, 2)
        snapshot, progress = await house.messages(states=(S.PENDING,))
        await house.settle.resolve_message(snapshot.id, "không cần cho phép thử này", OPERATOR)
        ((leased, _),) = await house.store.write(
            lambda tx: tx.messages.lease(PORTAL, now=MONDAY, until=MONDAY.replace(hour=23), limit=8)
        )
        assert leased.id == progress.id
        if reached:
            body = await house.store.read(lambda tx: tx.messages.body(leased.id))
            await Dispatcher(house.registry).send(leased, body, _nothing_is_left)
        # Here the power goes; the lease would last for hours.
        assert await house.sweeper.after_restart() == (progress.id,)
        async with house.sending(PORTAL):
            await house.until_state(progress.id, S.DELIVERED)
        assert await classes(house, progress) == [C.CRASHED, C.ASKED] + ([] if reached else [C.OK])
        assert await steps_at_the_portal(house) == [["1"], ["2"]]


async def _nothing_is_left(_rest: bytes) -> None:
    raise AssertionError("only a refused chunk is cut into steps")


# --- how tries end ---------------------------------------------------------------------------------------------------

ENDINGS = [
    ("html_503", C.TRANSIENT, S.PENDING, Applied.NO, 503),
    ("server_error", C.UNKNOWN, S.UNKNOWN, Applied.MAYBE, 500),
    ("html_200", C.MISUNDERSTOOD, S.UNKNOWN, Applied.MAYBE, 200),
    ("black_hole", C.UNKNOWN, S.UNKNOWN, Applied.MAYBE, None),
    ("hang_up", C.UNKNOWN, S.UNKNOWN, Applied.MAYBE, None),
    ("half_reply", C.UNKNOWN, S.UNKNOWN, Applied.MAYBE, 200),
    ("throttle", C.THROTTLED, S.PENDING, Applied.NO, 429),
    ("refuse", C.REFUSED, S.REFUSED, Applied.NO, None),
]


@pytest.mark.parametrize(("verb", "outcome", "state", "applied", "status"), ENDINGS, ids=[row[0] for row in ENDINGS])
async def test_each_bad_answer_leaves_an_attempt_of_its_class_with_the_raw_exchange_and_the_right_next_try(
    tmp_path: Path, verb: str, outcome: AttemptClass, state: MessageState, applied: Applied, status: int | None
) -> None:
    deadline = {"total_timeout_s": 2.0} if verb == "black_hole" else None
    async with outbox_house(tmp_path, PORTAL, settings=deadline) as house:
        await house.control(PORTAL).chaos(verb, "progress")
        (receipt,) = await house.take_in(with_post=False)
        progress = await house.message(Op.PORTAL_PROGRESS)
        async with house.sending(PORTAL):
            settled = await house.until_state(progress.id, state, tries=1)
        assert settled.next_try_at == (None if state is S.REFUSED else MONDAY.replace(second=10))
        (attempt,) = await house.attempts(progress)
        assert (attempt.outcome, attempt.applied, attempt.status) == (outcome, applied, status)
        assert attempt.ended_at == MONDAY
        exchange = attempt.exchanges[-1]
        assert receipt.code.encode() in exchange.request and b"CapNhatTienDoHoSoMC" in exchange.request
        assert b'"session":"***"' in exchange.request.replace(b'": "', b'":"')
        assert (exchange.reply == b"") is (verb in ("black_hole", "hang_up"))
        if verb in ("html_503", "server_error", "html_200"):
            assert b"<h1>Service Unavailable</h1>" in exchange.reply
        assert len(await steps_at_the_portal(house)) == (verb == "half_reply")


async def test_credentials_do_not_stand_in_what_is_kept_of_a_log_in(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await house.take_in()
        order = await house.message(Op.CARRIER_BOOK)
        async with house.sending(POST):
            await house.until_state(order.id, S.DELIVERED)
        (attempt,) = await house.attempts(order)
        login, booking = attempt.exchanges
        assert login.url.endswith("/token") and booking.url.endswith("/order")
        assert b"Authorization: ***" in login.request and b"Authorization: ***" in booking.request
        assert b'"access_token": "***"' in login.reply


async def test_retry_after_is_never_undercut_however_small_the_jitter(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        house.jitter = 0.0
        await house.control(PORTAL).chaos("throttle", "register")  # says Retry-After: 7
        await house.take_in(with_post=False)
        snapshot = await house.message(Op.PORTAL_DOSSIER)
        async with house.sending(PORTAL):
            waiting = await house.until_state(snapshot.id, S.PENDING, tries=1)
            assert waiting.next_try_at == MONDAY.replace(second=7)
            await house.clock.move(6)
            writes = house.store.writes
            house.bell.ring_now(PORTAL)
            await house.store.until(lambda _tx: house.store.writes > writes)
            assert (await house.message(Op.PORTAL_DOSSIER)).tries == 1
            await house.clock.move(1)
            await house.until_state(snapshot.id, S.DELIVERED, tries=2)


async def test_an_exception_that_no_adapter_may_raise_is_an_unknown_outcome_and_is_tried_again(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        (receipt,) = await house.take_in(with_post=False)
        async with house.sending(PORTAL):
            await house.until_count(S.DELIVERED, 2)
        broken = await house.store.write(lambda tx: tx.messages.put(_broken(receipt.dossier), now=MONDAY))
        async with house.sending(PORTAL):
            doubtful = await house.until_state(broken.id, S.UNKNOWN, tries=1)
            assert doubtful.next_try_at == MONDAY.replace(second=10)
            await house.clock.move(10)
            await house.until_state(broken.id, S.UNKNOWN, tries=2)
        assert await classes(house, broken) == [C.UNKNOWN, C.UNKNOWN]
        assert len(await steps_at_the_portal(house)) == 1


def _broken(dossier: DossierId) -> NewMessage:
    """A body that an older version wrote and this one cannot read."""
    return NewMessage(
        peer=PORTAL,
        operation=Op.PORTAL_PROGRESS,
        business_key="broken",
        dossier=dossier,
        item=None,
        unit=UnitId("muong-khat"),
        asserted_state="",
        as_of=MONDAY,
        body=b'{"steps": 7}',
        correlation_id="c",
    )


# --- order -----------------------------------------------------------------------------------------------------------


async def test_a_waiting_retry_holds_back_only_its_own_dossier_and_that_one_keeps_its_sequence(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).chaos("html_503", "register")
        await house.take_in(3, with_post=False)
        async with house.sending(PORTAL):
            await house.until_count(S.DELIVERED, 4)
            waiting, held = await house.messages(states=(S.PENDING,))
            assert waiting.dossier == held.dossier
            assert (waiting.operation, waiting.tries) == (Op.PORTAL_DOSSIER, 1)
            assert (held.operation, held.tries) == (Op.PORTAL_PROGRESS, 0)
            await house.clock.move(10)
            await house.until_count(S.DELIVERED, 6)
        effects = await house.control(PORTAL).applied()
        for code in {line["key"] for line in effects}:
            told = [line["operation"] for line in effects if line["key"] == code]
            assert told == ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]


async def test_one_of_a_dossier_is_in_flight_at_a_time(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).chaos("black_hole", "register")
        await house.take_in(with_post=False)
        async with house.sending(PORTAL):
            await house.seen(PORTAL, lambda lines: len(lines) == 1, kind="strike")
            house.bell.ring_now(PORTAL)
            await house.store.until_written(1)
            assert [message.state for message in await house.messages()] == [S.SENDING, S.PENDING]


async def test_stalled_calls_leave_the_other_dossiers_their_slots_up_to_max_in_flight(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST, settings={"max_in_flight": 3}) as house:
        await house.control(POST).chaos("black_hole", "book", times=2)
        await house.take_in(6)
        async with house.sending(POST):
            await house.until_count(S.DELIVERED, 4)
            await house.until_count(S.SENDING, 2)
        assert len(await orders_at_the_post(house)) == 4


async def test_no_more_than_max_in_flight_are_sent_at_once(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST, settings={"max_in_flight": 3}) as house:
        await house.control(POST).chaos("black_hole", "book", times=None)
        await house.take_in(6)
        async with house.sending(POST):
            await house.seen(POST, lambda lines: len(lines) == 3, kind="strike")
            house.bell.ring_now(POST)
            await house.store.until_written(1)
            states = [message.state for message in await house.messages()]
            assert (states.count(S.SENDING), states.count(S.PENDING)) == (3, 3)
            assert len(await house.control(POST).ledger(kind="request", operation="postOrder")) == 3


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
