"""A carrier's time as it tells it: the wall time, and the interval of UTC in which it lies.

Nothing is made up: a time with an offset is an instant; one without is the carrier's wall time, read as Viet Nam's
where its contract says so and as any zone on earth where nobody knows; one told to the day is the whole day.
"""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from schemas.tracking import EventTime, Precision, ZoneSource

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
EARLIEST, LATEST = 2000, 2099
"""Years that a postal event can lie in; 0001 is the empty time of Go and .NET, 9999 somebody's "never"."""
_WEST, _EAST = dt.timedelta(hours=12), dt.timedelta(hours=14)
"""The farthest zones there are: a wall time of unknown zone lies between wall - 14 h and wall + 12 h of UTC."""
_LENGTH_S = {Precision.SECOND: 1, Precision.MINUTE: 60, Precision.DAY: 86_400}


def read(text: str, forms: Sequence[str] = (), *, zone_known: bool = True) -> EventTime:
    """Read ISO 8601 with an offset, or else one of ``forms`` (``strptime``), whose parts tell the precision.

    Args:
        text: as told.
        forms: wall times that the carrier may write, e.g. ``%d/%m/%Y %H:%M:%S`` or ``%Y-%m-%d``.
        zone_known: False where it is not even known that wall times are Viet Nam's.

    Raises:
        ValueError: none of these forms, or a year that no event lies in.

    >>> read("2021-11-11T03:52:50.158Z").wall, read("28/08/2019", ["%d/%m/%Y"]).precision.value
    ('2021-11-11T10:52:50', 'day')
    """
    text = text.strip()
    for form in forms:
        try:
            told = dt.datetime.strptime(text, form)  # noqa: DTZ007  # naive as told; its zone is what this module is about
        except ValueError:
            continue
        return _interval(told, _precision(form), zone_known=zone_known)
    return instant(dt.datetime.fromisoformat(text))


def instant(at: dt.datetime) -> EventTime:
    """A moment whose zone was told, as Viet Nam's wall time, so that one moment is one key whatever offset it came in.

    Raises:
        ValueError: no zone, or a year that no event lies in.
    """
    if at.tzinfo is None:
        raise ValueError("the time has no zone and none of the forms that this carrier writes")
    _bounded(at)
    local = at.astimezone(VIET_NAM).replace(microsecond=0)
    utc = local.astimezone(dt.UTC)
    wall = local.replace(tzinfo=None).isoformat()
    return EventTime(wall, Precision.SECOND, ZoneSource.EXPLICIT, utc, utc)


def _interval(told: dt.datetime, precision: Precision, *, zone_known: bool) -> EventTime:
    _bounded(told)
    wall = told.replace(microsecond=0)
    more = dt.timedelta(seconds=_LENGTH_S[precision] - 1)
    key = wall.date().isoformat() if precision is Precision.DAY else wall.isoformat()
    if not zone_known:
        naive = wall.replace(tzinfo=dt.UTC)
        return EventTime(key, precision, ZoneSource.UNKNOWN, naive - _EAST, naive + more + _WEST)
    low = wall.replace(tzinfo=VIET_NAM).astimezone(dt.UTC)
    return EventTime(key, precision, ZoneSource.CARRIER_DEFAULT, low, low + more)


def _precision(form: str) -> Precision:
    if "%S" in form:
        return Precision.SECOND
    return Precision.MINUTE if "%M" in form else Precision.DAY


def _bounded(at: dt.datetime) -> None:
    if not EARLIEST <= at.year <= LATEST:
        raise ValueError(f"the year {at.year} is out of range")
