"""The circuit breaker of a peer: an outage costs one probe per interval."""

import dataclasses
import datetime as dt

import hypothesis
import hypothesis.strategies as st
import pytest

from gateway.outbox.breaker import BreakerPolicy, after_try, allowance
from gateway.outbox.retry import PEER_IS_AWAY
from schemas.ids import PeerId
from schemas.message import AttemptClass
from schemas.ports.message_stores import Breaker

NOW = dt.datetime(2026, 11, 16, 1, 0, tzinfo=dt.UTC)
CLOSED = Breaker(PeerId("dvcqg"), 0, None, "", False)
POLICY = BreakerPolicy(failures=3, interval=dt.timedelta(seconds=30))
C = AttemptClass


def after(*outcomes: AttemptClass, start: Breaker = CLOSED, now: dt.datetime = NOW) -> Breaker:
    breaker = start
    for outcome in outcomes:
        breaker = after_try(breaker, outcome, f"{outcome}", POLICY, now)
    return breaker


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    assert after(C.OUTAGE, C.TRANSIENT).open_until is None
    opened = after(C.OUTAGE, C.TRANSIENT, C.UNKNOWN)
    assert (opened.failures, opened.open_until, opened.last_error) == (3, NOW + POLICY.interval, "unknown")


@pytest.mark.parametrize("outcome", sorted(set(AttemptClass) - PEER_IS_AWAY))
def test_any_answer_of_the_peer_proves_that_it_lives(outcome: AttemptClass) -> None:
    healed = after(C.OUTAGE, C.OUTAGE, C.OUTAGE, outcome)
    assert (healed.failures, healed.open_until, healed.last_error) == (0, None, "")


def test_while_open_nothing_goes_out_then_one_probe_then_everything() -> None:
    opened = after(C.OUTAGE, C.OUTAGE, C.OUTAGE)
    assert opened.open_until is not None
    just_before = opened.open_until - dt.timedelta(microseconds=1)
    assert allowance(opened, 8, just_before) == 0
    assert allowance(opened, 8, opened.open_until) == 1
    assert allowance(opened, 0, opened.open_until) == 0
    failed = after(C.OUTAGE, start=opened, now=opened.open_until)
    assert failed.open_until == opened.open_until + POLICY.interval
    assert allowance(failed, 8, opened.open_until) == 0
    assert allowance(after(C.OK, start=opened, now=opened.open_until), 8, opened.open_until) == 8


@hypothesis.given(st.lists(st.sampled_from(AttemptClass), max_size=30), st.integers(0, 16), st.booleans())
def test_it_never_allows_more_than_is_free_and_nothing_when_stopped(
    outcomes: list[AttemptClass], free: int, stopped: bool
) -> None:
    breaker = dataclasses.replace(after(*outcomes), stopped=stopped)
    for seconds in (0, 29, 30, 31, 10_000):
        allowed = allowance(breaker, free, NOW + dt.timedelta(seconds=seconds))
        assert 0 <= allowed <= free
        assert allowed == 0 or not stopped
