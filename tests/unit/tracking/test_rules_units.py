"""A unit that says nothing, and a peer that holds another state (E-20, E-21)."""

import dataclasses
from typing import Any

from schemas.discrepancy import DiscrepancyState, Severity
from schemas.dossier import DossierState
from schemas.ids import PeerId
from tests.unit.tracking.build import OFFICE, after
from tests.unit.tracking.faults import (
    ARRIVED_SIGNED,
    AT_WORK,
    ONE_STOP,
    PORTAL,
    TO_OFFICE,
    at,
    told,
    walked,
)
from tracking import reconcile
from tracking.rules.catalogue import DOSSIER_RULES
from tracking.rules.context import Limits, Wait
from tracking.rules.units import PortalLag, SilentUnit
from tracking.rules.views import DossierView

S = DossierState


def view(*peers: Any, **changes: Any) -> DossierView:
    return DossierView(walked(*AT_WORK, peer_states=peers, **changes), ())


def test_a_peer_behind_is_tolerated_soft_and_then_hard() -> None:
    behind = view(told(PORTAL, 1, 5, from_us=True))
    rule = PortalLag()
    assert not list(rule.findings(behind, at(26))), "2 was learned of at 18:00: four office hours end at 11 next day"
    assert [one.severity for one in rule.findings(behind, at(28))] == [Severity.LOW]
    assert [one.severity for one in rule.findings(behind, at(33))] == [Severity.MEDIUM]


def test_the_lag_begins_with_the_first_move_that_the_peer_missed() -> None:
    """Another move while it lags does not begin the tolerance anew, nor a new case."""
    early = view(told(PORTAL, 1, 5, from_us=True))
    later = dataclasses.replace(
        early, dossier=walked(*AT_WORK, (S.RESULT_READY, 33), peer_states=early.dossier.peer_states)
    )
    first, second = (list(PortalLag().findings(one, at(34))) for one in (early, later))
    assert [one.epoch for one in first] == [one.epoch for one in second] == ["dvcqg|1"]
    assert second[0].severity is Severity.MEDIUM


def test_what_we_told_and_they_confirmed_counts() -> None:
    behind = view(told(PORTAL, 2, 10, from_us=True))
    opened = reconcile.diff(list(PortalLag().findings(behind, at(40))), (), now=after(40))
    confirmed = view(told(PORTAL, 4, 41, from_us=True))
    (closed,) = reconcile.diff(list(PortalLag().findings(confirmed, at(42))), opened, now=after(42))
    assert closed.state is DiscrepancyState.RESOLVED


def test_a_peer_ahead_is_told_at_once_and_one_that_was_followed_is_not() -> None:
    assert [one.severity for one in PortalLag().findings(view(told(ONE_STOP, 9, 12)), at(12))] == [Severity.MEDIUM]
    followed = DossierView(walked(*AT_WORK, (S.RESULT_READY, 13), peer_states=(told(ONE_STOP, 9, 12),)), ())
    assert not list(PortalLag().findings(followed, at(999)))


def test_a_peer_may_be_given_more_time() -> None:
    behind = view(told(PORTAL, 2, 10, from_us=True))
    slow = {("E-21", None, None, str(PORTAL)): Limits(Wait(400), Wait(500))}
    assert not list(PortalLag().findings(behind, at(60, limits=slow)))
    assert list(PortalLag().findings(view(told(PeerId("other"), 2, 10)), at(60, limits=slow)))


def test_a_unit_that_has_not_decided_for_days_is_silent_and_no_longer_late() -> None:
    waits = DossierView(walked(*TO_OFFICE, (S.ARRIVED, 9), legs=ARRIVED_SIGNED), ())
    found = reconcile.findings(DOSSIER_RULES, waits, at(24 * 5))
    assert [(one.rule, one.units) for one in found] == [("E-20", (OFFICE,))]
    assert list(SilentUnit().findings(waits, at(24 * 5))) == list(found)
