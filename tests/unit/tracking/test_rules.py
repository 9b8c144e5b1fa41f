import dataclasses
import datetime as dt

import pytest

from schemas.discrepancy import DiscrepancyState, Severity
from schemas.dossier import Dossier, DossierState, Leg, PeerState, Step
from schemas.ids import PeerId, UnitId
from schemas.organisation import Succession
from schemas.ports.message_stores import FeedState
from schemas.shipment import NumberScheme, Purpose
from schemas.tracking import EvidenceLevel, Movement, StoredEvent
from tests.unit.tracking.build import (
    CARRIER,
    OFFICE,
    PEER,
    POST,
    after,
    calendar,
    dossier,
    event,
    item,
    log,
    packing,
    stored,
)
from tracking import reconcile, status
from tracking.rules.acceptance import HandedOverNotAccepted
from tracking.rules.catalogue import BY_ID, DOSSIER_RULES, FEED_RULES, ITEM_RULES
from tracking.rules.codes import UnknownCode
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.delivery import DeliveredDossierInTransit
from tracking.rules.feeds import FeedGap
from tracking.rules.numbers import InvalidItemNumber
from tracking.rules.sequence import RegressionAfterTerminal
from tracking.rules.units import PortalLag, SilentUnit
from tracking.rules.views import DossierView, FeedView, ItemView, Parcel
from tracking.status import ItemContext

S, M = DossierState, Movement
WEEK = calendar()


def at(hours: float = 0, days: float = 0, **changes: object) -> Context:
    plain = Context(now=after(hours, days=days), calendar=lambda _: WEEK, feed=lambda peer: healthy(peer))
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values


def healthy(peer: PeerId) -> FeedState:
    return FeedState(peer, None, after(0), None, 0, "", None)


def seen(*events: StoredEvent, folding: ItemContext | None = None, **changes: object) -> ItemView:
    context = folding or ItemContext()
    plain = dataclasses.replace(item(), **changes)  # type: ignore[arg-type]  # field values
    folded = dataclasses.replace(plain, fold=status.fold(events, context=context))
    return ItemView(folded, events, (), context)


def step(state: DossierState, row: int, national: int | None, hours: float) -> Step:
    return Step(row, state, national, after(hours), after(hours), "An", "desk", OFFICE)


def of(one: Dossier, *views: ItemView) -> DossierView:
    return DossierView(one, tuple(Parcel(view.item, packing(view.item)) for view in views))


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


@pytest.mark.parametrize(
    "innocent",
    [
        seen(*log((M.ACCEPTED, 1))),
        seen(*log((M.CANCELLED, 1))),
        seen(stored(event(None, after(1), any_row_means_accepted=True))),
        seen(handed_over_at=None),
    ],
    ids=["accepted", "cancelled", "any row of its feed", "never handed over"],
)
def test_d01_is_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(HandedOverNotAccepted().findings(innocent, at(100)))


def test_d01_still_fires_after_an_unknown_row_of_a_feed_that_knows_acceptance() -> None:
    assert list(HandedOverNotAccepted().findings(seen(stored(event(None, after(1)))), at(30)))


def test_limits_of_carrier_and_service_replace_the_rules_own() -> None:
    slow = Limits(Wait(200), Wait(300))
    assert not list(HandedOverNotAccepted().findings(seen(), at(100, limits={("D-01", CARRIER, "HCC"): slow})))
    assert list(HandedOverNotAccepted().findings(seen(), at(100, limits={("D-01", CARRIER, "EMS"): slow})))


def inbound(state: DossierState = S.IN_POST, *legs: Leg) -> Dossier:
    return dossier(state, history=(step(state, 4, 1, 0.5),), legs=legs)


def test_d03_waits_one_working_day_for_the_units_receipt() -> None:
    delivered = seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 2)))
    assert not list(DeliveredDossierInTransit().findings(of(inbound(), delivered), at(25)))
    found = list(DeliveredDossierInTransit().findings(of(inbound(), delivered), at(26.5)))
    assert [(one.rule, one.units) for one in found] == [("D-03", (OFFICE,))]


def test_d03_is_silent_once_the_unit_has_signed_or_the_proof_is_wanting() -> None:
    delivered = seen(*log((M.DELIVERED, 2)))
    signed = Leg(POST, OFFICE, after(0), after(3), None, None)
    assert not list(DeliveredDossierInTransit().findings(of(inbound(S.IN_POST, signed), delivered), at(100)))
    strict = seen(*log((M.DELIVERED, 2)), evidence_required=EvidenceLevel.SCAN)
    assert not list(DeliveredDossierInTransit().findings(of(inbound(), strict), at(100)))


def test_d03_gives_a_result_two_hours() -> None:
    result = seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 20)), purpose=Purpose.RESULT_OUT)
    sent = dossier(S.RESULT_IN_POST, history=(step(S.RESULT_IN_POST, 24, 9, 1),))
    assert not list(DeliveredDossierInTransit().findings(of(sent, result), at(21.9)))
    assert list(DeliveredDossierInTransit().findings(of(sent, result), at(22)))


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


def test_d35_is_one_case_for_each_unknown_code_and_low_for_feeds_known_to_be_incomplete() -> None:
    events = [stored(event(None, after(hours), code=code)) for code, hours in (("X7", 1), ("X7", 2), ("X8", 3))]
    found = list(UnknownCode().findings(seen(*events), at(4)))
    assert [(one.epoch, one.severity) for one in found] == [("test|X7", Severity.MEDIUM), ("test|X8", Severity.MEDIUM)]
    poor = seen(stored(event(None, after(1), code="1", any_row_means_accepted=True)))
    assert [one.severity for one in UnknownCode().findings(poor, at(4))] == [Severity.LOW]


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


def test_d36_is_one_case_for_each_outage() -> None:
    failing = FeedView(dataclasses.replace(healthy(PEER), failing_since=after(1), failures=9, last_error="Outage"))
    assert not list(FeedGap().findings(failing, at(1.4)))
    assert [one.severity for one in FeedGap().findings(failing, at(1.5))] == [Severity.MEDIUM]
    assert [one.severity for one in FeedGap().findings(failing, at(3))] == [Severity.HIGH]
    assert not list(FeedGap().findings(FeedView(healthy(PEER)), at(3)))


def test_the_same_question_gets_the_same_answer() -> None:
    view = seen(*log((M.DELIVERED, 20), (M.IN_TRANSIT, 30)), number="EL000000006VN")
    assert reconcile.findings(ITEM_RULES, view, at(40)) == reconcile.findings(ITEM_RULES, view, at(40))


def test_every_rule_has_one_id_and_a_remedy() -> None:
    assert len(BY_ID) == len(ITEM_RULES) + len(DOSSIER_RULES) + len(FEED_RULES)
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
