"""Gaps in a sender's count of its batches."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from gateway.inbound.soap import sequence
from schemas.ids import PeerId, push_feed
from schemas.ports.message_stores import FeedState

NOW = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
NEW = FeedState(push_feed(PeerId("post")), None, None, None, 0, "", None)


def after(*numbers: int | None, state: FeedState = NEW) -> FeedState:
    for place, number in enumerate(numbers):
        state = sequence.after(state, number, now=NOW + dt.timedelta(minutes=place))
    return state


@given(st.permutations(range(1, 30)))
def test_whatever_the_order_all_batches_leave_no_gap(order: list[int]) -> None:
    state = after(1, *[number for number in order if number != 1])
    assert (state.failures, state.failing_since, state.cursor) == (0, None, "29!!")


@given(st.sets(st.integers(min_value=2, max_value=60), min_size=1))
def test_what_is_missing_is_named(present: set[int]) -> None:
    state = after(1, *sorted(present))
    missing = set(range(1, max(present))) - present - {1}
    assert state.failures == len(missing)
    assert (state.failing_since is None) == (not missing)


def test_a_sender_without_numbers_only_lives() -> None:
    state = after(None, None)
    assert (state.cursor, state.failures, state.last_ok_at) == (None, 0, NOW + dt.timedelta(minutes=1))


def test_the_first_number_ever_heard_is_no_gap() -> None:
    assert after(4_711).failures == 0


def test_a_gap_keeps_its_beginning() -> None:
    state = after(1, 3, 6)
    assert (state.failures, state.failing_since) == (3, NOW + dt.timedelta(minutes=1))


def test_a_count_that_begins_again_says_so() -> None:
    state = after(1, 2, 3, 1, 2)
    assert (state.cursor, state.failures, state.last_error) == ("2!!", 0, "the count began again at 1, after 3")
    assert after(3, 4, state=state).failures == 0


def test_one_late_batch_is_no_new_count() -> None:
    state = after(2, 1)
    assert (state.cursor, state.last_error) == ("2!!1", "batch 1 came after 2")
    assert (after(3, state=state).failures, after(3, state=state).last_error) == (0, "")


def test_a_wild_jump_is_told_and_not_remembered_number_by_number() -> None:
    state = after(1, 10_000_000)
    assert (state.cursor, state.failures) == ("10000000!!", 0)
    assert "jumps from 1 to 10000000" in state.last_error
