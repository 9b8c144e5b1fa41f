"""What is known at the moment of a move: the guards of the transition table look at this and at the dossier only."""

import dataclasses
import datetime as dt

from schemas.dossier import DossierState, ReturnProof
from schemas.ids import DossierCode, Sha256, UnitId
from schemas.tracking import EvidenceLevel
from tracking.deadlines import Promise


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """Everything a guard or an effect may ask for; who moves a dossier fills in what bears on its trigger.

    ``advance`` sets ``reason``, ``form``, ``approvals`` and, where it is None, ``promise``.
    """

    # what every move may carry
    reason: str = ""
    form: str = ""
    approvals: tuple[str, ...] = ()
    """Who approved, by shown name; two different ones for a reopening, the head for a second supplement request."""
    promise: Promise | None = None
    """What due dates are computed from; None: they stay as they are."""
    has_code: bool | None = None
    """Whether the portal knows this dossier by an official code; None: judged from its aliases."""
    # acceptance and supplements
    due_at: dt.datetime | None = None
    """The date that the unit itself promises (NgayHenTra, NgayHenTraMoi); None: computed from ``promise``."""
    supplement_due_at: dt.datetime | None = None
    new_code: DossierCode | None = None
    """The official code that the agency gave at acceptance."""
    # the post
    post_signed: bool = False
    item_accepted: bool = False
    """A carrier's event of rank ≥ ACCEPTED (or any row of such a feed) on an item of the present leg."""
    parcels: int = 1
    """k: how many parcels the present leg has."""
    parcels_delivered: int = 0
    """j: how many of them were delivered forward."""
    parcels_returning: int = 0
    delivery_failed: bool = False
    """An attempt failed or the item is held."""
    out_again: bool = False
    post_holds: bool = False
    """By the item's fold the post holds an item of the dossier, whatever the dossier's state."""
    delivered_at: dt.datetime | None = None
    """Delivery of the last parcel: NgayTra."""
    evidence: EvidenceLevel = EvidenceLevel.NONE
    """Weakest proof among the delivered parcels."""
    evidence_required: EvidenceLevel = EvidenceLevel.STATUS_ONLY
    evidence_sha256: Sha256 | None = None
    # units
    receipt_at: dt.datetime | None = None
    """The unit's own receipt of the paper."""
    direct: bool = False
    """Handed over directly, or no paper is needed."""
    giver_signed: bool = False
    taker_signed: bool = False
    sent_back: bool = False
    next_unit: UnitId | None = None
    sender_receipt_at: dt.datetime | None = None
    """Receipt of the returned item by the one who sent it."""
    # requests, results, ends
    supplement_here: bool = False
    fee_amount: int | None = None
    fee_proof: bool = False
    result_codes: tuple[str, ...] = ()
    proof: ReturnProof | None = None
    """Signature at the counter or electronic delivery (row 29)."""
    originals: bool = False
    """Papers of the citizen lie here and must go back."""
    papers_received: bool = False
    loss_declared: bool = False
    found: bool = False
    """A lost item was found or its papers replaced by the legal procedure."""
    grace_over: bool = False
    reopen_to: DossierState = DossierState.RESULT_IN_POST
    # succession of units
    receiving_unit: UnitId | None = None
    competent_unit: UnitId | None = None
    returning_unit: UnitId | None = None
