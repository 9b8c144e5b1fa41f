"""Dossiers that stand in each state, facts that satisfy every guard, and one move at a time."""

import datetime as dt

from schemas.dossier import (
    Dossier,
    DossierState,
    IntakeMode,
    ProofKind,
    ReturnProof,
    Step,
)
from schemas.ids import UnitId
from schemas.tracking import EvidenceLevel
from tests.unit.tracking.build import OFFICE, T0, after, dossier
from tracking.facts import Facts
from tracking.table import CODE_OF, Trigger
from tracking.transitions import Move, apply_move, decide

S, T = DossierState, Trigger
SIGNED = ReturnProof(ProofKind.COUNTER_SIGNATURE, T0, "citizen", None)
ALL = Facts(
    reason="because",
    approvals=("head", "deputy"),
    post_signed=True,
    item_accepted=True,
    parcels_delivered=1,
    parcels_returning=1,
    delivery_failed=True,
    out_again=True,
    delivered_at=after(22),
    evidence=EvidenceLevel.SCAN,
    receipt_at=after(23),
    direct=True,
    giver_signed=True,
    taker_signed=True,
    next_unit=UnitId("so-tn"),
    sender_receipt_at=after(24),
    supplement_here=True,
    fee_proof=True,
    proof=SIGNED,
    originals=True,
    papers_received=True,
    loss_declared=True,
    found=True,
    post_holds=True,
    grace_over=True,
    competent_unit=UnitId("so-tn"),
)


def made(before: Dossier, trigger: Trigger, facts: Facts = ALL, at: dt.datetime = T0) -> Dossier:
    move = decide(before, trigger, facts, at=at, recorded_at=at, by="An", source="desk", unit=OFFICE)
    assert isinstance(move, Move)
    return apply_move(before, move)


def standing(state: DossierState) -> Dossier:
    """A dossier that came to its state lawfully enough: accepted where the state needs it, returned where it was."""
    accepted = None if state in (S.DRAFT, S.LODGED, S.IN_POST, S.ARRIVED, S.REFUSED, S.VOID) else T0
    interrupted = (S.PROCESSING,) if state in (S.FEE_ASKED, S.WITHDRAW_ASKED, S.LOST_HOLD) else ()
    national = 10 if state is S.CLOSED else CODE_OF.get(state)
    past = (step(S.RETURNED, 27, 10),) if state in (S.CLOSED, S.RETURNED) else ()
    mode = IntakeMode.DELEGATED if state in (S.LODGED, S.IN_POST) else IntakeMode.FORWARDED
    return dossier(
        state, accepted_at=accepted, interrupted=interrupted, national=national, history=past, intake_mode=mode
    )


def step(state: DossierState, row: int, national: int | None) -> Step:
    return Step(row, state, national, T0, T0, "An", "desk", OFFICE)
