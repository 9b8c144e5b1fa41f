"""Numbers that cannot be."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.errors import InvalidNumber
from schemas.numbers import s10
from schemas.shipment import NumberScheme
from tracking.rules.context import Context
from tracking.rules.rule import Rule
from tracking.rules.views import ItemView

SUGGESTIONS = 5


class InvalidItemNumber(Rule[ItemView]):
    """D-20: the number claims to be S10 and its shape or check digit is wrong. Only where number_scheme = S10.

    Numbers one slip away are suggested, never put in silently.
    """

    id = "D-20"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-20"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each wrong number; it closes when the number is corrected."""
        item = view.item
        if item.number_scheme is not NumberScheme.S10 or item.number is None:
            return
        try:
            s10.validate(item.number)
        except InvalidNumber as error:
            near = ", ".join(s10.near_misses(item.number)[:SUGGESTIONS])
            says = f"{error.detail or error} Near: {near or 'none'}."
            values = (("number", item.number), ("near", near or "–"))
            proof = Proof("item", item.number, says, item.booked_at or item.valid_from, values=values)
            yield self.found(str(item.id), item.number, self.severity, (proof,), (item.sender_unit, item.receiver_unit))
