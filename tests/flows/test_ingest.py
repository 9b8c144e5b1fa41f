"""News into the real SQLite store: events, receipts and reports move dossiers; what it cannot place is kept."""

import dataclasses

from schemas.dossier import DossierState, IntakeMode, ProofKind, RequestKind
from schemas.ids import Sha256
from schemas.message import DossierMoved
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingState, LegDirection, Packing, Purpose
from schemas.tracking import (
    Complaint,
    Evidence,
    EvidenceLevel,
    Movement,
)
from tests.flows.news import CODE, World, at_result, world
from tests.unit.tracking.build import CARRIER, PEER, POST, T0, after, event, item
from tracking import ingest, reading
from tracking.facts import Facts
from tracking.ingest import IngestResult, ReportOutcome
from tracking.table import Trigger

__all__ = ["world"]  # a fixture: used by name only

S, M = DossierState, Movement


async def test_the_first_leg_needs_delivery_and_receipt_in_whichever_order(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    result = await world.hear(event(M.ACCEPTED, after(1)), event(M.IN_TRANSIT, after(3)))
    assert (result.appended, result.moved) == (2, (one.id,))
    assert (await world.dossier(one)).state is S.IN_POST

    await world.hear(event(M.DELIVERED, after(24)))
    assert (await world.dossier(one)).state is S.IN_POST
    receipt = await world.report(None, after(25))
    assert receipt.outcome is ReportOutcome.APPLIED
    arrived = await world.dossier(one)
    assert (arrived.state, arrived.national, arrived.legs[0].received_at) == (S.ARRIVED, 1, after(25))
    assert world.rows() == [2, 4, 5]


async def test_a_receipt_before_the_carriers_delivery_waits_for_it(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)))
    assert (await world.report(None, after(22))).outcome is ReportOutcome.WAITING
    assert (await world.report(None, after(22))).outcome is ReportOutcome.SILENCE
    assert (await world.dossier(one)).state is S.IN_POST
    await world.hear(event(M.DELIVERED, after(21)), now=after(30))
    arrived = await world.dossier(one)
    assert (arrived.state, arrived.history[-1].at) == (S.ARRIVED, after(22))


async def test_the_same_batch_again_changes_nothing(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    batch = (event(M.ACCEPTED, after(1)), event(M.DELIVERED, after(20)))
    await world.hear(*batch)
    before, told = await world.dossier(one), len(world.told)
    again = await world.hear(*batch)
    assert (again.appended, again.repeated, again.moved, again.cases) == (0, 2, (), ())
    assert await world.dossier(one) == before
    assert len(world.told) == told


async def test_a_dossier_in_three_parcels_arrives_with_the_last(world: World) -> None:
    one = await world.lodged(parcels_declared=3)
    numbers = ("EL000000005VN", "EL000000014VN", "EL000000028VN")
    for part, number in enumerate(numbers, start=1):
        await world.pack(item(number=number), one, part, 3)
    await world.report(None, after(30))
    for number in numbers[:2]:
        await world.hear(event(M.DELIVERED, after(20), number=number))
    assert (await world.dossier(one)).state is S.IN_POST
    await world.hear(event(M.DELIVERED, after(44), number=numbers[2]))
    assert (await world.dossier(one)).state is S.ARRIVED


async def test_a_report_of_4_on_an_arrived_dossier_walks_the_rows_between(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)), event(M.DELIVERED, after(20)))
    await world.report(None, after(21))
    result = await world.report(4, after(24), due_at=after(days=9))
    working = await world.dossier(one)
    assert (result.outcome, working.state, working.national) == (ReportOutcome.APPLIED, S.PROCESSING, 4)
    assert (working.accepted_at, working.due_at, working.due_final) == (after(24), after(days=9), True)
    assert world.rows() == [2, 4, 5, 7, 10]
    assert [fact.step.national for fact in world.told if isinstance(fact, DossierMoved)] == [1, 1, 1, 2, 4]
    assert (await world.report(4, after(24))).outcome is ReportOutcome.SILENCE
    assert (await world.report(2, after(23))).outcome is ReportOutcome.SILENCE


async def test_the_due_date_is_computed_where_the_unit_tells_none(world: World) -> None:
    one = await world.lodged(IntakeMode.DELEGATED)
    await world.pack(item(), one)
    await world.report(2, after(1))
    accepted = await world.dossier(one)
    assert (accepted.state, accepted.due_at, accepted.calendar_version) == (
        S.ACCEPTED,
        after(days=7).replace(hour=16, minute=30),
        "test",
    )


async def test_an_acceptance_ahead_of_the_post_is_refused_by_name_and_followed_when_the_post_has_told(
    world: World,
) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)))
    refused = await world.report(2, after(20))
    assert refused.outcome is ReportOutcome.REFUSED
    assert ("IN_POST" in refused.detail and "row 7" in refused.detail) or "row 5" in refused.detail
    assert "E-21" in await world.open_cases()
    assert (await world.dossier(one)).state is S.IN_POST

    await world.report(None, after(20))
    await world.hear(event(M.DELIVERED, after(19)), now=after(30))
    assert (await world.dossier(one)).state is S.ACCEPTED
    assert "E-21" not in await world.open_cases()


async def test_a_refusal_ahead_of_the_post_keeps_its_reason_and_is_followed_with_it(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(Movement.ACCEPTED, after(1)))
    await world.report(None, after(30))
    refused = await world.report(3, after(31), reason="thiếu giấy tờ")
    assert refused.outcome is ReportOutcome.REFUSED
    await world.hear(event(Movement.DELIVERED, after(29)), now=after(40))
    stands = await world.dossier(one)
    assert (stands.state, stands.history[-1].reason) == (DossierState.REFUSED, "thiếu giấy tờ")
    assert "E-21" not in await world.open_cases()


async def test_a_report_on_a_code_nobody_has_is_handed_back_for_quarantine(world: World) -> None:
    result = await world.report(2, after(1), code="000.00.99.H99-261116-9999")
    assert (result.outcome, result.dossier) == (ReportOutcome.UNKNOWN_DOSSIER, None)
    assert "000.00.99.H99-261116-9999" in result.detail


async def test_a_supplement_a_fee_and_a_withdrawal_reported_by_the_unit(world: World) -> None:
    one = await world.lodged(IntakeMode.DELEGATED)
    await world.report(4, after(1))
    await world.report(5, after(2), reason="thiếu bản chính")
    asked = await world.dossier(one)
    assert (asked.state, asked.supplements[0].asked_at, asked.pauses[0].kind) == (
        S.SUPP_ASKED,
        after(2),
        RequestKind.SUPPLEMENT,
    )
    supplement = item(Purpose.SUPPLEMENT_IN, number="EL000000014VN", valid_from=after(3))
    await world.pack(supplement, one)
    await world.hear(event(M.ACCEPTED, after(4), number="EL000000014VN"))
    assert (await world.dossier(one)).state is S.SUPP_IN_POST
    await world.hear(event(M.DELIVERED, after(24), number="EL000000014VN"))
    assert (await world.dossier(one)).state is S.SUPP_ARRIVED
    await world.report(4, after(26))
    assert (await world.dossier(one)).state is S.PROCESSING
    await world.report(6, after(27))
    await world.report(4, after(28))
    paid = await world.dossier(one)
    assert (paid.state, paid.interrupted, [pause.until for pause in paid.pauses]) == (
        S.PROCESSING,
        (),
        [after(26), after(28)],
    )
    await world.report(7, after(29))
    assert (await world.dossier(one)).state is S.WITHDRAW_ASKED
    assert (await world.report(7, after(29))).outcome is ReportOutcome.SILENCE
    await world.report(7, after(30))
    assert (await world.dossier(one)).state is S.WITHDRAWN


async def test_the_second_leg_ends_with_proof_and_10_at_the_time_of_delivery(world: World) -> None:
    one, _ = await at_result(world)
    ready = await world.dossier(one)
    assert (ready.state, [result.code for result in ready.results]) == (S.RESULT_READY, ["12/GKS"])
    number = "EL000000014VN"
    await world.hear(event(M.ACCEPTED, after(4), number=number))
    await world.hear(event(M.ATTEMPT_FAILED, after(20), number=number))
    assert (await world.dossier(one)).state is S.RESULT_HELD
    await world.hear(event(M.OUT_FOR_DELIVERY, after(40), number=number))
    await world.hear(event(M.DELIVERED, after(44), number=number))
    assert (await world.dossier(one)).state is S.PROOF_WAIT
    proof = (Evidence("signature", Sha256("1" * 64)),)
    await world.hear(event(M.DELIVERED, after(44), number=number, code="pod", evidence=proof), now=after(70))
    returned = await world.dossier(one)
    assert (returned.state, returned.national) == (S.RETURNED, 10)
    assert returned.return_proof is not None
    assert (returned.return_proof.kind, returned.return_proof.at) == (ProofKind.POSTAL, after(44))
    assert world.rows()[-5:] == [24, 25, 25, 26, 27]


async def test_a_feed_that_tells_everything_at_once_walks_every_row(world: World) -> None:
    one, _ = await at_result(world, evidence_required=EvidenceLevel.STATUS_ONLY)
    number = "EL000000014VN"
    await world.hear(event(M.DELIVERED, after(44), number=number), event(M.ACCEPTED, after(4), number=number))
    assert (await world.dossier(one)).state is S.RETURNED
    assert world.rows()[-2:] == [24, 27]


async def test_a_result_that_comes_back_goes_out_again_as_a_new_item(world: World) -> None:
    one, first = await at_result(world, evidence_required=EvidenceLevel.STATUS_ONLY)
    number = "EL000000014VN"
    await world.hear(event(M.ACCEPTED, after(4), number=number), event(M.RETURNING, after(40), number=number))
    assert (await world.dossier(one)).state is S.RESULT_GOING_BACK
    await world.hear(event(M.DELIVERED, after(60), number=number))
    assert (await world.dossier(one)).state is S.RESULT_GOING_BACK

    def receipt(tx: Tx) -> IngestResult:
        tx.items.put(dataclasses.replace(tx.items.get(first.id), sender_receipt_at=after(62)))
        return ingest.refold_item(tx, first.id, tell=world.tell, context_source=reading.load_context, now=after(62))

    await world.do(receipt)
    assert (await world.dossier(one)).state is S.RESULT_BACK
    again = item(Purpose.RESULT_OUT, number="EL000000028VN", valid_from=after(70))
    await world.pack(again, one)
    await world.hear(event(M.ACCEPTED, after(72), number="EL000000028VN"))
    assert (await world.dossier(one)).state is S.RESULT_IN_POST
    await world.hear(event(M.DELIVERED, after(90), number="EL000000028VN"))
    assert (await world.dossier(one)).state is S.RETURNED


async def test_a_loss_holds_the_dossier_and_is_declared_once(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)), event(M.LOST, after(100)))
    lost = await world.dossier(one)
    assert (lost.state, lost.national, lost.interrupted) == (S.LOST_HOLD, 1, (S.IN_POST,))
    await world.move(lost, Trigger.FIND, Facts(found=True), after(200))
    await world.hear(event(M.LOST, after(100)), now=after(210))
    assert (await world.dossier(one)).state is S.IN_POST


# --- matching --------------------------------------------------------------------------------------------------------


async def test_a_row_without_item_number_goes_to_the_open_booking_whose_window_holds_its_time(world: World) -> None:
    one = await world.lodged()
    collect = await world.pack(item(number=None), one)
    back = await world.pack(item(Purpose.RESULT_OUT, number=None, valid_from=after(days=10)), one)

    def book(tx: Tx) -> None:
        ends = after(days=5)
        tx.items.put_booking(
            Booking(PEER, CARRIER, CODE, LegDirection.TO_OFFICE, 1, collect.id, BookingState.OPEN, T0, ends)
        )
        tx.items.put_booking(
            Booking(PEER, CARRIER, CODE, LegDirection.TO_CITIZEN, 1, back.id, BookingState.OPEN, after(days=10), None)
        )

    await world.do(book)
    early = await world.hear(event(M.ACCEPTED, after(2), number="EL000000005VN", reference=CODE))
    late = await world.hear(event(M.ACCEPTED, after(days=11), number=None, reference=CODE))
    assert (early.items, late.items) == ((collect.id,), (back.id,))
    learned = await world.database.read(lambda tx: tx.items.get(collect.id))
    assert (learned.number, learned.number_scheme.value) == ("EL000000005VN", "s10")


async def test_an_event_of_an_unknown_item_waits_as_an_orphan_and_counts_when_it_is_claimed(world: World) -> None:
    first = await world.hear(event(M.IN_TRANSIT, after(5), number="EL000000028VN"))
    second = await world.hear(event(M.ACCEPTED, after(-60), number="EL000000028VN"))
    assert first.items == second.items
    assert [outcome.quarantine for outcome in (*first.outcomes, *second.outcomes)] == ["EV-14", "EV-14"]
    one = await world.lodged()

    def claim(tx: Tx) -> IngestResult:
        orphan = tx.items.get(first.items[0])
        assert orphan.fold.movement is None
        tx.items.put(dataclasses.replace(orphan, purpose=Purpose.DOSSIER_IN, sender_unit=POST))
        tx.items.pack(Packing(one.id, orphan.id, 1, 1, (), T0, None))
        return ingest.refold_item(tx, orphan.id, tell=world.tell, context_source=reading.load_context, now=after(6))

    claimed = await world.do(claim)
    assert claimed.moved == (one.id,)
    folded = await world.database.read(lambda tx: tx.items.get(first.items[0]).fold)
    assert (folded.movement, folded.accepted_at) == (M.IN_TRANSIT, after(-60))


async def test_complaints_are_written_down_with_the_digest_of_their_bytes(world: World) -> None:
    complaint = Complaint("EV-03", "occurred is no time", "EL000000005VN", Sha256("3" * 64))
    result = await world.hear(complaints=(complaint,))
    assert result.complaints == (complaint,)
    rows = await world.database.read(lambda tx: tx.audit.rows())
    assert [row.act.object_key for row in rows if row.act.act == "tracking.complaint"] == ["3" * 64]


async def test_a_forecast_moves_nothing_is_kept_as_a_promise_and_its_breach_is_a_case(world: World) -> None:
    one = await world.lodged()
    sent = await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)))
    told = event(M.DELIVERED, after(30), received_at=after(2), forecast=True, code="DLV")
    result = await world.hear(told)
    assert [outcome.quarantine for outcome in result.outcomes] == [None]
    (kept,) = await world.do(lambda tx: tx.items.many((sent.id,)))
    assert (kept.promised_at, kept.fold.movement) == (after(30), M.ACCEPTED)
    assert "D-32" not in await world.open_cases()
    await world.hear(event(M.DELIVERED, after(60), received_at=after(3), forecast=True, code="DLV"))
    await world.hear(event(M.IN_TRANSIT, after(33)))
    (kept,) = await world.do(lambda tx: tx.items.many((sent.id,)))
    assert kept.promised_at == after(30), "the first promise stands"
    assert "D-10" in await world.open_cases()
