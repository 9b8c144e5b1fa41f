"""How much a feed tells in an hour, beside what it tells in that hour of the week. Pure.

The control chart of counts: below the mean by three deviations is not chance. A count varies by its own root even
where nothing changes, so the deviation is never taken smaller than that; a feed with fewer than about nine events an
hour can fall silent by chance and has no lower limit. Hours on holidays are compared with nothing.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from schemas.calendar import WorkCalendar
from tracking.lag import Holidays
from tracking.rules.views import Volume

WEEKS = 13
"""How far back: the window of the lags."""
WEEKS_MIN = 4
"""With fewer weeks nothing is said."""
DEVIATIONS = 3.0
_HOUR = dt.timedelta(hours=1)


def hours_of(now: dt.datetime) -> tuple[dt.datetime, ...]:
    """The last full hour, then the same hour of each of the weeks before."""
    last = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0) - _HOUR
    return tuple(last - dt.timedelta(weeks=n) for n in range(WEEKS + 1))


def volume(
    hours: Sequence[dt.datetime],
    events: Mapping[dt.datetime, int],
    *,
    first: dt.datetime | None,
    calendar: WorkCalendar,
) -> Volume | None:
    """The chart of the last hour.

    Args:
        hours: of :func:`hours_of`.
        events: how many new events each of them had.
        first: the first hour with news ever; weeks before it are no silence. None: nothing was ever heard.
        calendar: the common one, for its holidays.
    """
    holidays = Holidays(calendar)
    present, *past = hours
    if first is None or holidays.touch(present, present):
        return None
    known = [events[hour] for hour in past if hour >= first and not holidays.touch(hour, hour)]
    if len(known) < WEEKS_MIN:
        return None
    mean = sum(known) / len(known)
    variance = sum((one - mean) ** 2 for one in known) / (len(known) - 1)
    lower = max(0.0, mean - DEVIATIONS * math.sqrt(max(mean, variance)))
    return Volume(present, events[present], len(known), mean, lower)
