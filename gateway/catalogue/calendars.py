"""Working calendars: the week, the holidays of the library, the overrides of the unit.

The library knows Tết, compensatory days and most swaps with their make-up Saturdays; what was decided too late for it,
or differs in a province, is a row of the override table (product facts §4.2). Later rows never move a promise by
themselves: a dossier keeps the ``version`` that its date was computed with.
"""

import dataclasses
import datetime as dt
import hashlib
import importlib.metadata
from collections.abc import Iterable
from typing import Final

import holidays

from schemas.calendar import DayOverride, Span, WorkCalendar
from schemas.ids import UnitId

OFFICE_HOURS: Final = (Span(dt.time(7, 30), dt.time(11, 30)), Span(dt.time(13, 30), dt.time(17)))
OFFICE_WEEK: Final = (OFFICE_HOURS,) * 5 + ((), ())
"""Monday to Friday; the post works on Saturdays too, with :data:`POST_WEEK`."""
POST_WEEK: Final = (OFFICE_HOURS,) * 6 + ((),)
_MAKE_UP: Final = "Làm bù"


def build_calendar(
    unit: UnitId | None,
    first: dt.date,
    last: dt.date,
    overrides: Iterable[DayOverride] = (),
    *,
    week: tuple[tuple[Span, ...], ...] = OFFICE_WEEK,
    make_up_hours: tuple[Span, ...] = OFFICE_HOURS,
) -> WorkCalendar:
    """Build the calendar of ``unit`` (None: the common one) for the days ``first`` to ``last``, both included.

    Args:
        unit: whose calendar it is.
        first: first day on which anything may be counted.
        last: last day of which anything may be promised.
        overrides: rows of the override table; they win over the library, the later of two for one day wins.
        week: usual hours, Monday first.
        make_up_hours: hours of a Saturday or Sunday that is worked instead of a day off.

    Raises:
        ValueError: the days are in the wrong order, or the week has not seven of them.
    """
    if last < first or len(week) != 7:
        raise ValueError("a calendar needs a first day, a last day after it, and seven days a week")
    rows = tuple(overrides)
    days = _of_the_library(first, last) | {row.day: row for row in rows}
    return WorkCalendar(
        unit=unit,
        version=_version(rows, week, make_up_hours),
        first=first,
        last=last,
        week=week,
        make_up_hours=make_up_hours,
        overrides=tuple(days[day] for day in sorted(days) if first <= day <= last),
    )


def changed(calendar: WorkCalendar, unit: UnitId | None, rows: Iterable[DayOverride]) -> WorkCalendar:
    """``calendar`` with these days decided otherwise, as the calendar of ``unit``; its version names what it came from.

    Raises:
        ValueError: a day lies outside of the calendar.
    """
    new = {row.day: row for row in rows}
    strange = [day for day in new if not calendar.first <= day <= calendar.last]
    if strange:
        raise ValueError(f"the calendar does not reach {min(strange)}")
    days = {row.day: row for row in calendar.overrides} | new
    decided = repr((calendar.version, [(day, new[day].working) for day in sorted(new)]))
    version = f"{calendar.version.partition('~')[0]}~{hashlib.sha256(decided.encode()).hexdigest()[:12]}"
    whole = tuple(days[day] for day in sorted(days))
    return dataclasses.replace(calendar, unit=unit, version=version, overrides=whole)


def _of_the_library(first: dt.date, last: dt.date) -> dict[dt.date, DayOverride]:
    # A day off can be swapped across New Year, so the years beside the asked ones are computed too.
    known = holidays.country_holidays("VN", years=range(first.year - 1, last.year + 2), language="vi")
    off = {day: DayOverride(day, working=False, why=why) for day, why in known.items()}
    return off | {day: DayOverride(day, working=True, why=_MAKE_UP) for day in known.weekend_workdays}


def _version(rows: tuple[DayOverride, ...], week: object, make_up_hours: object) -> str:
    """Library version, and a digest of everything that was decided here."""
    decided = repr((sorted(rows, key=lambda row: row.day), week, make_up_hours))
    return f"holidays-{importlib.metadata.version('holidays')}+{hashlib.sha256(decided.encode()).hexdigest()[:12]}"
