"""Budgets of calls: never above rate or quota, no storm after a start, a forecast that is a plain rule of three."""

import datetime as dt
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calendar import VIETNAM
from schemas.ids import PeerId
from schemas.ports.learned import CallCount
from tests.unit.tracking.build import after
from tracking import budget
from tracking.budget import BURST, QUOTA_SHARE, RATE_SHARE, Bucket, Terms

MIDNIGHT = dt.datetime(2026, 11, 16, tzinfo=VIETNAM)
PEER = PeerId("viettel_post")

terms = st.builds(
    Terms,
    rate_per_s=st.one_of(st.none(), st.floats(0.01, 50)),
    calls_per_day=st.one_of(st.none(), st.integers(1, 200_000)),
    items_per_call=st.integers(1, 100),
)


@settings(max_examples=150)
@given(
    terms,
    st.lists(st.tuples(st.floats(0, 7_200), st.integers(0, 5_000), st.integers(0, 50)), min_size=1, max_size=60),
)
def test_no_window_has_more_calls_than_burst_and_rate_and_no_day_more_than_its_quota(
    allowed: Terms, looks: list[tuple[float, int, int]]
) -> None:
    """Looks at random times with random demand; messages take calls beside the questions."""
    rate = RATE_SHARE * (budget.UNKNOWN_RATE_PER_S if allowed.rate_per_s is None else allowed.rate_per_s)
    burst = max(1.0, rate * BURST.total_seconds())
    now, bucket = MIDNIGHT, Bucket(MIDNIGHT)
    granted: list[tuple[dt.datetime, int]] = []
    spent: dict[dt.datetime, int] = {}
    questions: dict[dt.datetime, int] = {}
    for wait_s, wanted, messages in looks:
        now += dt.timedelta(seconds=wait_s)
        day = budget.day_of(now)[0]
        spent[day] = spent.get(day, 0) + messages
        bucket = budget.filled(bucket, allowed, spent[day], now)
        calls = min(wanted, budget.affordable(bucket, allowed, spent[day]))
        before = spent[day]
        bucket = budget.without(bucket, calls)
        granted.append((now, calls))
        spent[day] = before + calls
        questions[day] = questions.get(day, 0) + calls
        if allowed.calls_per_day is not None and calls:
            assert spent[day] <= allowed.calls_per_day * QUOTA_SHARE
    for first, (since, _) in enumerate(granted):
        total = 0
        for at, calls in granted[first:]:
            total += calls
            assert total <= burst + rate * (at - since).total_seconds() + 1e-3


@given(terms, st.integers(0, 1_000))
def test_a_process_that_starts_has_one_call_however_long_it_was_away(allowed: Terms, spent: int) -> None:
    bucket = budget.filled(Bucket(after(1)), allowed, spent, after(1))
    assert budget.affordable(bucket, allowed, spent) <= 1


def test_the_quota_is_spread_over_the_day() -> None:
    allowed = Terms(None, 8_640, 1)
    bucket, spent = Bucket(MIDNIGHT), 0
    asked: dict[int, int] = {}
    for minute in range(24 * 60):
        now = MIDNIGHT + dt.timedelta(minutes=minute)
        bucket = budget.filled(bucket, allowed, spent, now)
        calls = budget.affordable(bucket, allowed, spent)
        bucket, spent = budget.without(bucket, calls), spent + calls
        asked[now.hour] = asked.get(now.hour, 0) + calls
    assert spent <= 8_640 * QUOTA_SHARE
    assert min(asked.values()) >= 0.9 * max(asked.values())


def test_a_quiet_night_leaves_more_for_the_day_and_saved_calls_end_at_the_burst() -> None:
    allowed = Terms(10.0, 8_640, 1)
    assert budget.pace(allowed, 0, MIDNIGHT + dt.timedelta(hours=12)) == 2 * budget.pace(allowed, 0, MIDNIGHT)
    full = budget.filled(Bucket(MIDNIGHT), allowed, 0, MIDNIGHT + dt.timedelta(hours=8))
    speed = budget.pace(allowed, 0, MIDNIGHT + dt.timedelta(hours=8))
    assert math.isclose(full.tokens, speed * BURST.total_seconds())
    assert budget.filled(full, allowed, 0, MIDNIGHT) == full  # a clock that went back


def test_messages_keep_a_part_of_the_quota() -> None:
    allowed = Terms(None, 100, 1)
    assert budget.left_today(allowed, 79) == 1
    assert budget.affordable(Bucket(MIDNIGHT, 50.0), allowed, 79) == 1
    assert budget.affordable(Bucket(MIDNIGHT, 50.0), allowed, 99) == 0
    assert budget.left_today(Terms(None, None, 1), 10_000) is None


def test_a_debt_is_paid_before_the_next_question() -> None:
    allowed = Terms(2.0, None, 1)
    owing = budget.without(Bucket(MIDNIGHT, 1.0), 4)
    assert budget.affordable(owing, allowed, 0) == 0
    assert budget.affordable(budget.filled(owing, allowed, 0, MIDNIGHT + dt.timedelta(seconds=3)), allowed, 0) == 0
    assert budget.affordable(budget.filled(owing, allowed, 0, MIDNIGHT + dt.timedelta(seconds=4)), allowed, 0) == 1


def test_a_sweep_takes_as_long_as_the_budget_and_at_most_a_day() -> None:
    assert budget.span_of(3_000, Terms(2.0, None, 50), 0, MIDNIGHT) == dt.timedelta(seconds=60)
    assert budget.span_of(10**7, Terms(2.0, None, 1), 0, MIDNIGHT) == dt.timedelta(days=1)
    assert budget.span_of(10, Terms(2.0, 100, 1), 80, MIDNIGHT) == dt.timedelta(days=1)


def count(hour: int, calls: int) -> CallCount:
    return CallCount(PEER, "question", MIDNIGHT + dt.timedelta(hours=hour), calls)


def test_the_forecast_goes_on_as_the_last_hours_went() -> None:
    now = MIDNIGHT + dt.timedelta(hours=9)
    told = [count(1, 100), count(6, 50), count(7, 50), count(8, 50)]
    assert budget.gone_at(told, 400, now) == now + dt.timedelta(hours=3)
    assert budget.gone_at(told, 2_000, now) is None  # the day ends first
    assert budget.gone_at(told, 250, now) == now
    assert budget.gone_at([count(1, 100)], 400, now) is None  # nobody asks any more
    assert budget.gone_at([], 400, now) is None


def test_calls_of_yesterday_tell_the_pace_and_not_the_sum() -> None:
    now = MIDNIGHT + dt.timedelta(hours=1)
    told = [count(-2, 60), count(-1, 60), count(0, 60)]
    assert budget.gone_at(told, 120, now) == now + dt.timedelta(hours=1)
