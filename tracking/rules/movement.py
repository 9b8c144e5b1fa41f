"""Items that move when they should not, and items that do not move."""

import datetime as dt
from collections.abc import Iterator

from schemas.calendar import VIETNAM, WorkCalendar
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState
from schemas.shipment import Item, Purpose
from schemas.tracking import Direction, Movement, Outcome, StoredEvent
from tracking import deadlines, normalise
from tracking.lag import provinces_of
from tracking.rules import receipts
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, counted, event_proof, lasted, name_of, working_days
from tracking.rules.views import ItemView
from tracking.status import MONEY

_CANCELLED = frozenset({DossierState.VOID, DossierState.WITHDRAWN})
_LOST = frozenset({Outcome.LOST, Outcome.DESTROYED})


class ClosedDossierMoving(Rule[ItemView]):
    """D-05: the dossier is closed, and its item moved afterwards: a return, other contents or a wrong number.

    Judged by when the movement happened, not by when we heard of it, and only past a grace of the soft limit. The
    delivery itself, at the expected office, is the late scan that D-04 waits for.

    Nominated by: dossier ``closed_at`` set; its items with ``last_event_at`` after it.
    """

    id = "D-05"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(24), hard=Wait(24))
    remedy = "remedy.D-05"
    parents = ("D-31",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each end of a dossier."""
        item = view.item
        limits = context.limits_of(self.id, self.limits, item.carrier, item.service, provinces_of(item))
        grace = dt.timedelta(hours=limits.soft.hours)
        for dossier in view.dossiers:
            closed = dossier.closed_at
            if closed is None or dossier.state is not DossierState.CLOSED:
                continue
            after = _first_movement(view, closed + grace, context)
            if after is None:
                continue
            ended = Proof("step", dossier.code, "the dossier was closed", closed, values=(("number", name_of(item)),))
            moved = event_proof(after, "then the item moved")
            epoch = f"{dossier.id}|{closed.isoformat()}"
            units = (dossier.competent_unit, item.sender_unit, item.receiver_unit)
            yield self.found(str(item.id), epoch, self.severity, (ended, moved), units)


def _first_movement(view: ItemView, since: dt.datetime, context: Context) -> StoredEvent | None:
    for stored in moved(view):
        if stored.event.occurred.utc_low > since and not _delivers_here(stored, view.item, context):
            return stored
    return None


def _delivers_here(stored: StoredEvent, item: Item, context: Context) -> bool:
    """The delivery that was waited for: at an expected office, or anywhere where none is known."""
    event = stored.event
    if event.mapped is None or event.mapped.movement is not Movement.DELIVERED:
        return False
    on = event.occurred.utc_low.astimezone(VIETNAM).date()
    expected = [one.office for one in item.expected_offices]
    return not expected or any(context.same_place(event.office, office, on) for office in expected)


def moved(view: ItemView) -> Iterator[StoredEvent]:
    """Events that say where the item went: known, counted, not of money, not announcements; in order."""
    for stored in normalise.ordered(counted(view.events)):
        mapped = stored.event.mapped
        told = mapped is not None and mapped.action != MONEY and mapped.movement.rank >= Movement.ACCEPTED.rank
        if stored.quarantine is None and told:
            yield stored


class WithdrawnDossierMoving(Rule[ItemView]):
    """D-06: the dossier was withdrawn or undone, and its item goes on forward.

    Going back is what is wanted, and papers that go home are no mistake. A recall gives the carrier a day.

    Nominated by: dossier ``state`` VOID or WITHDRAWN, with an item that is accepted and open.
    """

    id = "D-06"
    subject = Subject.ITEM
    severity = Severity.HIGH
    limits = Limits(soft=Wait(24), hard=Wait(24))
    remedy = "remedy.D-06"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each withdrawal."""
        item = view.item
        if item.purpose is Purpose.PAPERS_BACK or item.fold.direction is Direction.RETURN:
            return
        if item.fold.outcome is not Outcome.OPEN or item.sender_receipt_at is not None:
            return
        for dossier in view.dossiers:
            ended = _cancelled_at(dossier)
            last = None if ended is None else self._went_on(view, ended, context)
            if ended is None or last is None:
                continue
            state = (("state", dossier.state.value),)
            step = Proof("step", dossier.code, f"dossier stands at {dossier.state}", ended, values=state)
            proofs = (step, event_proof(last, "then the item went on"))
            units = (item.sender_unit, dossier.post_unit, item.receiver_unit)
            yield self.found(str(item.id), f"{dossier.id}|{ended.isoformat()}", self.severity, proofs, units)

    def _went_on(self, view: ItemView, since: dt.datetime, context: Context) -> StoredEvent | None:
        """The last movement that happened after ``since`` and, where we recalled it, a day after the recall."""
        item = view.item
        if item.recall_at is not None:
            limits = context.limits_of(self.id, self.limits, item.carrier, item.service, provinces_of(item))
            since = max(since, item.recall_at + dt.timedelta(hours=limits.soft.hours))
        later = [stored for stored in moved(view) if stored.event.occurred.utc_low > since]
        return later[-1] if later else None


def _cancelled_at(dossier: Dossier) -> dt.datetime | None:
    """When it came to the state in which it stands; a succession of units (row 33) repeats the state."""
    if dossier.state not in _CANCELLED:
        return None
    return next((step.at for step in reversed(dossier.history) if step.row != 33), None)


USUAL = {
    Movement.ACCEPTED: 32.0,
    Movement.IN_TRANSIT: 48.0,
    Movement.HELD: 48.0,
    Movement.OUT_FOR_DELIVERY: 16.0,
    Movement.READY_FOR_COLLECTION: 240.0,
    Movement.ATTEMPT_FAILED: 32.0,
    Movement.RETURNING: 72.0,
    Movement.RETURN_FAILED: 72.0,
    Movement.DAMAGED: 72.0,
}
"""Hours after which 95 % of items have moved on, while nothing was learned: a sorting centre scans once in two days at
the worst, a collection point keeps an item for ten. Sundays and public holidays do not count."""
STALE, INQUIRY = 1.5, 3.0
"""Times the usual: worth a look, worth an inquiry (tracking facts §5.3)."""


class NoMovement(Rule[ItemView]):
    """D-07: the post has the item and says nothing longer than usual. Three times the usual is worth an inquiry.

    Any row is a sign of life, one with an unknown code too. What is received already, or explained by a graver case of
    the same item, is not missed.

    Nominated by: item ``accepted_at`` set, outcome open, ``last_event_at`` older than the smallest usual time.
    """

    id = "D-07"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-07"
    parents = ("D-36",)
    held_by = ("D-36",)
    silenced_by = ("D-01", "D-08", "D-15", "D-16", "D-17", "D-39")

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each silence."""
        item = view.item
        if item.fold.outcome is not Outcome.OPEN or item.sender_receipt_at is not None:
            return
        since = _sign_of_life(view)
        if since is None:
            return
        if view.dossiers and all(receipts.received_at(one, item) is not None for one in view.dossiers):
            return
        severity = self._severity(context, item, since)
        if severity is None:
            return
        name, movement = name_of(item), str(item.fold.movement or Movement.ACCEPTED)
        hours = str(int((context.now - since).total_seconds() // 3600))
        values = (("number", name), ("movement", movement), ("hours", hours))
        proofs = (Proof("item", name, f"no movement since, stands at {movement}", since, values=values),)
        yield self.found(str(item.id), since.isoformat(), severity, proofs, (item.sender_unit, item.receiver_unit))

    def shortest(self, context: Context) -> dt.timedelta:
        """The pace of the fastest movement, learned or assumed, or the settings."""
        usual = (*USUAL.values(), *(pace.p95.total_seconds() / 3600 for pace in context.paces.values()))
        told = (limits.soft.hours for key, limits in context.limits.items() if key[0] == self.id)
        return dt.timedelta(hours=min(min(usual) * STALE, *told, 48.0 * STALE))

    def _severity(self, context: Context, item: Item, since: dt.datetime) -> Severity | None:
        """Limits of the settings replace what was learned."""
        movement = item.fold.movement or Movement.ACCEPTED
        pace = context.pace_of(item, movement)
        usual = pace.p95.total_seconds() / 3600 if pace is not None else USUAL.get(movement, 48.0)
        default = Limits(Wait(usual * STALE), Wait(usual * INQUIRY))
        limits = context.limits_of(self.id, default, item.carrier, item.service, provinces_of(item))
        if not lasted(context, since, limits.soft, None):
            return None
        rested = since + days_off(context.calendar(None), since, context.now)
        if lasted(context, rested, limits.hard, None):
            return self.severity
        return Severity.MEDIUM if lasted(context, rested, limits.soft, None) else None


def _sign_of_life(view: ItemView) -> dt.datetime | None:
    """The last row of a carrier that has the item; None while nobody knows that it has it."""
    if view.item.fold.accepted_at is None:
        return None
    alive = [
        stored.event.occurred.utc_high
        for stored in counted(view.events)
        if stored.quarantine in (None, normalise.UNKNOWN_CODE)
        and not (stored.event.mapped is not None and stored.event.mapped.action == MONEY)
    ]
    return max(alive, default=None)


def days_off(calendar: WorkCalendar, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """Time between two instants in which hardly an item is carried: Sundays and public holidays, begun ones too."""
    off = dt.timedelta(0)
    midnight = dt.datetime.combine(start.astimezone(VIETNAM).date(), dt.time(), VIETNAM)
    while midnight < end:
        after = midnight + deadlines.ONE_DAY
        if _is_off(calendar, midnight.date()):
            off += min(after, end) - max(midnight, start)
        midnight = after
    return off


def _is_off(calendar: WorkCalendar, day: dt.date) -> bool:
    usual = calendar.week[day.weekday()]
    return day.isoweekday() == 7 or (bool(usual) and not deadlines.is_working_day(calendar, day))


ANSWER_DAYS = 10
"""Working days in which a carrier answers an inquiry (tracking facts §5.3)."""


class LostOrInquiryOverdue(Rule[ItemView]):
    """D-39: the carrier declared a loss, or an inquiry stays without an answer for ten working days.

    It closes when every dossier inside was replaced or found (row 32), when the carrier takes its word back, and for an
    inquiry with the first sign of life.

    Nominated by: item outcome lost or destroyed, or ``inquiry_at`` set while open.
    """

    id = "D-39"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-39"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each loss, one for each inquiry."""
        item, fold = view.item, view.item.fold
        name, units = name_of(item), (item.sender_unit, item.receiver_unit)
        if fold.outcome in _LOST and fold.since is not None:
            if not _settled(view, fold.since):
                values = (("number", name), ("movement", str(fold.movement)))
                proof = Proof("item", name, f"{item.carrier} says {fold.movement}", fold.since, values=values)
                yield self.found(str(item.id), f"loss|{fold.since.isoformat()}", self.severity, (proof,), units)
            return
        asked = item.inquiry_at
        if asked is None or fold.outcome is not Outcome.OPEN or _answered(view, asked):
            return
        wait = working_days(context, item.sender_unit, ANSWER_DAYS)
        limits = context.limits_of(self.id, Limits(wait, wait), item.carrier, item.service, provinces_of(item))
        if lasted(context, asked, limits.hard, item.sender_unit):
            proof = Proof("message", name, "the inquiry is not answered", asked, values=(("number", name),))
            yield self.found(str(item.id), f"inquiry|{asked.isoformat()}", self.severity, (proof,), units)


def _settled(view: ItemView, since: dt.datetime) -> bool:
    """Every dossier inside came out of LOST_HOLD after the loss: its papers were replaced or found."""
    return bool(view.dossiers) and all(
        any(step.row == 32 and step.state is not DossierState.LOST_HOLD and step.at >= since for step in one.history)
        for one in view.dossiers
    )


def _answered(view: ItemView, asked: dt.datetime) -> bool:
    return any(stored.event.occurred.utc_high >= asked for stored in moved(view))
