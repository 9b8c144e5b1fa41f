import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calendar import VIETNAM, Term, TermKind
from schemas.organisation import SupplementClock
from tests.unit.tracking.build import calendar
from tracking import deadlines
from tracking.deadlines import Promise

HOLIDAYS = (
    *((f"2019-02-0{day}", False, "Tết") for day in range(4, 9)),
    ("2019-04-29", False, "swapped for 04/05"),
    ("2019-04-30", False, "Reunification"),
    ("2019-05-01", False, "Labour"),
    ("2019-05-04", True, "make-up for 29/04"),
    ("2025-04-26", True, "make-up for 02/05"),
    ("2025-04-30", False, "Reunification"),
    ("2025-05-01", False, "Labour"),
    ("2025-05-02", False, "swapped"),
    ("2025-09-01", False, "National day"),
    ("2025-09-02", False, "National day"),
    ("2026-01-01", False, "New year"),
    ("2026-08-22", True, "make-up for 31/08"),
    ("2026-08-31", False, "swapped"),
)
YEARS = calendar(*HOLIDAYS)


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2019-02-01", 5, "2019-02-15"),
        ("2019-04-26", 2, "2019-05-03"),
        ("2019-05-02", 3, "2019-05-06"),
        ("2025-04-25", 3, "2025-04-29"),
        ("2025-06-30", 3, "2025-07-03"),
        ("2025-08-29", 3, "2025-09-05"),
        ("2025-12-31", 3, "2026-01-06"),
        ("2026-08-20", 2, "2026-08-22"),
    ],
    ids=[
        "Tet is skipped",
        "a Monday swapped off",
        "a make-up Saturday counts",
        "a Saturday that works",
        "posted on Saturday, received on Monday, unit abolished in between",
        "national day",
        "new year by the library",
        "due on a Saturday that works",
    ],
)
def test_the_eight_worked_examples_of_the_product_facts(received: str, days: int, due: str) -> None:
    promised = deadlines.due_at(Term(TermKind.WORKING_DAYS, days), local(f"{received}T09:00"), YEARS)
    assert promised == local(f"{due}T16:30")


def test_an_override_on_a_swapped_day_moves_the_new_year_promise() -> None:
    swapped = calendar(*HOLIDAYS, ("2026-01-02", False, "swapped by the province"))
    assert deadlines.due_at(Term(TermKind.WORKING_DAYS, 3), local("2025-12-31T09:00"), swapped) == local(
        "2026-01-07T16:30"
    )


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-16T14:59", "2026-11-16T16:30"),
        ("2026-11-16T15:00", "2026-11-17T16:30"),
        ("2026-11-20T15:30", "2026-11-23T16:30"),
        ("2026-11-21T09:00", "2026-11-23T16:30"),
    ],
)
def test_same_day_ends_with_the_day_or_after_the_cut_off_with_the_next_working_day(received: str, due: str) -> None:
    assert deadlines.due_at(Term(TermKind.SAME_DAY, 0), local(received), YEARS) == local(due)


def test_working_hours_skip_lunch_night_and_weekend() -> None:
    term = Term(TermKind.WORKING_HOURS, 10)
    assert deadlines.due_at(term, local("2026-11-20T10:30"), YEARS) == local("2026-11-23T14:00")


def test_a_term_in_calendar_days_that_ends_on_a_day_off_ends_with_the_next_working_day() -> None:
    assert deadlines.due_at(Term(TermKind.CALENDAR_DAYS, 5), local("2026-11-16T10:00"), YEARS) == local(
        "2026-11-23T16:30"
    )


def test_outside_of_its_days_a_calendar_promises_nothing_and_still_measures_time() -> None:
    short = calendar(first=2026, last=2026)
    assert deadlines.due_at(Term(TermKind.WORKING_DAYS, 5), local("2026-12-30T10:00"), short) is None
    assert deadlines.working_time(short, local("2027-01-04T07:00"), local("2027-01-04T17:00")) == dt.timedelta(hours=8)


def test_a_pause_gives_back_the_working_days_it_took_and_a_restart_counts_again() -> None:
    promise = Promise(YEARS, Term(TermKind.WORKING_DAYS, 5), SupplementClock.PAUSE)
    due, stopped, resumed = local("2026-11-20T16:30"), local("2026-11-17T10:00"), local("2026-11-19T10:00")
    assert deadlines.shifted(promise, due, stopped, resumed, restart=False) == local("2026-11-24T16:30")
    assert deadlines.shifted(promise, due, stopped, resumed, restart=True) == local("2026-11-26T16:30")


def test_a_pause_over_a_weekend_gives_back_no_day_off() -> None:
    promise = Promise(YEARS, Term(TermKind.WORKING_DAYS, 5), SupplementClock.PAUSE)
    due = local("2026-11-23T16:30")
    assert deadlines.shifted(
        promise, due, local("2026-11-20T15:00"), local("2026-11-23T08:00"), restart=False
    ) == local("2026-11-24T16:30")


moments = st.integers(0, 9 * 365 * 24 * 60).map(lambda n: local("2018-06-01T00:00") + dt.timedelta(minutes=n))


@given(moments, st.integers(0, 4000))
def test_adding_working_time_and_measuring_it_agree(start: dt.datetime, minutes: int) -> None:
    amount = dt.timedelta(minutes=minutes)
    end = deadlines.add_working(YEARS, start, amount)
    assert end is not None
    assert deadlines.working_time(YEARS, start, end) == amount


@given(moments, moments, moments)
def test_working_time_adds_up_and_never_runs_backwards(one: dt.datetime, two: dt.datetime, three: dt.datetime) -> None:
    start, middle, end = sorted((one, two, three))
    whole = deadlines.working_time(YEARS, start, min(end, start + dt.timedelta(days=400)))
    part = deadlines.working_time(YEARS, start, min(middle, start + dt.timedelta(days=400)))
    assert dt.timedelta(0) <= part <= whole
    assert deadlines.working_time(YEARS, end, start) == dt.timedelta(0) or start == end
