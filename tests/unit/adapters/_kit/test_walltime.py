"""Times as carriers write them: what was told, and the interval in which it lies."""

import datetime as dt

import pytest

from adapters._kit import walltime
from schemas.tracking import Precision, ZoneSource

FORMS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]  # year to second, in order


@pytest.mark.parametrize(
    ("text", "wall", "precision", "low", "high"),
    [
        ("21/11/2026 10:02:11", "2026-11-21T10:02:11", "second", (3, 2, 11), (3, 2, 11)),
        ("21/11/2026 10:02", "2026-11-21T10:02:00", "minute", (3, 2, 0), (3, 2, 59)),
    ],
)
def test_a_wall_time_is_viet_nams_by_the_carriers_default(
    text: str, wall: str, precision: str, low: tuple[int, int, int], high: tuple[int, int, int]
) -> None:
    told = walltime.read(text, FORMS)
    assert (told.wall, told.precision, told.zone_source) == (wall, Precision(precision), ZoneSource.CARRIER_DEFAULT)
    assert (told.utc_low, told.utc_high) == (utc(2026, 11, 21, *low), utc(2026, 11, 21, *high))


def test_a_date_is_its_whole_day_and_its_key_has_no_hour() -> None:
    told = walltime.read("21/11/2026", FORMS)
    assert (told.wall, told.precision) == ("2026-11-21", Precision.DAY)
    assert told.utc_high - told.utc_low == dt.timedelta(days=1, seconds=-1)
    assert told.utc_low == utc(2026, 11, 20, 17)


def test_where_nobody_knows_the_zone_the_interval_holds_every_zone() -> None:
    told = walltime.read("21/11/2026 10:02:11", FORMS, zone_known=False)
    assert told.zone_source is ZoneSource.UNKNOWN
    assert told.wall == walltime.read("21/11/2026 10:02:11", FORMS).wall, "the key does not change with what we know"
    assert told.utc_low <= utc(2026, 11, 21, 3, 2, 11) <= told.utc_high
    assert told.utc_high - told.utc_low == dt.timedelta(hours=26)


def test_one_moment_is_one_key_whatever_offset_it_came_in() -> None:
    first, second = walltime.read("2026-11-21T03:52:50.158Z"), walltime.read("2026-11-21T10:52:50+07:00")
    assert first == second
    assert (first.wall, first.zone_source) == ("2026-11-21T10:52:50", ZoneSource.EXPLICIT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hôm qua",
        "31/02/2026 10:00:00",
        "21/13/2026",
        "21/11/0001 00:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
        "2026-11-21T10:00:00",
        "21/11/2026 24:00:00",
        "99/99/9999 99:99:99",
    ],
)
def test_what_is_no_time_of_an_event_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        walltime.read(text, FORMS)
