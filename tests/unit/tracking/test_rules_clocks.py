"""The processing clock and the postal clock: which runs, for how long, and when the wrong one does (D-11)."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import catalogue
from schemas.discrepancy import DiscrepancyState, Severity
from schemas.dossier import Dossier, DossierState, IntakeMode, Leg, Pause, PauseEffect, RequestKind
from schemas.ids import UnitId
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tests.unit.tracking.build import OFFICE, POST, after
from tests.unit.tracking.faults import (
    ARRIVED_SIGNED,
    AT_WORK,
    CAME,
    ON_THE_WAY,
    SUPP,
    WEEK,
    at,
    seen,
    sent,
    walked,
)
from tracking import clocks, reconcile
from tracking.clocks import Processing
from tracking.rules.clocks import WrongClock
from tracking.rules.deadline import DueDateBroken

S, M, P = DossierState, Movement, Purpose
OPEN = Pause(RequestKind.SUPPLEMENT, after(30), None, PauseEffect.PAUSE)
SENT_ON = Leg(OFFICE, UnitId("b"), after(20), None, None, None)
HOUR = dt.timedelta(hours=1)
STOPPED = walked(*SUPP, pauses=(OPEN,), legs=ARRIVED_SIGNED)


def wrong(one: Dossier, hours: float = 999) -> list[str]:
    return [found.epoch.partition("|")[0] for found in WrongClock().findings(seen(one, CAME), at(hours))]


@pytest.mark.parametrize(
    ("steps", "lawful"),
    [
        (((S.LODGED, 0), (S.IN_POST, 1), (S.ARRIVED, 9)), Processing.NOT_BEGUN),
        (AT_WORK, Processing.RUNS),
        ((*AT_WORK, (S.BETWEEN_UNITS, 20)), Processing.RUNS),
        (SUPP, Processing.STANDS),
        ((*SUPP, (S.SUPP_IN_POST, 40)), Processing.STANDS),
        ((*SUPP, (S.SUPP_ARRIVED, 40)), Processing.STANDS),
        ((*AT_WORK, (S.FEE_ASKED, 20)), Processing.STANDS),
        ((*AT_WORK, (S.WITHDRAW_ASKED, 20)), Processing.STANDS),
        ((*AT_WORK, (S.RESULT_READY, 40)), Processing.ENDED),
        ((*AT_WORK, (S.STOPPED, 40)), Processing.ENDED),
        ((*AT_WORK, (S.RESULT_READY, 40), (S.RESULT_IN_POST, 50)), Processing.ENDED),
    ],
)
def test_the_state_says_what_the_processing_clock_must_do(
    steps: tuple[tuple[DossierState, float], ...], lawful: Processing
) -> None:
    assert clocks.lawful(walked(*steps)) is lawful


def test_a_lost_item_interrupts_the_paper_and_not_the_clock() -> None:
    lost = dataclasses.replace(walked(*SUPP), state=S.LOST_HOLD, interrupted=(S.SUPP_IN_POST,))
    assert clocks.lawful(lost) is Processing.STANDS


def test_d11_finds_a_clock_that_runs_while_the_supplement_is_awaited() -> None:
    running = dataclasses.replace(STOPPED, pauses=())
    assert wrong(running) == ["runs"]
    (found,) = WrongClock().findings(seen(running, CAME), at(999))
    assert (found.severity, found.evidence[0].kind) == (Severity.MEDIUM, "step")
    assert all(catalogue.known(f"evidence.D-11.{kind}") for kind in ("step", "receipt"))
    assert all(catalogue.known(f"clock.{each}") for each in ("runs", "stands", "ended"))
    opened = reconcile.diff((found,), (), now=after(999))
    (closed,) = reconcile.diff(list(WrongClock().findings(seen(STOPPED, CAME), at(999))), opened, now=after(999))
    assert closed.state is DiscrepancyState.RESOLVED


def test_d11_finds_a_clock_that_stands_though_nothing_is_asked_for() -> None:
    assert wrong(walked(*AT_WORK, pauses=(OPEN,), legs=ARRIVED_SIGNED)) == ["stands"]
    assert wrong(walked(*AT_WORK, (S.RESULT_READY, 40), pauses=(OPEN,), legs=ARRIVED_SIGNED)) == ["stands"]


def test_d11_finds_an_acceptance_before_the_paper_was_there() -> None:
    early = (Leg(POST, OFFICE, after(0), after(30), None, None),)
    assert wrong(walked(*AT_WORK, legs=early)) == ["early"]
    assert wrong(walked(*AT_WORK, legs=early, intake_mode=IntakeMode.DELEGATED)) == []
    assert wrong(walked(*AT_WORK, legs=(dataclasses.replace(early[0], received_at=after(10.5)),))) == []


@pytest.mark.parametrize(
    "innocent",
    [
        STOPPED,
        walked(*AT_WORK, legs=ARRIVED_SIGNED),
        walked(
            *AT_WORK,
            (S.BETWEEN_UNITS, 20),
            legs=(*ARRIVED_SIGNED, Leg(OFFICE, UnitId("b"), after(20), None, None, None)),
        ),
        walked((S.LODGED, 0), (S.IN_POST, 1), (S.ARRIVED, 9), (S.SUPP_ASKED, 10), legs=ARRIVED_SIGNED),
        walked(*AT_WORK, (S.RESULT_READY, 40), legs=ARRIVED_SIGNED),
    ],
    ids=["stopped", "at work", "between units both run", "asked before acceptance", "over"],
)
def test_d11_is_silent_for_the_look_alikes(innocent: Dossier) -> None:
    assert wrong(innocent) == []


def test_d11_gives_a_unit_four_office_hours_to_write_it_down_and_leaves_early_acceptance_on_the_way_to_e02() -> None:
    assert wrong(dataclasses.replace(STOPPED, pauses=()), hours=31) == []
    travelling = walked(*AT_WORK)
    said = reconcile.findings((WrongClock(),), seen(travelling, ON_THE_WAY), at(999))
    assert said == ()


def test_the_two_clocks_are_counted_apart() -> None:
    """T0 is a Monday at eight. Accepted at 10:00 next day, asked at noon, settled a day later, still at work."""
    pause = Pause(RequestKind.SUPPLEMENT, after(28), after(52), PauseEffect.PAUSE)
    one = walked((S.ACCEPTED, 26), (S.PROCESSING, 27), pauses=(pause,))
    whole = clocks.processing_time(one, WEEK, after(54))
    assert whole == 1.5 * HOUR + 1 * HOUR, "10:00 to 11:30, then 13:00 to 14:00 on Wednesday"
    assert clocks.postal_time([CAME.item, sent(P.RESULT_OUT, (M.ACCEPTED, 50), no=2).item], after(54)) == 11 * HOUR


def test_stops_that_overlap_are_taken_off_once() -> None:
    fee = Pause(RequestKind.FEE, after(25), after(29), PauseEffect.PAUSE)
    other = dataclasses.replace(fee, kind=RequestKind.WITHDRAWAL, since=after(26), until=after(29))
    one = walked((S.ACCEPTED, 24), (S.PROCESSING, 24), pauses=(fee, other))
    alone = walked((S.ACCEPTED, 24), (S.PROCESSING, 24), pauses=(fee,))
    assert (
        clocks.processing_time(one, WEEK, after(33)) == clocks.processing_time(alone, WEEK, after(33)) > dt.timedelta()
    )


def test_parcels_that_travel_together_count_once() -> None:
    one, two = sent(P.RESULT_OUT, (M.ACCEPTED, 50)).item, sent(P.RESULT_OUT, (M.ACCEPTED, 52), no=2).item
    assert clocks.postal_time([one, two], after(60)) == 10 * HOUR
    assert clocks.postal_time([sent(P.RESULT_OUT).item], after(60)) == dt.timedelta()


@given(st.lists(st.tuples(st.integers(10, 200), st.integers(0, 100)), max_size=5), st.integers(11, 400))
def test_the_processing_clock_never_counts_more_than_office_time_nor_less_than_none(
    stops: list[tuple[int, int]], until: int
) -> None:
    pauses = tuple(
        Pause(RequestKind.FEE, after(since), after(since + lasted), PauseEffect.PAUSE) for since, lasted in stops
    )
    one = walked(*AT_WORK, pauses=pauses)
    free = walked(*AT_WORK)
    used = clocks.processing_time(one, WEEK, after(until))
    assert dt.timedelta() <= used <= clocks.processing_time(free, WEEK, after(until))


def test_a_unit_that_overruns_its_budget_is_named_and_the_dossiers_own_date_is_another_promise() -> None:
    taken = Leg(OFFICE, UnitId("so-tn"), after(20), after(24), after(48), None)
    late = walked(*AT_WORK, legs=(*ARRIVED_SIGNED, taken), due_at=after(200), due_final=True)
    (found,) = DueDateBroken().findings(seen(late, CAME), at(49))
    assert (found.epoch.startswith("leg|so-tn"), found.units) == (True, (UnitId("so-tn"),))
    for done in (
        dataclasses.replace(taken, done_at=after(47)),
        dataclasses.replace(taken, received_at=None),
        dataclasses.replace(taken, due_at=after(50)),
    ):
        innocent = dataclasses.replace(late, legs=(*ARRIVED_SIGNED, done))
        assert not list(DueDateBroken().findings(seen(innocent, CAME), at(49)))
    paused = dataclasses.replace(late, pauses=(OPEN,))
    assert not list(DueDateBroken().findings(seen(paused, CAME), at(49)))
