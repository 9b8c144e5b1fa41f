"""What came from a carrier and cannot be placed: codes that our tables do not know, items that nobody registered."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.shipment import Purpose
from schemas.tracking import StoredEvent
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, counted, event_proof, name_of
from tracking.rules.views import ItemView


class UnknownCode(Rule[ItemView]):
    """D-35: a code outside the dated table: quarantined news, never "in transit". It closes when the code is mapped.

    From a feed whose table is known to be incomplete (``any_row_means_accepted``) it is only worth a low case.

    Nominated by: item ``unknown_n`` > 0, or an event whose code is not known.
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


class OrphanEvent(Rule[ItemView]):
    """D-40: a carrier tells of a number that nobody registered here. Held for 30 days for a late registration.

    Bookings are often typed after the hand-over, so the first day is silence. When the item is registered (it then has
    a purpose) its waiting events count and the case closes.

    Nominated by: item ``purpose`` unknown.
    """

    id = "D-40"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(24), hard=Wait(30 * 24))
    remedy = "remedy.D-40"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each number."""
        item = view.item
        told = list(counted(view.events)) if item.purpose is Purpose.UNKNOWN else []
        if not told:
            return
        heard = min(stored.first_seen_at for stored in told)
        severity = self.due_of(context, heard, item)
        if severity is None:
            return
        values = (("number", name_of(item)), ("events", str(len(told))))
        held = Proof("item", name_of(item), f"{len(told)} events, registered nowhere", heard, values=values)
        yield self.found(str(item.id), name_of(item), severity, (held, event_proof(told[0], "the first of them")))
