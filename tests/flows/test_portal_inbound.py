"""Dossiers that are born at the national portal: delivered, taken in once, and told our states of."""

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

from gateway.inbound.callbacks import pushing_of
from gateway.sample import province
from gateway.workers.inbox import Inbox
from schemas.dossier import Dossier, DossierState, IntakeMode, Request, RequestKind
from schemas.ids import DossierId, InboxNo, Sha256
from schemas.message import (
    InboxState,
    MessageState,
    NewInbound,
    Operation,
)
from schemas.ports.stores import Tx
from schemas.wire import Callback
from tests.flows.outbox_house import MONDAY, PORTAL, OutboxHouse, outbox_house
from tracking.advance import advance
from tracking.facts import Facts
from tracking.reading import load_context
from tracking.table import Trigger

pytestmark = pytest.mark.flow
S, Op = MessageState, Operation
BORN = "G22.99-261120-000123"


def inbox_of(house: OutboxHouse) -> Inbox:
    return Inbox(house.store, registry=house.registry, clock=house.clock, tell=house.router, context=load_context)


async def accepted(house: OutboxHouse, dossier: DossierId) -> None:
    """As the unit's acceptance leaves it: without the day of it the portal takes no later state."""
    await house.store.write(
        lambda tx: tx.dossiers.put(dataclasses.replace(tx.dossiers.get(dossier), accepted_at=MONDAY, due_final=True))
    )


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


HELD: dict[str, dict[str, str]] = {
    "not in our catalogue": {"MaTTHC": "1.999999"},
    "neither a dossier": {"MaTTHC": ""},
    "names no owner": {"TenThuongNhan": ""},
    "without a dossier code": {"MaHoSo": ""},
    "no base64": {"TepDonDangKy": "§§§"},
}


async def test_what_cannot_be_taken_in_is_held_back_with_the_reason(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, settings=TAKES) as house:
        for why, changes in HELD.items():
            state, detail = await became(house, await arrives(house, notice(**changes)))
            assert (state, why in detail) == (InboxState.QUARANTINED, True), detail
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
