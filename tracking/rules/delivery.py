"""Between the carrier's delivery and the dossier."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import DossierState
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, lasted
from tracking.rules.views import DossierView, Parcel

_WAITS_FOR_UNIT = frozenset({DossierState.LODGED, DossierState.IN_POST})
_ON_ITS_WAY_BACK = frozenset({DossierState.RESULT_IN_POST, DossierState.RESULT_HELD})
_INBOUND = Limits(soft=Wait(8, working=True), hard=Wait(8, working=True))


class DeliveredDossierInTransit(Rule[DossierView]):
    """D-03: the item was delivered with whole evidence, and the dossier still stands as if it travelled.

    To the office: one working day without the unit's receipt. To the citizen: two hours.
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
            name = item.number or item.reference or ""
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
        if default is _INBOUND and any(leg.received_at for leg in view.dossier.legs):
            return False
        item = parcel.item
        limits = context.limits_of(self.id, default, item.carrier, item.service)
        return lasted(context, since, limits.hard, view.dossier.competent_unit)


def _evidence_complete_since(parcel: Parcel, purpose: Purpose) -> dt.datetime | None:
    """The pessimistic end of the delivery's time; None while the item is not delivered or its proof is not whole."""
    item = parcel.item
    if item.purpose is not purpose or parcel.packing.until is not None:
        return None
    fold = item.fold
    if fold.movement is not Movement.DELIVERED or fold.evidence < item.evidence_required:
        return None
    return fold.since
