"""Lanes against sandbox peers that lose, refuse, stall and die; what took effect is counted in the peers' ledgers."""

from pathlib import Path

import pytest

from gateway.outbox.dispatch import Dispatcher
from schemas.errors import Applied, NotAllowed
from schemas.ids import DossierId, UnitId
from schemas.message import (
    AttemptClass,
    Message,
    MessageState,
    NewMessage,
    Operation,
)
from schemas.shipment import BookingState
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
