"""Dossiers and their parcels: a dossier in several parcels, several dossiers in one parcel."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState, Party
from schemas.ids import UnitId
from schemas.shipment import Purpose
from schemas.tracking import Movement, Outcome
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.present import present_parcels
from tracking.rules.rule import Rule, lasted, name_of
from tracking.rules.views import DossierView, ItemView

S = DossierState

STILL_WAITING = frozenset(
    {
        *(S.LODGED, S.IN_POST, S.SUPP_ASKED, S.SUPP_IN_POST, S.RESULT_IN_POST, S.RESULT_HELD, S.PROOF_WAIT),
        S.PAPERS_OUT,
    }
)
_TO_A_UNIT = frozenset({Purpose.DOSSIER_IN, Purpose.SUPPLEMENT_IN, Purpose.INTER_UNIT})
_TO_A_PERSON = frozenset({Purpose.REQUEST_OUT, Purpose.RESULT_OUT, Purpose.PAPERS_BACK})


class SplitIncomplete(Rule[DossierView]):
    """D-28: of the k parcels declared for the dossier's present leg, some were delivered a day ago and some were not.

    k is the largest of what the items and the packings declare. Once the dossier went on (the unit counted what it has
    and signed), a missing scan is D-04's matter. The intake clock does not start with a part of the papers (row 5).

    Nominated by: dossier state of a leg by post; item of the dossier with ``parcels`` > 1, ``delivered_at``.
    """

    id = "D-28"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(24), hard=Wait(24))
    remedy = "remedy.D-28"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each leg that is incomplete."""
        dossier = view.dossier
        if dossier.state not in STILL_WAITING:
            return
        present = present_parcels(dossier, view.parcels)
        declared = max((max(one.item.parcels_declared, one.packing.parts) for one in present), default=1)
        arrived = {one.packing.part: one for one in present if one.item.fold.movement is Movement.DELIVERED}
        times = [one.item.fold.since for one in arrived.values() if one.item.fold.since is not None]
        if not times or len(arrived) >= declared:
            return
        first, item = min(times), present[0].item
        limits = context.limits_of(self.id, self.limits, item.carrier, item.service)
        if not lasted(context, first, limits.hard, dossier.competent_unit):
            return
        late = ", ".join(name_of(one.item) for one in present if one.packing.part not in arrived) or "–"
        values = (("arrived", str(len(arrived))), ("declared", str(declared)))
        whole = Proof("parcels", dossier.code, f"{len(arrived)} of {declared} delivered", first, values=values)
        missing = Proof("item", late, "not delivered yet", None, values=(("numbers", late),))
        units = (dossier.competent_unit, item.sender_unit)
        yield self.found(str(dossier.id), f"{item.purpose}|{first.isoformat()}", self.severity, (whole, missing), units)


class MergeConflict(Rule[ItemView]):
    """D-29: several dossiers are in one parcel, and one of them must go to somebody else than its addressee.

    The item's addressee decides, not the citizens: dossiers of ten citizens to one office are one lawful parcel, so are
    results for one person who was empowered by all owners. To a unit: any unit that the dossier is or was due at, with
    its successors. To a person: owner or submitter. Judged while the parcel is on its way; afterwards dossiers go on.

    Nominated by: packings that are open, of two dossiers in one item; item ``outcome`` open.
    """

    id = "D-29"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-29"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each dossier that does not belong into it."""
        item = view.item
        if len(view.dossiers) < 2 or item.fold.outcome is not Outcome.OPEN:
            return
        for dossier in view.dossiers:
            wanted = self._wanted(view, dossier, context)
            if wanted is None:
                continue
            values = (("number", name_of(item)), ("code", dossier.code), ("wanted", wanted))
            proof = Proof("packing", name_of(item), f"{dossier.code} goes to {wanted}", item.valid_from, values=values)
            units = (item.sender_unit, item.receiver_unit, dossier.competent_unit)
            yield self.found(str(item.id), f"{dossier.id}", self.severity, (proof,), units)

    def _wanted(self, view: ItemView, dossier: Dossier, context: Context) -> str | None:
        """Whom the dossier must go to where that is not the item's addressee; no name of a person is told."""
        item = view.item
        if item.purpose in _TO_A_UNIT and item.receiver_unit is not None:
            today = context.now.date()
            fits = any(item.receiver_unit in context.heirs(unit, today) for unit in _units(dossier))
            return None if fits else str(dossier.competent_unit)
        if item.purpose in _TO_A_PERSON and item.addressee is not None:
            fits = any(_same_person(item.addressee, one) for one in (dossier.owner, dossier.submitter))
            return None if fits else "another person"
        return None


def _units(dossier: Dossier) -> set[UnitId]:
    return {dossier.receiving_unit, dossier.competent_unit, *(leg.target for leg in dossier.legs)}


def _same_person(a: Party, b: Party) -> bool:
    """By the number of the identity paper where both have one, else by name and telephone."""
    if a.id_number and b.id_number:
        return a.id_number == b.id_number
    return (a.name.casefold(), a.phone) == (b.name.casefold(), b.phone)
