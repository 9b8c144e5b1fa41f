"""Between the carrier's delivery and the dossier."""

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import DossierState
from schemas.shipment import Purpose
from schemas.tracking import Direction, Movement, Outcome, Recipient
from tracking.lag import provinces_of
from tracking.rules import receipts
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.present import present_parcels
from tracking.rules.rule import Rule, lasted, name_of
from tracking.rules.views import DossierView, ItemView, Parcel

_WAITS_FOR_UNIT = frozenset({DossierState.LODGED, DossierState.IN_POST})
_ON_ITS_WAY_BACK = frozenset({DossierState.RESULT_IN_POST, DossierState.RESULT_HELD})
_INBOUND = Limits(soft=Wait(8, working=True), hard=Wait(8, working=True))


class DeliveredDossierInTransit(Rule[DossierView]):
    """D-03: the item was delivered with whole evidence, and the dossier still stands as if it travelled.

    To the office: one working day without the unit's receipt, once each declared parcel is there (row 5; before, D-28
    speaks). To the citizen: two hours.

    Nominated by: dossier ``state`` in LODGED, IN_POST, RESULT_IN_POST or RESULT_HELD, with a delivered item.
    """

    id = "D-03"
    subject = Subject.DOSSIER
    severity = Severity.HIGH
    limits = Limits(soft=Wait(2), hard=Wait(2))
    remedy = "remedy.D-03"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each delivered item."""
        state = view.dossier.state
        if state in _WAITS_FOR_UNIT:
            yield from self._judge(view, context, Purpose.DOSSIER_IN, _INBOUND)
        elif state in _ON_ITS_WAY_BACK:
            yield from self._judge(view, context, Purpose.RESULT_OUT, self.limits)

    def _judge(self, view: DossierView, context: Context, purpose: Purpose, default: Limits) -> Iterator[Finding]:
        for parcel in view.parcels:
            since = _evidence_complete_since(parcel, purpose)
            if since is None or not self._lasted(context, parcel, since, default, view):
                continue
            dossier, item = view.dossier, parcel.item
            name = name_of(item)
            proof = item.fold.evidence.name
            delivered = Proof(
                "item", name, f"delivered, proof {proof}", item.fold.delivered_at, values=(("number", name),)
            )
            step = dossier.history[-1] if dossier.history else None
            says, values = f"dossier stands at {dossier.state}", (("state", dossier.state.value),)
            stands = Proof("step", dossier.code, says, step.at if step else None, values=values)
            units = (dossier.competent_unit, item.receiver_unit)
            yield self.found(
                str(dossier.id), f"{item.id}|{since.isoformat()}", self.severity, (delivered, stands), units
            )

    def _lasted(self, context: Context, parcel: Parcel, since: dt.datetime, default: Limits, view: DossierView) -> bool:
        """Inbound waits for the receiving unit's office hours, and only while that unit has not signed."""
        if default is _INBOUND:
            last = _whole_since(view)
            if last is None or any(leg.received_at for leg in view.dossier.legs):
                return False
            since = max(since, last)
        item = parcel.item
        limits = context.limits_of(self.id, default, item.carrier, item.service, provinces_of(item))
        return lasted(context, since, limits.hard, view.dossier.competent_unit)


def _whole_since(view: DossierView) -> dt.datetime | None:
    """When the last of the declared parcels of this leg was delivered; None while one is missing."""
    present = present_parcels(view.dossier, view.parcels)
    here = [one.item.fold.since for one in present if one.item.fold.movement is Movement.DELIVERED]
    if len(here) < max((one.packing.parts for one in present), default=1):
        return None
    return max((since for since in here if since is not None), default=None)


def _evidence_complete_since(parcel: Parcel, purpose: Purpose) -> dt.datetime | None:
    """The pessimistic end of the delivery's time; None while the item is not delivered or its proof is not whole."""
    item = parcel.item
    if item.purpose is not purpose or parcel.packing.until is not None:
        return None
    fold = item.fold
    if fold.movement is not Movement.DELIVERED or fold.evidence < item.evidence_required:
        return None
    return fold.since


class ReceivedNotDelivered(Rule[DossierView]):
    """D-04: the dossier was received or closed, and two days later the carrier still has not said "delivered".

    The receipt overrides the carrier; what is asked for is its closing scan. A scan that comes late closes the case.

    Nominated by: dossier ``receipt_at`` or ``proven`` or ``closed_at`` set, with an item whose outcome is open.
    """

    id = "D-04"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(48), hard=Wait(96))
    remedy = "remedy.D-04"
    parents = ("D-36",)

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each item that was received and not delivered."""
        dossier = view.dossier
        for parcel in view.parcels:
            item = parcel.item
            received = receipts.received_at(dossier, item)
            if received is None or not _under_way(parcel):
                continue
            severity = self.due_of(context, received, item)
            if severity is None:
                continue
            state = (("state", dossier.state.value),)
            signed = Proof("receipt", dossier.code, "received by the one to whom it goes", received, values=state)
            name, movement = name_of(item), str(item.fold.movement or Movement.REGISTERED)
            values = (("number", name), ("movement", movement))
            says = f"{item.carrier} last told {movement}"
            stands = Proof("item", name, says, item.fold.last_event_at, values=values)
            epoch = f"{item.id}|{received.isoformat()}"
            units = (item.sender_unit, dossier.competent_unit)
            yield self.found(str(dossier.id), epoch, severity, (signed, stands), units)


def _under_way(parcel: Parcel) -> bool:
    """The post took it, forward, and it has come to no end."""
    item = parcel.item
    taken = item.handed_over_at is not None or item.fold.accepted_at is not None
    kept = parcel.packing.until is None and item.sender_receipt_at is None
    return taken and kept and item.fold.outcome is Outcome.OPEN and item.fold.direction is Direction.FORWARD


AUTHORISED = frozenset(
    {"addressee", "self", "authorised", "authorized", "representative", "submitter", "clerk", "office", "family"}
)
"""Relations that may take an item, in small letters: the addressee, who acts for him, his household, an office's clerk.

Our own reading: the list of relations that the contract names (LT-RELATION) has only ADDRESSEE so far.
"""


class DeliveredToAnother(Rule[ItemView]):
    """D-18: the item was given to somebody who is neither the addressee nor entitled to take it.

    Asked only where the feed or our own delivery page names a recipient. A name that is the addressee's clears a
    strange relation; a masked name proves nothing either way.

    Nominated by: item outcome delivered (the recipient is in the fold).
    """

    id = "D-18"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-18"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each delivery."""
        item, given = view.item, view.item.fold.recipient
        if item.fold.outcome is not Outcome.DELIVERED or given is None or not given.relation:
            return
        if given.relation.lower() in AUTHORISED or _is_named(given, view):
            return
        name = name_of(item)
        values = (("number", name), ("relation", given.relation))
        at = item.fold.delivered_at
        proofs = (Proof("item", name, f"given to {given.relation}", at, values=values),)
        epoch = f"{at.isoformat() if at else ''}|{given.relation}"
        yield self.found(str(item.id), epoch, self.severity, proofs, (item.receiver_unit, item.sender_unit))


def _is_named(given: Recipient, view: ItemView) -> bool:
    """The name told is that of the addressee, or of a dossier's owner or submitter."""
    if given.name_hash is None:
        return False
    people = [view.item.addressee, *(who for one in view.dossiers for who in (one.owner, one.submitter))]
    return given.name_hash in {name_digest(who.name) for who in people if who is not None}


def name_digest(name: str) -> str:
    """Digest of a name as adapters make it: composed, folded to small letters."""
    return hashlib.sha256(unicodedata.normalize("NFC", name).casefold().encode()).hexdigest()


class DeliveredWithoutProof(Rule[ItemView]):
    """D-19: delivered, as the carrier says, and 72 hours later the evidence that its service owes us is not there.

    A receipt of the one to whom it goes is better evidence than the carrier's, and silences it. ``evidence_required``
    is that of the carrier's service: one that never gives more than a status owes none.

    Nominated by: ``settled`` not set, outcome delivered, ``evidence`` below ``evidence_required``.
    """

    id = "D-19"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(72), hard=Wait(72))
    remedy = "remedy.D-19"
    parents = ("D-36",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each delivery."""
        item, fold = view.item, view.item.fold
        since = fold.since
        if fold.outcome is not Outcome.DELIVERED or fold.evidence >= item.evidence_required or since is None:
            return
        if view.dossiers and all(receipts.received_at(dossier, item) for dossier in view.dossiers):
            return
        severity = self.due_of(context, since, item)
        if severity is None:
            return
        name = name_of(item)
        values = (("number", name), ("level", item.evidence_required.name))
        says = f"delivered, proof {fold.evidence.name}, owed {item.evidence_required.name}"
        proofs = (Proof("item", name, says, since, values=values),)
        yield self.found(str(item.id), since.isoformat(), severity, proofs, (item.sender_unit, item.receiver_unit))
