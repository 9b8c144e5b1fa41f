import dataclasses
import datetime as dt
from typing import Any

import pytest

from schemas.discrepancy import Severity
from schemas.dossier import Dossier, DossierState, Leg
from schemas.lag import Lag
from schemas.shipment import ExpectedOffice, Purpose
from schemas.tracking import Movement
from tests.unit.tracking.build import CARRIER, OFFICE, POST, after, calendar, dossier, event, log, mapped, stored
from tests.unit.tracking.seen import at, seen, step
from tracking import kinship, reconcile
from tracking.rules.catalogue import ITEM_RULES
from tracking.rules.context import LimitKey, Limits, Wait
from tracking.rules.movement import ClosedDossierMoving, LostOrInquiryOverdue, NoMovement, WithdrawnDossierMoving
from tracking.rules.views import ItemView
from tracking.status import MONEY

S, M = DossierState, Movement
CLOSED = dossier(S.CLOSED, closed_at=after(30), history=(step(S.CLOSED, 34, 10, 30),))


def moved(hours: float, movement: Movement = M.IN_TRANSIT, inside: Dossier = CLOSED, **changes: Any) -> ItemView:
    return seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 20), (movement, hours)), inside=(inside,), **changes)


def test_d05_compares_when_it_happened_with_the_end_and_a_days_grace() -> None:
    assert not list(ClosedDossierMoving().findings(moved(54), at(90)))
    (found,) = ClosedDossierMoving().findings(moved(54.1), at(90))
    assert (found.severity, [proof.kind for proof in found.evidence]) == (Severity.HIGH, ["step", "event"])


def test_d05_is_silent_for_the_look_alikes() -> None:
    rule = ClosedDossierMoving()
    late = seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 80)), inside=(CLOSED,))
    assert not list(rule.findings(late, at(90))), "the late scan that D-04 waits for"
    assert not list(rule.findings(moved(80, inside=dossier(S.RETURNED)), at(90))), "not closed: D-31 alone"
    undone = dossier(S.VOID, closed_at=after(0), history=(step(S.VOID, 3, 7, 0),))
    assert not list(rule.findings(moved(80, inside=undone), at(90))), "withdrawn: D-06"
    paid = dataclasses.replace(mapped(M.DELIVERED), action=MONEY)
    money = stored(event(M.DELIVERED, after(80), code="110", mapped=paid))
    assert not list(rule.findings(seen(*log((M.DELIVERED, 20)), money, inside=(CLOSED,)), at(90)))


def test_d05_sees_a_delivery_at_another_office_than_the_expected() -> None:
    expected = (ExpectedOffice("330000", after(0), "booking"),)
    here = seen(*log((M.DELIVERED, 80)), inside=(CLOSED,), expected_offices=expected)
    assert not list(ClosedDossierMoving().findings(here, at(90)))
    province = (ExpectedOffice("33", after(0), "address"),)
    late = seen(*log((M.DELIVERED, 80)), inside=(CLOSED,), expected_offices=province)
    assert not list(ClosedDossierMoving().findings(late, at(90))), "an office of the expected province"
    elsewhere = stored(event(M.DELIVERED, after(80), office="010000"))
    there = seen(elsewhere, inside=(CLOSED,), expected_offices=expected)
    assert list(ClosedDossierMoving().findings(there, at(90)))


def test_one_event_that_fires_d05_and_d31_is_a_child_of_d31() -> None:
    found = reconcile.findings(ITEM_RULES, moved(60), at(61))
    cases = {case.rule: case for case in reconcile.diff(found, (), now=after(61))}
    assert {"D-05", "D-31"} <= cases.keys()
    assert kinship.parent_of(cases["D-05"], cases.values(), ()) == cases["D-31"].id
    assert kinship.parent_of(cases["D-31"], cases.values(), ()) is None


WITHDRAWN = dossier(S.WITHDRAWN, history=(step(S.IN_POST, 4, 1, 1), step(S.WITHDRAWN, 22, 7, 10)))


def going(*steps: tuple[Movement, float], inside: Dossier = WITHDRAWN, **changes: Any) -> ItemView:
    return seen(*log((M.ACCEPTED, 1), *steps), inside=(inside,), **changes)


def test_d06_sees_an_item_that_goes_on_after_the_withdrawal() -> None:
    (found,) = WithdrawnDossierMoving().findings(going((M.IN_TRANSIT, 12)), at(13))
    assert (found.severity, found.units) == (Severity.HIGH, (POST, OFFICE))
    succeeded = dataclasses.replace(WITHDRAWN, history=(*WITHDRAWN.history, step(S.WITHDRAWN, 33, 7, 50)))
    assert list(WithdrawnDossierMoving().findings(going((M.IN_TRANSIT, 12), inside=succeeded), at(60)))


def test_d06_is_silent_for_the_look_alikes() -> None:
    rule = WithdrawnDossierMoving()
    assert not list(rule.findings(going((M.IN_TRANSIT, 9)), at(90))), "a scan of before"
    assert not list(rule.findings(going((M.IN_TRANSIT, 12), (M.RETURNING, 13)), at(90))), "a lawful return"
    assert not list(rule.findings(going((M.IN_TRANSIT, 12), purpose=Purpose.PAPERS_BACK), at(90)))
    assert not list(rule.findings(going((M.IN_TRANSIT, 12), recall_at=after(11)), at(90))), "the recall is on its way"
    assert not list(rule.findings(going((M.DELIVERED, 12)), at(90))), "it has come to an end"
    assert not list(rule.findings(going((M.IN_TRANSIT, 12), inside=dossier(S.WITHDRAW_ASKED)), at(90))), "not granted"


def test_d06_gives_a_recall_one_day() -> None:
    assert list(WithdrawnDossierMoving().findings(going((M.IN_TRANSIT, 36), recall_at=after(11)), at(37)))


@pytest.mark.parametrize(
    ("hours", "severity"), [(72.9, None), (73, Severity.MEDIUM), (168.9, Severity.MEDIUM), (169, Severity.HIGH)]
)
def test_d07_waits_one_and_a_half_of_the_usual_and_is_grave_at_three(hours: float, severity: Severity | None) -> None:
    resting = seen(*log((M.ACCEPTED, 0), (M.IN_TRANSIT, 1)))
    assert [one.severity for one in NoMovement().findings(resting, at(hours))] == ([severity] if severity else [])


def test_d07_takes_the_learned_pace_of_the_movement_before_the_assumed_and_the_settings_before_both() -> None:
    resting = seen(*log((M.ACCEPTED, 0), (M.IN_TRANSIT, 1)))
    pace = Lag(50, dt.timedelta(hours=4), dt.timedelta(hours=10))
    quick = at(16, paces={(CARRIER, "HCC", M.IN_TRANSIT): pace})
    assert [one.severity for one in NoMovement().findings(resting, quick)] == [Severity.MEDIUM]
    assert not list(NoMovement().findings(resting, at(16, paces={(CARRIER, "HCC", M.HELD): pace})))
    slow: dict[LimitKey, Limits] = {("D-07", CARRIER, None): Limits(Wait(500), Wait(900))}
    assert not list(NoMovement().findings(resting, dataclasses.replace(quick, limits=slow)))


def test_d07_any_row_is_a_sign_of_life_and_the_epoch_is_the_last_one() -> None:
    unknown = stored(event(None, after(60), code="X7"))
    alive = seen(*log((M.ACCEPTED, 0), (M.IN_TRANSIT, 1)), unknown)
    assert not list(NoMovement().findings(alive, at(100)))
    (found,) = NoMovement().findings(alive, at(60 + 72))
    assert found.epoch == after(60).isoformat()
    future = stored(event(M.IN_TRANSIT, after(90)), quarantine="EV-11")
    dead = seen(*log((M.ACCEPTED, 0), (M.IN_TRANSIT, 1)), future)
    assert list(NoMovement().findings(dead, at(100))), "what cannot have happened is no sign"


def test_d07_counts_neither_sundays_nor_public_holidays() -> None:
    saturday = seen(*log((M.ACCEPTED, 120), (M.OUT_FOR_DELIVERY, 128)))
    assert not list(NoMovement().findings(saturday, at(128 + 27))), "on the Sunday itself"
    assert not list(NoMovement().findings(saturday, at(128 + 24 + 23.9)))
    assert list(NoMovement().findings(saturday, at(128 + 24 + 24)))
    resting = seen(*log((M.ACCEPTED, 0), (M.IN_TRANSIT, 1)))
    holiday = calendar(("2026-11-17", False, "Tết"), ("2026-11-18", False, "Tết"))
    assert not list(NoMovement().findings(resting, at(100, calendar=lambda _: holiday)))
    assert list(NoMovement().findings(resting, at(121, calendar=lambda _: holiday)))


def test_d07_is_silent_for_the_look_alikes() -> None:
    resting = log((M.ACCEPTED, 0), (M.IN_TRANSIT, 1))
    signed = dossier(S.ARRIVED, legs=(Leg(POST, OFFICE, after(0), after(9), None, None),))
    assert not list(NoMovement().findings(seen(*resting, inside=(signed,)), at(300))), "received: D-04"
    assert not list(NoMovement().findings(seen(*resting, sender_receipt_at=after(9)), at(300)))
    assert not list(NoMovement().findings(seen(*resting, *log((M.DELIVERED, 5))), at(300)))
    assert not list(NoMovement().findings(seen(), at(300))), "never accepted: D-01, D-08"
    waiting = seen(*log((M.ACCEPTED, 0), (M.READY_FOR_COLLECTION, 1)))
    assert not list(NoMovement().findings(waiting, at(200))), "ten days at the counter are usual"


@pytest.mark.parametrize(
    ("steps", "graver"),
    [
        (((M.ACCEPTED, 0), (M.ATTEMPT_FAILED, 1), (M.ATTEMPT_FAILED, 5)), "D-16"),
        (((M.ACCEPTED, 0), (M.READY_FOR_COLLECTION, 1)), "D-17"),
    ],
)
def test_d07_is_silent_while_a_graver_rule_speaks_of_the_same_item(
    steps: tuple[tuple[Movement, float], ...], graver: str
) -> None:
    view = seen(*log(*steps))
    assert list(NoMovement().findings(view, at(900)))
    told = {one.rule for one in reconcile.findings(ITEM_RULES, view, at(900))}
    assert graver in told and "D-07" not in told


def lost(*history: object) -> ItemView:
    inside = dossier(S.LOST_HOLD, history=history)
    return seen(*log((M.ACCEPTED, 1), (M.LOST, 20)), inside=(inside,))


def test_d39_sees_a_declared_loss_at_once_and_closes_when_papers_are_found_or_replaced() -> None:
    held = step(S.LOST_HOLD, 32, 1, 21)
    (found,) = LostOrInquiryOverdue().findings(lost(held), at(22))
    assert (found.severity, found.epoch) == (Severity.HIGH, f"loss|{after(20).isoformat()}")
    assert not list(LostOrInquiryOverdue().findings(lost(held, step(S.IN_POST, 32, 1, 40)), at(41)))
    assert not list(LostOrInquiryOverdue().findings(seen(*log((M.ACCEPTED, 1), (M.DAMAGED, 20))), at(41)))


def test_d39_gives_an_inquiry_ten_working_days_and_any_scan_answers_it() -> None:
    asked = seen(*log((M.ACCEPTED, 1)), inquiry_at=after(2))
    assert not list(LostOrInquiryOverdue().findings(asked, at(days=14, hours=1)))
    assert list(LostOrInquiryOverdue().findings(asked, at(days=14, hours=2)))
    answered = seen(*log((M.ACCEPTED, 1), (M.IN_TRANSIT, 30)), inquiry_at=after(2))
    assert not list(LostOrInquiryOverdue().findings(answered, at(days=30)))
