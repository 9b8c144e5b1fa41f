"""Between the counter and the carrier's first scan."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.tracking import Outcome
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule
from tracking.rules.views import ItemView


class HandedOverNotAccepted(Rule[ItemView]):
    """D-01: the post's person signed for the item, and no sign came that the post has it.

    A sign is an event of rank ≥ ACCEPTED, or any row of a feed whose manifest says ``any_row_means_accepted``.
    """

    id = "D-01"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(6, working=True), hard=Wait(24))
    remedy = "remedy.D-01"
    parents = ("D-36",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each hand-over."""
        item = view.item
        handed = item.handed_over_at
        if handed is None or item.fold.accepted_at is not None or item.fold.outcome is not Outcome.OPEN:
            return
        severity = self.due(context, handed, unit=item.sender_unit, carrier=item.carrier, service=item.service)
        if severity is None:
            return
        name = item.number or item.reference or ""
        says = f"{item.carrier} signed for it; {item.fold.events_n} events since, none shows that it has it"
        values = (("number", name), ("events", str(item.fold.events_n)))
        proofs = (Proof("receipt", name, says, handed, values=values),)
        yield self.found(str(item.id), handed.isoformat(), severity, proofs, (item.sender_unit,))
