"""A changed calendar lists the promises it would touch, and moves none."""

import dataclasses
import datetime as dt

import pytest

from schemas.calendar import VIETNAM, Term, TermKind
from schemas.dossier import Dossier, DossierState, Pause, PauseEffect, RequestKind
from schemas.organisation import SupplementClock
from tests.unit.tracking.build import T0, after, calendar
from tests.unit.tracking.walk import ALL, made, standing
from tracking import promises
from tracking.deadlines import Promise
from tracking.facts import Facts
from tracking.table import Trigger

S, T = DossierState, Trigger
FIVE = Promise(calendar(), Term(TermKind.WORKING_DAYS, 5), SupplementClock.PAUSE)
MONDAY_DUE = after(days=7).replace(hour=16, minute=30)
FRIDAY_OFF = calendar(("2026-11-20", False, "nghỉ bù"))
SATURDAY_WORKS = calendar(("2026-11-21", True, "làm bù"))


def accepted(**changes: object) -> Dossier:
    one = made(standing(S.ARRIVED), T.ACCEPT, Facts(promise=FIVE), T0)
    return dataclasses.replace(one, **changes)  # type: ignore[arg-type]  # field values


def test_a_new_day_off_and_a_new_working_day_are_told_with_the_date_that_would_be() -> None:
    later = promises.touched(accepted(), FIVE, FRIDAY_OFF)
    assert later is not None
    assert (later.promised, later.would_be) == (MONDAY_DUE, MONDAY_DUE + dt.timedelta(days=1))
    assert (later.final, later.by_unit) == (True, False)
    earlier = promises.touched(accepted(), FIVE, SATURDAY_WORKS)
    assert earlier is not None
    assert earlier.would_be == MONDAY_DUE - dt.timedelta(days=2)


@pytest.mark.parametrize(
    "other",
    [calendar(), calendar(("2026-11-14", True, "before")), calendar(("2026-11-26", False, "after"))],
    ids=["the same", "a day before receipt", "a day after the promise"],
)
def test_a_change_outside_of_the_term_touches_nothing(other: object) -> None:
    assert promises.touched(accepted(), FIVE, other) is None  # type: ignore[arg-type]  # calendars


@pytest.mark.parametrize("state", [S.RESULT_READY, S.RETURNED, S.REFUSED, S.CLOSED, S.VOID, S.STOPPED])
def test_a_promise_that_is_kept_or_over_is_not_touched(state: DossierState) -> None:
    assert promises.touched(accepted(state=state), FIVE, FRIDAY_OFF) is None
    assert promises.touched(accepted(due_at=None), FIVE, FRIDAY_OFF) is None


def test_an_expected_date_is_listed_as_such() -> None:
    one = accepted(accepted_at=None, submitted_at=T0, due_final=False, state=S.IN_POST)
    told = promises.touched(one, FIVE, FRIDAY_OFF)
    assert told is not None
    assert told.final is False


def test_a_date_that_the_unit_named_itself_is_touched_only_where_its_day_becomes_a_day_off() -> None:
    named = accepted(due_at=dt.datetime(2026, 11, 20, 10, 0, tzinfo=VIETNAM))
    told = promises.touched(named, FIVE, FRIDAY_OFF)
    assert told is not None
    assert (told.by_unit, told.would_be) == (True, dt.datetime(2026, 11, 23, 10, 0, tzinfo=VIETNAM))
    assert promises.touched(named, FIVE, calendar(("2026-11-19", False, "other day"))) is None


def test_where_the_changed_calendar_does_not_reach_the_new_date_is_nobodys() -> None:
    told = promises.touched(accepted(), FIVE, calendar(last=2025))
    assert told is not None
    assert told.would_be is None


@pytest.mark.parametrize("clock", list(SupplementClock))
def test_the_date_is_computed_again_as_the_moves_computed_it(clock: SupplementClock) -> None:
    promise = dataclasses.replace(FIVE, supplement_clock=clock)
    work = made(made(standing(S.ARRIVED), T.ACCEPT, Facts(promise=promise), T0), T.BEGIN_WORK)
    asked = made(work, T.ASK_SUPPLEMENT, Facts(promise=promise), after(days=1))
    resumed = made(
        made(asked, T.SUPPLEMENT_ARRIVED, ALL, after(days=2)),
        T.SUPPLEMENT_COMPLETE,
        Facts(promise=promise),
        after(days=3),
    )
    assert promises.recomputed(resumed, promise) == resumed.due_at
    assert promises.touched(resumed, promise, calendar()) is None


def test_a_stop_inside_another_gives_back_its_days_once() -> None:
    inner = Pause(RequestKind.FEE, after(days=1), after(days=2), PauseEffect.PAUSE)
    outer = Pause(RequestKind.WITHDRAWAL, after(hours=1), after(days=3), PauseEffect.PAUSE)
    both = promises.recomputed(accepted(pauses=(inner, outer)), FIVE)
    assert both == promises.recomputed(accepted(pauses=(outer,)), FIVE) == MONDAY_DUE + dt.timedelta(days=3)
