"""Promises that are in danger or broken, and in whose hands: the processing clock and the postal clock apart.

The processing clock is the dossier's due date and stands while it is paused; the postal clock is the date that a
carrier promised for an item. A promise is broken at its office or its carrier, or by the citizen who was asked and did
not answer in time; an item that is late never makes the office late, nor the other way round (domain model §3, §4).
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterator

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState
from schemas.ids import UnitId
from schemas.tracking import Outcome
from tracking import deadlines
from tracking.lag import provinces_of
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, name_of
from tracking.rules.views import DossierView, Parcel

S = DossierState

_CLOCK_RUNS = frozenset({S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS})
"""States in which the processing clock runs; it is paused or over in all the others."""
_CITIZEN_ANSWERS = frozenset({S.SUPP_ASKED, S.FEE_ASKED})
_AT_REST = frozenset({S.VOID, S.CLOSED, S.RETURNED})


class Stage(enum.StrEnum):
    """In whose hands a promise runs."""

    POST = "post"
    OFFICE = "office"
    CITIZEN = "citizen"


@dataclasses.dataclass(frozen=True, slots=True)
class Running:
    """A promise whose clock runs now."""

    stage: Stage
    epoch: str
    due: dt.datetime
    proof: Proof
    units: tuple[UnitId | None, ...]
    parcel: Parcel | None = None


def running(view: DossierView) -> Iterator[Running]:
    """Every promise of the dossier that is still to be kept."""
    yield from _processing(view)
    yield from _leg(view.dossier)
    yield from _citizen(view.dossier)
    for parcel in view.parcels if view.dossier.state not in _AT_REST else ():
        yield from _postal(parcel)


def _processing(view: DossierView) -> Iterator[Running]:
    """The dossier's own due date: the office's, except while its paper is still with the post."""
    dossier = view.dossier
    if dossier.due_at is None or not dossier.due_final or dossier.state not in _CLOCK_RUNS or _paused(dossier):
        return
    post = dossier.state is S.BETWEEN_UNITS and any(_on_its_way(parcel) for parcel in view.parcels)
    stage = Stage.POST if post else Stage.OFFICE
    values = (("stage", stage.value), ("state", dossier.state.value), ("due", _day(dossier.due_at)))
    proof = Proof("dossier", dossier.code, f"due {dossier.due_at.isoformat()}", dossier.due_at, values=values)
    units = (dossier.competent_unit, dossier.receiving_unit)
    yield Running(stage, f"processing|{dossier.due_at.isoformat()}", dossier.due_at, proof, units)


def _leg(dossier: Dossier) -> Iterator[Running]:
    """The budget of the unit that works on an inter-level dossier now: the leg that stalls is told by its unit."""
    leg = dossier.legs[-1] if dossier.legs else None
    runs = dossier.state is S.PROCESSING and not _paused(dossier)
    if leg is None or leg.due_at is None or leg.received_at is None or leg.done_at is not None or not runs:
        return
    values = (("stage", Stage.OFFICE.value), ("state", dossier.state.value), ("due", _day(leg.due_at)))
    proof = Proof("dossier", dossier.code, f"{leg.target} was to be done by {leg.due_at}", leg.due_at, values=values)
    epoch = f"leg|{leg.target}|{leg.due_at.isoformat()}"
    yield Running(Stage.OFFICE, epoch, leg.due_at, proof, (leg.target,))


def _citizen(dossier: Dossier) -> Iterator[Running]:
    """The day by which the citizen was asked to answer; papers that are in the post have been answered."""
    if dossier.state not in _CITIZEN_ANSWERS:
        return
    dates = [one.due_at for one in dossier.supplements if one.arrived_at is None and one.settled_at is None]
    dates += [one.due_at for one in dossier.requests if one.settled_at is None]
    due = max((date for date in dates if date is not None), default=None)
    if due is None:
        return
    values = (("stage", Stage.CITIZEN.value), ("state", dossier.state.value), ("due", _day(due)))
    proof = Proof("dossier", dossier.code, f"the citizen answers by {due.isoformat()}", due, values=values)
    yield Running(Stage.CITIZEN, f"citizen|{due.isoformat()}", due, proof, (dossier.post_unit, dossier.competent_unit))


def _postal(parcel: Parcel) -> Iterator[Running]:
    item = parcel.item
    if item.promised_at is None or not _on_its_way(parcel):
        return
    name = name_of(item)
    values = (("number", name), ("stage", Stage.POST.value), ("due", _day(item.promised_at)))
    proof = Proof("item", name, f"promised for {item.promised_at.isoformat()}", item.promised_at, values=values)
    epoch = f"postal|{item.id}|{item.promised_at.isoformat()}"
    yield Running(Stage.POST, epoch, item.promised_at, proof, (item.sender_unit, item.receiver_unit), parcel)


def _on_its_way(parcel: Parcel) -> bool:
    item = parcel.item
    with_post = item.handed_over_at is not None or item.fold.accepted_at is not None
    kept = parcel.packing.until is None and item.sender_receipt_at is None
    return with_post and kept and item.fold.outcome is Outcome.OPEN


def _paused(dossier: Dossier) -> bool:
    return any(pause.until is None for pause in dossier.pauses)


def _day(at: dt.datetime) -> str:
    return at.astimezone(VIETNAM).date().isoformat()


HORIZON = dt.timedelta(days=30)
"""No eight office hours need longer than this, whatever the holidays."""


class DueDateAtRisk(Rule[DossierView]):
    """D-09: what usually still remains to be done takes longer than is left.

    Where nothing was learned yet, a lead of the limits stands for it: a working day of the office, a day of the post.
    The citizen is not warned by a rule.

    Nominated by: dossier ``due_at`` or item ``promised_at`` within the longest lead.
    """

    id = "D-09"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(8, working=True), hard=Wait(4, working=True))
    remedy = "remedy.D-09"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each promise; D-10 continues it."""
        for promise in running(view):
            if promise.stage is Stage.CITIZEN or context.now > promise.due:
                continue
            severity = self._severity(view, promise, context)
            if severity is not None:
                yield self.found(str(view.dossier.id), promise.epoch, severity, (promise.proof,), promise.units)

    def shortest(self, context: Context) -> dt.timedelta:
        """How long before a promise it may warn: office hours are looked for within :data:`HORIZON`."""
        learned = (lag.p50 for lag in context.remaining.values())
        told = (max(one.soft.hours, one.hard.hours) for key, one in context.limits.items() if key[0] == self.id)
        return -max(HORIZON, *learned, *(dt.timedelta(hours=hours) for hours in told), dt.timedelta(hours=24))

    def _severity(self, view: DossierView, promise: Running, context: Context) -> Severity | None:
        learned = _learned(view, promise, context)
        if learned is not None:
            return self.severity if context.now + learned > promise.due else None
        parcel = promise.parcel
        if parcel is None:
            limits = context.limits_of(self.id, self.limits)
        else:
            item = parcel.item
            default = Limits(soft=Wait(24), hard=Wait(12))
            limits = context.limits_of(self.id, default, item.carrier, item.service, provinces_of(item))
        if self._close(context, promise, limits.hard):
            return self.severity
        return Severity(self.severity - 1) if self._close(context, promise, limits.soft) else None

    def _close(self, context: Context, promise: Running, lead: Wait) -> bool:
        needed = dt.timedelta(hours=lead.hours)
        if promise.due - context.now < needed:
            return True
        if not lead.working:
            return False
        unit = promise.units[0] if promise.units else None
        if promise.due - context.now > HORIZON:
            return False
        return deadlines.working_time(context.calendar(unit), context.now, promise.due) < needed


def _learned(view: DossierView, promise: Running, context: Context) -> dt.timedelta | None:
    """Half of the like took at most this long from here to the end."""
    if promise.parcel is None:
        lag = context.remaining.get((str(view.dossier.procedure), view.dossier.state.value))
    else:
        item = promise.parcel.item
        lag = context.remaining.get((str(item.carrier), str(item.fold.movement)))
    return None if lag is None else lag.p50


class DueDateBroken(Rule[DossierView]):
    """D-10: the promised end is over. The case names in whose hands it ran out: post, office or citizen.

    Nominated by: dossier ``due_at`` or item ``promised_at`` in the past.
    """

    id = "D-10"
    subject = Subject.DOSSIER
    severity = Severity.HIGH
    remedy = "remedy.D-10"
    escalates = "D-09"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each promise, the one that D-09 opened."""
        for promise in running(view):
            if context.now > promise.due:
                yield self.found(str(view.dossier.id), promise.epoch, self.severity, (promise.proof,), promise.units)
