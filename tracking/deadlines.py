"""The working clock: due dates and working time, counted on a :class:`schemas.calendar.WorkCalendar`.

The day after receipt counts as day 1 and the promise ends with the office hours of the last day (product facts §4.2).
A term in calendar days that ends on a day off ends with the next working day (Civil Code 2015, article 148.5).
Outside of the days of its calendar nothing is promised: :func:`due_at` answers None there. Elapsed time is still
measured outside of them, with the plain week, because a silent calendar must not silence a rule.
"""

import bisect
import dataclasses
import datetime as dt
import operator
from collections.abc import Iterator

from schemas.calendar import VIETNAM, DayOverride, Span, Term, TermKind, WorkCalendar
from schemas.organisation import SupplementClock

ONE_DAY = dt.timedelta(days=1)
NO_TIME = dt.timedelta(0)
SEARCH_DAYS = 3700
"""Ten years: a calendar without a working day in it is a mistake, not a reason to count for ever."""


@dataclasses.dataclass(frozen=True, slots=True)
class Promise:
    """What a due date is computed from: the unit's calendar and the term of the dossier's procedure version."""

    calendar: WorkCalendar
    term: Term
    supplement_clock: SupplementClock
    legs: tuple[Term, ...] = ()
    """Budget of each unit of an inter-level dossier, in the order of its way; empty where nobody set any."""
    leg_calendar: WorkCalendar | None = None
    """Calendar of the unit that the dossier goes to now; None: ``calendar``."""


def hours_of(calendar: WorkCalendar, day: dt.date) -> tuple[Span, ...]:
    """The office hours of a day, empty for a day off. A make-up Saturday has ``make_up_hours``."""
    usual = calendar.week[day.weekday()]
    override = _override(calendar, day)
    if override is None:
        return usual
    if not override.working:
        return ()
    return usual or calendar.make_up_hours


def is_working_day(calendar: WorkCalendar, day: dt.date) -> bool:
    """True where the unit works on that day at all."""
    return bool(hours_of(calendar, day))


def working_days(calendar: WorkCalendar, first: dt.date, last: dt.date) -> int:
    """Working days after ``first`` up to and with ``last``."""
    return sum(is_working_day(calendar, first + dt.timedelta(days=n)) for n in range(1, (last - first).days + 1))


def due_at(term: Term, received: dt.datetime, calendar: WorkCalendar) -> dt.datetime | None:
    """When the term of something received at ``received`` ends; None where the calendar does not reach that far.

    Args:
        term: SAME_DAY ends with the day of receipt, or with the next working day when received at or after the
            cut-off or on a day off.
        received: instant of the complete receipt by the unit.
        calendar: of the unit that promises.
    """
    day = received.astimezone(VIETNAM).date()
    if term.kind is TermKind.WORKING_HOURS:
        end = add_working(calendar, received, dt.timedelta(hours=term.amount))
        return end if end is not None and _covers(calendar, day, end.astimezone(VIETNAM).date()) else None
    last = _last_day(term, received, calendar)
    if last is None or not _covers(calendar, day, last):
        return None
    return dt.datetime.combine(last, hours_of(calendar, last)[-1].end, VIETNAM)


def leg_due_at(promise: Promise, leg: int, received: dt.datetime) -> dt.datetime | None:
    """When the ``leg``-th unit of the way (from 0) must be done with what it received; None without a budget for it."""
    if leg >= len(promise.legs):
        return None
    return due_at(promise.legs[leg], received, promise.leg_calendar or promise.calendar)


def shifted(
    promise: Promise, due: dt.datetime, stopped: dt.datetime, resumed: dt.datetime, *, restart: bool
) -> dt.datetime | None:
    """The due date after the processing clock stood from ``stopped`` to ``resumed``.

    A restart counts the whole term again from ``resumed``. A pause gives back what it took in the term's own measure:
    working time, working days (each day in which the clock stood at its beginning) or calendar days.
    """
    if restart:
        return due_at(promise.term, resumed, promise.calendar)
    calendar = promise.calendar
    if promise.term.kind is TermKind.WORKING_HOURS:
        return add_working(calendar, due, working_time(calendar, stopped, resumed))
    first, last = stopped.astimezone(VIETNAM).date(), resumed.astimezone(VIETNAM).date()
    local = due.astimezone(VIETNAM)
    if promise.term.kind is TermKind.CALENDAR_DAYS:
        end = _working_day_from(calendar, local.date() + (last - first))
    else:
        end = _nth_working_day(calendar, local.date(), working_days(calendar, first, last))
    return None if end is None else dt.datetime.combine(end, local.time(), VIETNAM)


def working_time(calendar: WorkCalendar, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """Office hours between two instants; zero when ``end`` is not after ``start``."""
    total = NO_TIME
    day, last = start.astimezone(VIETNAM).date(), end.astimezone(VIETNAM).date()
    while day <= last:
        for opens, closes in _opening(calendar, day):
            total += max(NO_TIME, min(closes, end) - max(opens, start))
        day += ONE_DAY
    return total


def add_working(calendar: WorkCalendar, start: dt.datetime, amount: dt.timedelta) -> dt.datetime | None:
    """The instant at which ``amount`` of office hours have passed since ``start``; None if they never do."""
    left = amount
    day = start.astimezone(VIETNAM).date()
    for _ in range(SEARCH_DAYS):
        for opens, closes in _opening(calendar, day):
            begins = max(opens, start)
            if begins <= closes and closes - begins >= left:
                return begins + left
            left -= max(NO_TIME, closes - begins)
        day += ONE_DAY
    return None


def working_day_length(calendar: WorkCalendar) -> dt.timedelta:
    """Office hours of the longest usual day: what "a working day" is when a rule waits for days."""
    days = [sum((_length(span) for span in spans), NO_TIME) for spans in calendar.week]
    return max(days, default=NO_TIME)


def _last_day(term: Term, received: dt.datetime, calendar: WorkCalendar) -> dt.date | None:
    local = received.astimezone(VIETNAM)
    if term.kind is TermKind.SAME_DAY:
        if is_working_day(calendar, local.date()) and local.time() < term.cut_off:
            return local.date()
        return _nth_working_day(calendar, local.date(), 1)
    if term.kind is TermKind.CALENDAR_DAYS:
        return _working_day_from(calendar, local.date() + dt.timedelta(days=term.amount))
    return _nth_working_day(calendar, local.date(), term.amount)


def _nth_working_day(calendar: WorkCalendar, day: dt.date, n: int) -> dt.date | None:
    """The ``n``-th working day after ``day``; ``day`` itself for 0."""
    if n <= 0:
        return _working_day_from(calendar, day)
    for later in _days_after(day):
        if is_working_day(calendar, later):
            n -= 1
            if n == 0:
                return later
    return None


def _working_day_from(calendar: WorkCalendar, day: dt.date) -> dt.date | None:
    if is_working_day(calendar, day):
        return day
    return next((later for later in _days_after(day) if is_working_day(calendar, later)), None)


def _days_after(day: dt.date) -> Iterator[dt.date]:
    for n in range(1, SEARCH_DAYS):
        yield day + dt.timedelta(days=n)


def _opening(calendar: WorkCalendar, day: dt.date) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    for span in hours_of(calendar, day):
        yield dt.datetime.combine(day, span.start, VIETNAM), dt.datetime.combine(day, span.end, VIETNAM)


def _override(calendar: WorkCalendar, day: dt.date) -> DayOverride | None:
    at = bisect.bisect_left(calendar.overrides, day, key=operator.attrgetter("day"))
    found = calendar.overrides[at] if at < len(calendar.overrides) else None
    return found if found is not None and found.day == day else None


def _covers(calendar: WorkCalendar, first: dt.date, last: dt.date) -> bool:
    return calendar.first <= first and last <= calendar.last


def _length(span: Span) -> dt.timedelta:
    anyday = dt.date(2000, 1, 1)
    return dt.datetime.combine(anyday, span.end, VIETNAM) - dt.datetime.combine(anyday, span.start, VIETNAM)
