"""The national portal from end to end: questions kept before they are read, answers sent once, figures foretold."""

import dataclasses
from pathlib import Path

import pytest

from gateway.desk import portal as desk
from gateway.workers.citizens import Citizens, questions_of
from gateway.workers.inbox import Inbox
from schemas.errors import KeyReused
from schemas.ids import DossierId, UnitId
from schemas.message import (
    AttemptClass,
    Inbound,
    InboxState,
    Message,
    MessageState,
    Operation,
)
from tests.contract.adapters.records import portal_answer, portal_rating, published_question
from tests.flows.outbox_house import MONDAY, OPERATOR, PORTAL, OutboxHouse, outbox_house
from tracking.reading import load_context

pytestmark = pytest.mark.flow
S, C, Op = MessageState, AttemptClass, Operation
UNIT = UnitId("test-unit")


def inbox_of(house: OutboxHouse) -> Inbox:
    return Inbox(house.store, registry=house.registry, clock=house.clock, tell=house.router, context=load_context)


def citizens_of(house: OutboxHouse, inbox: Inbox) -> Citizens:
    return Citizens(house.store, registry=house.registry, clock=house.clock, inbox=inbox, rhythm_s=60)


async def rows(house: OutboxHouse) -> list[Inbound]:
    return list(reversed(await house.store.read(lambda tx: tx.inbox.list(peer=PORTAL, limit=100))))


async def accepted(house: OutboxHouse, dossier: DossierId) -> None:
    """As the unit's acceptance leaves it: without the day of it the portal takes no later state."""
    await house.store.write(
        lambda tx: tx.dossiers.put(dataclasses.replace(tx.dossiers.get(dossier), accepted_at=MONDAY, due_final=True))
    )


async def told(house: OutboxHouse, what: desk.Told) -> Message:
    return await house.store.write(
        lambda tx: desk.tell(tx, PORTAL, what, unit=UNIT, principal=OPERATOR, clock=house.clock)
    )


# --- questions ----------------------------------------------------------------------------------------------------


async def test_questions_are_kept_raw_read_once_and_told_apart(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        inbox = inbox_of(house)
        citizens = citizens_of(house, inbox)
        await citizens.ask(PORTAL)
        assert [row.state for row in await rows(house)] == [InboxState.RECEIVED] * 2
        await inbox.once()
        kept = await rows(house)
        assert [(row.ext_id, row.state) for row in kept] == [
            ("question:4101", InboxState.APPLIED),
            ("question:4102", InboxState.APPLIED),
        ]
        assert b"NOIDUNG" in await house.store.read(lambda tx: tx.inbox.body(kept[0].id))

        await house.control(PORTAL).event(code="ask", reference="4103", text="Phí bao nhiêu?")
        await house.control(PORTAL).event(code="expire_sessions")
        await citizens.ask(PORTAL)
        assert len(await rows(house)) == 2, "not asked again before its time"
        await house.clock.move(600)
        await citizens.ask(PORTAL)
        await inbox.once()
        assert [row.ext_id for row in await rows(house)] == ["question:4101", "question:4102", "question:4103"]


async def test_a_question_without_words_is_held_back_and_hides_no_other(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).event(code="ask", reference="4103", text=" ")
        await house.control(PORTAL).event(code="ask", reference="4104", text="Còn tôi?")
        inbox = inbox_of(house)
        await citizens_of(house, inbox).ask(PORTAL)
        await inbox.once()
        states = {row.ext_id: row.state for row in await rows(house)}
        assert states["question:4103"] is InboxState.QUARANTINED
        assert states["question:4104"] is InboxState.APPLIED


async def test_an_outage_is_noted_and_not_an_empty_list(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        inbox = inbox_of(house)
        citizens = citizens_of(house, inbox)
        await citizens.ask(PORTAL)
        await house.sandboxes[PORTAL].kill()
        await house.clock.move(600)
        await citizens.ask(PORTAL)
        state = await house.store.read(lambda tx: tx.feeds.get(questions_of(PORTAL)))
        assert (state.failures, state.failing_since) == (1, house.clock.now())
        await house.sandboxes[PORTAL].start()
        await house.clock.move(600)
        await citizens.ask(PORTAL)
        state = await house.store.read(lambda tx: tx.feeds.get(questions_of(PORTAL)))
        assert (state.failures, state.last_ok_at) == (0, house.clock.now())


async def test_a_way_without_questions_is_asked_once_a_day(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, options={"variant": "query"}) as house:
        await citizens_of(house, inbox_of(house)).ask(PORTAL)
        state = await house.store.read(lambda tx: tx.feeds.get(questions_of(PORTAL)))
        assert state.next_at is not None
        assert (state.next_at - house.clock.now()).total_seconds() == 86_400
        assert "does not lead to" in state.last_error


# --- answers, published questions, ratings ----------------------------------------------------------------------------


async def test_an_answer_whose_reply_was_lost_is_asked_about_and_given_once(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).chaos("reply_lost", "answer_question")
        message = await told(house, portal_answer())
        assert message.dossier is None
        async with house.sending(PORTAL):
            await house.until_state(message.id, S.UNKNOWN)
            await house.clock.move(10)
            await house.until_state(message.id, S.DELIVERED)
        assert len(await house.control(PORTAL).applied("DongBoKetQuaHoiDapGuiTuDVCQG")) == 1
        assert [one.outcome for one in await house.attempts(message)] == [C.UNKNOWN, C.ASKED]


async def test_the_same_answer_is_one_message_and_another_one_is_refused(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        answer = portal_answer()
        first = await told(house, answer)
        assert (await told(house, dataclasses.replace(answer, at=MONDAY))).id == first.id
        with pytest.raises(KeyReused):
            await told(house, dataclasses.replace(answer, text="Không phải."))
        assert set(await house.store.read(lambda tx: desk.answered(tx, PORTAL))) == {"4101"}


async def test_what_is_of_no_dossier_waits_for_nobody(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        wrong = await told(house, portal_answer("no such question"))
        async with house.sending(PORTAL):
            await house.until_state(wrong.id, S.REFUSED)
        rating, published = await told(house, portal_rating()), await told(house, published_question())
        async with house.sending(PORTAL):
            await house.until_state(rating.id, S.DELIVERED)
            await house.until_state(published.id, S.DELIVERED)
        assert len(await house.control(PORTAL).applied("DongBoHoiDap")) == 1


async def test_a_rating_whose_reply_was_lost_waits_for_a_person(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        await house.control(PORTAL).chaos("reply_lost", "rate")
        message = await told(house, portal_rating())
        async with house.sending(PORTAL):
            await house.until_state(message.id, S.PARKED)
        assert len(await house.control(PORTAL).applied("DongBoDanhGia")) == 1


# --- indicators -------------------------------------------------------------------------------------------------------


async def test_what_the_figures_will_hold_against_a_dossier_stands_beside_its_delivery(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        (receipt,) = await house.take_in(with_post=False)
        snapshot = await house.message(Op.PORTAL_DOSSIER)
        async with house.sending(PORTAL):
            quiet = await house.until_state(snapshot.id, S.DELIVERED)
            await house.until_count(S.DELIVERED, 2)  # its steps too: a lane that is cut off would leave them in flight
        assert "indicators" not in quiet.last_detail, "not accepted, so not counted"

        await accepted(house, receipt.dossier)
        await house.walk(receipt.dossier, 9)
        snapshots = await house.messages(operation=Op.PORTAL_DOSSIER)
        async with house.sending(PORTAL):
            warned = await house.until_state(snapshots[-1].id, S.DELIVERED)
        assert warned.last_detail.endswith("national indicators not met: 4.1, 4.2, 4.3, 4.4, 4.5")
