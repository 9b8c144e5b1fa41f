"""News into the real SQLite store: events, receipts and reports move dossiers, cases open and close by themselves."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.storage.database import Database, open_database
from schemas.calendar import Term, TermKind
from schemas.discrepancy import Discrepancy, DiscrepancyState, Subject
from schemas.dossier import Dossier, DossierState, IntakeMode, ProofKind, RequestKind
from schemas.ids import DossierCode, DossierId, ItemId, PeerId, ProcedureCode, Sha256
from schemas.message import DossierMoved, Fact
from schemas.organisation import ProcedureVersion, SupplementClock
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingState, Item, LegDirection, Packing, Purpose
from schemas.tracking import (
    Complaint,
    Evidence,
    EvidenceLevel,
    Movement,
    TrackingBatch,
    TrackingEvent,
)
from tests.unit.tracking.build import CARRIER, OFFICE, PEER, POST, T0, after, calendar, dossier, event, item
from tracking import explain, ingest, reading, reconcile, sweep
from tracking.advance import advance
from tracking.facts import Facts
from tracking.ingest import IngestResult, ReportOutcome, ReportResult
from tracking.table import Trigger

T = TypeVar("T")
S, M = DossierState, Movement
ONE_STOP = PeerId("lien_thong")
CODE = DossierCode("000.00.01.H99-261116-0001")


class World:
    """A store with a calendar, a procedure and one dossier at the counter; remembers what the router was told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.told: list[Fact] = []

    def tell(self, tx: Tx, fact: Fact) -> None:
        self.told.append(fact)

    async def do(self, fn: Callable[[Tx], T]) -> T:
        return await self.database.write(fn)

    async def lodged(self, mode: IntakeMode = IntakeMode.FORWARDED, **changes: object) -> Dossier:
        plain = dataclasses.replace(dossier(S.DRAFT, intake_mode=mode, id=DossierId(0), version=0), **changes)  # type: ignore[arg-type]  # field values
        stored = await self.do(lambda tx: tx.dossiers.add(plain))
        return await self.move(stored, Trigger.LODGE)

    async def move(self, of: Dossier, trigger: Trigger, facts: Facts | None = None, at: dt.datetime = T0) -> Dossier:
        return await self.do(
            lambda tx: advance(
                tx,
                of.id,
                trigger,
                facts=facts or Facts(),
                at=at,
                by="An",
                source="desk",
                unit=OFFICE,
                tell=self.tell,
                now=at,
            )
        )

    async def pack(self, into: Item, of: Dossier, part: int = 1, parts: int = 1) -> Item:
        def fn(tx: Tx) -> Item:
            stored = tx.items.add(dataclasses.replace(into, id=ItemId(0), version=0))
            tx.items.pack(Packing(of.id, stored.id, part, parts, (), into.valid_from, None))
            return stored

        return await self.do(fn)

    async def hear(self, *events: TrackingEvent, now: dt.datetime | None = None, **changes: object) -> IngestResult:
        latest = now or max([T0, *(one.received_at for one in events)])
        batch = TrackingBatch(PEER, CARRIER, events, (), (), latest)
        batch = dataclasses.replace(batch, **changes)  # type: ignore[arg-type]  # field values
        return await self.do(
            lambda tx: ingest.ingest(tx, batch, tell=self.tell, context_source=reading.load_context, now=latest)
        )

    async def report(
        self,
        national: int | None,
        at: dt.datetime,
        *,
        code: str = CODE,
        now: dt.datetime | None = None,
        **changes: object,
    ) -> ReportResult:
        kind = ReportKind.RECEIVED if national is None else ReportKind.STATUS
        plain = OneStopReport(
            f"{national}@{at}", kind, DossierCode(code), national, at, "Bình", None, "", (), Sha256("2" * 64)
        )
        said = dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values
        return await self.do(
            lambda tx: ingest.receive_report(
                tx, said, peer=ONE_STOP, tell=self.tell, context_source=reading.load_context, now=now or at
            )
        )

    async def dossier(self, which: Dossier) -> Dossier:
        return await self.database.read(lambda tx: tx.dossiers.get(which.id))

    async def open_cases(self) -> dict[str, Discrepancy]:
        cases = await self.database.read(lambda tx: tx.discrepancies.open())
        return {case.rule: case for case in cases}

    def rows(self) -> list[int]:
        return [fact.step.row for fact in self.told if isinstance(fact, DossierMoved)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = open_database(f"sqlite:///{tmp_path / 'rows.db'}", blobs=tmp_path / "blobs")
    version = ProcedureVersion(
        code=ProcedureCode("1.000948"),
        version=1,
        name="Cấp bản sao trích lục hộ tịch",
        field_code="HT",
        field_name="Hộ tịch",
        competent=OFFICE,
        term=Term(TermKind.WORKING_DAYS, 5),
        fee=0,
        supplement_clock=SupplementClock.PAUSE,
        components=(),
        valid_from=dt.date(2020, 1, 1),
        valid_to=None,
    )

    def prepare(tx: Tx) -> None:
        tx.catalogue.put_calendar(calendar())
        tx.catalogue.put_procedures([version])

    await database.write(prepare)
    yield World(database)
    await database.close()


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


async def at_result(world: World, **changes: object) -> tuple[Dossier, Item]:
    one = await world.lodged(IntakeMode.DELEGATED)
    await world.report(9, after(2), result_codes=("12/GKS",))
    number = "EL000000014VN"
    plain = item(Purpose.RESULT_OUT, number=number, valid_from=after(3), evidence_required=EvidenceLevel.SIGNATURE)
    return one, await world.pack(dataclasses.replace(plain, **changes), one)  # type: ignore[arg-type]  # field values


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


# --- disagreement ----------------------------------------------------------------------------------------------------


async def sweep_all(world: World, now: dt.datetime) -> sweep.SweepCursor:
    cursor = sweep.SweepCursor()
    while not cursor.done:
        cursor = await world.do(
            lambda tx, at=cursor: sweep.next_chunk(  # type: ignore[misc]  # the default binds this turn's cursor
                tx, at, limit=2, context_source=reading.load_context, now=now
            )
        )
    return cursor


async def test_d01_opens_softly_grows_hard_and_closes_with_the_first_scan(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await sweep_all(world, after(5))
    assert await world.open_cases() == {}
    await sweep_all(world, after(9))
    soft = (await world.open_cases())["D-01"]
    assert (soft.severity.name, soft.subject_kind, soft.opened_at) == ("MEDIUM", Subject.ITEM, after(9))
    assert soft.evidence[0].at == T0
    await sweep_all(world, after(24))
    hard = (await world.open_cases())["D-01"]
    assert (hard.id, hard.severity.name, hard.opened_at) == (soft.id, "HIGH", after(9))
    await world.hear(event(None, after(2), any_row_means_accepted=True), now=after(25))
    assert "D-01" not in await world.open_cases()
    closed = await world.database.read(lambda tx: tx.discrepancies.get(soft.id))
    assert (closed.state, closed.resolved_by) == (DiscrepancyState.RESOLVED, "auto")


async def test_d01_during_an_outage_hangs_under_the_one_case_of_the_feed(world: World) -> None:
    one = await world.lodged()
    held = await world.pack(item(), one)

    def outage(tx: Tx) -> None:
        tx.items.put_booking(
            Booking(PEER, CARRIER, CODE, LegDirection.TO_OFFICE, 1, held.id, BookingState.ACCEPTED, T0, None)
        )
        tx.feeds.put(FeedState(PEER, None, T0, after(1), 7, "Outage: refused", None))
        sweep.sweep_feeds(tx, [PEER], context_source=reading.load_context, now=after(20))

    await world.do(outage)
    await sweep_all(world, after(20))
    cases = await world.open_cases()
    assert cases["D-01"].parent == cases["D-36"].id


async def test_d03_opens_when_a_delivered_dossier_is_not_signed_for_and_closes_with_the_receipt(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)), event(M.DELIVERED, after(2)))
    await sweep_all(world, after(8))
    assert "D-03" not in await world.open_cases()
    await sweep_all(world, after(30))
    assert (await world.open_cases())["D-03"].subject == str(one.id)
    await world.report(None, after(31))
    assert "D-03" not in await world.open_cases()


async def test_d20_names_a_number_that_cannot_be_and_closes_when_it_is_corrected(world: World) -> None:
    one = await world.lodged()
    wrong = await world.pack(item(number="EL000000006VN"), one)
    await sweep_all(world, after(1))
    case = (await world.open_cases())["D-20"]
    assert case.evidence[0].says.startswith("5 would fit. Near: EL")

    def correct(tx: Tx) -> None:
        tx.items.put(dataclasses.replace(tx.items.get(wrong.id), number="EL000000005VN", aliases=("EL000000006VN",)))
        reconcile.Reconciler(reading.load_context).item(tx, wrong.id, after(2))

    await world.do(correct)
    assert "D-20" not in await world.open_cases()


async def regressed(world: World) -> tuple[Dossier, Item]:
    one, sent = await at_result(world, evidence_required=EvidenceLevel.STATUS_ONLY)
    number = "EL000000014VN"
    await world.hear(event(M.ACCEPTED, after(4), number=number), event(M.DELIVERED, after(20), number=number))
    await world.hear(event(M.IN_TRANSIT, after(30), number=number))
    assert (await world.dossier(one)).state is S.RETURNED
    assert (await world.open_cases())["D-31"].subject == str(sent.id)
    return one, sent


async def test_d31_closes_when_the_carrier_takes_the_event_back(world: World) -> None:
    one, _ = await regressed(world)
    back = event(M.IN_TRANSIT, after(30), number="EL000000014VN", withdrawn=True)
    await world.hear(back, now=after(40))
    assert "D-31" not in await world.open_cases()
    assert (await world.dossier(one)).state is S.RETURNED


async def test_d31_closes_when_a_full_history_no_longer_has_the_event(world: World) -> None:
    await regressed(world)
    number = "EL000000014VN"
    history = (event(M.ACCEPTED, after(4), number=number), event(M.DELIVERED, after(20), number=number))
    await world.hear(*history, now=after(40), complete_for=(number,))
    assert "D-31" not in await world.open_cases()


async def test_d31_closes_when_two_persons_reopen_the_dossier_and_the_item_travels_again(world: World) -> None:
    one, sent = await regressed(world)
    await world.move(one, Trigger.REOPEN, Facts(reason="wrong recipient", approvals=("An", "Bình")), after(32))
    await world.do(
        lambda tx: ingest.refold_item(tx, sent.id, tell=world.tell, context_source=reading.load_context, now=after(32))
    )
    reopened = await world.dossier(one)
    assert (reopened.state, reopened.national, reopened.return_proof is not None) == (S.RESULT_IN_POST, 9, True)
    assert "D-31" not in await world.open_cases()
    await world.hear(event(M.DELIVERED, after(50), number="EL000000014VN"))
    again = await world.dossier(one)
    assert again.state is S.RETURNED and again.return_proof is not None
    assert again.return_proof.at == after(50)


async def test_d35_keeps_an_unknown_code_in_quarantine_and_moves_nothing(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    result = await world.hear(event(None, after(2), code="X7", text="Bưu gửi đang ở đâu đó"))
    assert [outcome.quarantine for outcome in result.outcomes] == ["EV-13"]
    assert "'X7'" in (await world.open_cases())["D-35"].evidence[0].says
    assert (await world.dossier(one)).state is S.LODGED
    await world.hear(event(None, after(2), code="X7", withdrawn=True), now=after(9))
    assert "D-35" not in await world.open_cases()


async def test_an_unknown_code_that_is_told_again_with_a_meaning_counts_from_then_on(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(None, after(2), code="BN1"))
    assert "D-35" in await world.open_cases()
    await world.hear(event(M.ACCEPTED, after(2), code="BN1"), now=after(9))
    assert "D-35" not in await world.open_cases()
    moved = await world.dossier(one)
    assert (moved.state, moved.history[-1].at) == (S.IN_POST, after(2))
    assert await world.database.read(lambda tx: tx.events.unknown_codes(limit=5)) == ()


async def test_e20_notices_a_unit_that_signed_and_fell_silent_until_it_speaks(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)), event(M.DELIVERED, after(2)))
    await world.report(None, after(3))
    await sweep_all(world, after(days=2, hours=20))
    assert "E-20" not in await world.open_cases()
    await sweep_all(world, after(days=3, hours=4))
    assert (await world.open_cases())["E-20"].units == (OFFICE,)
    await world.report(2, after(days=3, hours=5))
    assert "E-20" not in await world.open_cases()
    assert (await world.dossier(one)).state is S.ACCEPTED


async def test_a_case_that_a_person_resolved_stays_resolved_while_its_cause_lasts(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(number="EL000000006VN"), one)
    await sweep_all(world, after(1))
    case = (await world.open_cases())["D-20"]
    settled = dataclasses.replace(
        case, state=DiscrepancyState.RESOLVED, resolved_by="An", resolved_at=after(2), reason="label replaced"
    )
    await world.do(lambda tx: tx.discrepancies.put(settled))
    await sweep_all(world, after(3))
    assert await world.open_cases() == {}


async def test_the_explanation_names_steps_events_and_cases_and_replays_to_the_state(world: World) -> None:
    one, _ = await regressed(world)
    told = await world.database.read(lambda tx: explain.explain(tx, tx.dossiers.get(one.id), now=after(33)))
    assert [step.row for step in told.steps] == [2, 7, 10, 23, 24, 27]
    assert [(use.stored.event.code, use.used) for use in told.items[0].uses] == [
        ("accepted", True),
        ("delivered", True),
        ("in_transit", False),
    ]
    assert [case.rule for case in told.cases] == ["D-31"]
    assert "reopen" in told.lawful
    assert explain.replayed(told)
