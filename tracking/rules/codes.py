"""Codes that our tables do not know."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Severity, Subject
from schemas.tracking import StoredEvent
from tracking.rules.context import Context
from tracking.rules.rule import Rule, event_proof
from tracking.rules.views import ItemView


class UnknownCode(Rule[ItemView]):
    """D-35: a code outside the dated table: quarantined news, never "in transit". It closes when the code is mapped.

    From a feed whose table is known to be incomplete (``any_row_means_accepted``) it is only worth a low case.
    """

    id = "D-35"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-35"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each unknown code of the item, with its first row."""
        item = view.item
        if not item.fold.unknown_n and not any(stored.event.mapped is None for stored in view.events):
            return
        first: dict[tuple[str, str], StoredEvent] = {}
        for stored in view.events:
            event = stored.event
            if event.mapped is None and stored.withdrawn_at is None and not event.forecast and not event.withdrawn:
                first.setdefault((event.code_list, event.code), stored)
        for (code_list, code), stored in first.items():
            says = f"code {code!r} is not in {code_list!r}: {stored.event.text}"[:300]
            severity = Severity.LOW if stored.event.any_row_means_accepted else self.severity
            units = (item.sender_unit, item.receiver_unit)
            yield self.found(
                str(item.id), f"{code_list}|{code}", severity, (event_proof(stored, says, list=code_list),), units
            )
