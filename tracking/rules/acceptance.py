"""Between the counter and the carrier's first scan."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState
from schemas.shipment import Item, Purpose
from schemas.tracking import Movement, Outcome, StoredEvent
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, counted, name_of
from tracking.rules.views import DossierView, ItemView, Parcel

S = DossierState

_NOT_HANDED_OVER = {
    Purpose.DOSSIER_IN: frozenset({S.DRAFT, S.LODGED}),
    Purpose.SUPPLEMENT_IN: frozenset({S.SUPP_ASKED}),
    Purpose.RESULT_OUT: frozenset({S.RESULT_READY, S.RESULT_BACK}),
    Purpose.PAPERS_BACK: frozenset({S.REFUSED, S.WITHDRAWN, S.STOPPED}),
}
"""Where a dossier stands as if its paper had not left: by the purpose of the item that the post has all the same."""


class HandedOverNotAccepted(Rule[ItemView]):
    """D-01: the post's person signed for the item, and no sign came that the post has it.

    A sign is an event of rank ≥ ACCEPTED, or any row of a feed whose manifest says ``any_row_means_accepted``.

    Nominated by: item ``handed_over_at`` set, ``accepted_at`` empty, outcome open.
    """

    id = "D-01"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(6, working=True), hard=Wait(24))
    remedy = "remedy.D-01"
    parents = ("D-36",)
    held_by = ("D-36",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each hand-over."""
        item = view.item
        handed = _waits_since(item)
        severity = self.due_of(context, handed, item, unit=item.sender_unit) if handed is not None else None
        if handed is None or severity is None:
            return
        name = name_of(item)
        says = f"{item.carrier} signed for it; {item.fold.events_n} events since, none shows that it has it"
        values = (("number", name), ("events", str(item.fold.events_n)))
        proofs = (Proof("receipt", name, says, handed, values=values),)
        yield self.found(str(item.id), handed.isoformat(), severity, proofs, (item.sender_unit,))


class NeverSeen(Rule[ItemView]):
    """D-08: two days after a proven hand-over nothing at all was told of the item. The same case as its D-01, graver.

    An announcement is no sight; an unknown code is one, and leaves the case a D-01.

    Nominated by: as D-01.
    """

    id = "D-08"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(48), hard=Wait(48))
    remedy = "remedy.D-08"
    parents = ("D-36",)
    held_by = ("D-36",)
    escalates = "D-01"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each hand-over."""
        item = view.item
        handed = _waits_since(item)
        if handed is None or any(_seen(stored) for stored in counted(view.events)):
            return
        severity = self.due_of(context, handed, item, unit=item.sender_unit)
        if severity is None:
            return
        name = name_of(item)
        proofs = (Proof("receipt", name, "signed for, then never seen", handed, values=(("number", name),)),)
        yield self.found(str(item.id), handed.isoformat(), severity, proofs, (item.sender_unit,))


class AcceptedNotHandedOver(Rule[DossierView]):
    """D-02: the post has the item, and the dossier still stands as if its paper had never left the counter.

    Lawful news moves the dossier by itself; what stays is a draft, a result that should wait at the counter
    (HinhThuc 0), or papers sent back without the row that says so.

    Nominated by: dossier ``state`` in DRAFT, LODGED, SUPP_ASKED, RESULT_READY, RESULT_BACK, REFUSED, WITHDRAWN or
    STOPPED, with an item whose ``accepted_at`` is set.
    """

    id = "D-02"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(2), hard=Wait(24))
    remedy = "remedy.D-02"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each item that the post has."""
        dossier = view.dossier
        for parcel in view.parcels:
            item, accepted = parcel.item, parcel.item.fold.accepted_at
            if accepted is None or not _left(dossier, parcel):
                continue
            stands = dossier.history[-1].at if dossier.history else dossier.created_at
            severity = self.due_of(context, max(accepted, stands), item)
            if severity is None:
                continue
            name = name_of(item)
            has = Proof("item", name, f"{item.carrier} has it", accepted, values=(("number", name),))
            state = (("state", dossier.state.value),)
            step = Proof("step", dossier.code, f"dossier stands at {dossier.state}", stands, values=state)
            units = (item.sender_unit, dossier.post_unit, dossier.competent_unit)
            epoch = f"{item.id}|{dossier.state}|{accepted.isoformat()}"
            yield self.found(str(dossier.id), epoch, severity, (has, step), units)


def _waits_since(item: Item) -> dt.datetime | None:
    """When the post signed for an item of which no sign came; None where there is nothing to wait for."""
    waits = item.fold.accepted_at is None and item.fold.outcome is Outcome.OPEN and item.sender_receipt_at is None
    return item.handed_over_at if waits else None


def _seen(stored: StoredEvent) -> bool:
    mapped = stored.event.mapped
    return mapped is None or mapped.movement.rank >= Movement.ACCEPTED.rank


def _left(dossier: Dossier, parcel: Parcel) -> bool:
    item = parcel.item
    if dossier.state not in _NOT_HANDED_OVER.get(item.purpose, ()) or parcel.packing.until is not None:
        return False
    if item.sender_receipt_at is not None or item.fold.outcome not in (Outcome.OPEN, Outcome.DELIVERED):
        return False
    asked = dossier.supplements[-1].asked_at if dossier.supplements else None
    return item.purpose is not Purpose.SUPPLEMENT_IN or asked is None or parcel.packing.since >= asked
