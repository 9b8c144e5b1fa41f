"""Times as VNPost's commercial interface writes them: ``DD/MM/YYYY HH:mm:ss`` in one client, ISO 8601 in another.

Without a zone they are wall time of Viet Nam (inferred: no client converts them).
"""

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from schemas.tracking import EventTime, Precision, ZoneSource

VIET_NAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")
YEARS: Final = range(2000, 2200)
"""Empty times come as the year 1; no item of ours is older than the service."""
_VI: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")
_ISO: Final = re.compile(r"(\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?")


def read(text: str, *, written: str = "any") -> EventTime:
    """A time as told; ``written`` is ``any``, ``vi`` or ``iso``.

    Raises:
        ValueError: neither form, no such moment, or out of every century of ours.

    >>> read("21/11/2026 10:02:11").utc_low.isoformat()
    '2026-11-21T03:02:11+00:00'
    >>> read("2026-11-21T03:02:11.123Z").wall
    '2026-11-21T10:02:11'
    """
    text = text.strip()
    vi, iso = _VI.fullmatch(text), _ISO.fullmatch(text)
    if vi is not None and written in ("any", "vi"):
        day, month, year, hour, minute, second = (int(part or 0) for part in vi.groups())
        precision = Precision.SECOND if vi[6] else Precision.MINUTE
        return _time(dt.datetime(year, month, day, hour, minute, second, tzinfo=VIET_NAM), precision, told_zone=False)
    if iso is not None and written in ("any", "iso"):
        plain = dt.datetime.fromisoformat(iso[1])
        zone = iso[3]
        at = dt.datetime.fromisoformat(f"{iso[1]}{zone}") if zone else plain.replace(tzinfo=VIET_NAM)
        return _time(at, Precision.SECOND, told_zone=zone is not None)
    raise ValueError(f"{text[:40]!r} is no time")


def _time(at: dt.datetime, precision: Precision, *, told_zone: bool) -> EventTime:
    if at.year not in YEARS:
        raise ValueError(f"the year {at.year} cannot be")
    wall = at.astimezone(VIET_NAM).replace(tzinfo=None).isoformat(timespec="seconds")
    low = at.astimezone(dt.UTC)
    high = low + dt.timedelta(seconds=59) if precision is Precision.MINUTE else low
    source = ZoneSource.EXPLICIT if told_zone else ZoneSource.CARRIER_DEFAULT
    return EventTime(wall, precision, source, low, high)
