import datetime as dt

import pytest

from gateway.catalogue.calendars import POST_WEEK, build_calendar
from schemas.calendar import VIETNAM, DayOverride, Term, TermKind
from tracking.deadlines import due_at, is_working_day

FIRST, LAST = dt.date(2018, 1, 1), dt.date(2027, 12, 31)
COMMON = build_calendar(None, FIRST, LAST)
SWAP_2026 = (
    DayOverride(dt.date(2026, 1, 2), working=False, why="Hoán đổi với 10/01/2026"),
    DayOverride(dt.date(2026, 1, 10), working=True, why="Làm bù 02/01/2026"),
)


def due(received: str, days: int, *overrides: DayOverride) -> str:
    calendar = build_calendar(None, FIRST, LAST, overrides)
    at = dt.datetime.fromisoformat(received).replace(hour=9, tzinfo=VIETNAM)
    promised = due_at(Term(TermKind.WORKING_DAYS, days), at, calendar)
    assert promised is not None
    return promised.date().isoformat()


@pytest.mark.parametrize(
    ("received", "days", "overrides", "expected"),
    [
        ("2019-02-01", 5, (), "2019-02-15"),
        ("2019-04-26", 2, (), "2019-05-03"),
        ("2019-05-02", 3, (), "2019-05-06"),
        ("2025-04-25", 3, (), "2025-04-29"),
        ("2025-06-30", 3, (), "2025-07-03"),
        ("2025-08-29", 3, (), "2025-09-05"),
        ("2025-12-31", 3, (), "2026-01-06"),
        ("2025-12-31", 3, SWAP_2026, "2026-01-07"),
        ("2026-08-20", 2, (), "2026-08-22"),
    ],
)
def test_the_worked_examples(received: str, days: int, overrides: tuple[DayOverride, ...], expected: str) -> None:
    """Product facts §4.2, the eight rows; the seventh with and without the override."""
    assert due(received, days, *overrides) == expected


def test_the_post_works_on_saturday_and_the_office_does_not() -> None:
    saturday = dt.date(2025, 6, 28)
    post = build_calendar(None, FIRST, LAST, week=POST_WEEK)
    assert is_working_day(post, saturday) and not is_working_day(COMMON, saturday)


def test_overrides_win_over_the_library_and_the_later_row_wins() -> None:
    day = dt.date(2025, 4, 26)
    off = DayOverride(day, working=False, why="Tỉnh không làm bù")
    assert is_working_day(COMMON, day)
    assert not is_working_day(build_calendar(None, FIRST, LAST, [off]), day)
    back = DayOverride(day, working=True, why="Vẫn làm bù")
    assert is_working_day(build_calendar(None, FIRST, LAST, [off, back]), day)


def test_the_version_names_what_a_promise_was_computed_with() -> None:
    assert build_calendar(None, FIRST, LAST).version == COMMON.version
    assert build_calendar(None, FIRST, LAST, SWAP_2026).version != COMMON.version
    assert (
        build_calendar(None, FIRST, LAST, SWAP_2026).version
        == build_calendar(None, FIRST, LAST, SWAP_2026[::-1]).version
    )
    assert build_calendar(None, FIRST, LAST, week=POST_WEEK).version != COMMON.version


def test_days_are_sorted_unique_and_inside_the_calendar() -> None:
    days = [row.day for row in build_calendar(None, dt.date(2025, 1, 2), dt.date(2025, 12, 31), SWAP_2026).overrides]
    assert days == sorted(set(days))
    assert days[0] > dt.date(2025, 1, 1) and days[-1].year == 2025


def test_a_calendar_needs_days_in_order() -> None:
    with pytest.raises(ValueError, match="first day"):
        build_calendar(None, LAST, FIRST)
    with pytest.raises(ValueError, match="seven"):
        build_calendar(None, FIRST, LAST, week=((),))
