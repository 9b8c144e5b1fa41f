"""What a change of a working calendar would do to dates that were promised: it is listed, and nothing is moved. Pure.

A person decides about each of them (product facts §4.2): a citizen was told that date.
"""

import dataclasses
import datetime as dt

from schemas.calendar import VIETNAM, WorkCalendar
from schemas.dossier import Dossier, DossierState, Pause, PauseEffect
from schemas.ids import DossierCode, UnitId
from tracking import deadlines
from tracking.deadlines import Promise

S = DossierState

OPEN_STATES = (
    *(S.LODGED, S.IN_POST, S.ARRIVED, S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS),
    *(S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED, S.FEE_ASKED, S.WITHDRAW_ASKED, S.LOST_HOLD),
)
"""Where a promised date is still to be kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Touched:
    """A promise, and the date that the changed calendar would give instead (None: it does not reach that far)."""

    code: DossierCode
    unit: UnitId
    promised: dt.datetime
    would_be: dt.datetime | None
    final: bool
    """False: it was only expected, before acceptance."""
    by_unit: bool
    """The unit named the date itself, or kept it when the calendar changed before; touched where its day is now off."""


def recomputed(dossier: Dossier, promise: Promise) -> dt.datetime | None:
    """The due date that ``promise`` gives, from receipt and every stop that ended, as the moves computed it."""
    received = dossier.accepted_at or dossier.submitted_at
    due = deadlines.due_at(promise.term, received, promise.calendar) if received is not None else None
    for stop in sorted(dossier.pauses, key=lambda one: one.until or one.since):
        if due is None or stop.until is None or _inside_another(stop, dossier.pauses):
            continue
        restart = stop.effect is PauseEffect.RESTART
        due = deadlines.shifted(promise, due, stop.since, stop.until, restart=restart)
    return due


def touched(dossier: Dossier, promise: Promise, changed: WorkCalendar) -> Touched | None:
    """What ``changed`` would do to the dossier's date; None where it would stay.

    Args:
        dossier: as it stands.
        promise: what its date was computed from: the calendar as it is, the term of its procedure version.
        changed: the calendar as it would be.
    """
    if dossier.due_at is None or dossier.state not in OPEN_STATES:
        return None
    by_unit = recomputed(dossier, promise) != dossier.due_at
    new = dataclasses.replace(promise, calendar=changed)
    would_be = _next_working(changed, dossier.due_at) if by_unit else recomputed(dossier, new)
    if would_be == dossier.due_at:
        return None
    return Touched(dossier.code, dossier.competent_unit, dossier.due_at, would_be, dossier.due_final, by_unit)


def _inside_another(stop: Pause, stops: tuple[Pause, ...]) -> bool:
    """While an outer stop stands, the end of an inner one gives nothing back: the outer one will give back all."""
    end = stop.until or stop.since
    return any(one is not stop and one.since <= end and (one.until is None or one.until > end) for one in stops)


def _next_working(calendar: WorkCalendar, due: dt.datetime) -> dt.datetime:
    local = due.astimezone(VIETNAM)
    for ahead in range(deadlines.SEARCH_DAYS):
        day = local.date() + dt.timedelta(days=ahead)
        if deadlines.is_working_day(calendar, day):
            return due if ahead == 0 else dt.datetime.combine(day, local.time(), VIETNAM)
    return due
