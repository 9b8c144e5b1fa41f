"""Items that could not be delivered: attempts, the counter, the way back."""

import datetime as dt
from collections.abc import Iterator

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import DossierState
from schemas.shipment import Item
from schemas.tracking import GOING_BACK, Direction, Movement, Outcome, StoredEvent
from tracking import normalise
from tracking.lag import provinces_of
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, counted, event_proof, name_of
from tracking.rules.views import ItemView

STORAGE = dt.timedelta(days=10)
"""How long a counter keeps an item whose term nobody told: our default, as in comparable posts (facts §1.2)."""


class UndeliverableReturning(Rule[ItemView]):
    """D-14: the carrier sends the item back, and its sender has not signed for it: somebody must call the citizen.

    For every purpose, inbound too. A return that we asked for (a recall) is what we wanted. Once the item is said to be
    back, and nobody has it, D-15 says more.

    Nominated by: item ``direction`` return, ``sender_receipt_at`` empty.
    """

    id = "D-14"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-14"
    silenced_by = ("D-15",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each return."""
        item, fold = view.item, view.item.fold
        if fold.direction is not Direction.RETURN or fold.outcome not in (Outcome.OPEN, Outcome.RETURNED):
            return
        if has_it_back(view) or item.recall_at is not None:
            return
        first = next((stored for stored in _counting(view) if _goes_back(stored)), None)
        if first is None:
            return
        event = first.event
        why = (event.mapped.reason if event.mapped is not None else None) or "–"
        proofs = (event_proof(first, f"goes back to its sender, reason {why}", reason=why),)
        units = (item.sender_unit, item.receiver_unit)
        yield self.found(str(item.id), event.occurred.wall, self.severity, proofs, units)


class ReturnedNotReceipted(Rule[ItemView]):
    """D-15: the carrier says the item is back, and a day later the sender of that item has not signed for it.

    Nominated by: item outcome returned, ``sender_receipt_at`` empty.
    """

    id = "D-15"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(24), hard=Wait(48))
    remedy = "remedy.D-15"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each return."""
        item, fold = view.item, view.item.fold
        if fold.outcome is not Outcome.RETURNED or fold.since is None or has_it_back(view):
            return
        severity = self.due_of(context, fold.since, item, unit=item.sender_unit)
        if severity is None:
            return
        name = name_of(item)
        proof = Proof("item", name, "returned; its sender has not signed", fold.since, values=(("number", name),))
        yield self.found(str(item.id), fold.since.isoformat(), severity, (proof,), (item.sender_unit,))


def has_it_back(view: ItemView) -> bool:
    """The sender of the item signed for it, on the item or by row 28 of its dossier."""
    item = view.item
    since = item.fold.accepted_at or item.valid_from
    return item.sender_receipt_at is not None or any(
        step.state is DossierState.RESULT_BACK and step.row == 28 and step.at >= since
        for one in view.dossiers
        for step in one.history
    )


def _goes_back(stored: StoredEvent) -> bool:
    mapped = stored.event.mapped
    if mapped is None or stored.quarantine is not None:
        return False
    return mapped.direction is Direction.RETURN or mapped.movement in GOING_BACK


class AttemptsExhausted(Rule[ItemView]):
    """D-16: the last allowed attempt failed, and a day later nobody decided what becomes of the item.

    Any later movement is a decision (kept at the counter, out again, back), and so is an action told with the attempt.

    Nominated by: item movement ``attempt_failed``, ``attempts`` ≥ ``attempt_max``.
    """

    id = "D-16"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(24), hard=Wait(48))
    remedy = "remedy.D-16"
    parents = ("D-36",)
    held_by = ("D-36",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each last attempt."""
        item, fold = view.item, view.item.fold
        if fold.movement is not Movement.ATTEMPT_FAILED or not 0 < item.attempt_max <= fold.attempts:
            return
        failed = [stored for stored in _counting(view) if _failed(stored)]
        if not failed or failed[-1].event.mapped is None or failed[-1].event.mapped.action:
            return
        last = failed[-1].event
        severity = self.due_of(context, last.occurred.utc_high, item)
        if severity is None:
            return
        says = f"attempt {fold.attempts} of {item.attempt_max} failed, nothing was decided since"
        proofs = (event_proof(failed[-1], says, attempts=str(fold.attempts), most=str(item.attempt_max)),)
        units = (item.sender_unit, item.receiver_unit)
        yield self.found(str(item.id), f"{fold.attempts}|{last.occurred.wall}", severity, proofs, units)


def _failed(stored: StoredEvent) -> bool:
    mapped = stored.event.mapped
    return stored.quarantine is None and mapped is not None and mapped.movement is Movement.ATTEMPT_FAILED


def _counting(view: ItemView) -> Iterator[StoredEvent]:
    return counted(normalise.ordered(view.events))


class CounterTermEnding(Rule[ItemView]):
    """D-17: the item waits at a counter, and its term of storage ends within two days, or is over.

    The limits are lead times before the end: ``soft`` warns, ``hard`` is the end itself.

    Nominated by: item movement ``ready_for_collection``.
    """

    id = "D-17"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(48), hard=Wait(0))
    remedy = "remedy.D-17"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each term."""
        item, fold = view.item, view.item.fold
        if fold.movement is not Movement.READY_FOR_COLLECTION or fold.since is None or has_it_back(view):
            return
        end = item.storage_until or fold.since + STORAGE
        severity = self._severity(context, item, end - context.now)
        if severity is None:
            return
        name = name_of(item)
        values = (("number", name), ("until", end.astimezone(VIETNAM).date().isoformat()))
        proof = Proof("item", name, f"waits at the counter until {end.isoformat()}", fold.since, values=values)
        yield self.found(str(item.id), end.isoformat(), severity, (proof,), (item.sender_unit, item.receiver_unit))

    def _severity(self, context: Context, item: Item, left: dt.timedelta) -> Severity | None:
        limits = context.limits_of(self.id, self.limits, item.carrier, item.service, provinces_of(item))
        if left <= dt.timedelta(hours=limits.hard.hours):
            return self.severity
        return Severity.MEDIUM if left <= dt.timedelta(hours=limits.soft.hours) else None
