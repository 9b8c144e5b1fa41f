"""Guards of the transition table: each is a pure function that answers "" or names the condition that is missing.

A guard knows the dossier and the :class:`tracking.facts.Facts` of the moment, nothing else.
"""

from collections.abc import Callable

from schemas.dossier import Dossier, DossierState, IntakeMode, ReturnMethod
from tracking.facts import Facts

Guard = Callable[[Dossier, Facts], str]

POST_STATES = frozenset(
    {
        DossierState.IN_POST,
        DossierState.SUPP_IN_POST,
        DossierState.RESULT_IN_POST,
        DossierState.RESULT_HELD,
        DossierState.PROOF_WAIT,
        DossierState.RESULT_GOING_BACK,
        DossierState.PAPERS_OUT,
    }
)
"""States in which the post usually holds the paper (row 32)."""


def has_official_code(dossier: Dossier, facts: Facts) -> bool:
    """True where a code exists that the portal can know: not while only a provisional alias stands for it."""
    if facts.has_code is not None:
        return facts.has_code
    schemes = {alias.scheme for alias in dossier.aliases if alias.code == dossier.code}
    return "official" in schemes or "provisional" not in schemes


def post_has_it(_dossier: Dossier, facts: Facts) -> str:
    """The post signed for it, or a carrier's event shows that it has it."""
    return (
        "" if facts.post_signed or facts.item_accepted else "the post has not signed and no event shows that it has it"
    )


def all_delivered(_dossier: Dossier, facts: Facts) -> str:
    """All k parcels were delivered forward."""
    if facts.parcels_delivered >= max(facts.parcels, 1):
        return ""
    return f"{facts.parcels_delivered} of {facts.parcels} parcels are delivered"


def some_delivered(_dossier: Dossier, facts: Facts) -> str:
    """At least one parcel was delivered forward."""
    return "" if facts.parcels_delivered else "no parcel is delivered"


def unit_receipt(_dossier: Dossier, facts: Facts) -> str:
    """The unit itself signed for the paper; the post's delivery is not enough."""
    return "" if facts.receipt_at else "the unit has not signed for the paper"


def handed_over_directly(_dossier: Dossier, facts: Facts) -> str:
    """Brought to the unit without the post, or nothing on paper is needed."""
    return "" if facts.direct else "it was neither handed over directly nor is it without paper"


def early_acceptance(dossier: Dossier, _facts: Facts) -> str:
    """Only delegated and online intake may be accepted before the paper is there."""
    if dossier.intake_mode in (IntakeMode.DELEGATED, IntakeMode.ONLINE):
        return ""
    return "the paper has not arrived, and its intake is neither delegated nor online"


def not_yet_accepted(dossier: Dossier, _facts: Facts) -> str:
    """The supplement was asked before acceptance (row 9)."""
    return "it was accepted before" if dossier.accepted_at else ""


def accepted_before(dossier: Dossier, _facts: Facts) -> str:
    """The agency has accepted it (row 7)."""
    return "" if dossier.accepted_at else "the agency has not accepted it"


def reason_given(_dossier: Dossier, facts: Facts) -> str:
    """A reason in words."""
    return "" if facts.reason.strip() else "the reason is missing"


def head_for_second_request(dossier: Dossier, facts: Facts) -> str:
    """A second supplement request needs the head's reason; by indicator 2.1 it counts as overdue."""
    if not dossier.supplements or (facts.approvals and facts.reason.strip()):
        return ""
    return "a second supplement request needs the head's approval and reason (indicator 2.1 counts it as overdue)"


def giver_signed(_dossier: Dossier, facts: Facts) -> str:
    """The unit that gives the dossier on signed."""
    return "" if facts.giver_signed else "the giving unit has not signed"


def goes_somewhere(_dossier: Dossier, facts: Facts) -> str:
    """The next unit is named."""
    return "" if facts.next_unit else "the next unit is not named"


def taken_or_sent_back(_dossier: Dossier, facts: Facts) -> str:
    """The taker signed, or sent it back."""
    return "" if facts.taker_signed or facts.sent_back else "the taking unit has neither signed nor sent it back"


def supplement_here(_dossier: Dossier, facts: Facts) -> str:
    """The missing papers were delivered, handed in or uploaded."""
    return "" if facts.supplement_here else "the supplement is neither delivered, handed in nor uploaded"


def fee_proved(_dossier: Dossier, facts: Facts) -> str:
    """Payment is proven by the portal, the gateway or the post's fee line."""
    return "" if facts.fee_proof else "no proof of payment"


def returned_by_post(dossier: Dossier, _facts: Facts) -> str:
    """HinhThuc 1."""
    return "" if dossier.return_method is ReturnMethod.POST else "the result is to be collected at the counter"


def result_accepted(_dossier: Dossier, facts: Facts) -> str:
    """The post has the result's item."""
    return "" if facts.post_signed or facts.item_accepted else "the post does not have the result's item"


def delivery_failed(_dossier: Dossier, facts: Facts) -> str:
    """An attempt failed, or the item is held."""
    return "" if facts.delivery_failed else "no attempt failed and the item is not held"


def out_again(_dossier: Dossier, facts: Facts) -> str:
    """The item is on its way again, perhaps to another address."""
    return "" if facts.out_again else "the item is not on its way again"


def proof_enough(_dossier: Dossier, facts: Facts) -> str:
    """Proof of delivery is at least what is required of this carrier and service."""
    if facts.evidence >= facts.evidence_required:
        return ""
    return f"proof {facts.evidence.name} is below the required {facts.evidence_required.name}"


def proof_wanting(dossier: Dossier, facts: Facts) -> str:
    """Proof is below what is required, or j < k parcels are delivered."""
    return "" if proof_enough(dossier, facts) or all_delivered(dossier, facts) else "the proof is complete"


def return_decided(_dossier: Dossier, facts: Facts) -> str:
    """The carrier decided to send a parcel back (not merely: a return was asked for)."""
    return "" if facts.parcels_returning else "no return is decided"


def sender_has_it(_dossier: Dossier, facts: Facts) -> str:
    """The sender of the item signed for its return."""
    return "" if facts.sender_receipt_at else "the sender has not signed for the returned item"


def proof_given(_dossier: Dossier, facts: Facts) -> str:
    """Signature at the counter or electronic delivery."""
    return "" if facts.proof else "neither a signature at the counter nor an electronic delivery"


def originals_here(_dossier: Dossier, facts: Facts) -> str:
    """Papers of the citizen must go back."""
    return "" if facts.originals else "there are no papers to send back"


def no_originals(_dossier: Dossier, facts: Facts) -> str:
    """Nothing on paper must go back."""
    return "papers of the citizen must go back first" if facts.originals else ""


def papers_received(_dossier: Dossier, facts: Facts) -> str:
    """The citizen has the papers."""
    return "" if facts.papers_received else "the citizen has not received the papers"


def was_returned(dossier: Dossier, _facts: Facts) -> str:
    """Only a dossier whose result was returned can be reopened: 3, 7 and 8 are ends."""
    returned = any(step.state is DossierState.RETURNED for step in dossier.history)
    return "" if returned or dossier.state is DossierState.RETURNED else "its result was never returned"


def two_persons(_dossier: Dossier, facts: Facts) -> str:
    """Two different persons approve."""
    return "" if len(set(facts.approvals)) >= 2 else "two persons must approve"


def reopens_lawfully(_dossier: Dossier, facts: Facts) -> str:
    """A reopening leads to the post or back to the counter."""
    if facts.reopen_to in (DossierState.RESULT_IN_POST, DossierState.RESULT_BACK):
        return ""
    return f"it cannot be reopened to {facts.reopen_to}"


def post_holds(dossier: Dossier, facts: Facts) -> str:
    """By its state or by the item's fold the post holds it."""
    return "" if facts.post_holds or dossier.state in POST_STATES else "the post does not hold it"


def loss_declared(_dossier: Dossier, facts: Facts) -> str:
    """The carrier, or an inquiry, declared the loss."""
    return "" if facts.loss_declared else "no loss is declared"


def found_or_replaced(_dossier: Dossier, facts: Facts) -> str:
    """The item was found, or its papers were replaced."""
    return "" if facts.found else "it is neither found nor replaced"


def successor_named(_dossier: Dossier, facts: Facts) -> str:
    """At least one unit has a successor."""
    named = facts.receiving_unit or facts.competent_unit or facts.returning_unit
    return "" if named else "no successor is named"


def grace_over(_dossier: Dossier, facts: Facts) -> str:
    """The days in which the citizen may object are over."""
    return "" if facts.grace_over else "the grace period is not over"
