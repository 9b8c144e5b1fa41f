"""Working calendar of a unit as a record; :mod:`gateway.catalogue` builds it, :mod:`tracking.deadlines` counts with it.

All hours are wall time Asia/Ho_Chi_Minh (UTC+7, no summer time).
"""

import dataclasses
import datetime as dt
import enum
from typing import Final

from schemas.ids import UnitId

VIETNAM: Final = dt.timezone(dt.timedelta(hours=7), "Asia/Ho_Chi_Minh")


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """Working time from ``start`` to ``end`` of one day, local, end exclusive."""

    start: dt.time
    end: dt.time


@dataclasses.dataclass(frozen=True, slots=True)
class DayOverride:
    """A day that differs from its weekday: a holiday, a swapped day off or a make-up Saturday."""

    day: dt.date
    working: bool
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a unit works, for the days ``first`` to ``last`` (both included); outside of them nothing is promised."""

    unit: UnitId | None
    version: str
    """Names the inputs (library version, override rows), so that a promise keeps what it was computed with."""
    first: dt.date
    last: dt.date
    week: tuple[tuple[Span, ...], ...]
    """Seven entries, Monday first; an empty one is a day off."""
    make_up_hours: tuple[Span, ...]
    """Hours of a working day that falls on a weekday whose entry in ``week`` is empty."""
    overrides: tuple[DayOverride, ...]
    """Sorted by day, at most one a day."""


class TermKind(enum.StrEnum):
    """How a procedure's term is counted (product facts §4.2)."""

    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    CALENDAR_DAYS = "calendar_days"
    SAME_DAY = "same_day"
    """In the day, or the next working day when received after ``cut_off``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """Allowed time of a procedure version; ``amount`` is 0 for SAME_DAY."""

    kind: TermKind
    amount: int
    cut_off: dt.time = dt.time(15, 0)
