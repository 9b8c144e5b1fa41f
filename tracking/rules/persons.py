"""Data of persons that a carrier should not have sent us."""

import re
from collections.abc import Iterator

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.invoice import ServiceProfile
from schemas.shipment import Item
from schemas.tracking import StoredEvent
from tracking.rules.context import Context
from tracking.rules.rule import Rule, counted, event_proof
from tracking.rules.views import ItemView

_IDENTITY = re.compile(r"(?<!\d)\d{12}(?!\d)")
"""A citizen's number (CCCD); nine digits (CMND) are too often something else."""
_PHONE = re.compile(r"(?<!\d)(?:\+84|0)[35789]\d{8}(?!\d)")
"""Mobile numbers of Vietnam: ten digits with 03, 05, 07, 08 or 09."""
_KINDS = frozenset({"signature", "photo", "scan"})


class PersonalData(Rule[ItemView]):
    """D-42: an event holds data of a person that the service's profile does not allow.

    The profile lists what may come (:data:`schemas.invoice.PERSONAL_FIELDS`); a carrier or service without a profile is
    not judged. The case names the field and the event, never what stands in it. It closes when the carrier withdraws
    the event or the agreement allows the field.

    Nominated by: item of a carrier with service profiles, ``events_n`` > 0.
    """

    id = "D-42"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-42"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each field that must not come, with its first event."""
        item, seen = view.item, set[str]()
        if not context.profiles(item.carrier):
            return
        for stored in counted(view.events):
            profile = _profile(item, stored, context)
            if profile is None:
                continue
            for field in fields_of(stored):
                if field in profile.allowed or field in seen:
                    continue
                seen.add(field)
                proof = event_proof(stored, f"{field} came with {item.service}", personal=field, service=item.service)
                what = Proof("item", item.number or item.reference or "", field, None, values=(("personal", field),))
                units = (item.sender_unit, item.receiver_unit)
                yield self.found(str(item.id), field, self.severity, (proof, what), units)


def fields_of(stored: StoredEvent) -> Iterator[str]:
    """Names of the personal data that an event holds."""
    event = stored.event
    if event.recipient is not None:
        if event.recipient.relation:
            yield "recipient.relation"
        if event.recipient.name_hash:
            yield "recipient.name"
    for kind in sorted({piece.kind for piece in event.evidence} & _KINDS):
        yield f"evidence.{kind}"
    if _IDENTITY.search(event.text):
        yield "text.identity_number"
    if _PHONE.search(event.text):
        yield "text.phone"


def _profile(item: Item, stored: StoredEvent, context: Context) -> ServiceProfile | None:
    """The newest profile in force on the event's day."""
    on = stored.event.occurred.utc_low.astimezone(VIETNAM).date()
    mine = (one for one in reversed(context.profiles(item.carrier)) if one.service == item.service)
    return next((one for one in mine if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)), None)
