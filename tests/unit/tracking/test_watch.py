"""When to ask again, and who goes first when more is due than the budget allows."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.shipment import Item, PollState
from schemas.tracking import Movement
from tests.unit.tracking.build import OFFICE, T0, after, calendar, item, log
from tracking import status, watch
from tracking.watch import AGE, Outlook

M = Movement
WEEK = calendar()
PUSHED = Outlook(push_well=True)
HOURS = Outlook(calendar=WEEK)


def resting(movement: Movement, hours: float = 1, **changes: Any) -> Item:
    return item(fold=status.fold(log((movement, hours))), **changes)


@pytest.mark.parametrize(
    ("movement", "hours"), [(M.OUT_FOR_DELIVERY, 1), (M.ACCEPTED, 4), (M.IN_TRANSIT, 6), (M.HELD, 12)]
)
def test_the_next_question_depends_on_the_status(movement: Movement, hours: float) -> None:
    assert watch.next_poll(resting(movement), now=after(1), chance=0.5) == after(1 + hours)


def test_failures_back_off_and_silence_asks_less_often() -> None:
    asked = resting(M.ACCEPTED)
    failing = dataclasses.replace(asked, polls=PollState(failures=2))
    assert watch.next_poll(failing, now=after(1), chance=0.5) == after(17)
    failing = dataclasses.replace(asked, polls=PollState(failures=50))
    assert watch.next_poll(failing, now=after(1), chance=0.5) == after(25)
    assert watch.next_poll(asked, now=after(201), chance=0.5) == after(201 + 16)


def test_an_item_at_its_end_is_asked_about_twice_and_then_never() -> None:
    ended = resting(M.DELIVERED)
    assert watch.next_poll(ended, now=after(2)) == after(1, days=1)
    assert watch.next_poll(ended, now=after(2, days=1)) == after(1, days=7)
    assert watch.next_poll(ended, now=after(2, days=7)) is None
    regressed = item(fold=status.fold(log((M.DELIVERED, 1), (M.IN_TRANSIT, 9))))
    assert watch.next_poll(regressed, now=after(400)) is not None


def test_chance_spreads_questions_by_a_tenth() -> None:
    asked = resting(M.IN_TRANSIT)
    first, last = (watch.next_poll(asked, now=after(1), chance=chance) for chance in (0.0, 1.0))
    assert (first, last) == (after(1 + 5.4), after(1 + 6.6))


def test_a_push_that_works_makes_questions_rarer_but_never_rarer_than_once_a_day() -> None:
    assert watch.next_poll(resting(M.ACCEPTED), now=after(1), chance=0.5, outlook=PUSHED) == after(13)
    assert watch.next_poll(resting(M.HELD), now=after(1), chance=0.5, outlook=PUSHED) == after(25)


@pytest.mark.parametrize(
    ("slack_h", "wait_h"),
    [(240, 6), (24, 6), (12, 3), (4, 1), (1, 0.5), (0, 1), (-5, 1), (-40, 4), (-400, 6)],
)
def test_the_nearer_the_promise_the_more_questions_and_past_it_fewer_again(slack_h: float, wait_h: float) -> None:
    asked = resting(M.IN_TRANSIT, promised_at=after(1 + slack_h))
    assert watch.next_poll(asked, now=after(1), chance=0.5) == after(1 + wait_h)


def test_a_promise_overrides_a_push_that_works() -> None:
    asked = resting(M.IN_TRANSIT, promised_at=after(5))
    assert watch.next_poll(asked, now=after(1), chance=0.5, outlook=PUSHED) == after(2)


def test_the_end_of_storage_counts_only_where_the_item_waits() -> None:
    waits = resting(M.READY_FOR_COLLECTION, storage_until=after(5))
    assert watch.next_poll(waits, now=after(1), chance=0.5) == after(2)
    moves = resting(M.IN_TRANSIT, storage_until=after(5))
    assert watch.next_poll(moves, now=after(1), chance=0.5) == after(7)


def test_what_an_office_does_is_asked_about_when_it_has_worked() -> None:
    friday_evening = after(days=4, hours=10)  # 18:00; the office closed at 16:30
    out = resting(M.OUT_FOR_DELIVERY, 4 * 24 + 6)
    opens = dt.datetime.combine(dt.date(2026, 11, 23), dt.time(7), T0.tzinfo)
    assert watch.next_poll(out, now=friday_evening, chance=0.0, outlook=HOURS) == opens
    assert watch.next_poll(out, now=friday_evening, chance=1.0, outlook=HOURS) == opens + watch.AFTER_OPENING
    assert watch.next_poll(out, now=friday_evening, chance=0.5) == friday_evening + watch.HOUR
    nobody = dataclasses.replace(out, receiver_unit=None)
    assert watch.next_poll(nobody, now=friday_evening, chance=0.5, outlook=HOURS) == friday_evening + watch.HOUR


def test_the_last_scans_after_closing_are_still_asked_for() -> None:
    at_closing = after(hours=7.75)  # 15:45
    out = resting(M.OUT_FOR_DELIVERY, 6)
    assert out.receiver_unit == OFFICE
    assert watch.next_poll(out, now=at_closing, chance=0.5, outlook=HOURS) == at_closing + watch.HOUR


def test_sorting_centres_work_at_night() -> None:
    evening = after(hours=10)
    assert watch.next_poll(resting(M.IN_TRANSIT, 9), now=evening, chance=0.5, outlook=HOURS) == evening + 6 * watch.HOUR


def test_a_long_holiday_puts_a_question_off_by_three_days_at_most() -> None:
    tet = calendar(*((f"2027-02-{day:02}", False, "Tết") for day in range(5, 15)))
    now = dt.datetime(2027, 2, 5, 9, tzinfo=T0.tzinfo)
    out = item(fold=dataclasses.replace(resting(M.OUT_FOR_DELIVERY).fold, last_event_at=now))
    at = watch.next_poll(out, now=now, chance=0.5, outlook=Outlook(calendar=tet))
    assert at == now + watch.HOUR + watch.REST_MAX


# --- who goes first --------------------------------------------------------------------------------------------------

SPANS = st.timedeltas(min_value=dt.timedelta(days=-9), max_value=dt.timedelta(days=30))


@given(SPANS, SPANS)
def test_of_two_that_wait_equally_long_the_one_with_less_slack_goes_first(one: dt.timedelta, two: dt.timedelta) -> None:
    less, more = sorted((one, two))
    assert watch.place(T0, T0 + less) <= watch.place(T0, T0 + more)


@given(SPANS, SPANS, st.timedeltas(min_value=dt.timedelta(hours=17), max_value=dt.timedelta(days=60)))
def test_what_waited_for_seventeen_hours_goes_before_whatever_comes_due_now(
    old: dt.timedelta, new: dt.timedelta, waited: dt.timedelta
) -> None:
    before = T0 - waited
    assert watch.place(before, before + old) <= watch.place(T0, T0 + new)


@given(SPANS, SPANS, st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=29)))
def test_what_a_person_asks_goes_first_of_all(old: dt.timedelta, new: dt.timedelta, waited: dt.timedelta) -> None:
    asked = T0 - watch.FIRST_OF_ALL
    before = T0 - waited
    assert watch.place(asked, T0 + new) < watch.place(before, before + old)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 47), st.one_of(st.none(), SPANS)), min_size=1, max_size=60),
    st.integers(1, 5),
)
def test_nobody_starves_however_urgent_the_others_are(told: list[tuple[int, dt.timedelta | None]], slots: int) -> None:
    """Each cycle is an hour, and in each one item more comes due than there are slots, as urgent as can be.

    So the backlog grows for ever; yet an item waits only for those that came due before it, or within 17 hours after.
    """
    waiting = {n: (after(hour), None if slack is None else after(hour) + slack) for n, (hour, slack) in enumerate(told)}
    born = len(waiting)
    asked: dict[int, int] = {}
    bound = ((slots + 1) * (48 + 18) + len(told)) // slots + 2
    for cycle in range(bound + 1):
        now = after(cycle)
        for _ in range(slots + 1):
            waiting[born] = (now, now + watch.SLACK_MIN)
            born += 1
        due = sorted((n for n in waiting if waiting[n][0] <= now), key=lambda n: (watch.place(*waiting[n]), n))
        for n in due[:slots]:
            asked[n] = cycle
            del waiting[n]
        if all(n in asked for n in range(len(told))):
            break
    assert all(n in asked for n in range(len(told)))


def test_place_is_slack_less_weighted_waiting() -> None:
    hour = dt.timedelta(hours=1) // dt.timedelta(microseconds=1)
    start = watch.place(T0, T0)
    assert watch.place(T0 + watch.HOUR, T0 + watch.HOUR) - start == AGE * hour
    assert watch.place(T0, T0 + watch.HOUR) - start == hour
    assert watch.place(T0, None) == watch.place(T0, T0 + watch.NO_PROMISE)


# --- sweeps ----------------------------------------------------------------------------------------------------------


def test_a_sweep_only_ever_asks_sooner() -> None:
    span = dt.timedelta(hours=2)
    waits = resting(M.IN_TRANSIT, polls=PollState(after(1), after(30)))
    polls = watch.swept(waits, now=after(2), span=span, chance=0.5)
    assert polls == PollState(after(1), after(3))
    for untouched in (
        resting(M.IN_TRANSIT, polls=PollState(after(1), after(2.5))),
        resting(M.IN_TRANSIT),
        resting(M.DELIVERED, polls=PollState(after(1), after(30))),
        resting(M.IN_TRANSIT, polls=PollState(after(1), after(30)), number=None),
        resting(M.IN_TRANSIT, polls=PollState(after(1), after(30)), valid_to=after(2)),
    ):
        assert watch.swept(untouched, now=after(2), span=span, chance=0.5) is None
