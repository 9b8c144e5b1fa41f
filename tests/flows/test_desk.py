"""The desks over a real SQLite file: taking in, handing over, sending home."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.desk import numbering
from gateway.desk.checks import Faults
from gateway.desk.intake import take_in
from gateway.desk.requests import HandoverReceipt
from gateway.outbox import payload as payloads
from gateway.sample import people, province
from schemas.calendar import VIETNAM
from schemas.dossier import Dossier, DossierState, IntakeMode, ReturnMethod
from schemas.errors import GuardFailed, KeyReused, NotFound, NumbersExhausted
from schemas.ids import CarrierId, DossierCode, ItemId, ProcedureCode, Sha256, UnitId
from schemas.message import Operation
from schemas.numbers import s10
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingOrder, LegDirection, Purpose
from tests.flows.outbox_house import (
    AXIS,
    CLERK,
    MONDAY,
    PORTAL,
    POST,
    OutboxHouse,
    desk_house,
    request,
)
from tracking.ingest import ReportOutcome, receive_report
from tracking.reading import load_context

CARRIER = CarrierId("vnpost")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[OutboxHouse]:
    async with desk_house(tmp_path) as made:
        yield made


def rendered(receipt: HandoverReceipt) -> bytes:
    return f"{receipt.code} {receipt.item_number}".encode()


async def dossier_of(house: OutboxHouse, receipt: HandoverReceipt) -> Dossier:
    return await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))


# --- taking in -------------------------------------------------------------------------------------------------------


async def test_the_same_key_and_body_get_the_first_answer_and_another_body_is_refused(house: OutboxHouse) -> None:
    async def hand_over(key: str | None, digest: str) -> bytes:
        answer = await house.handovers.hand_over(request(), principal=CLERK, key=key, digest=digest, render=rendered)
        assert answer.status == 201
        return answer.reply

    first = await hand_over("k-1", "a" * 64)
    count = len(await house.messages())
    assert await hand_over("k-1", "a" * 64) == first
    assert len(await house.messages()) == count
    with pytest.raises(KeyReused):
        await hand_over("k-1", "b" * 64)
    assert await hand_over("k-2", "a" * 64) != first
    assert await hand_over(None, "a" * 64) != await hand_over(None, "a" * 64)


async def test_all_faults_of_a_request_are_told_at_once_and_nothing_is_written(house: OutboxHouse) -> None:
    (taken,) = await house.take_in(item_number="EE473124829VN")
    acts = await house.store.read(lambda tx: tx.audit.rows())
    wrong = request(
        1,
        code=taken.code,
        procedure=ProcedureCode("9.999999"),
        receiving_unit=UnitId("nowhere"),
        returning_unit=UnitId("elsewhere"),
        post_unit=None,
        item_number="EE473124820VN",
    )
    with pytest.raises(Faults) as told:
        await house.store.write(lambda tx: take_in(tx, wrong, principal=CLERK, tell=house.router, now=MONDAY))
    assert {(fault.path, fault.text) for fault in told.value.faults} == {
        ("procedure", "fault.procedure_unknown"),
        ("receiving_unit", "fault.unit_unknown"),
        ("returning_unit", "fault.unit_unknown"),
        ("post_unit", "fault.post_unit_missing"),
        ("code", "fault.code_taken"),
        ("item_number", "fault.item_number"),
    }
    (number_fault,) = (fault for fault in told.value.faults if fault.path == "item_number")
    near = dict(number_fault.values)["near"].split(", ")
    assert len(near) == 3 and all(s10.is_valid(number) for number in near)
    assert await house.store.read(lambda tx: tx.audit.rows()) == acts


async def test_a_number_that_is_on_its_way_is_not_given_to_a_second_item(house: OutboxHouse) -> None:
    await house.take_in(item_number="EE473124829VN")
    with pytest.raises(Faults) as told:
        await house.take_in(item_number="EE473124829VN")
    assert [(fault.path, fault.text) for fault in told.value.faults] == [("item_number", "fault.item_taken")]


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        ("no agreement", "post_unit", "fault.no_agreement"),
        ("another procedure", "procedure", "fault.outside_agreement"),
        ("not delegated", "intake_mode", "fault.not_delegated"),
    ],
)
async def test_intake_outside_of_the_agreement_is_refused(
    house: OutboxHouse, change: str, path: str, text: str
) -> None:
    def rewrite(tx: Tx) -> None:
        if change == "another procedure":
            narrow = [dataclasses.replace(each, procedures=()) for each in province.AGREEMENTS]
            tx.catalogue.put_agreements(narrow)

    await house.store.write(rewrite)
    units = {"no agreement": province.PROVINCE, "not delegated": province.THIRD_COMMUNE}
    with pytest.raises(Faults) as told:
        await house.take_in(receiving_unit=units.get(change, province.COMMUNE))
    assert [(fault.path, fault.text) for fault in told.value.faults] == [(path, text)]


async def test_an_online_dossier_without_its_code_is_refused_and_with_it_keeps_it(house: OutboxHouse) -> None:
    with pytest.raises(Faults) as told:
        await house.take_in(intake_mode=IntakeMode.ONLINE, with_post=False)
    assert [fault.text for fault in told.value.faults] == ["fault.code_missing"]
    code = DossierCode("000.00.14.H99-261122-9001")
    (receipt,) = await house.take_in(intake_mode=IntakeMode.ONLINE, with_post=False, code=code)
    assert receipt.code == code


# --- numbers ---------------------------------------------------------------------------------------------------------


async def test_two_post_units_never_mint_the_same_code_and_a_used_block_is_followed_by_the_next(
    house: OutboxHouse,
) -> None:
    async def mint(unit: UnitId, n: int) -> list[str]:
        return [receipt.code for receipt in await house.take_in(n, with_post=False, post_unit=unit)]

    ours, theirs = await mint(province.POST, 3), await mint(province.OTHER_POST, 3)
    assert ours == [f"000.00.14.H99-261123-{serial:04d}" for serial in (1, 2, 3)]
    assert theirs == [f"000.00.14.H99-261123-{serial:04d}" for serial in (51, 52, 53)]
    more = await mint(province.POST, 50)
    assert more[-4:] == [f"000.00.14.H99-261123-{serial:04d}" for serial in (50, 101, 102, 103)]
    tomorrow = [receipt.code for receipt in await house.take_in(with_post=False, handed_at=MONDAY + dt.timedelta(1))]
    assert tomorrow == ["000.00.14.H99-261124-0001"]


async def test_an_agency_whose_day_is_used_up_mints_nothing_more(house: OutboxHouse) -> None:
    def use_up(tx: Tx) -> None:
        scope = "dossier:000.00.14.H99:261123:blocks"
        tx.numbers.grant(scope, 0, 198, now=MONDAY)
        while tx.numbers.left(scope):
            tx.numbers.take(scope)

    await house.store.write(use_up)
    with pytest.raises(NumbersExhausted):
        await house.take_in(with_post=False)
    assert await house.messages() == ()


async def test_item_numbers_come_from_the_leased_range_and_its_end_is_told_by_name(house: OutboxHouse) -> None:
    (receipt,) = await house.take_in()
    assert receipt.item_number == s10.mint("EE", 47_312_000) and s10.is_valid(receipt.item_number)

    def use_up(tx: Tx) -> None:
        while tx.numbers.left(f"s10:{province.POST}:EE"):
            tx.numbers.take(f"s10:{province.POST}:EE")

    await house.store.write(use_up)
    with pytest.raises(NumbersExhausted) as told:
        await house.take_in()
    assert told.value.subject == f"s10:{province.POST}:EE"
    assert len(await house.store.read(lambda tx: tx.dossiers.search("", units=None))) == 1
    await house.store.write(
        lambda tx: numbering.lease_items(tx, province.POST, "EE", 48_000_000, 48_000_009, now=MONDAY)
    )
    (after,) = await house.take_in()
    assert after.item_number == s10.mint("EE", 48_000_000)


async def test_a_forwarded_dossier_has_a_provisional_code_that_no_portal_hears_of(house: OutboxHouse) -> None:
    (receipt,) = await house.take_in(intake_mode=IntakeMode.FORWARDED)
    assert receipt.code.startswith(f"TAM-{province.POST}-")
    dossier = await dossier_of(house, receipt)
    assert [(alias.code, alias.scheme) for alias in dossier.aliases] == [(receipt.code, "provisional")]
    assert {message.peer for message in await house.messages()} == {AXIS, POST}


async def test_the_promised_date_is_an_expectation_counted_in_the_offices_hours(house: OutboxHouse) -> None:
    (receipt,) = await house.take_in()
    assert receipt.due_at is not None and not receipt.due_final
    due = receipt.due_at.astimezone(VIETNAM)
    assert due.date() == dt.date(2026, 11, 26)  # three working days after Monday
    assert (await dossier_of(house, receipt)).calendar_version == "test-1"


# --- to the post and home --------------------------------------------------------------------------------------------


async def test_with_the_posts_signature_it_is_in_the_post_and_every_peer_gets_its_message(house: OutboxHouse) -> None:
    (receipt,) = await house.take_in()
    dossier = await dossier_of(house, receipt)
    assert (dossier.state, dossier.national) == (DossierState.IN_POST, 1)
    assert [step.row for step in dossier.history] == [2, 4]
    assert [(leg.origin, leg.target, leg.sent_at) for leg in dossier.legs] == [
        (province.POST, province.COMMUNE, MONDAY)
    ]
    assert [(message.peer, message.operation) for message in await house.messages()] == [
        (PORTAL, Operation.PORTAL_DOSSIER),
        (PORTAL, Operation.PORTAL_PROGRESS),
        (POST, Operation.CARRIER_BOOK),
        (AXIS, Operation.ONE_STOP_DOSSIER),
    ]
    order = await house.message(Operation.CARRIER_BOOK)
    told = payloads.decode(order.operation, await house.store.read(lambda tx: tx.messages.body(order.id)))
    assert isinstance(told, BookingOrder)
    assert (told.number, told.direction, told.seq) == (receipt.item_number, LegDirection.TO_OFFICE, 1)
    assert told.addressee.name == "Trung tâm Phục vụ hành chính công xã Mường Khắt"


async def test_without_the_post_it_is_only_lodged(house: OutboxHouse) -> None:
    (receipt,) = await house.take_in(with_post=False)
    dossier = await dossier_of(house, receipt)
    assert (dossier.state, receipt.item, receipt.item_number, dossier.legs) == (DossierState.LODGED, None, None, ())
    assert POST not in {message.peer for message in await house.messages()}


async def result_ready(house: OutboxHouse, **changes: Any) -> HandoverReceipt:
    (receipt,) = await house.take_in(with_post=False, **changes)

    at = MONDAY + dt.timedelta(hours=4)
    said = OneStopReport("P1", ReportKind.STATUS, receipt.code, 9, at, "Bình", None, "", ("12/GKS",), Sha256("2" * 64))
    result = await house.store.write(
        lambda tx: receive_report(tx, said, peer=AXIS, tell=house.router, context_source=load_context, now=at)
    )
    assert result.outcome is ReportOutcome.APPLIED
    return receipt


async def test_a_result_that_is_not_ready_is_refused_by_name(house: OutboxHouse) -> None:
    (receipt,) = await house.take_in()
    with pytest.raises(GuardFailed, match="row 24: the result is not ready, the dossier is IN_POST"):
        await send_home(house, receipt)
    with pytest.raises(NotFound):
        await house.results.send_home(
            "000.00.14.H99-261123-9999", post_unit=province.POST, signed_by="An", at=MONDAY, principal=CLERK
        )


async def test_a_result_for_the_counter_does_not_travel(house: OutboxHouse) -> None:
    receipt = await result_ready(house, return_method=ReturnMethod.COUNTER)
    with pytest.raises(GuardFailed, match="HinhThuc 0"):
        await send_home(house, receipt)


async def test_a_result_travels_as_one_parcel_of_one_and_a_repetition_finds_the_same_item(house: OutboxHouse) -> None:
    receipt = await result_ready(house, parcels=2)
    first = await send_home(house, receipt)
    assert await send_home(house, receipt) == first
    item = await house.store.read(lambda tx: tx.items.get(first))
    (packing,) = await house.store.read(lambda tx: tx.items.packings_in(receipt.dossier))
    assert (packing.item, packing.part, packing.parts, item.parcels_declared) == (item.id, 1, 1, 1)
    assert (item.purpose, item.sender_unit, item.receiver_unit) == (Purpose.RESULT_OUT, province.COMMUNE, None)
    assert item.addressee == people.citizen(0)
    (booking,) = await bookings(house, receipt)
    assert (booking.direction, booking.seq) == (LegDirection.TO_CITIZEN, 1)
    assert len(await house.messages(operation=Operation.CARRIER_BOOK)) == 1
    assert len(await house.acts("result.sent")) == 1


async def bookings(house: OutboxHouse, receipt: HandoverReceipt) -> tuple[Booking, ...]:
    return await house.store.read(lambda tx: tx.items.bookings(POST, receipt.code))


async def send_home(house: OutboxHouse, receipt: HandoverReceipt) -> ItemId:
    sent = await house.results.send_home(
        receipt.code, post_unit=province.POST, signed_by="An", at=MONDAY + dt.timedelta(hours=5), principal=CLERK
    )
    return sent.item.id
