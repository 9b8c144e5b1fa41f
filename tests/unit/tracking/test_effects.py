import dataclasses
import datetime as dt

from schemas.calendar import Term, TermKind
from schemas.dossier import (
    Dossier,
    DossierState,
    PauseEffect,
    ProofKind,
    RequestKind,
)
from schemas.ids import Sha256, UnitId
from schemas.organisation import SupplementClock
from tests.unit.tracking.build import OFFICE, T0, after, calendar
from tests.unit.tracking.walk import ALL, made, standing
from tracking.deadlines import Promise
from tracking.facts import Facts
from tracking.table import Trigger

S, T = DossierState, Trigger

FIVE_DAYS = Promise(calendar(), Term(TermKind.WORKING_DAYS, 5), SupplementClock.PAUSE)
MONDAY = T0
FRIDAY_DUE = after(days=7).replace(hour=16, minute=30)


def accepted(promise: Promise = FIVE_DAYS) -> Dossier:
    return made(standing(S.ARRIVED), T.ACCEPT, Facts(promise=promise), MONDAY)


def test_acceptance_starts_the_clock_and_makes_the_due_date_final() -> None:
    expected = dataclasses.replace(standing(S.ARRIVED), due_at=after(days=3), calendar_version="old")
    done = made(expected, T.ACCEPT, Facts(promise=FIVE_DAYS), MONDAY)
    assert (done.accepted_at, done.due_at, done.due_final, done.calendar_version) == (MONDAY, FRIDAY_DUE, True, "test")
    assert [(row.due_at, row.calendar_version) for row in done.due_history] == [(after(days=3), "old")]


def test_the_units_own_due_date_wins() -> None:
    done = made(standing(S.ARRIVED), T.ACCEPT, Facts(promise=FIVE_DAYS, due_at=after(days=9)), MONDAY)
    assert (done.due_at, done.due_final) == (after(days=9), True)


def test_a_supplement_pauses_and_gives_back_the_days() -> None:
    work = made(accepted(), T.BEGIN_WORK)
    asked = made(work, T.ASK_SUPPLEMENT, Facts(promise=FIVE_DAYS), after(days=1))
    assert [(one.kind, one.since, one.until) for one in asked.pauses] == [(RequestKind.SUPPLEMENT, after(days=1), None)]
    here = made(asked, T.SUPPLEMENT_ARRIVED, ALL, after(days=2))
    assert here.pauses[0].until is None
    done = made(here, T.SUPPLEMENT_COMPLETE, Facts(promise=FIVE_DAYS), after(days=3))
    assert (done.pauses[0].until, done.supplements[0].settled_at) == (after(days=3), after(days=3))
    assert done.due_at == FRIDAY_DUE + dt.timedelta(days=2)
    assert len(done.due_history) == 1


def test_a_procedure_that_restarts_counts_the_whole_term_again() -> None:
    restart = dataclasses.replace(FIVE_DAYS, supplement_clock=SupplementClock.RESTART)
    asked = made(made(accepted(restart), T.BEGIN_WORK), T.ASK_SUPPLEMENT, Facts(promise=restart), after(days=1))
    assert asked.pauses[0].effect is PauseEffect.RESTART
    done = made(made(asked, T.SUPPLEMENT_ARRIVED), T.SUPPLEMENT_COMPLETE, Facts(promise=restart), after(days=2))
    assert done.due_at == after(days=9).replace(hour=16, minute=30)


def test_before_acceptance_there_is_nothing_to_pause() -> None:
    asked = made(standing(S.ARRIVED), T.ASK_SUPPLEMENT, Facts(promise=FIVE_DAYS))
    assert asked.pauses == () and len(asked.supplements) == 1
    done = made(made(asked, T.SUPPLEMENT_ARRIVED), T.SUPPLEMENT_COMPLETE, Facts(promise=FIVE_DAYS), MONDAY)
    assert (done.state, done.accepted_at, done.due_at) == (S.ACCEPTED, MONDAY, FRIDAY_DUE)


def test_a_withdrawal_inside_a_fee_pause_does_not_give_back_the_same_days_twice() -> None:
    fee = made(accepted(), T.ASK_FEE, Facts(promise=FIVE_DAYS), after(days=1))
    asked = made(fee, T.ASK_WITHDRAWAL, Facts(promise=FIVE_DAYS), after(days=2))
    back = made(asked, T.TAKE_BACK_WITHDRAWAL, Facts(promise=FIVE_DAYS), after(days=3))
    assert back.due_at == FRIDAY_DUE
    paid = made(back, T.PROVE_FEE, Facts(promise=FIVE_DAYS, fee_proof=True), after(days=4))
    assert (paid.state, paid.due_at) == (S.ACCEPTED, FRIDAY_DUE + dt.timedelta(days=3))


def test_the_time_of_return_is_the_time_of_delivery_and_a_reopening_keeps_the_proof() -> None:
    facts = dataclasses.replace(ALL, evidence_sha256=Sha256("1" * 64))
    returned = made(standing(S.RESULT_IN_POST), T.DELIVERED, facts, after(30))
    assert returned.return_proof is not None
    assert (returned.return_proof.kind, returned.return_proof.at) == (ProofKind.POSTAL, after(22))
    reopened = made(returned, T.REOPEN)
    assert (reopened.return_proof, reopened.national) == (returned.return_proof, 9)


def test_the_holder_changes_when_the_taker_signs_and_not_when_it_is_sent_back() -> None:
    sent = made(standing(S.PROCESSING), T.SEND_ON)
    assert sent.competent_unit == OFFICE
    assert made(sent, T.TAKE_OVER).competent_unit == "so-tn"
    assert made(sent, T.TAKE_OVER, Facts(sent_back=True)).competent_unit == OFFICE


def test_each_unit_of_an_inter_level_dossier_has_a_budget_counted_from_its_own_receipt() -> None:
    budgets = (Term(TermKind.WORKING_DAYS, 1), Term(TermKind.WORKING_DAYS, 3))
    promise = dataclasses.replace(FIVE_DAYS, legs=budgets)
    work = made(accepted(promise), T.BEGIN_WORK, Facts(promise=promise), MONDAY)
    tuesday = after(days=1).replace(hour=16, minute=30)
    assert work.legs[-1].due_at == tuesday
    on = made(work, T.SEND_ON, Facts(giver_signed=True, next_unit=UnitId("so-tn")), after(hours=6))
    assert (on.legs[0].done_at, on.legs[-1].due_at) == (after(hours=6), None), "the budget waits for the taker"
    taken = made(on, T.TAKE_OVER, Facts(taker_signed=True, promise=promise), after(days=2))
    assert taken.legs[-1].due_at == after(days=7).replace(hour=16, minute=30)
    assert taken.due_at == FRIDAY_DUE, "the dossier's own date stays"


def test_the_budget_of_the_next_unit_is_counted_by_its_own_calendar() -> None:
    off = calendar(("2026-11-17", False, "its own holiday"))
    promise = dataclasses.replace(FIVE_DAYS, legs=(Term(TermKind.WORKING_DAYS, 1),) * 2, leg_calendar=off)
    work = made(accepted(), T.BEGIN_WORK, Facts(promise=FIVE_DAYS), MONDAY)
    on = made(work, T.SEND_ON, Facts(giver_signed=True, next_unit=UnitId("so-tn")), after(hours=1))
    taken = made(on, T.TAKE_OVER, Facts(taker_signed=True, promise=promise), after(hours=2))
    assert taken.legs[-1].due_at == after(days=2).replace(hour=16, minute=30)


def test_a_stop_gives_back_its_days_to_the_units_budget_too() -> None:
    promise = dataclasses.replace(FIVE_DAYS, legs=(Term(TermKind.WORKING_DAYS, 2),))
    work = made(accepted(promise), T.BEGIN_WORK, Facts(promise=promise), MONDAY)
    asked = made(work, T.ASK_SUPPLEMENT, Facts(promise=promise), after(days=1))
    here = made(asked, T.SUPPLEMENT_ARRIVED, ALL, after(days=2))
    done = made(here, T.SUPPLEMENT_COMPLETE, Facts(promise=promise), after(days=2))
    assert done.legs[-1].due_at == after(days=3).replace(hour=16, minute=30)


def test_without_a_budget_no_leg_has_a_date() -> None:
    assert made(accepted(), T.BEGIN_WORK, Facts(promise=FIVE_DAYS), MONDAY).legs[-1].due_at is None
