import dataclasses
import datetime as dt

import pytest

from schemas.discrepancy import Severity
from schemas.dossier import Dossier, DossierState, Pause, PauseEffect, Request, RequestKind, Supplement
from schemas.lag import Lag
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tests.unit.tracking.build import OFFICE, after, dossier, log
from tests.unit.tracking.seen import at, of, seen, step
from tracking import reconcile
from tracking.rules.catalogue import DOSSIER_RULES
from tracking.rules.deadline import DueDateAtRisk, DueDateBroken
from tracking.rules.views import DossierView

S, M = DossierState, Movement
DUE = after(days=3, hours=8.5)
"""Thursday, the end of office hours."""


def working(state: DossierState = S.PROCESSING, **changes: object) -> Dossier:
    return dossier(state, due_at=DUE, due_final=True, history=(step(state, 10, 4, 1),), **changes)


def stage(view: DossierView, hours: float) -> list[str]:
    return [dict(one.evidence[0].values)["stage"] for one in DueDateBroken().findings(view, at(hours))]


@pytest.mark.parametrize(
    ("days", "hours", "severity"),
    [(2, 8.4, None), (3, 0, Severity.LOW), (3, 2.9, Severity.LOW), (3, 3.1, Severity.MEDIUM), (3, 8.6, None)],
)
def test_d09_warns_in_the_last_working_day_and_louder_in_its_last_half(
    days: float, hours: float, severity: Severity | None
) -> None:
    found = list(DueDateAtRisk().findings(of(working()), at(hours, days=days)))
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_d09_takes_what_usually_remains_where_it_was_learned() -> None:
    lag = Lag(40, dt.timedelta(hours=60), dt.timedelta(hours=90))
    learned = at(30, remaining={("1.000948", "PROCESSING"): lag})
    assert [one.severity for one in DueDateAtRisk().findings(of(working()), learned)] == [Severity.MEDIUM]
    assert not list(DueDateAtRisk().findings(of(working()), dataclasses.replace(learned, now=after(20))))


def test_d10_continues_the_case_of_d09() -> None:
    (risk,) = reconcile.findings(DOSSIER_RULES[3:5], of(working()), at(6, days=3))
    (broken,) = reconcile.findings(DOSSIER_RULES[3:5], of(working()), at(9, days=3))
    assert (risk.rule, broken.rule, broken.severity) == ("D-09", "D-10", Severity.HIGH)
    assert reconcile.case_id(risk) == reconcile.case_id(broken)


def test_a_new_due_date_is_a_new_promise() -> None:
    (late,) = DueDateBroken().findings(of(working()), at(days=5))
    moved = dataclasses.replace(working(), due_at=after(days=10))
    assert not list(DueDateBroken().findings(of(moved), at(days=5)))
    (again,) = DueDateBroken().findings(of(moved), at(days=11))
    assert late.epoch != again.epoch


PAUSE = Pause(RequestKind.SUPPLEMENT, after(5), None, PauseEffect.PAUSE)
AT_REST = {
    "paused for a supplement": working(S.SUPP_ASKED, pauses=(PAUSE,)),
    "a supplement on its way": working(S.SUPP_IN_POST, pauses=(PAUSE,)),
    "finished": working(S.RESULT_READY),
    "only expected, not promised": dataclasses.replace(working(), due_final=False),
    "no date at all": dataclasses.replace(working(), due_at=None),
}


@pytest.mark.parametrize("innocent", AT_REST.values(), ids=AT_REST.keys())
def test_d09_and_d10_are_silent_while_the_clock_stands(innocent: Dossier) -> None:
    assert not list(DueDateAtRisk().findings(of(innocent), at(8, days=3)))
    assert not list(DueDateBroken().findings(of(innocent), at(days=30)))


def test_the_processing_clock_is_the_offices_and_between_units_the_posts_while_it_carries() -> None:
    assert stage(of(working()), 120) == ["office"]
    carried = seen(*log((M.ACCEPTED, 2)), purpose=Purpose.INTER_UNIT)
    assert stage(of(working(S.BETWEEN_UNITS), carried), 120) == ["post"]
    there = seen(*log((M.ACCEPTED, 2), (M.DELIVERED, 9)), purpose=Purpose.INTER_UNIT)
    assert stage(of(working(S.BETWEEN_UNITS), there), 120) == ["office"]


def test_the_postal_clock_is_apart_and_names_the_post() -> None:
    sent = dossier(S.RESULT_IN_POST, history=(step(S.RESULT_IN_POST, 24, 9, 1),))
    late = of(sent, seen(*log((M.ACCEPTED, 2)), purpose=Purpose.RESULT_OUT, promised_at=after(50)))
    assert [one.severity for one in DueDateAtRisk().findings(late, at(30))] == [Severity.LOW]
    assert stage(late, 51) == ["post"]
    assert not list(DueDateAtRisk().findings(late, at(51)))
    both = of(working(), seen(*log((M.ACCEPTED, 2)), promised_at=after(50)))
    assert stage(both, 120) == ["office", "post"]


def test_d10_for_an_item_closes_when_it_is_delivered_or_back() -> None:
    for ended in (M.DELIVERED, M.RETURNED):
        view = of(working(), seen(*log((M.ACCEPTED, 2), (ended, 60)), promised_at=after(50)))
        assert not list(DueDateBroken().findings(view, at(61)))


def test_the_citizen_answers_for_a_supplement_that_was_asked_and_not_sent() -> None:
    asked = (Supplement(1, after(0), after(40), None, None),)
    waits = working(S.SUPP_ASKED, pauses=(PAUSE,), supplements=asked)
    assert stage(of(waits), 41) == ["citizen"]
    assert not list(DueDateAtRisk().findings(of(waits), at(39))), "the citizen is not warned by a rule"
    posted = dataclasses.replace(waits, state=S.SUPP_IN_POST)
    assert stage(of(posted), 41) == []
    fee = (Request(RequestKind.FEE, after(0), 50_000, after(40), None),)
    assert stage(of(working(S.FEE_ASKED, requests=fee)), 41) == ["citizen"]


def test_the_case_goes_to_the_unit_in_whose_hands_it_ran_out() -> None:
    (found,) = DueDateBroken().findings(of(working()), at(120))
    assert (found.units, found.evidence[0].kind) == ((OFFICE,), "dossier")
