import dataclasses
import datetime as dt
from typing import Any

import pytest

from schemas.discrepancy import Severity
from schemas.ids import PeerId
from schemas.shipment import NumberScheme
from schemas.tracking import Direction, Movement, StoredEvent
from tests.unit.tracking.build import after, event, log, mapped, stored, whole_day
from tests.unit.tracking.seen import at, seen
from tracking import kinship, reconcile
from tracking.rules.catalogue import ITEM_RULES
from tracking.rules.numbers import InvalidItemNumber
from tracking.rules.sequence import (
    HistoryRewritten,
    ImpossibleTime,
    RegressionAfterTerminal,
    SourcesDisagree,
    distance_km,
)
from tracking.status import ItemContext

M = Movement
HANOI, SAIGON, SOC_SON = (21.03, 105.85), (10.78, 106.70), (21.26, 105.85)
PLACES = {"HN": HANOI, "SG": SAIGON, "SS": SOC_SON}
OTHER = PeerId("postal_soap")


def test_d20_looks_at_s10_numbers_only() -> None:
    assert not list(InvalidItemNumber().findings(seen(), at()))
    found = list(InvalidItemNumber().findings(seen(number="EL000000006VN"), at()))
    assert "5 would fit" in found[0].evidence[0].says
    assert not list(InvalidItemNumber().findings(seen(number="VTP123", number_scheme=NumberScheme.CARRIER), at()))


def test_d31_names_both_events_and_is_silent_after_a_reopening() -> None:
    events = log((M.ACCEPTED, 1), (M.DELIVERED, 20), (M.IN_TRANSIT, 30))
    found = list(RegressionAfterTerminal().findings(seen(*events), at(31)))
    assert [proof.at for proof in found[0].evidence] == [after(20), after(30)]
    reopened = seen(*events, folding=ItemContext(reopened_at=after(31)))
    assert not list(RegressionAfterTerminal().findings(reopened, at(32)))


def told(movement: Movement, hours: float, **changes: Any) -> StoredEvent:
    return stored(event(movement, after(hours), **changes))


def test_d32_sees_a_delivery_before_the_acceptance_and_explains_the_regression() -> None:
    view = seen(*log((M.DELIVERED, 5), (M.ACCEPTED, 9)))
    (found,) = ImpossibleTime().findings(view, at(10))
    assert (found.severity, [proof.at for proof in found.evidence]) == (Severity.MEDIUM, [after(5), after(9)])
    cases = {one.rule: one for one in reconcile.diff(reconcile.findings(ITEM_RULES, view, at(10)), (), now=after(10))}
    assert kinship.parent_of(cases["D-31"], cases.values(), ()) == cases["D-32"].id


def test_d32_is_silent_where_intervals_overlap_and_where_an_event_is_missing() -> None:
    rule = ImpossibleTime()
    assert not list(rule.findings(seen(*log((M.DELIVERED, 5))), at(10))), "a missing acceptance is not before"
    day = stored(event(M.DELIVERED, after(1), occurred=whole_day(dt.date(2026, 11, 16))))
    assert not list(rule.findings(seen(day, *log((M.ACCEPTED, 9))), at(10))), "told to the day"
    again = log((M.ACCEPTED, 1), (M.DELIVERED, 5), (M.ACCEPTED, 9))
    assert not list(rule.findings(seen(*again), at(10))), "accepted again: a regression, not an impossible order"
    back = stored(event(M.ACCEPTED, after(9)), withdrawn_at=after(10))
    assert not list(rule.findings(seen(*log((M.DELIVERED, 5)), back), at(11))), "the carrier took it back"


@pytest.mark.parametrize("bound", ["EV-11", "EV-12"])
def test_d32_sees_what_waits_out_of_bounds_until_it_counts(bound: str) -> None:
    odd = event(M.IN_TRANSIT, after(90))
    (found,) = ImpossibleTime().findings(seen(stored(odd, quarantine=bound)), at(10))
    assert dict(found.evidence[1].values) == {"bound": bound}
    assert not list(ImpossibleTime().findings(seen(stored(odd)), at(91)))
    assert not list(ImpossibleTime().findings(seen(stored(odd, quarantine="EV-14")), at(91))), "an orphan: D-40"


def test_d32_sees_a_way_that_no_airliner_makes() -> None:
    fast = seen(told(M.ACCEPTED, 1, office="HN"), told(M.IN_TRANSIT, 2, office="SG"))
    (found,) = ImpossibleTime().findings(fast, at(3, places=PLACES))
    assert "km away, at most 1.0 hours" in found.evidence[1].says
    assert not list(ImpossibleTime().findings(fast, at(3))), "nobody knows where the offices are"
    flown = seen(told(M.ACCEPTED, 1, office="HN"), told(M.IN_TRANSIT, 3, office="SG"))
    assert not list(ImpossibleTime().findings(flown, at(3, places=PLACES)))
    near = seen(told(M.ACCEPTED, 1, office="HN"), told(M.IN_TRANSIT, 1.001, office="SS"))
    assert not list(ImpossibleTime().findings(near, at(3, places=PLACES)))
    day = stored(event(M.ACCEPTED, after(1), office="HN", occurred=whole_day(dt.date(2026, 11, 16))))
    assert not list(ImpossibleTime().findings(seen(day, told(M.IN_TRANSIT, 12, office="SG")), at(13, places=PLACES)))


def test_distances_are_great_circles() -> None:
    assert distance_km(HANOI, SAIGON) == pytest.approx(1140, abs=10)
    assert distance_km(HANOI, HANOI) == 0


def both(here: Movement, there: Movement, hours: float = 20) -> tuple[StoredEvent, ...]:
    other = stored(event(there, after(hours), code="other", office="OTHER", source=OTHER))
    return (*log((M.ACCEPTED, 1), (here, 20)), other)


def test_d33_sees_two_ends_and_explains_the_regression_of_the_same_two_events() -> None:
    view = seen(*both(M.LOST, M.DELIVERED, 30))
    (found,) = SourcesDisagree().findings(view, at(31))
    assert [dict(proof.values)["peer"] for proof in found.evidence] == [OTHER, "vnpost_hcc"]
    cases = {one.rule: one for one in reconcile.diff(reconcile.findings(ITEM_RULES, view, at(31)), (), now=after(31))}
    assert kinship.parent_of(cases["D-31"], cases.values(), ()) == cases["D-33"].id


def test_d33_is_silent_for_the_look_alikes() -> None:
    rule = SourcesDisagree()
    assert not list(rule.findings(seen(*both(M.DELIVERED, M.DELIVERED, 21)), at(99))), "they agree"
    assert not list(rule.findings(seen(*both(M.DELIVERED, M.IN_TRANSIT, 10)), at(99))), "one lags behind"
    assert not list(rule.findings(seen(*log((M.DELIVERED, 5), (M.RETURNED, 20))), at(99))), "one source: D-31"
    gone = dataclasses.replace(both(M.LOST, M.DELIVERED, 30)[2], withdrawn_at=after(31))
    assert not list(rule.findings(seen(*both(M.LOST, M.DELIVERED)[:2], gone), at(99))), "taken back"


def test_d33_knows_that_a_feed_without_directions_means_the_return() -> None:
    way = dataclasses.replace(mapped(M.RETURNED), direction=Direction.RETURN)
    soap = stored(event(M.RETURNED, after(20), source=OTHER, office="X", mapped=way))
    hcc = told(M.DELIVERED, 20.5, code="4")
    assert not list(SourcesDisagree().findings(seen(*log((M.ACCEPTED, 1), (M.RETURNING, 10)), soap, hcc), at(99)))


GONE = stored(event(M.DELIVERED, after(20), carrier_event_id="7"), withdrawn_at=after(40))


def test_d34_sees_a_milestone_that_left_the_full_history_and_closes_when_it_is_told_again() -> None:
    (found,) = HistoryRewritten().findings(seen(*log((M.ACCEPTED, 1)), GONE), at(41))
    assert (found.severity, found.evidence[0].at) == (Severity.MEDIUM, after(20))
    again = dataclasses.replace(GONE, last_seen_at=after(50))
    assert not list(HistoryRewritten().findings(seen(*log((M.ACCEPTED, 1)), again), at(51)))


def test_d34_is_silent_for_corrections() -> None:
    rule = HistoryRewritten()
    by_name = dataclasses.replace(GONE, last_seen_at=after(40))
    assert not list(rule.findings(seen(by_name), at(41))), "taken back by name"
    superseding = told(M.RETURNED, 21, supersedes="7", office="X")
    assert not list(rule.findings(seen(GONE, superseding), at(41))), "superseded"
    corrected = told(M.DELIVERED, 30)
    assert not list(rule.findings(seen(GONE, corrected), at(41))), "the same scan with another time"
    assert list(rule.findings(seen(GONE, told(M.DELIVERED, 45)), at(46))), "a day later it is another scan"
    between = stored(event(M.IN_TRANSIT, after(20)), withdrawn_at=after(40))
    assert not list(rule.findings(seen(between), at(41))), "nobody acted upon a scan in between"
