"""What the post's news means for a dossier: the next trigger, if there is one. Pure.

:func:`facts_of` reads the parcels of the dossier's present leg; :func:`next_step` says which row follows from them. The
caller makes the move and asks again, so that one late answer can walk several rows, each with its own history step.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from schemas.dossier import Dossier, DossierState, ReturnMethod
from schemas.tracking import GOING_BACK, EvidenceLevel, Movement, Outcome
from tracking.facts import Facts
from tracking.rules.present import present_parcels
from tracking.rules.views import Parcel
from tracking.table import HOLDABLE, Trigger

S = DossierState

_FAILED = frozenset({Movement.ATTEMPT_FAILED, Movement.HELD, Movement.READY_FOR_COLLECTION})
_ON_THE_WAY = frozenset({Movement.OUT_FOR_DELIVERY, Movement.IN_TRANSIT})
_GONE = frozenset({Outcome.LOST, Outcome.DESTROYED})


@dataclasses.dataclass(frozen=True, slots=True)
class Next:
    """A move that follows from the post's news."""

    trigger: Trigger
    facts: Facts
    at: dt.datetime
    reason: str = ""


def facts_of(dossier: Dossier, parcels: Sequence[Parcel]) -> Facts:
    """What the items and the dossier's own legs say at this moment."""
    present = present_parcels(dossier, parcels)
    folds = [parcel.item.fold for parcel in present]
    delivered = [parcel for parcel in present if parcel.item.fold.movement is Movement.DELIVERED]
    times = [parcel.item.fold.delivered_at for parcel in delivered if parcel.item.fold.delivered_at]
    returned = [parcel.item.sender_receipt_at for parcel in present if parcel.item.sender_receipt_at]
    return Facts(
        post_signed=any(parcel.item.handed_over_at for parcel in present) and dossier.state is S.LODGED,
        item_accepted=any(fold.accepted_at for fold in folds),
        parcels=max([1, *(parcel.packing.parts for parcel in present)]),
        parcels_delivered=len(delivered),
        parcels_returning=sum(fold.movement in GOING_BACK for fold in folds),
        delivery_failed=any(fold.movement in _FAILED for fold in folds),
        out_again=any(fold.movement in _ON_THE_WAY for fold in folds),
        post_holds=any(fold.accepted_at and fold.outcome is Outcome.OPEN for fold in folds),
        loss_declared=any(fold.outcome in _GONE for fold in folds),
        delivered_at=max(times, default=None),
        evidence=min((parcel.item.fold.evidence for parcel in delivered), default=EvidenceLevel.NONE),
        evidence_required=max((one.item.evidence_required for one in present), default=EvidenceLevel.STATUS_ONLY),
        receipt_at=next((leg.received_at for leg in dossier.legs if leg.received_at), None),
        supplement_here=bool(delivered),
        sender_receipt_at=max(returned, default=None),
        papers_received=bool(delivered) and len(delivered) == len(present),
    )


def next_step(dossier: Dossier, parcels: Sequence[Parcel], *, now: dt.datetime) -> Next | None:
    """The move that the post's news asks for now; None where the dossier already stands where it says."""
    present = present_parcels(dossier, parcels)
    facts = facts_of(dossier, parcels)
    if dossier.state in (S.LODGED, S.IN_POST):
        step = _inbound(dossier, present, facts, now)
    elif dossier.state in (S.SUPP_ASKED, S.SUPP_IN_POST):
        step = _supplement(dossier, present, facts, now)
    else:
        step = _outbound(dossier, present, facts, now)
    return step or _lost(dossier, present, facts, now)


def _lost(dossier: Dossier, present: Sequence[Parcel], facts: Facts, now: dt.datetime) -> Next | None:
    """A loss that the carrier declared; once somebody settled that loss, it is not declared again."""
    if not facts.loss_declared or dossier.state not in HOLDABLE:
        return None
    since = max(
        (one.item.fold.since for one in present if one.item.fold.outcome in _GONE and one.item.fold.since), default=now
    )
    if any(step.row == 32 and step.at >= since for step in dossier.history):
        return None
    return Next(Trigger.DECLARE_LOST, dataclasses.replace(facts, post_holds=True), since, "declared by the carrier")


def _inbound(dossier: Dossier, present: Sequence[Parcel], facts: Facts, now: dt.datetime) -> Next | None:
    if dossier.state is S.LODGED:
        return Next(Trigger.POST_HAS_IT, facts, _accepted_at(present, now)) if facts.item_accepted else None
    whole = facts.parcels_delivered >= facts.parcels
    if not whole or facts.receipt_at is None:
        return None
    return Next(Trigger.ARRIVE, facts, max(facts.receipt_at, facts.delivered_at or facts.receipt_at))


def _supplement(dossier: Dossier, present: Sequence[Parcel], facts: Facts, now: dt.datetime) -> Next | None:
    if dossier.state is S.SUPP_ASKED and facts.item_accepted:
        return Next(Trigger.SUPPLEMENT_POSTED, facts, _accepted_at(present, now))
    if facts.supplement_here:
        return Next(Trigger.SUPPLEMENT_ARRIVED, facts, facts.delivered_at or now)
    return None


def _outbound(dossier: Dossier, present: Sequence[Parcel], facts: Facts, now: dt.datetime) -> Next | None:
    state = dossier.state
    if state in (S.RESULT_READY, S.RESULT_BACK):
        leaves = [one for one in present if one.item.fold.accepted_at and one.item.fold.outcome is not Outcome.RETURNED]
        by_post = dossier.return_method is ReturnMethod.POST
        return Next(Trigger.RESULT_POSTED, facts, _accepted_at(leaves, now)) if leaves and by_post else None
    if state in (S.RESULT_IN_POST, S.RESULT_HELD, S.PROOF_WAIT):
        return _on_the_way(dossier, present, facts, now)
    if state is S.RESULT_GOING_BACK and facts.sender_receipt_at is not None:
        return Next(Trigger.SENDER_RECEIPT, facts, facts.sender_receipt_at)
    if state is S.PAPERS_OUT and facts.papers_received:
        return Next(Trigger.CLOSE_PAPERS, facts, facts.delivered_at or now)
    return None


def _on_the_way(dossier: Dossier, present: Sequence[Parcel], facts: Facts, now: dt.datetime) -> Next | None:
    if facts.parcels_returning:
        return Next(Trigger.RETURN_DECIDED, facts, _since(present, GOING_BACK, now))
    proved = facts.parcels_delivered >= facts.parcels and facts.evidence >= facts.evidence_required
    if proved or (facts.parcels_delivered and dossier.state is not S.PROOF_WAIT):
        return Next(Trigger.DELIVERED, facts, facts.delivered_at or now)
    if dossier.state is S.RESULT_IN_POST and facts.delivery_failed:
        return Next(Trigger.HOLD, facts, _since(present, _FAILED, now))
    if dossier.state is S.RESULT_HELD and facts.out_again and not facts.delivery_failed:
        return Next(Trigger.OUT_AGAIN, facts, _since(present, _ON_THE_WAY, now))
    return None


def _accepted_at(present: Sequence[Parcel], now: dt.datetime) -> dt.datetime:
    return min((one.item.fold.accepted_at for one in present if one.item.fold.accepted_at), default=now)


def _since(present: Sequence[Parcel], movements: frozenset[Movement], now: dt.datetime) -> dt.datetime:
    found = (one.item.fold.since for one in present if one.item.fold.movement in movements and one.item.fold.since)
    return min(found, default=now)
