"""Expected against seen: each row fires on its fault, is silent for what looks like it, and closes with its cause."""

import dataclasses
import datetime as dt

import pytest

from gateway.console import catalogue
from schemas.discrepancy import DiscrepancyState, Severity
from schemas.dossier import (
    DossierState,
    IntakeMode,
    Leg,
    Pause,
    PauseEffect,
    RequestKind,
    ReturnMethod,
    Step,
)
from schemas.ids import UnitId
from schemas.shipment import Purpose
from schemas.tracking import EvidenceLevel, Movement
from tests.unit.tracking.build import CARRIER, OFFICE, after, log
from tests.unit.tracking.faults import (
    AGES,
    ARRIVED_SIGNED,
    ASKED,
    AT_THE_COUNTER,
    AT_WORK,
    CAME,
    DELIVERED,
    FAULTS,
    FEE,
    FEE_WAITS,
    FILE,
    HOME,
    OLD_DUE,
    ON_THE_WAY,
    ONE_STOP,
    OUT,
    PORTAL,
    POSTAL,
    RESULT,
    STOP,
    SUPP,
    TO_OFFICE,
    at,
    but,
    money,
    of,
    seen,
    sent,
    told,
    walked,
    with_last,
)
from tracking import reconcile, status
from tracking.rules import expected
from tracking.rules.catalogue import BY_ID, DOSSIER_RULES
from tracking.rules.context import Limits, Wait
from tracking.rules.views import DossierView

S, M, P = DossierState, Movement, Purpose


@pytest.mark.parametrize("rule", FAULTS)
def test_a_row_fires_on_its_fault_with_evidence_that_people_can_read(rule: str) -> None:
    view, hours = FAULTS[rule]
    found = of(rule, view, at(hours))
    assert len(found) == 1
    assert (found[0].subject, found[0].remedy) == ("1", f"remedy.{rule}")
    assert OFFICE in found[0].units
    kinds = [proof.kind for proof in found[0].evidence]
    for n, kind in enumerate(kinds):
        nth = kinds[: n + 1].count(kind)
        assert catalogue.known(f"evidence.{rule}.{kind}" + (f"_{nth}" if nth > 1 else ""))
    assert catalogue.known(f"rule.{rule}")
    assert catalogue.known(f"remedy.{rule}")


@pytest.mark.parametrize("rule", FAULTS)
def test_a_row_keeps_one_case_as_time_goes_by(rule: str) -> None:
    view, hours = FAULTS[rule]
    early, late = of(rule, view, at(hours)), of(rule, view, at(hours + 3))
    assert [one.epoch for one in early] == [one.epoch for one in late]
    assert late[0].severity >= early[0].severity
    (opened,) = reconcile.diff(early, (), now=after(hours))
    assert all(case.id == opened.id for case in reconcile.diff(late, (opened,), now=after(hours + 3)))


def cured(rule: str) -> DossierView:
    """The view of the fault after somebody mended it."""
    view = FAULTS[rule][0]
    one, parcels = view.dossier, view.parcels
    went_on = {
        "E-02": {"legs": ARRIVED_SIGNED},
        "E-03": {"state": S.ACCEPTED},
        "E-05": {"state": S.RESULT_READY},
        "E-07": {"state": S.PROCESSING},
        "E-08": {"state": S.PROCESSING},
        "E-09": {"state": S.RESULT_IN_POST},
        "E-10": {"peer_states": (told(PORTAL, 10, 76, from_us=True),)},
        "E-12": {"peer_states": (told(ONE_STOP, 1, 24 * 4),)},
        "E-15": {"state": S.RESULT_READY},
        "E-16": {"peer_states": ()},
        "E-17": {"due_history": (OLD_DUE,)},
        "E-19": {"return_proof": AT_THE_COUNTER},
        "E-21": {"peer_states": (told(PORTAL, 4, 31, from_us=True),)},
    }
    if rule in went_on:
        return dataclasses.replace(view, dossier=dataclasses.replace(one, **went_on[rule]))  # type: ignore[arg-type]  # field values
    if rule == "E-04":
        return dataclasses.replace(view, parcels=(*parcels, sent(P.PAPERS_BACK, (M.ACCEPTED, 49), no=3)))
    last = parcels[-1].item
    ended = dataclasses.replace(last, sender_receipt_at=after(80))
    if rule in ("E-11", "E-14"):
        ended = dataclasses.replace(last, fold=status.fold(log((M.ACCEPTED, 50), (M.DELIVERED, 70))))
    return dataclasses.replace(view, parcels=(*parcels[:-1], dataclasses.replace(parcels[-1], item=ended)))


@pytest.mark.parametrize("rule", FAULTS)
def test_a_row_closes_when_its_cause_is_gone(rule: str) -> None:
    view, hours = FAULTS[rule]
    opened = reconcile.diff(of(rule, view, at(hours)), (), now=after(hours))
    closed = reconcile.diff(of(rule, cured(rule), at(hours + 1)), opened, now=after(hours + 1))
    assert [(case.state, case.resolved_by) for case in closed] == [(DiscrepancyState.RESOLVED, "auto")]


SUPPLEMENT_TRAVELS = seen(
    walked(*SUPP, (S.SUPP_IN_POST, 40), supplements=(ASKED,)), CAME, sent(P.SUPPLEMENT_IN, *RESULT, since=40, no=2)
)
LOOK_ALIKES: tuple[tuple[str, str, DossierView, float], ...] = (
    ("E-02", "delegated intake may be accepted early", but("E-02", intake_mode=IntakeMode.DELEGATED), AGES),
    ("E-02", "so may an online dossier", but("E-02", intake_mode=IntakeMode.ONLINE), AGES),
    ("E-02", "the unit signed; only the closing scan is late", but("E-02", legs=ARRIVED_SIGNED), AGES),
    ("E-02", "1 while it travels agrees (E-01)", but("E-02", peer_states=(told(ONE_STOP, 1, 3),)), AGES),
    ("E-02", "two reports of one act cross", FAULTS["E-02"][0], 6.5),
    ("E-02", "the parcel is there", with_last("E-02", CAME), AGES),
    ("E-03", "it came this morning", FAULTS["E-03"][0], 24 + 3),
    ("E-03", "night hours do not count", seen(walked(*TO_OFFICE, (S.ARRIVED, 8), legs=ARRIVED_SIGNED), CAME), 22),
    ("E-03", "nothing came by post", dataclasses.replace(FAULTS["E-03"][0], parcels=()), 40),
    ("E-04", "the papers wait at the counter", but("E-04", return_method=ReturnMethod.COUNTER), AGES),
    ("E-04", "there is no paper", but("E-04", components=(FILE,)), AGES),
    ("E-04", "the papers never came", with_last("E-04", ON_THE_WAY), AGES),
    ("E-04", "an hour after the refusal", FAULTS["E-04"][0], 25),
    ("E-04", "withdrawal is only asked for", but("E-04", state=S.WITHDRAW_ASKED, national=7), AGES),
    ("E-05", "the item is a supplement request", with_last("E-05", sent(P.REQUEST_OUT, *RESULT, no=2)), AGES),
    ("E-05", "the item is only announced", with_last("E-05", sent(P.RESULT_OUT, (M.REGISTERED, 50), no=2)), AGES),
    ("E-05", "the order was cancelled", with_last("E-05", sent(P.RESULT_OUT, (M.CANCELLED, 50), no=2)), AGES),
    ("E-05", "9 will be told any minute", FAULTS["E-05"][0], 51),
    ("E-07", "the supplement is on its way (E-06)", SUPPLEMENT_TRAVELS, AGES),
    (
        "E-07",
        "one parcel of two is still on its way",
        dataclasses.replace(
            FAULTS["E-07"][0],
            parcels=(
                *FAULTS["E-07"][0].parcels,
                sent(P.SUPPLEMENT_IN, (M.ACCEPTED, 41), since=41, no=3),
            ),
        ),
        AGES,
    ),
    (
        "E-07",
        "what came belongs to an earlier request",
        but(
            "E-07",
            state=S.SUPP_ASKED,
            supplements=(dataclasses.replace(ASKED, asked_at=after(45)), dataclasses.replace(ASKED, n=2)),
        ),
        AGES,
    ),
    ("E-08", "nothing was paid", dataclasses.replace(FAULTS["E-08"][0], money=()), AGES),
    ("E-08", "less was paid", dataclasses.replace(FAULTS["E-08"][0], money=(money(20_000, 30),)), AGES),
    ("E-08", "it was paid before the notice", dataclasses.replace(FAULTS["E-08"][0], money=(money(50_000, 19),)), AGES),
    (
        "E-08",
        "the carrier took it back",
        dataclasses.replace(FAULTS["E-08"][0], money=(money(50_000, 30, withdrawn=True),)),
        AGES,
    ),
    ("E-09", "the citizen comes for it (HinhThuc 0)", but("E-09", return_method=ReturnMethod.COUNTER), AGES),
    (
        "E-09",
        "its item is booked",
        dataclasses.replace(FAULTS["E-09"][0], parcels=(CAME, sent(P.RESULT_OUT, no=2, handed_over_at=None))),
        AGES,
    ),
    ("E-09", "signed an hour ago", FAULTS["E-09"][0], 41),
    ("E-10", "10 was told and confirmed", but("E-10", peer_states=(told(PORTAL, 10, 73, from_us=True),)), AGES),
    ("E-10", "10 is on its way to the portal", FAULTS["E-10"][0], 73),
    (
        "E-10",
        "the proof is wanting (D-19)",
        seen(
            walked(*OUT, (S.PROOF_WAIT, 72)), sent(P.RESULT_OUT, *DELIVERED, no=2, evidence_required=EvidenceLevel.SCAN)
        ),
        AGES,
    ),
    (
        "E-10",
        "one parcel of two is delivered",
        dataclasses.replace(FAULTS["E-10"][0], parcels=(*FAULTS["E-10"][0].parcels, sent(P.RESULT_OUT, *RESULT, no=3))),
        AGES,
    ),
    ("E-11", "the postman's scan comes late", FAULTS["E-11"][0], 56),
    ("E-11", "delivered", with_last("E-11", sent(P.RESULT_OUT, *DELIVERED, no=2)), AGES),
    (
        "E-11",
        "it came back and was handed out at the counter",
        seen(
            walked(*OUT, (S.RESULT_BACK, 90), (S.RETURNED, 99), return_proof=AT_THE_COUNTER),
            sent(P.RESULT_OUT, *RESULT, (M.RETURNED, 85), no=2, sender_receipt_at=after(90)),
        ),
        AGES,
    ),
    ("E-12", "it moved yesterday", FAULTS["E-12"][0], 24 * 2),
    ("E-12", "a weekend passed", FAULTS["E-12"][0], 24 * 3),
    (
        "E-12",
        "it waits for collection within its term",
        with_last(
            "E-12", sent(P.DOSSIER_IN, (M.ACCEPTED, 1), (M.READY_FOR_COLLECTION, 2), storage_until=after(24 * 15))
        ),
        24 * 14,
    ),
    ("E-12", "the office works on it and nothing travels", seen(walked(*AT_WORK, legs=ARRIVED_SIGNED), CAME), AGES),
    ("E-12", "the post never took it: that is a D-01", with_last("E-12", sent(P.DOSSIER_IN)), AGES),
    (
        "E-13",
        "it is out for delivery again",
        with_last("E-13", sent(P.RESULT_OUT, *RESULT, (M.ATTEMPT_FAILED, 60), (M.OUT_FOR_DELIVERY, 70), no=2)),
        AGES,
    ),
    (
        "E-13",
        "the unit has it back",
        with_last("E-13", sent(P.RESULT_OUT, *RESULT, (M.RETURNED, 60), no=2, sender_receipt_at=after(61))),
        AGES,
    ),
    ("E-14", "the request travels since this morning", FAULTS["E-14"][0], 36),
    (
        "E-14",
        "the request was delivered",
        with_last("E-14", sent(P.REQUEST_OUT, (M.ACCEPTED, 31), (M.DELIVERED, 40), since=31, no=2)),
        AGES,
    ),
    ("E-14", "the supplement is on its way", but("E-14", state=S.SUPP_IN_POST), AGES),
    ("E-15", "the first request", but("E-15", supplements=(ASKED,)), AGES),
    (
        "E-15",
        "a peer repeats the first one late",
        but("E-15", supplements=(ASKED,), state=S.PROCESSING, peer_states=(told(ONE_STOP, 5, 29),)),
        AGES,
    ),
    ("E-15", "the processing has ended", but("E-15", state=S.RESULT_READY, national=9), AGES),
    ("E-16", "refused before it was accepted", seen(walked(*TO_OFFICE, (S.ARRIVED, 9), (S.REFUSED, 12)), CAME), AGES),
    ("E-16", "stopped after it was accepted (8)", seen(walked(*AT_WORK, (S.STOPPED, 30)), CAME), AGES),
    ("E-17", "the date was moved", but("E-17", due_history=(OLD_DUE,)), AGES),
    (
        "E-17",
        "the stop took no working day",
        but("E-17", pauses=(dataclasses.replace(STOP, since=after(72), until=after(74)),)),
        AGES,
    ),
    (
        "E-17",
        "another stop still lasts",
        but("E-17", pauses=(STOP, Pause(RequestKind.FEE, after(60), None, PauseEffect.PAUSE))),
        AGES,
    ),
    (
        "E-17",
        "a withdrawal was taken back",
        but("E-17", pauses=(dataclasses.replace(STOP, kind=RequestKind.WITHDRAWAL),)),
        AGES,
    ),
    ("E-18", "the papers go home", with_last("E-18", sent(P.PAPERS_BACK, *RESULT, no=2)), AGES),
    ("E-18", "the result is announced only", with_last("E-18", sent(P.RESULT_OUT, (M.REGISTERED, 50), no=2)), AGES),
    ("E-19", "signed at the counter", but("E-19", return_proof=AT_THE_COUNTER), AGES),
    ("E-19", "an unknown 9 is no 10", but("E-19", state=S.RESULT_READY, national=9), AGES),
    ("E-21", "4 was told and confirmed", but("E-21", peer_states=(told(PORTAL, 4, 12, from_us=True),)), AGES),
    ("E-21", "4 is on its way to the portal", FAULTS["E-21"][0], 12),
    ("E-21", "nobody may be told yet: no official code", but("E-21", national=None), AGES),
)


@pytest.mark.parametrize(("rule", "why", "view", "hours"), LOOK_ALIKES, ids=[f"{r}: {w}" for r, w, *_ in LOOK_ALIKES])
def test_a_look_alike_is_silent(rule: str, why: str, view: DossierView, hours: float) -> None:
    assert of(rule, view, at(hours)) == []


@pytest.mark.parametrize(
    ("rule", "soft", "hard"),
    [("E-02", 7, 27), ("E-03", 30, 48), ("E-05", 52, 54), ("E-10", 74, 80), ("E-11", 57, 77), ("E-21", 27, 33)],
)
def test_severity_grows_from_the_soft_to_the_hard_limit(rule: str, soft: float, hard: float) -> None:
    view, _ = FAULTS[rule]
    assert of(rule, view, at(soft - 1.5)) == []
    grave = BY_ID[rule].severity
    assert [one.severity for one in of(rule, view, at(soft))] == [Severity(grave - 1)]
    assert [one.severity for one in of(rule, view, at(hard))] == [grave]


def test_limits_may_be_set_for_a_carriers_service_and_for_a_unit() -> None:
    view, _ = FAULTS["E-02"]
    slow = Limits(Wait(500), Wait(600))
    assert of("E-02", view, at(30, limits={("E-02", CARRIER, "HCC"): slow})) == []
    assert of("E-02", view, at(30, limits={("E-02", None, None, OFFICE): slow})) == []
    assert of("E-02", view, at(30, limits={("E-02", None, None, UnitId("other")): slow}))


def test_a_supplement_that_came_while_the_carrier_told_nothing_else_is_found_before_the_dossier_moves() -> None:
    view = but("E-07", state=S.SUPP_IN_POST)
    assert len(of("E-07", view, at(56))) == 1


def test_cash_on_delivery_counts_as_paid_at_the_post() -> None:
    paid = sent(P.SUPPLEMENT_IN, (M.ACCEPTED, 22), (M.DELIVERED, 30), since=21, no=2, cod_due=50_000)
    assert len(of("E-08", seen(walked(*FEE_WAITS, requests=(FEE,)), CAME, paid), at(33))) == 1


def test_ours_and_a_peers_word_are_two_cases() -> None:
    ours = walked(*HOME, return_proof=None, peer_states=(told(ONE_STOP, 10, 70),))
    assert [one.epoch for one in of("E-19", seen(ours), at(200))] == ["ours|10"]
    imported = walked(*OUT, (S.RETURNED, 53), return_proof=POSTAL)
    view = seen(imported, sent(P.RESULT_OUT, *RESULT, no=2))
    assert [one.epoch for one in of("E-11", view, at(60))] == ["ours|10"]


def test_who_says_more_speaks_alone() -> None:
    """One cause, one case of the dossier: E-21 leaves a peer's code to the row that names what is wrong with it."""
    for rule in ("E-02", "E-11", "E-16"):
        view, hours = FAULTS[rule]
        spoken = {one.rule for one in reconcile.findings(DOSSIER_RULES, view, at(hours))}
        assert rule in spoken
        assert "E-21" not in spoken


def test_a_second_request_that_the_head_approved_is_only_told() -> None:
    asked = Step(13, S.SUPP_ASKED, 5, after(30), after(30), "An", "desk", OFFICE, reason="thiếu", approvals=("Bình",))
    view = but("E-15", history=(asked,))
    assert [one.severity for one in of("E-15", view, at(31))] == [Severity.LOW]
    assert [one.severity for one in of("E-15", FAULTS["E-15"][0], at(31))] == [Severity.MEDIUM]


def test_a_peer_that_asks_again_where_we_cannot_follow_is_heard() -> None:
    view = but("E-15", supplements=(ASKED,), state=S.PROCESSING, peer_states=(told(ONE_STOP, 5, 60),))
    assert [one.evidence[-1].kind for one in of("E-15", view, at(61))] == ["message"]


def test_a_request_that_comes_back_is_told_at_once() -> None:
    back = sent(P.REQUEST_OUT, (M.ACCEPTED, 31), (M.RETURNING, 33), since=31, no=2)
    assert len(of("E-14", with_last("E-14", back), at(34))) == 1


def test_a_dossier_between_units_without_an_item_is_found_silent() -> None:
    leg = Leg(OFFICE, UnitId("so-tn"), after(20), None, None, None)
    sent_on = walked(*AT_WORK, (S.BETWEEN_UNITS, 20), legs=(*ARRIVED_SIGNED, leg))
    found = reconcile.findings(DOSSIER_RULES, seen(sent_on, CAME), at(24 * 6))
    assert {one.rule for one in found} & {"E-12", "E-20"} == {"E-20"}, "a unit that had signed is the silent one"
    unsigned = dataclasses.replace(sent_on, legs=(leg,))
    carried_by_hand = seen(unsigned)
    assert len(of("E-12", carried_by_hand, at(24 * 6))) == 1


def test_the_two_rows_that_agree_are_no_rules() -> None:
    assert {"E-01", "E-06"}.isdisjoint(BY_ID)
    rows = {f"E-{n:02}" for n in range(1, 23)} - {"E-01", "E-06"}
    assert rows <= BY_ID.keys()


def test_a_succession_of_units_opens_no_second_case() -> None:
    view, hours = FAULTS["E-03"]
    succeeded = Step(33, S.ARRIVED, 1, after(26), after(26), "", "desk", OFFICE)
    again = dataclasses.replace(
        view, dossier=dataclasses.replace(view.dossier, history=(*view.dossier.history, succeeded))
    )
    assert [one.epoch for one in of("E-03", again, at(hours))] == [one.epoch for one in of("E-03", view, at(hours))]


def test_the_storage_term_of_a_carrier_that_tells_none_is_ten_days() -> None:
    waits = sent(P.DOSSIER_IN, (M.ACCEPTED, 1), (M.READY_FOR_COLLECTION, 2))
    view = with_last("E-12", waits)
    term = expected.STORAGE / dt.timedelta(hours=1)
    assert of("E-12", view, at(term)) == []
    assert len(of("E-12", view, at(term + 3))) == 1
