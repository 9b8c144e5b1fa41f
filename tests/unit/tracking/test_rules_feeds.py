import dataclasses

import pytest

from schemas.discrepancy import Discrepancy, DiscrepancyState, Severity
from schemas.ids import push_feed
from tests.unit.tracking.build import PEER, after
from tests.unit.tracking.seen import at, healthy, seen
from tracking import kinship, reconcile
from tracking.rules.catalogue import FEED_RULES, ITEM_RULES
from tracking.rules.feeds import FeedGap
from tracking.rules.views import FeedView, Volume

FAILING = FeedView(healthy(PEER, failing_since=after(1), failures=9, last_error="Outage"))
PUSHING = healthy(push_feed(PEER))


def test_d36_is_one_case_for_each_outage() -> None:
    assert not list(FeedGap().findings(FAILING, at(1.4)))
    assert [one.severity for one in FeedGap().findings(FAILING, at(1.5))] == [Severity.MEDIUM]
    assert [one.severity for one in FeedGap().findings(FAILING, at(3))] == [Severity.HIGH]
    assert not list(FeedGap().findings(FeedView(healthy(PEER)), at(3)))


def test_d36_sees_a_hole_in_the_numbers_of_pushed_batches_until_it_is_filled() -> None:
    hole = dataclasses.replace(PUSHING, failing_since=after(1), failures=2, last_error="missing batches: 5, 6")
    (found,) = FeedGap().findings(FeedView(healthy(PEER), hole), at(4))
    assert (found.subject, found.epoch) == (PEER, f"sequence|{after(1).isoformat()}")
    assert dict(found.evidence[0].values)["batches"] == "2"
    assert not list(FeedGap().findings(FeedView(healthy(PEER), PUSHING), at(4)))


def test_d36_sees_pushes_fall_silent_while_polls_bring_events() -> None:
    assert not list(FeedGap().findings(FeedView(healthy(PEER), PUSHING, pulled_since_push=2), at(4)))
    (found,) = FeedGap().findings(FeedView(healthy(PEER), PUSHING, pulled_since_push=3), at(4))
    assert found.epoch.startswith("push|")
    assert not list(FeedGap().findings(FeedView(healthy(PEER), None, pulled_since_push=30), at(4))), "it never pushed"


@pytest.mark.parametrize(
    ("events", "weeks", "fires"), [(4, 8, True), (5, 8, False), (0, 3, False)], ids=["thin", "quiet", "nothing learned"]
)
def test_d36_sees_a_thin_hour_of_the_week(events: int, weeks: int, fires: bool) -> None:
    view = FeedView(healthy(PEER), volume=Volume(after(1), events, weeks, 20.0, 5.0))
    assert bool(list(FeedGap().findings(view, at(4)))) is fires


def feed_case(view: FeedView, hours: float = 4) -> Discrepancy:
    found = reconcile.findings(FEED_RULES, view, at(hours))
    return reconcile.diff(found, (), now=after(hours))[0]


def speaking(hours: float, *silent: Discrepancy, standing: bool = False) -> list[str]:
    found = reconcile.findings(ITEM_RULES, seen(), at(hours))
    names = [reconcile.case_id(one) for one in found]
    return [one.rule for one in kinship.not_held(found, names if standing else (), names, silent, after(hours))]


def test_an_outage_holds_back_what_it_explains_for_three_days_and_not_what_stood_before() -> None:
    assert speaking(20) == ["D-01"]
    silent = feed_case(FAILING)
    assert speaking(20, silent) == []
    assert speaking(20, silent, standing=True) == ["D-01"]
    assert speaking(4 + 71.9, silent) == []
    assert speaking(4 + 72, silent) == ["D-08"]


def test_what_does_not_leave_us_in_the_dark_holds_nothing_back() -> None:
    hole = dataclasses.replace(PUSHING, failing_since=after(1), failures=2, last_error="missing batches: 5, 6")
    assert speaking(20, feed_case(FeedView(healthy(PEER), hole))) == ["D-01"]
    over = dataclasses.replace(feed_case(FAILING), state=DiscrepancyState.RESOLVED)
    assert speaking(20, over) == ["D-01"]
    assert speaking(20, dataclasses.replace(feed_case(FAILING), shadow=True)) == ["D-01"]


def test_an_invalid_number_is_not_explained_by_a_silent_feed() -> None:
    found = reconcile.findings(ITEM_RULES, seen(number="EL000000006VN"), at(1))
    names = [reconcile.case_id(one) for one in found]
    assert kinship.not_held(found, (), names, (feed_case(FAILING),), after(1)) == found
