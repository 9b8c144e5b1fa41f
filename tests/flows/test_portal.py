"""The national portal from end to end: questions kept before they are read, answers sent once, dossiers born there."""

import asyncio
import base64
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.desk import portal as desk
from gateway.inbound.callbacks import pushing_of
from gateway.sample import province
from gateway.workers.citizens import Citizens, questions_of
from gateway.workers.inbox import Inbox
from schemas.dossier import Dossier, DossierState, IntakeMode, Request, RequestKind
from schemas.errors import KeyReused
from schemas.ids import DossierId, InboxNo, Sha256, UnitId
from schemas.message import (
    AttemptClass,
    Inbound,
    InboxState,
    Message,
    MessageState,
    NewInbound,
    Operation,
)
from schemas.ports.stores import Tx
from schemas.wire import Callback
from tests.contract.adapters.records import portal_answer, portal_rating, published_question
from tests.flows.outbox_house import MONDAY, OPERATOR, PORTAL, OutboxHouse, outbox_house
from tracking.advance import advance
from tracking.facts import Facts
from tracking.reading import load_context
from tracking.table import Trigger

pytestmark = pytest.mark.flow
S, C, Op = MessageState, AttemptClass, Operation
UNIT = UnitId("test-unit")
BORN = "G22.99-261120-000123"


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


# --- dossiers that are born at the portal -----------------------------------------------------------------------------


TAKES = {"inbound_units": {"*": province.COMMUNE}}


def notice(**changes: Any) -> bytes:
    plain = {
        "MaHoSo": BORN,
        "MaTTHC": "9.000012",
        "MaSoThue": "0199999999",
        "TenThuongNhan": "Công ty TNHH Mẫu",
        "DiaChiDoanhNghiep": {"MaTinh": "99", "MaHuyen": "", "MaXa": "99001", "DiaChiChiTiet": "Số 1"},
        "DienThoai": "0900000000",
        "TenTepDonDangKy": "don.pdf",
        "TepDonDangKy": base64.b64encode(b"%PDF-1.7").decode(),
    }
    return json.dumps({**plain, **changes}, ensure_ascii=False).encode()


async def arrives(house: OutboxHouse, body: bytes) -> InboxNo:
    """As the door stores it; then applied."""
    row = NewInbound(
        peer=PORTAL,
        kind="callback",
        ext_id=hashlib.sha256(body).hexdigest(),
        sha256=Sha256(hashlib.sha256(body).hexdigest()),
        body=body,
        headers=(),
        received_at=house.clock.now(),
        receipt="r",
        correlation_id="c",
    )
    stored, _ = await house.store.write(lambda tx: tx.inbox.put(row))
    await inbox_of(house).once()
    return stored.id


async def became(house: OutboxHouse, inbox: InboxNo) -> tuple[InboxState, str]:
    row = await house.store.read(lambda tx: tx.inbox.get(inbox))
    return row.state, row.detail


async def born(house: OutboxHouse) -> Dossier:
    found = await house.store.read(lambda tx: tx.dossiers.find(BORN))
    assert found is not None
    return found


async def test_a_dossier_born_at_the_portal_is_lodged_and_hears_our_states(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        state, detail = await became(house, await arrives(house, notice()))
        assert state is InboxState.APPLIED, detail
        dossier = await born(house)
        assert (dossier.state, dossier.intake_mode) == (DossierState.LODGED, IntakeMode.ONLINE)
        assert dossier.owner.name == "Công ty TNHH Mẫu"
        assert [alias.scheme for alias in dossier.aliases] == ["official", "peer:dvcqg"]
        assert [component.name for component in dossier.components] == ["don.pdf"]

        await accepted(house, dossier.id)
        await house.walk(dossier.id, 2, 4, 9)
        async with house.sending(PORTAL):
            for message in await house.messages(operation=Op.PORTAL_STATUS):
                await house.until_state(message.id, S.DELIVERED)
        lines = await house.control(PORTAL).applied("DongBoTrangThaiHoSo")
        assert [(line["data"]["data"]["MaHoSo"], line["data"]["data"]["TrangThai"]) for line in lines] == [
            (BORN, "2"),
            (BORN, "2"),
        ]


async def test_a_delivery_that_comes_again_is_one_dossier(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        first = await arrives(house, notice())
        again = await arrives(house, notice(DienThoai="0911111111"))
        assert first != again
        assert (await became(house, again)) == (
            InboxState.APPLIED,
            f"dossier {(await born(house)).id} is known already",
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"MaTTHC": "1.999999"}, "not in our catalogue"),
        ({"MaTTHC": ""}, "neither a dossier"),
        ({"TenThuongNhan": ""}, "names no owner"),
        ({"MaHoSo": ""}, "without a dossier code"),
        ({"TepDonDangKy": "§§§"}, "no base64"),
    ],
)
async def test_what_cannot_be_taken_in_is_held_back_with_the_reason(
    changes: dict[str, str], why: str, tmp_path: Path
) -> None:
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        state, detail = await became(house, await arrives(house, notice(**changes)))
        assert state is InboxState.QUARANTINED
        assert why in detail
        assert await house.store.read(lambda tx: tx.dossiers.find(BORN)) is None


async def test_a_procedure_that_no_unit_takes_in_waits_for_a_person(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL) as house:
        state, detail = await became(house, await arrives(house, notice()))
        assert state is InboxState.QUARANTINED
        assert "inbound_units" in detail


async def test_a_payment_at_the_portal_settles_the_fee(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        await arrives(house, notice())
        dossier = await born(house)

        def asked(tx: Tx) -> None:
            known = tx.dossiers.get(dossier.id)
            fee = Request(RequestKind.FEE, MONDAY, 1_250_000, None, None)
            tx.dossiers.put(
                dataclasses.replace(
                    known,
                    state=DossierState.FEE_ASKED,
                    national=6,
                    interrupted=(DossierState.PROCESSING,),
                    accepted_at=MONDAY,
                    requests=(fee,),
                )
            )

        await house.store.write(asked)
        paid = {"SoTien": "1250000", "TrangThaiThanhToan": "1", "ThoiGianThanhToan": "20261123091500"}
        body = {"service": "NhanChungTuThueDat", "data": {"MaHoSo": BORN, "ThongTinThanhToan": paid}}
        state, detail = await became(house, await arrives(house, json.dumps(body).encode()))
        assert (state, detail) == (InboxState.APPLIED, "1250000 đồng paid; the fee is settled")
        assert (await born(house)).state is DossierState.PROCESSING

        unpaid = {**body, "data": {"MaHoSo": "unknown-1", "ThongTinThanhToan": paid}}
        state, detail = await became(house, await arrives(house, json.dumps(unpaid).encode()))
        assert state is InboxState.QUARANTINED
        assert "no such dossier" in detail


async def test_the_door_wants_the_secret_before_anything_is_kept(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        pushing = pushing_of(house.registry)[PORTAL]
        assert pushing.signed_header
        body = notice()
        secret = "sandbox-inbound"
        for header, proven in ((f"Bearer {secret}", True), (secret, True), ("Bearer wrong", False), ("", False)):
            headers = (("authorization", header),)
            assert pushing.port.verify_header(Callback(PORTAL, headers, (), body, MONDAY)) is proven
        assert not pushing.port.verify_header(Callback(PORTAL, (), (), body, MONDAY))


async def test_the_portal_delivers_again_until_it_is_told_that_we_have_it(tmp_path: Path) -> None:
    """Its own push, over a socket: refused once, then taken with error_code 0."""
    heard: list[tuple[str, bytes]] = []
    twice = asyncio.Event()

    async def door(request: web.Request) -> web.Response:
        heard.append((request.headers["Authorization"], await request.read()))
        if len(heard) == 1:
            return web.json_response({"error_code": -1, "message": "bận"})
        twice.set()
        return web.json_response({"error_code": 0, "message": "Đã nhận"})

    app = web.Application()
    app.router.add_post("/callbacks/dvcqg", door)
    async with TestServer(app) as server:
        options = {"callback_url": str(server.make_url("/callbacks/dvcqg"))}
        async with outbox_house(tmp_path, PORTAL, options=options) as house:
            await house.control(PORTAL).event(code="deliver", body=notice().decode())
            async with asyncio.timeout(30):
                await twice.wait()
            assert heard[0] == heard[1] == ("Bearer sandbox-inbound", notice())


async def test_moving_a_born_dossier_by_the_table_tells_the_portal(tmp_path: Path) -> None:
    """The real moves, not only the router: accepted online, then at the competent unit."""
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        await arrives(house, notice())
        dossier = await born(house)

        def move(tx: Tx) -> None:
            for trigger in (Trigger.ACCEPT, Trigger.BEGIN_WORK):
                advance(
                    tx,
                    dossier.id,
                    trigger,
                    facts=Facts(),
                    at=MONDAY,
                    by="An",
                    source="desk",
                    unit=dossier.competent_unit,
                    tell=house.router,
                    now=MONDAY,
                    form="01",
                )

        await house.store.write(move)
        (back,) = await house.messages(operation=Op.PORTAL_STATUS)
        assert back.asserted_state == "4"
