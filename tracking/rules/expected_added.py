"""Expected against seen, the rows that domain model §4 added (E-13 … E-19)."""

import datetime as dt
from collections.abc import Iterator

from schemas.calendar import VIETNAM, WorkCalendar
from schemas.discrepancy import Finding, Proof, Severity
from schemas.dossier import Dossier, DossierState, Pause, RequestKind, Step
from schemas.shipment import Item, Purpose
from schemas.tracking import GOING_BACK, Outcome
from tracking import deadlines, transitions
from tracking.rules import beliefs
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.expected import DAY_H, LATE_SCAN, TO_DECIDE, DossierRule
from tracking.rules.views import DossierView
from tracking.table import CODE_OF

S = DossierState


def _accepted(dossier: Dossier) -> Proof | None:
    """The acceptance as evidence; None where there was none."""
    step = next((one for one in dossier.history if CODE_OF.get(one.state) in (2, 4)), None)
    at = dossier.accepted_at or (step.at if step is not None else None)
    if at is None:
        return None
    values = (("state", S.ACCEPTED.value),)
    return Proof("step", dossier.code, "accepted", at, values=values)


def _resumed(dossier: Dossier, stop: Pause) -> Proof:
    due = dossier.due_at or stop.since
    values = (("days", _days(stop)), ("due", due.date().isoformat()))
    return Proof("pause", dossier.code, "resumed, the date stays", stop.until, values=values)


def _working_days(calendar: WorkCalendar, stop: Pause) -> int:
    first, last = (at.astimezone(VIETNAM).date() for at in (stop.since, stop.until or stop.since))
    return deadlines.working_days(calendar, first, last)


def _days(stop: Pause) -> str:
    lasted = (stop.until or stop.since) - stop.since
    return f"{lasted / dt.timedelta(days=1):.1f}"


class ResultGoingBack(DossierRule):
    """E-13: 9, and the result's item goes back or is back, and the sender has not signed for it.

    After the sender's receipt the result lies at the unit again, and a new item may take it (rows 28, 24).

    Nominated by: dossier ``national`` 9, with a RESULT_OUT item whose movement is returning, returned or return_failed.
    """

    id = "E-13"
    remedy = "remedy.E-13"
    parents = ("D-14", "D-15")

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each item that goes back."""
        if transitions.code_of(view.dossier) != 9:
            return
        for parcel in beliefs.packed(view, Purpose.RESULT_OUT):
            if parcel.item.fold.movement in GOING_BACK:
                proofs = (beliefs.moved(parcel.item), beliefs.stands(view.dossier))
                yield self.case(view, str(parcel.item.id), self.severity, *proofs)


class RequestNotDelivered(DossierRule):
    """E-14: 5, and the request that went to the citizen by post has not arrived: it takes long, or it comes back.

    A citizen whose supplement the post already has knows of the request.

    Nominated by: dossier ``state`` SUPP_ASKED, with a REQUEST_OUT item that is not delivered.
    """

    id = "E-14"
    limits = Limits(Wait(3 * DAY_H, working=True), Wait(5 * DAY_H, working=True))
    remedy = "remedy.E-14"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each request."""
        dossier = view.dossier
        if dossier.state is not S.SUPP_ASKED:
            return
        for parcel in beliefs.of_request(view, Purpose.REQUEST_OUT):
            item = parcel.item
            if beliefs.delivered(item):
                continue
            sent = item.handed_over_at or item.fold.accepted_at or item.booked_at or parcel.packing.since
            severity = self.severity if _will_not_come(item) else self.waited(context, sent, dossier, item)
            if severity is not None:
                yield self.case(view, str(item.id), severity, beliefs.moved(item), beliefs.stands(dossier))


class SecondRequest(DossierRule):
    """E-15: a second 5. By indicator 2.1 the dossier counts as overdue from then on, whatever its clock says.

    Approved by the head with a reason it is only told (LOW). A unit that reports a second 5 which no lawful move
    follows (no reason given) is found by its word.

    Nominated by: dossier ``supplements`` ≥ 2, or ≥ 1 with ``peers_apart``.
    """

    id = "E-15"
    remedy = "remedy.E-15"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each request after the first; it closes when the processing has ended."""
        dossier = view.dossier
        if not dossier.supplements or transitions.code_of(dossier) not in (1, 2, 4, 5, 6):
            return
        if len(dossier.supplements) > 1:
            asked = _last_to(dossier, S.SUPP_ASKED)
            approved = asked is not None and bool(asked.approvals) and bool(asked.reason.strip())
            severity = Severity.LOW if approved else self.severity
            yield self.case(view, str(len(dossier.supplements)), severity, beliefs.stands(dossier))
        steps = beliefs.moves(dossier)
        for told in dossier.peer_states:
            again = told.national == 5 and not told.from_us and transitions.code_of(dossier) != 5
            if again and steps and told.as_of > steps[-1].at:
                proofs = (beliefs.stands(dossier), beliefs.says(told.peer, 5, told.as_of))
                yield self.case(view, f"{told.peer}|{told.as_of.isoformat()}", self.severity, *proofs)


class RefusedAfterAcceptance(DossierRule):
    """E-16: 3 after 2. What was accepted can be stopped (8), withdrawn (7) or resolved, not refused.

    Nominated by: dossier ``accepted_at`` set, and ``state`` REFUSED or ``peers_apart``.
    """

    id = "E-16"
    severity = Severity.HIGH
    remedy = "remedy.E-16"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each who says so."""
        dossier = view.dossier
        accepted = _accepted(dossier)
        if accepted is None:
            return
        for belief in beliefs.beliefs(dossier):
            if belief.national == 3:
                yield self.case(view, belief.epoch, self.severity, belief.proof, accepted)


class ResumedWithoutDate(DossierRule):
    """E-17: the supplement or the fee is settled, the clock runs again, and the promised date is still the old one.

    A stop that took no working day gives none back. While another stop lasts, the date waits for its end.

    Nominated by: dossier ``state`` ACCEPTED, PROCESSING or BETWEEN_UNITS (pauses lie in the document).
    """

    id = "E-17"
    limits = TO_DECIDE
    remedy = "remedy.E-17"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each stop that ended so."""
        dossier = view.dossier
        last = _last_stop(dossier)
        if last is None or last.until is None or dossier.state not in (S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS):
            return
        calendar = context.calendar(dossier.competent_unit)
        dated = any(change.changed_at >= last.until for change in dossier.due_history)
        if dated or not _working_days(calendar, last):
            return
        severity = self.waited(context, last.until, dossier)
        if severity is not None:
            yield self.case(view, last.since.isoformat(), severity, beliefs.stands(dossier), _resumed(dossier, last))


class StoppedResultTravels(DossierRule):
    """E-18: 8, and the post has an item with a result of it.

    Papers that go home after the stop are lawful (row 30).

    Nominated by: dossier ``state`` STOPPED or ``national`` 8, with a RESULT_OUT item whose outcome is open.
    """

    id = "E-18"
    severity = Severity.HIGH
    remedy = "remedy.E-18"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each such item."""
        if transitions.code_of(view.dossier) != 8:
            return
        for parcel in beliefs.packed(view, Purpose.RESULT_OUT):
            if parcel.item.fold.accepted_at is not None and beliefs.with_post(parcel.item):
                proofs = (beliefs.moved(parcel.item), beliefs.stands(view.dossier))
                yield self.case(view, str(parcel.item.id), self.severity, *proofs)


class ReturnedWithoutProof(DossierRule):
    """E-19: 10, and nothing proves that the citizen has the result: no signature, no electronic delivery, no post.

    Where the post still has it, it is an E-11.

    Nominated by: dossier ``proven`` false, and ``national`` 10 or ``peers_apart``.
    """

    id = "E-19"
    severity = Severity.HIGH
    limits = LATE_SCAN
    remedy = "remedy.E-19"
    silenced_by = ("E-11",)

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each who says so."""
        dossier = view.dossier
        if dossier.return_proof is not None:
            return
        for belief in beliefs.beliefs(dossier):
            severity = self.waited(context, belief.since, dossier) if belief.national == 10 else None
            if severity is not None:
                yield self.case(view, belief.epoch, severity, belief.proof)


def _will_not_come(item: Item) -> bool:
    return item.fold.movement in GOING_BACK or item.fold.outcome in (Outcome.LOST, Outcome.DESTROYED)


def _last_to(dossier: Dossier, state: DossierState) -> Step | None:
    return next((step for step in reversed(dossier.history) if step.state is state), None)


def _last_stop(dossier: Dossier) -> Pause | None:
    """The stop for a supplement or a fee that ended last; None while any stop lasts."""
    if any(pause.until is None for pause in dossier.pauses):
        return None
    ended = [one for one in dossier.pauses if one.kind in (RequestKind.SUPPLEMENT, RequestKind.FEE)]
    return max(ended, key=lambda one: one.until or one.since, default=None)
