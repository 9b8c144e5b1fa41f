"""What a unit asks for, from its report to the answer: on the dossier, in the outbox, at the unit."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.desk.answers import AnswerDesk
from gateway.desk.requests import HandoverReceipt
from gateway.outbox import payload as payloads
from schemas.dossier import Dossier, DossierState, RequestKind
from schemas.errors import GuardFailed, NotFound
from schemas.ids import Sha256
from schemas.message import Operation
from schemas.portal import OneStopReport, OneStopRequest, ReportKind
from tests.flows.outbox_house import AXIS, CLERK, MONDAY, OutboxHouse, outbox_house
from tracking.ingest import ReportOutcome, receive_report
from tracking.reading import load_context

pytestmark = [pytest.mark.flow, pytest.mark.slow]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[OutboxHouse]:
    async with outbox_house(tmp_path, AXIS) as made:
        yield made


async def reported(
    house: OutboxHouse,
    receipt: HandoverReceipt,
    national: int | None,
    hours: int,
    *,
    reason: str = "",
    amount: int | None = None,
) -> ReportOutcome:
    """The unit reports a code; None: that the fee is paid."""
    kind = ReportKind.PAID if national is None else ReportKind.STATUS
    at = MONDAY + dt.timedelta(hours=hours)
    said = OneStopReport(
        f"P{hours}", kind, receipt.code, national, at, "Bình", None, reason, (), Sha256("2" * 64), amount
    )
    result = await house.store.write(
        lambda tx: receive_report(tx, said, peer=AXIS, tell=house.router, context_source=load_context, now=at)
    )
    return result.outcome


async def asked(house: OutboxHouse, national: int, **changes: object) -> HandoverReceipt:
    """A dossier at work of which the unit wants something."""
    (receipt,) = await house.take_in(with_post=False)
    assert await reported(house, receipt, 4, 2) is ReportOutcome.APPLIED
    assert await reported(house, receipt, national, 3, **changes) is ReportOutcome.APPLIED  # type: ignore[arg-type]  # the tests name the fields
    return receipt


async def dossier_of(house: OutboxHouse, receipt: HandoverReceipt) -> Dossier:
    return await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))


def desk(house: OutboxHouse) -> AnswerDesk:
    return AnswerDesk(house.store, clock=house.clock, tell=house.router)


async def test_a_fee_that_the_unit_asks_for_is_paid_at_the_post_and_the_unit_hears_it(house: OutboxHouse) -> None:
    receipt = await asked(house, 6, reason="Lệ phí", amount=15_000)
    (wanted,) = (await dossier_of(house, receipt)).requests
    assert (wanted.kind, wanted.amount, wanted.reason, wanted.settled_at) == (RequestKind.FEE, 15_000, "Lệ phí", None)
    await house.clock.move(4 * 3600)
    moved = await desk(house).answer(receipt.code, RequestKind.FEE, proof="BL-000123", principal=CLERK)
    assert moved.state is DossierState.PROCESSING
    assert moved.requests[0].settled_at == house.clock.now()
    async with house.sending(AXIS):
        await house.seen(AXIS, lambda lines: len(lines) == 1, operation="sendRequestOrPayMentProfile", kind="applied")
        await house.seen(AXIS, lambda lines: len(lines) == 1, operation="sendStatusProfile", kind="applied")
    (line,) = await house.control(AXIS).applied("sendRequestOrPayMentProfile")
    row = line["data"]["row"]
    assert (row["is_request_payment"], row["total_amount"], row["note"]) == ("false", "15000", "BL-000123")


async def test_papers_that_are_handed_in_are_told_although_the_national_code_stays(house: OutboxHouse) -> None:
    receipt = await asked(house, 5, reason="Thiếu bản sao")
    await house.clock.move(4 * 3600)
    moved = await desk(house).answer(receipt.code, RequestKind.SUPPLEMENT, proof="Bản sao", principal=CLERK)
    assert (moved.state, moved.national) == (DossierState.SUPP_ARRIVED, 5)
    (message,) = await house.messages(operation=Operation.ONE_STOP_REQUEST)
    told = payloads.decode(message.operation, await house.store.read(lambda tx: tx.messages.body(message.id)))
    assert isinstance(told, OneStopRequest)
    assert (told.kind, told.answered, told.note) == (RequestKind.SUPPLEMENT, True, "Bản sao")
    async with house.sending(AXIS):
        await house.seen(
            AXIS,
            lambda lines: [line["data"]["row"]["status"] for line in lines] == ["TIEPNHAN", "CAPNHAT"],
            operation="syncDossier",
            kind="applied",
        )


async def test_what_the_unit_asked_itself_is_not_told_back_to_it(house: OutboxHouse) -> None:
    await asked(house, 6, amount=15_000)
    assert await house.messages(operation=Operation.ONE_STOP_REQUEST) == ()


async def test_the_unit_hears_that_it_was_paid_elsewhere(house: OutboxHouse) -> None:
    receipt = await asked(house, 6, amount=15_000)
    assert await reported(house, receipt, None, 5, amount=15_000) is ReportOutcome.APPLIED
    dossier = await dossier_of(house, receipt)
    assert dossier.state is DossierState.PROCESSING
    assert "15000 đồng" in dossier.history[-1].reason
    assert await reported(house, receipt, None, 6) is ReportOutcome.SILENCE
    assert await house.messages(operation=Operation.ONE_STOP_REQUEST) == ()


async def test_an_answer_needs_a_question_and_a_proof(house: OutboxHouse) -> None:
    receipt = await asked(house, 6)
    with pytest.raises(GuardFailed, match="no supplement is asked for"):
        await desk(house).answer(receipt.code, RequestKind.SUPPLEMENT, proof="Bản sao", principal=CLERK)
    with pytest.raises(GuardFailed, match="receipt"):
        await desk(house).answer(receipt.code, RequestKind.FEE, proof="  ", principal=CLERK)
    with pytest.raises(NotFound):
        await desk(house).answer("000.00.14.H99-261123-9999", RequestKind.FEE, proof="BL", principal=CLERK)
    await desk(house).answer(receipt.code, RequestKind.FEE, proof="BL-1", principal=CLERK)
    with pytest.raises(GuardFailed, match="no fee is asked for"):
        await desk(house).answer(receipt.code, RequestKind.FEE, proof="BL-1", principal=CLERK)
