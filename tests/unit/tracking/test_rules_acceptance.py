import dataclasses

import pytest

from schemas.discrepancy import Severity
from schemas.dossier import Dossier, DossierState, ReturnMethod, Supplement
from schemas.ids import UnitId
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tests.unit.tracking.build import CARRIER, OFFICE, POST, after, dossier, event, log, stored
from tests.unit.tracking.seen import at, of, seen, step
from tracking import reconcile
from tracking.rules.acceptance import AcceptedNotHandedOver, HandedOverNotAccepted, NeverSeen
from tracking.rules.catalogue import ITEM_RULES
from tracking.rules.context import Limits, Wait
from tracking.rules.views import DossierView, ItemView, Parcel

S, M = DossierState, Movement


@pytest.mark.parametrize(
    ("hours", "severity"),
    [(5.9, None), (8.4, Severity.MEDIUM), (23.9, Severity.MEDIUM), (24, Severity.HIGH)],
)
def test_d01_waits_six_office_hours_and_grows_after_a_day(hours: float, severity: Severity | None) -> None:
    found = list(HandedOverNotAccepted().findings(seen(), at(hours)))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])


def test_d01_on_friday_evening_does_not_count_the_night_but_the_clock_does() -> None:
    friday = after(days=4, hours=8)
    late = seen(handed_over_at=friday)
    assert not list(HandedOverNotAccepted().findings(late, at(days=4, hours=16)))
    assert [one.severity for one in HandedOverNotAccepted().findings(late, at(days=5, hours=9))] == [Severity.HIGH]


INNOCENT = {
    "accepted": seen(*log((M.ACCEPTED, 1))),
    "cancelled": seen(*log((M.CANCELLED, 1))),
    "any row of its feed": seen(stored(event(None, after(1), any_row_means_accepted=True))),
    "never handed over": seen(handed_over_at=None),
    "taken back by its sender": seen(sender_receipt_at=after(5)),
    "a late scan": seen(*log((M.DELIVERED, 60))),
}


@pytest.mark.parametrize("innocent", INNOCENT.values(), ids=INNOCENT.keys())
def test_d01_and_d08_are_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(HandedOverNotAccepted().findings(innocent, at(100)))
    assert not list(NeverSeen().findings(innocent, at(100)))


def test_d01_still_fires_after_an_unknown_row_of_a_feed_that_knows_acceptance() -> None:
    assert list(HandedOverNotAccepted().findings(seen(stored(event(None, after(1)))), at(30)))


def test_limits_of_carrier_service_and_route_replace_the_rules_own() -> None:
    slow = Limits(Wait(200), Wait(300))
    assert not list(HandedOverNotAccepted().findings(seen(), at(100, limits={("D-01", CARRIER, "HCC"): slow})))
    assert list(HandedOverNotAccepted().findings(seen(), at(100, limits={("D-01", CARRIER, "EMS"): slow})))
    here, there = ("D-01", CARRIER, "HCC", "33>33"), ("D-01", CARRIER, "HCC", "33>01")
    assert not list(HandedOverNotAccepted().findings(seen(), at(100, limits={here: slow})))
    assert list(HandedOverNotAccepted().findings(seen(), at(100, limits={there: slow})))


def test_d08_is_two_days_without_a_word_and_continues_the_case_of_d01() -> None:
    assert not list(NeverSeen().findings(seen(), at(47.9)))
    (mild,) = reconcile.findings(ITEM_RULES, seen(), at(47.9))
    (grave,) = reconcile.findings(ITEM_RULES, seen(), at(48))
    assert (mild.rule, grave.rule, grave.severity) == ("D-01", "D-08", Severity.HIGH)
    assert reconcile.case_id(mild) == reconcile.case_id(grave)


@pytest.mark.parametrize(
    ("told", "silent"),
    [
        (stored(event(M.REGISTERED, after(1))), False),
        (stored(event(None, after(1))), True),
        (stored(event(M.IN_TRANSIT, after(1), forecast=True)), False),
        (stored(event(M.IN_TRANSIT, after(1)), withdrawn_at=after(2)), False),
    ],
    ids=["an announcement is no sight", "an unknown code is one", "a forecast is none", "nor what was taken back"],
)
def test_d08_asks_whether_anybody_ever_saw_it(told: object, silent: bool) -> None:
    assert bool(list(NeverSeen().findings(seen(told), at(60)))) is not silent  # type: ignore[arg-type]  # stored events


def taken(one: Dossier, purpose: Purpose = Purpose.DOSSIER_IN, hours: float = 1) -> DossierView:
    return of(one, seen(*log((M.ACCEPTED, hours)), purpose=purpose))


@pytest.mark.parametrize(
    ("hours", "severity"), [(2.9, None), (3, Severity.LOW), (24.9, Severity.LOW), (25, Severity.MEDIUM)]
)
def test_d02_gives_the_desk_two_hours(hours: float, severity: Severity | None) -> None:
    found = list(AcceptedNotHandedOver().findings(taken(dossier(S.DRAFT)), at(hours)))
    assert [one.severity for one in found] == ([] if severity is None else [severity])
    assert all(one.units == (POST, OFFICE) for one in found)


def test_d02_sees_a_result_that_should_wait_at_the_counter_and_papers_sent_without_a_step() -> None:
    at_counter = dossier(S.RESULT_READY, return_method=ReturnMethod.COUNTER, history=(step(S.RESULT_READY, 23, 9, 0),))
    assert list(AcceptedNotHandedOver().findings(taken(at_counter, Purpose.RESULT_OUT), at(4)))
    refused = dossier(S.REFUSED, history=(step(S.REFUSED, 8, 3, 0),))
    assert list(AcceptedNotHandedOver().findings(taken(refused, Purpose.PAPERS_BACK), at(4)))


def test_d02_counts_from_the_step_where_the_item_was_first() -> None:
    ready = dossier(S.RESULT_READY, history=(step(S.RESULT_READY, 23, 9, 30),))
    assert not list(AcceptedNotHandedOver().findings(taken(ready, Purpose.RESULT_OUT), at(31)))
    assert list(AcceptedNotHandedOver().findings(taken(ready, Purpose.RESULT_OUT), at(32)))


def test_d02_is_silent_for_the_look_alikes() -> None:
    rule = AcceptedNotHandedOver()
    assert not list(rule.findings(taken(dossier(S.IN_POST)), at(100))), "the dossier followed"
    assert not list(rule.findings(taken(dossier(S.PROCESSING), Purpose.REQUEST_OUT), at(100))), (
        "a request to the citizen"
    )
    back = of(
        dossier(S.RESULT_BACK), seen(*log((M.RETURNED, 5)), purpose=Purpose.RESULT_OUT, sender_receipt_at=after(6))
    )
    assert not list(rule.findings(back, at(100))), "the item that came back"
    old = (Supplement(1, after(10), None, None, None),)
    asked = taken(dossier(S.SUPP_ASKED, supplements=old), Purpose.SUPPLEMENT_IN)
    assert not list(rule.findings(asked, at(100))), "a parcel of an earlier request"
    gone = taken(dossier(S.DRAFT))
    parcel = gone.parcels[0]
    moved = dataclasses.replace(parcel, packing=dataclasses.replace(parcel.packing, until=after(2)))
    assert not list(rule.findings(DossierView(gone.dossier, (Parcel(moved.item, moved.packing),)), at(100)))


def test_d02_closes_when_the_dossier_moves_on() -> None:
    found = list(AcceptedNotHandedOver().findings(taken(dossier(S.DRAFT)), at(10)))
    (case,) = reconcile.diff(found, (), now=after(10))
    moved = list(AcceptedNotHandedOver().findings(taken(dossier(S.IN_POST)), at(11)))
    (closed,) = reconcile.diff(moved, (case,), now=after(11))
    assert (closed.state, closed.units) == ("resolved", (UnitId(POST), OFFICE))
