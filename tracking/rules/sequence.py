"""Stories that cannot have happened in this order."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Severity, Subject
from schemas.tracking import StoredEvent
from tracking import normalise, status
from tracking.rules.context import Context
from tracking.rules.rule import Rule, event_proof
from tracking.rules.views import ItemView


class RegressionAfterTerminal(Rule[ItemView]):
    """D-31: a movement after DELIVERED, RETURNED, LOST, DESTROYED or CANCELLED; money codes do not count.

    It closes when the carrier withdraws one of the two events, or when row 31 reopens the dossier: the fold then counts
    the movement and is no longer ``regressed``.
    """

    id = "D-31"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-31"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each first event after an end."""
        item = view.item
        if not item.fold.regressed:
            return
        pair = status.regression(view.events, context=view.folding)
        if pair is None:
            return
        end, after = pair
        epoch = "|".join(str(part) for part in (*normalise.key_of(end.event), *normalise.key_of(after.event)))
        proofs = (
            event_proof(end, f"ended as {item.fold.movement}", movement=str(item.fold.movement)),
            event_proof(after, _says(after)),
        )
        yield self.found(str(item.id), epoch, self.severity, proofs, (item.sender_unit, item.receiver_unit))


def _says(stored: StoredEvent) -> str:
    mapped = stored.event.mapped
    return f"then told {mapped.movement if mapped is not None else stored.event.code}"
