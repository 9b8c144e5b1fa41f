"""Paper that somebody gave away and nobody took."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from tracking import custody
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, lasted
from tracking.rules.views import DossierView


class CustodyHole(Rule[DossierView]):
    """D-41: a hand-over that the giver signed and the taker did not, for four office hours of the taker.

    The giver stays the holder until then (domain model §4). It closes with the taker's signature, or as soon as
    anything later shows the paper in other hands: the carrier's acceptance, a later signed manifest, the sender's
    receipt.

    Nominated by: ``manifest_line.released`` of the dossier or of an item that carries it.
    """

    id = "D-41"
    subject = Subject.DOSSIER
    severity = Severity.HIGH
    limits = Limits(soft=Wait(4, working=True), hard=Wait(4, working=True))
    remedy = "remedy.D-41"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each hand-over that hangs."""
        items = tuple(parcel.item for parcel in view.parcels)
        for hole in custody.open_holes(items, view.manifests, context.now):
            limits = context.limits_of(self.id, self.limits)
            if not lasted(context, hole.since, limits.hard, hole.taker):
                continue
            values = (("manifest", hole.manifest), ("giver", str(hole.giver)), ("taker", str(hole.taker)))
            says = f"{hole.giver} signed, {hole.taker} did not; {hole.giver} answers for it"
            proof = Proof("manifest", hole.manifest, says, hole.since, values=values)
            epoch = f"{hole.manifest}|{hole.since.isoformat()}"
            yield self.found(str(view.dossier.id), epoch, self.severity, (proof,), (hole.giver, hole.taker))
