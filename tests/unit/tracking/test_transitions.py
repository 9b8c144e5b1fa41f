import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dossier import (
    CodeAlias,
    DossierState,
    IntakeMode,
    ReturnMethod,
)
from schemas.errors import GuardFailed, UnlawfulMove
from schemas.ids import DossierCode
from schemas.tracking import EvidenceLevel
from tests.unit.tracking.build import T0, dossier
from tests.unit.tracking.walk import ALL, made, standing, step
from tracking.facts import Facts
from tracking.table import CODE_OF, ROWS, Trigger
from tracking.transitions import AlreadyDone, apply_move, decide, lawful_triggers

S, T = DossierState, Trigger
POOR = dataclasses.replace(ALL, evidence=EvidenceLevel.NONE)
BARE = dataclasses.replace(ALL, originals=False)


EARLY = {"accepted_at": None}
TABLE = [  # row, from, trigger, to, national after, what must differ: copied from domain model §3, not from the code
    (1, S.DRAFT, T.BEGIN, S.DRAFT, None, ALL, {}),
    (2, S.DRAFT, T.LODGE, S.LODGED, 1, ALL, {"history": (step(S.DRAFT, 1, None),)}),
    (3, S.DRAFT, T.VOID, S.VOID, None, ALL, {}),
    (3, S.LODGED, T.VOID, S.VOID, 7, ALL, {}),
    (4, S.LODGED, T.POST_HAS_IT, S.IN_POST, 1, ALL, {}),
    (5, S.IN_POST, T.ARRIVE, S.ARRIVED, 1, ALL, {}),
    (6, S.LODGED, T.HAND_IN, S.ARRIVED, 1, ALL, {}),
    (7, S.ARRIVED, T.ACCEPT, S.ACCEPTED, 2, ALL, {}),
    (7, S.LODGED, T.ACCEPT, S.ACCEPTED, 2, ALL, {}),
    (7, S.IN_POST, T.ACCEPT, S.ACCEPTED, 2, ALL, {"intake_mode": IntakeMode.ONLINE}),
    (8, S.LODGED, T.REFUSE, S.REFUSED, 3, ALL, {}),
    (8, S.ARRIVED, T.REFUSE, S.REFUSED, 3, ALL, {}),
    (8, S.SUPP_ASKED, T.REFUSE, S.REFUSED, 3, ALL, EARLY),
    (8, S.SUPP_ARRIVED, T.REFUSE, S.REFUSED, 3, ALL, EARLY),
    (9, S.LODGED, T.ASK_SUPPLEMENT, S.SUPP_ASKED, 5, ALL, {}),
    (9, S.ARRIVED, T.ASK_SUPPLEMENT, S.SUPP_ASKED, 5, ALL, {}),
    (10, S.ACCEPTED, T.BEGIN_WORK, S.PROCESSING, 4, ALL, {}),
    (11, S.ACCEPTED, T.SEND_ON, S.BETWEEN_UNITS, 2, ALL, {}),
    (11, S.PROCESSING, T.SEND_ON, S.BETWEEN_UNITS, 4, ALL, {}),
    (12, S.BETWEEN_UNITS, T.TAKE_OVER, S.PROCESSING, 4, ALL, {}),
    (13, S.PROCESSING, T.ASK_SUPPLEMENT, S.SUPP_ASKED, 5, ALL, {}),
    (14, S.SUPP_ASKED, T.SUPPLEMENT_POSTED, S.SUPP_IN_POST, 5, ALL, {}),
    (15, S.SUPP_ASKED, T.SUPPLEMENT_ARRIVED, S.SUPP_ARRIVED, 5, ALL, {}),
    (15, S.SUPP_IN_POST, T.SUPPLEMENT_ARRIVED, S.SUPP_ARRIVED, 5, ALL, {}),
    (16, S.SUPP_ARRIVED, T.SUPPLEMENT_COMPLETE, S.PROCESSING, 4, ALL, {}),
    (16, S.SUPP_ARRIVED, T.SUPPLEMENT_COMPLETE, S.ACCEPTED, 2, ALL, EARLY),
    (17, S.SUPP_ARRIVED, T.ASK_SUPPLEMENT, S.SUPP_ASKED, 5, ALL, {}),
    (18, S.ACCEPTED, T.ASK_FEE, S.FEE_ASKED, 6, ALL, {}),
    (18, S.PROCESSING, T.ASK_FEE, S.FEE_ASKED, 6, ALL, {}),
    (19, S.FEE_ASKED, T.PROVE_FEE, S.PROCESSING, 4, ALL, {}),
    (19, S.FEE_ASKED, T.PROVE_FEE, S.ACCEPTED, 2, ALL, {"interrupted": (S.ACCEPTED,)}),
    (20, S.SUPP_ASKED, T.STOP, S.STOPPED, 8, ALL, {}),
    (20, S.FEE_ASKED, T.STOP, S.STOPPED, 8, ALL, {}),
    (20, S.PROCESSING, T.STOP, S.STOPPED, 8, ALL, {}),
    *(
        (21, state, T.ASK_WITHDRAWAL, S.WITHDRAW_ASKED, 7, ALL, {})
        for state in (
            *(S.LODGED, S.IN_POST, S.ARRIVED, S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS),
            *(S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED, S.FEE_ASKED),
        )
    ),
    (22, S.WITHDRAW_ASKED, T.GRANT_WITHDRAWAL, S.WITHDRAWN, 7, ALL, {}),
    (22, S.WITHDRAW_ASKED, T.TAKE_BACK_WITHDRAWAL, S.PROCESSING, 4, ALL, {}),
    (23, S.PROCESSING, T.SIGN_RESULT, S.RESULT_READY, 9, ALL, {}),
    (24, S.RESULT_READY, T.RESULT_POSTED, S.RESULT_IN_POST, 9, ALL, {}),
    (24, S.RESULT_BACK, T.RESULT_POSTED, S.RESULT_IN_POST, 9, ALL, {}),
    (25, S.RESULT_IN_POST, T.HOLD, S.RESULT_HELD, 9, ALL, {}),
    (25, S.RESULT_HELD, T.OUT_AGAIN, S.RESULT_IN_POST, 9, ALL, {}),
    (26, S.RESULT_IN_POST, T.DELIVERED, S.PROOF_WAIT, 9, POOR, {}),
    (26, S.RESULT_HELD, T.DELIVERED, S.PROOF_WAIT, 9, dataclasses.replace(ALL, parcels=2), {}),
    (27, S.RESULT_IN_POST, T.DELIVERED, S.RETURNED, 10, ALL, {}),
    (27, S.RESULT_HELD, T.DELIVERED, S.RETURNED, 10, ALL, {}),
    (27, S.PROOF_WAIT, T.DELIVERED, S.RETURNED, 10, ALL, {}),
    (28, S.RESULT_IN_POST, T.RETURN_DECIDED, S.RESULT_GOING_BACK, 9, ALL, {}),
    (28, S.RESULT_HELD, T.RETURN_DECIDED, S.RESULT_GOING_BACK, 9, ALL, {}),
    (28, S.PROOF_WAIT, T.RETURN_DECIDED, S.RESULT_GOING_BACK, 9, ALL, {}),
    (28, S.RESULT_GOING_BACK, T.SENDER_RECEIPT, S.RESULT_BACK, 9, ALL, {}),
    (29, S.RESULT_READY, T.HAND_OUT, S.RETURNED, 10, ALL, {}),
    (29, S.RESULT_BACK, T.HAND_OUT, S.RETURNED, 10, ALL, {}),
    (30, S.REFUSED, T.SEND_PAPERS, S.PAPERS_OUT, 3, ALL, {}),
    (30, S.WITHDRAWN, T.SEND_PAPERS, S.PAPERS_OUT, 7, ALL, {}),
    (30, S.STOPPED, T.SEND_PAPERS, S.PAPERS_OUT, 8, ALL, {}),
    (30, S.PAPERS_OUT, T.CLOSE_PAPERS, S.CLOSED, 8, ALL, {"national": 8}),
    (30, S.REFUSED, T.CLOSE_PAPERS, S.CLOSED, 3, BARE, {}),
    (30, S.WITHDRAWN, T.CLOSE_PAPERS, S.CLOSED, 7, BARE, {}),
    (30, S.STOPPED, T.CLOSE_PAPERS, S.CLOSED, 8, BARE, {}),
    (31, S.RETURNED, T.REOPEN, S.RESULT_IN_POST, 9, ALL, {}),
    (31, S.CLOSED, T.REOPEN, S.RESULT_BACK, 9, dataclasses.replace(ALL, reopen_to=S.RESULT_BACK), {}),
    (32, S.IN_POST, T.DECLARE_LOST, S.LOST_HOLD, 1, ALL, {}),
    (32, S.RESULT_HELD, T.DECLARE_LOST, S.LOST_HOLD, 9, ALL, {}),
    (32, S.LOST_HOLD, T.FIND, S.PROCESSING, 4, ALL, {}),
    *((33, state, T.SUCCEED, state, CODE_OF.get(state), ALL, {}) for state in S if state not in (S.VOID, S.CLOSED)),
    (34, S.RETURNED, T.ARCHIVE, S.CLOSED, 10, ALL, {}),
]


@pytest.mark.parametrize(("row", "state", "trigger", "target", "national", "facts", "changes"), TABLE)
def test_every_row_of_the_table_is_walked(
    row: int,
    state: DossierState,
    trigger: Trigger,
    target: DossierState,
    national: int | None,
    facts: Facts,
    changes: dict[str, object],
) -> None:
    before = dataclasses.replace(standing(state), **changes)  # type: ignore[arg-type]  # field values of the table above
    moved = made(before, trigger, facts)
    assert (moved.state, moved.national) == (target, national)
    assert moved.history[:-1] == before.history
    assert (moved.history[-1].row, moved.history[-1].state, moved.history[-1].national) == (row, target, national)


def test_the_walks_above_leave_no_row_and_no_way_of_a_row_out() -> None:
    walked = {(row, trigger, state) for row, state, trigger, *_ in TABLE}
    assert {row for row, *_ in walked} == set(range(1, 35))
    declared = {(row.no, row.trigger, state) for row in ROWS for state in row.sources if row.no != 32}
    assert declared <= walked


LAWFUL = {(state, trigger) for _, state, trigger, *_ in TABLE}
STANDS_BY = {(S.RETURNED, T.DELIVERED)}
"""What brought `standing` there: telling it again is silence, see below."""
LOSABLE = frozenset(S) - {S.DRAFT, S.VOID, S.CLOSED, S.RETURNED, S.LOST_HOLD}


@pytest.mark.parametrize(
    ("state", "trigger"), [pair for pair in itertools.product(S, T) if pair not in LAWFUL | STANDS_BY]
)
def test_every_other_pair_of_state_and_trigger_is_refused_by_name(state: DossierState, trigger: Trigger) -> None:
    if trigger is T.DECLARE_LOST and state in LOSABLE:
        assert made(standing(state), trigger).state is S.LOST_HOLD
        return
    before = standing(state)
    with pytest.raises(UnlawfulMove) as refusal:
        decide(before, trigger, ALL, at=T0, recorded_at=T0, by="An", source="desk")
    text = str(refusal.value)
    assert state.value in text and trigger.value in text and before.code in text and "row" in text
    assert all(lawful.value in text for lawful in lawful_triggers(before))


@pytest.mark.parametrize(
    ("state", "trigger", "facts", "missing"),
    [
        (S.IN_POST, T.ARRIVE, dataclasses.replace(ALL, parcels=3), "1 of 3 parcels"),
        (S.IN_POST, T.ARRIVE, dataclasses.replace(ALL, receipt_at=None), "has not signed for the paper"),
        (S.ARRIVED, T.REFUSE, dataclasses.replace(ALL, reason=" "), "reason is missing"),
        (S.ARRIVED, T.ACCEPT, dataclasses.replace(ALL, form="03"), "form 01, not on 03"),
        (
            S.PROOF_WAIT,
            T.DELIVERED,
            dataclasses.replace(POOR, evidence_required=EvidenceLevel.SCAN),
            "below the required SCAN",
        ),
        (S.RETURNED, T.REOPEN, dataclasses.replace(ALL, approvals=("head", "head")), "two persons"),
        (S.FEE_ASKED, T.PROVE_FEE, dataclasses.replace(ALL, fee_proof=False), "no proof of payment"),
        (S.REFUSED, T.CLOSE_PAPERS, ALL, "must go back first"),
    ],
)
def test_a_missing_condition_is_named_with_its_row(
    state: DossierState, trigger: Trigger, facts: Facts, missing: str
) -> None:
    with pytest.raises(GuardFailed, match=missing):
        decide(standing(state), trigger, facts, at=T0, recorded_at=T0, by="An", source="desk")


def test_a_forwarded_dossier_is_not_accepted_before_its_paper_is_there() -> None:
    early = dataclasses.replace(standing(S.IN_POST), intake_mode=IntakeMode.FORWARDED)
    with pytest.raises(GuardFailed, match="neither delegated nor online"):
        made(early, T.ACCEPT)


def test_the_result_of_a_counter_dossier_does_not_go_by_post() -> None:
    with pytest.raises(GuardFailed, match="collected at the counter"):
        made(dataclasses.replace(standing(S.RESULT_READY), return_method=ReturnMethod.COUNTER), T.RESULT_POSTED)


def test_a_second_supplement_request_needs_the_head() -> None:
    asked = made(standing(S.PROCESSING), T.ASK_SUPPLEMENT, Facts())
    back = made(made(asked, T.SUPPLEMENT_ARRIVED), T.SUPPLEMENT_COMPLETE)
    with pytest.raises(GuardFailed, match="head's approval"):
        made(back, T.ASK_SUPPLEMENT, Facts(reason="still wanting"))
    again = made(back, T.ASK_SUPPLEMENT, Facts(reason="still wanting", approvals=("head",)))
    assert [one.n for one in again.supplements] == [1, 2]


@pytest.mark.parametrize(("row", "state", "trigger", "target", "national", "facts", "changes"), TABLE)
def test_the_same_trigger_again_is_silence(
    row: int,
    state: DossierState,
    trigger: Trigger,
    target: DossierState,
    national: int | None,
    facts: Facts,
    changes: dict[str, object],
) -> None:
    moved = made(dataclasses.replace(standing(state), **changes), trigger, facts)  # type: ignore[arg-type]  # field values of the table above
    if (moved.state, trigger) in LAWFUL and trigger is not T.SUCCEED:
        return  # a new move of its own (no trigger of the table leads back to where it starts, but 17 and 25 alternate)
    again = decide(moved, trigger, facts, at=T0, recorded_at=T0, by="An", source="desk")
    assert again == AlreadyDone(row)


def test_a_dossier_without_an_official_code_has_no_national_code() -> None:
    alias = CodeAlias(DossierCode("TAM-1"), "provisional", T0, None)
    forwarded = dossier(S.DRAFT, code=DossierCode("TAM-1"), aliases=(alias,))
    lodged = made(forwarded, T.LODGE)
    assert (lodged.national, lodged.history[-1].national) == (None, None)
    accepted = made(
        made(made(lodged, T.POST_HAS_IT), T.ARRIVE),
        T.ACCEPT,
        dataclasses.replace(ALL, new_code=DossierCode("000.00.01.H99-261118-0001")),
    )
    assert (accepted.national, accepted.code) == (2, "000.00.01.H99-261118-0001")
    assert [(one.code, one.scheme, one.valid_to) for one in accepted.aliases] == [
        ("TAM-1", "provisional", T0),
        ("000.00.01.H99-261118-0001", "official", None),
    ]


def test_between_units_keeps_the_code_and_a_withdrawal_taken_back_restores_it() -> None:
    between = made(standing(S.ACCEPTED), T.SEND_ON)
    back = made(made(between, T.ASK_WITHDRAWAL), T.TAKE_BACK_WITHDRAWAL)
    assert (back.state, back.national, back.interrupted) == (S.BETWEEN_UNITS, 2, ())


# --- properties ------------------------------------------------------------------------------------------------------

ALLOWED: dict[DossierState, set[int | None]] = {
    **{state: {code} for state, code in CODE_OF.items()},
    S.DRAFT: {None},
    S.VOID: {None, 7},
    S.BETWEEN_UNITS: {2, 4},
    S.PAPERS_OUT: {3, 7, 8},
    S.CLOSED: {3, 7, 8, 10},
    S.LOST_HOLD: set(range(1, 11)),
}
walks = st.lists(st.tuples(st.sampled_from(list(T)), st.sampled_from([ALL, POOR, BARE])), max_size=40)


@settings(max_examples=300)
@given(walks, st.sampled_from(list(IntakeMode)))
def test_on_every_walk_3_and_8_are_never_left_10_only_by_row_31_and_the_code_follows_the_state(
    walk: list[tuple[Trigger, Facts]], mode: IntakeMode
) -> None:
    now = made(dossier(S.DRAFT, intake_mode=mode), T.BEGIN)
    for trigger, facts in walk:
        try:
            move = decide(now, trigger, facts, at=T0, recorded_at=T0, by="An", source="desk")
        except UnlawfulMove:
            continue
        if isinstance(move, AlreadyDone):
            continue
        then = apply_move(now, move)
        assert then.national in ALLOWED[then.state]
        if now.national in (3, 8):
            assert then.national == now.national
        if now.national == 10 and then.national != 10:
            assert move.row.no == 31
        assert (then.state is S.LOST_HOLD or then.state in (S.FEE_ASKED, S.WITHDRAW_ASKED)) <= bool(then.interrupted)
        now = then
