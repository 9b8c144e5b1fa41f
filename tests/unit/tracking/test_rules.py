import dataclasses
import datetime as dt

import pytest

from schemas.discrepancy import DiscrepancyState, Severity, Subject
from schemas.dossier import DossierState, Leg, PeerState
from schemas.ids import PeerId, UnitId
from schemas.organisation import Succession
from schemas.tracking import Movement
from tests.unit.tracking.build import (
    OFFICE,
    PEER,
    POST,
    after,
    dossier,
    log,
)
from tests.unit.tracking.seen import at, seen, step
from tracking import reconcile
from tracking.rules.catalogue import BAG_RULES, BY_ID, DOSSIER_RULES, FEED_RULES, INVOICE_RULES, ITEM_RULES
from tracking.rules.units import PortalLag, SilentUnit
from tracking.rules.views import DossierView

S, M = DossierState, Movement


def test_e20_counts_the_units_own_working_days_and_any_news_ends_it() -> None:
    signed = Leg(POST, OFFICE, after(0), after(2), None, None)
    silent = dossier(S.ARRIVED, history=(step(S.ARRIVED, 5, 1, 2),), legs=(signed,))
    assert not list(SilentUnit().findings(DossierView(silent, ()), at(days=3, hours=1)))
    assert list(SilentUnit().findings(DossierView(silent, ()), at(days=3, hours=2)))
    told = dataclasses.replace(silent, peer_states=(PeerState(PeerId("dvcqg"), 1, after(30), from_us=True),))
    assert list(SilentUnit().findings(DossierView(told, ()), at(days=3, hours=2))), "the portal's receipt is no news"
    spoke = dataclasses.replace(silent, peer_states=(PeerState(PeerId("lien_thong"), 1, after(30)),))
    assert not list(SilentUnit().findings(DossierView(spoke, ()), at(days=3, hours=2)))
    working = dataclasses.replace(silent, state=S.PROCESSING)
    assert not list(SilentUnit().findings(DossierView(working, ()), at(days=30)))
    unsigned = dataclasses.replace(silent, legs=())
    assert not list(SilentUnit().findings(DossierView(unsigned, ()), at(days=30)))


def test_e21_sees_a_code_we_never_had_at_once_and_not_yet_one_that_we_passed() -> None:
    ours = dossier(S.PROCESSING, national=4, history=(step(S.ACCEPTED, 7, 2, 1), step(S.PROCESSING, 10, 4, 2)))
    ahead = dataclasses.replace(ours, peer_states=(PeerState(PEER, 9, after(3)),))
    behind = dataclasses.replace(ours, peer_states=(PeerState(PEER, 2, after(1)),))
    assert [one.epoch for one in PortalLag().findings(DossierView(ahead, ()), at(3))] == ["vnpost_hcc|9"]
    assert not list(PortalLag().findings(DossierView(behind, ()), at(6)))


def test_the_same_question_gets_the_same_answer() -> None:
    view = seen(*log((M.DELIVERED, 20), (M.IN_TRANSIT, 30)), number="EL000000006VN")
    assert reconcile.findings(ITEM_RULES, view, at(40)) == reconcile.findings(ITEM_RULES, view, at(40))


def test_every_rule_has_one_id_and_a_remedy() -> None:
    families = (ITEM_RULES, DOSSIER_RULES, FEED_RULES, BAG_RULES, INVOICE_RULES)
    assert len(BY_ID) == sum(len(family) for family in families)
    assert all(rule.remedy == f"remedy.{name}" for name, rule in BY_ID.items())
    assert {"D-01", "D-03", "D-20", "D-31", "D-35", "E-20"} <= BY_ID.keys()


# --- life of a case --------------------------------------------------------------------------------------------------


def test_a_case_opens_keeps_closes_and_opens_again() -> None:
    found = reconcile.findings(ITEM_RULES, seen(number="EL000000006VN"), at(1))
    (opened,) = reconcile.diff(found, (), now=after(1))
    assert (opened.state, opened.opened_at) == (DiscrepancyState.OPEN, after(1))
    assert reconcile.diff(found, (opened,), now=after(2)) == ()
    (closed,) = reconcile.diff((), (opened,), now=after(3))
    assert (closed.state, closed.resolved_at, closed.resolved_by) == (DiscrepancyState.RESOLVED, after(3), "auto")
    assert reconcile.diff((), (closed,), now=after(4)) == ()
    (again,) = reconcile.diff(found, (closed,), now=after(5))
    assert (again.id, again.state, again.opened_at) == (opened.id, DiscrepancyState.REOPENED, after(1))


def test_what_a_person_resolved_stays_resolved_unless_it_grows_graver() -> None:
    soft = reconcile.findings(ITEM_RULES, seen(), at(9))
    (opened,) = reconcile.diff(soft, (), now=after(9))
    settled = dataclasses.replace(opened, state=DiscrepancyState.RESOLVED, resolved_by="An", resolved_at=after(10))
    assert reconcile.diff(soft, (settled,), now=after(11)) == ()
    hard = reconcile.findings(ITEM_RULES, seen(), at(25))
    (again,) = reconcile.diff(hard, (settled,), now=after(25))
    assert (again.state, again.severity) == (DiscrepancyState.REOPENED, Severity.HIGH)


def test_acknowledging_a_case_survives_the_next_pass() -> None:
    found = reconcile.findings(ITEM_RULES, seen(), at(9))
    (opened,) = reconcile.diff(found, (), now=after(9))
    known = dataclasses.replace(opened, state=DiscrepancyState.ACKNOWLEDGED, owner="An")
    (grown,) = reconcile.diff(reconcile.findings(ITEM_RULES, seen(), at(25)), (known,), now=after(25))
    assert (grown.state, grown.owner, grown.severity) == (DiscrepancyState.ACKNOWLEDGED, "An", Severity.HIGH)


def test_work_goes_to_the_successor_of_a_unit_but_not_to_one_part_of_it() -> None:
    lines = (
        Succession(UnitId("a"), UnitId("b"), dt.date(2025, 7, 1), part=False, document_no="1"),
        Succession(UnitId("b"), UnitId("c"), dt.date(2025, 7, 1), part=False, document_no="1"),
        Succession(UnitId("c"), UnitId("d"), dt.date(2025, 7, 1), part=True, document_no="2"),
    )
    assert at(successions=lines).unit_now(UnitId("a")) == "c"


def test_what_rules_say_of_each_other_names_rules() -> None:
    for rule in BY_ID.values():
        assert {*rule.parents, *rule.held_by, *rule.silenced_by} <= BY_ID.keys(), rule.id
        assert not rule.escalates or BY_ID[rule.escalates].subject is rule.subject
        near = {Subject.DOSSIER: Subject.ITEM}.get(rule.subject, rule.subject)
        assert all(BY_ID[other].subject in (rule.subject, near, Subject.FEED) for other in rule.parents), rule.id
        assert all(BY_ID[other].subject is Subject.FEED for other in rule.held_by), rule.id


def test_a_rule_in_shadow_silences_nothing_and_explains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    view = seen(*log((M.ACCEPTED, 1), (M.ATTEMPT_FAILED, 2), (M.ATTEMPT_FAILED, 3)))
    assert "D-07" not in {one.rule for one in reconcile.findings(ITEM_RULES, view, at(900))}
    monkeypatch.setattr(type(BY_ID["D-16"]), "shadow", True)
    told = reconcile.findings(ITEM_RULES, view, at(900))
    assert {"D-07", "D-16"} <= {one.rule for one in told}
    shadows = {case.rule: case.shadow for case in reconcile.diff(told, (), now=after(900))}
    assert shadows["D-16"] and not shadows["D-07"]


def test_a_resolved_case_reopens_when_its_escalation_comes_even_at_the_same_severity() -> None:
    (opened,) = reconcile.diff(reconcile.findings(ITEM_RULES, seen(), at(30)), (), now=after(30))
    settled = dataclasses.replace(opened, state=DiscrepancyState.RESOLVED, resolved_by="An", resolved_at=after(31))
    assert reconcile.diff(reconcile.findings(ITEM_RULES, seen(), at(40)), (settled,), now=after(40)) == ()
    (again,) = reconcile.diff(reconcile.findings(ITEM_RULES, seen(), at(48)), (settled,), now=after(48))
    assert (again.id, again.rule, again.state) == (opened.id, "D-08", DiscrepancyState.REOPENED)
