"""The control chart of a feed: what an hour is compared with, and what it is not."""

import datetime as dt
import math

import pytest

from schemas.calendar import VIETNAM
from tests.unit.tracking.build import T0, calendar
from tracking import volumes
from tracking.rules.views import Volume

NOW = T0 + dt.timedelta(minutes=20)  # Monday 08:20
HOURS = volumes.hours_of(NOW)
LONG_AGO = NOW - dt.timedelta(days=400)
WEEK = calendar()


def chart(*counts: int, first: dt.datetime | None = LONG_AGO, off: tuple[str, ...] = ()) -> Volume | None:
    """Counts of the last full hour and of the weeks before it; older weeks have none."""
    events = dict.fromkeys(HOURS, 0) | dict(zip(HOURS, counts, strict=False))
    known = calendar(*((day, False, "lễ") for day in off))
    return volumes.volume(HOURS, events, first=first, calendar=known)


def test_an_hour_is_compared_with_the_same_hour_of_the_weeks_before() -> None:
    assert HOURS[0] == T0 - dt.timedelta(hours=1)
    assert len(HOURS) == volumes.WEEKS + 1
    assert {(hour.astimezone(VIETNAM).weekday(), hour.astimezone(VIETNAM).hour) for hour in HOURS} == {(0, 7)}


def test_a_count_never_varies_less_than_by_its_root() -> None:
    told = chart(60, *[100] * volumes.WEEKS)
    assert told == Volume(HOURS[0], 60, volumes.WEEKS, 100.0, 70.0)


def test_a_restless_feed_has_a_wider_band() -> None:
    past = [50, 150] * 6 + [100]
    told = chart(60, *past)
    assert told is not None and told.mean == 100.0
    assert told.lower == pytest.approx(max(0.0, 100 - 3 * math.sqrt(12 * 2_500 / 12)))


def test_a_small_feed_has_no_lower_limit() -> None:
    told = chart(0, *[8] * volumes.WEEKS)
    assert told is not None and told.lower == 0.0


def test_nothing_is_said_before_enough_weeks() -> None:
    three = NOW - dt.timedelta(weeks=3, hours=2)
    assert chart(0, *[100] * 13, first=three) is None
    four = NOW - dt.timedelta(weeks=4, hours=2)
    told = chart(0, *[100] * 13, first=four)
    assert told is not None and (told.weeks, told.mean) == (4, 100.0)
    assert chart(0, *[100] * 13, first=None) is None


def test_holidays_are_compared_with_nothing() -> None:
    assert chart(0, *[100] * 13, off=("2026-11-16",)) is None
    told = chart(0, 3, *[100] * 12, off=("2026-11-09",))
    assert told is not None and (told.weeks, told.mean) == (12, 100.0)
