"""Disagreement in the real SQLite store: cases open, grow, close and open again by themselves, and are explained."""

import dataclasses
import datetime as dt

from schemas.discrepancy import DiscrepancyState, Subject
from schemas.dossier import Dossier, DossierState
from schemas.limits import OfficePlace, RuleLimit, Span
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingState, Item, LegDirection
from schemas.tracking import (
    EvidenceLevel,
    Movement,
)
from tests.flows.news import CODE, World, at_result, world
from tests.unit.tracking.build import CARRIER, OFFICE, PEER, T0, after, event, item
from tracking import explain, ingest, lag, reading, reconcile, sweep
from tracking.facts import Facts
from tracking.table import Trigger

__all__ = ["world"]  # a fixture: used by name only

S, M = DossierState, Movement


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


async def test_a_threshold_of_a_carrier_or_a_route_is_in_force_from_the_next_question_on(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await sweep_all(world, after(5))
    assert await world.open_cases() == {}
    route = lag.provinces_of(item())
    of_rule, of_route = Span(200), Span(4)
    await world.do(lambda tx: tx.trade.put_limits([RuleLimit("D-01", of_route, Span(100), route=route)]))
    await sweep_all(world, after(5))
    assert (await world.open_cases())["D-01"].severity.name == "MEDIUM"
    await world.do(lambda tx: tx.trade.put_limits([RuleLimit("D-01", of_rule, of_rule, CARRIER, "HCC", route)]))
    await sweep_all(world, after(25))
    assert "D-01" not in await world.open_cases(), "the narrower one waits longer"


async def test_an_item_that_travels_faster_than_anything_is_seen_where_places_are_known(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await world.hear(
        event(M.ACCEPTED, after(1), office="330000"), event(M.IN_TRANSIT, after(1.5), office="700000"), now=after(2)
    )
    assert "D-32" not in await world.open_cases()
    await world.do(
        lambda tx: tx.trade.put_places([OfficePlace("330000", 21.4, 103.0), OfficePlace("700000", 10.8, 106.7)])
    )
    await sweep_all(world, after(3))
    assert "D-32" in await world.open_cases()


async def outage(world: World, held: Item, since: dt.datetime, now: dt.datetime) -> None:
    """The feed at which the item is booked has failed ``since``; its case is opened at ``now``."""

    def fail(tx: Tx) -> None:
        tx.items.put_booking(
            Booking(PEER, CARRIER, CODE, LegDirection.TO_OFFICE, held.id, held.id, BookingState.ACCEPTED, T0, None)
        )
        tx.feeds.put(FeedState(PEER, None, T0, since, 7, "Outage: refused", None))
        sweep.sweep_feeds(tx, [PEER], context_source=reading.load_context, now=now)

    await world.do(fail)


async def answers(world: World, now: dt.datetime) -> None:
    """The feed answers again."""

    def work(tx: Tx) -> None:
        tx.feeds.put(FeedState(PEER, None, now, None, 0, "", None))
        sweep.sweep_feeds(tx, [PEER], context_source=reading.load_context, now=now)

    await world.do(work)


async def test_a_silent_feed_is_one_case_instead_of_one_for_each_item_and_holds_them_back_for_three_days(
    world: World,
) -> None:
    one = await world.lodged()
    held = [await world.pack(item(number=number), one) for number in ("EL000000005VN", "EL000000014VN")]
    for each in held:
        await outage(world, each, after(1), after(4))
    await sweep_all(world, after(20))
    assert set(await world.open_cases()) == {"D-36"}
    await sweep_all(world, after(4 + 72))
    late = [case for case in await world.do(lambda tx: tx.discrepancies.open()) if case.rule == "D-08"]
    assert len(late) == 2 and {case.parent for case in late} == {(await world.open_cases())["D-36"].id}


async def test_what_was_open_before_the_outage_stays_and_hangs_under_it_until_the_feed_answers(world: World) -> None:
    one = await world.lodged()
    held = await world.pack(item(), one)
    await sweep_all(world, after(9))
    assert (await world.open_cases())["D-01"].parent is None
    await outage(world, held, after(10), after(20))
    await sweep_all(world, after(20))
    cases = await world.open_cases()
    assert cases["D-01"].parent == cases["D-36"].id
    await answers(world, after(30))
    await sweep_all(world, after(30))
    assert {rule: case.parent for rule, case in (await world.open_cases()).items()} == {"D-01": None}


async def test_never_seen_is_the_same_case_as_not_accepted_and_an_eased_one_goes_back(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    await sweep_all(world, after(9))
    soft = (await world.open_cases())["D-01"]
    await sweep_all(world, after(48))
    grown = await world.open_cases()
    assert (set(grown), grown["D-08"].id, grown["D-08"].opened_at) == ({"D-08"}, soft.id, after(9))
    assert (grown["D-08"].remedy, grown["D-08"].epoch) == ("remedy.D-08", soft.epoch)
    await world.hear(event(None, after(40)), now=after(49))
    eased = await world.open_cases()
    assert (set(eased), eased["D-01"].id) == ({"D-01", "D-35"}, soft.id)
    await world.hear(event(M.ACCEPTED, after(41)), now=after(50))
    assert set(await world.open_cases()) == {"D-35"}


async def test_a_dossiers_silence_hangs_under_the_case_of_its_item_and_stands_alone_when_that_one_closes(
    world: World,
) -> None:
    one = await world.lodged()
    held = await world.pack(item(), one)
    await world.hear(event(M.ACCEPTED, after(1)))
    await sweep_all(world, after(days=8))
    cases = await world.open_cases()
    assert cases["E-12"].parent == cases["D-07"].id
    await world.do(lambda tx: tx.discrepancies.put(dataclasses.replace(cases["D-07"], state=DiscrepancyState.RESOLVED)))
    await sweep_all(world, after(days=8, hours=1))
    assert (await world.open_cases())["E-12"].parent is None, held.id


async def test_a_movement_after_a_closed_dossiers_end_is_one_case_under_the_regression(world: World) -> None:
    one, sent = await regressed(world)
    await world.move(one, Trigger.ARCHIVE, Facts(grace_over=True), after(31))
    await world.hear(event(M.OUT_FOR_DELIVERY, after(60), number="EL000000014VN"), now=after(61))
    cases = await world.open_cases()
    assert cases["D-05"].subject == str(sent.id)
    assert cases["D-05"].parent is None, "another event than the one that regressed"


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


async def test_d34_sees_a_delivery_that_vanishes_in_silence_and_not_one_that_is_taken_back_by_name(
    world: World,
) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    taken, delivered = event(M.ACCEPTED, after(1)), event(M.DELIVERED, after(5))
    await world.hear(taken, delivered)
    await world.hear(dataclasses.replace(delivered, withdrawn=True, received_at=after(9)), now=after(9.5))
    assert "D-34" not in await world.open_cases()
    await world.hear(event(M.DELIVERED, after(20)), now=after(21))
    await world.hear(taken, now=after(30), complete_for=("EL000000005VN",))
    vanished = (await world.open_cases())["D-34"]
    assert vanished.evidence[0].at == after(20)
    await world.hear(event(M.DELIVERED, after(20), received_at=after(40)), now=after(40))
    assert "D-34" not in await world.open_cases()


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
    assert [case.rule for case in told.cases if case.subject_kind is Subject.ITEM] == ["D-31"]
    assert "reopen" in told.lawful
    assert explain.replayed(told)
