import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.codec import fold_text, from_json, from_micros, to_json, to_micros
from schemas.tracking import EventTime, Precision, ZoneSource

AWARE = st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=7))]))


@given(AWARE)
def test_a_time_survives_to_the_microsecond(at: dt.datetime) -> None:
    assert from_micros(to_micros(at)) == at


@given(AWARE, AWARE)
def test_micros_keep_the_order(a: dt.datetime, b: dt.datetime) -> None:
    assert (to_micros(a) < to_micros(b)) == (a < b)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        to_micros(dt.datetime(2026, 1, 1))  # noqa: DTZ001  (the fault that is tested)


def test_records_are_read_strictly() -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    told = EventTime("2026-01-01T07:00:00", Precision.SECOND, ZoneSource.EXPLICIT, at, at)
    assert from_json(to_json(told), EventTime) == told
    with pytest.raises(ValueError, match="int"):
        from_json(to_json(told).replace('"2026-01-01T07:00:00"', "7"), EventTime)


@pytest.mark.parametrize(
    ("told", "folded"),
    [
        ("Đức", "duc"),
        ("  LÒ   Văn\tThương ", "lo van thuong"),
        ("Quàng Thị Ính", "quang thi inh"),
        ("đường ĐÊ", "duong de"),
        ("Nguye\u0302\u0303n", "nguyen"),
        ("", ""),
    ],
)
def test_folding(told: str, folded: str) -> None:
    assert fold_text(told) == folded
