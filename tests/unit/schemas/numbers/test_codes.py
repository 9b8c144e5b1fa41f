import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidComponent, InvalidFormat
from schemas.numbers import dossier_code, procedure_code, unit_code

provinces = st.builds("{}{:02d}".format, st.sampled_from("GH"), st.integers(0, 99))
qcvn_units = st.builds(
    "{:03d}.{:02d}.{:02d}.{}".format, st.integers(0, 999), st.integers(0, 99), st.integers(0, 99), provinces
)
qd20_units = st.builds(
    ".".join, st.tuples(provinces, st.integers(0, 99).map("{:02d}".format), st.integers(0, 999).map("{:03d}".format))
)
units = st.one_of(qcvn_units, qd20_units, provinces)
days = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))


LOOKS_LIKE = str.maketrans("015826", "OISBZG")
codes = st.builds(dossier_code.mint, units, days, st.integers(1, 9_999))


@given(codes, st.data())
def test_a_code_damaged_by_one_slip_is_offered_whole(code: str, data: st.DataObject) -> None:
    day = code.index("-") + 1
    place = data.draw(st.integers(day, len(code) - 1))
    slips = {
        "a letter for a digit": code[:place] + code[place].translate(LOOKS_LIKE) + code[place + 1 :],
        "a dash lost": code.replace("-", "", 1),
        "a dash changed": code.replace("-", "_", 1),
        "a character doubled": code[:place] + code[place] + code[place:],
    }
    for slip, damaged in slips.items():
        if not dossier_code.is_valid(damaged):
            offered = dossier_code.near_misses(damaged)
            assert code in offered, slip
            assert len(offered) <= dossier_code.MOST_CANDIDATES


@given(st.one_of(codes, st.text(max_size=40)))
def test_what_is_offered_is_valid_and_nothing_is_offered_for_a_valid_code(text: str) -> None:
    offered = dossier_code.near_misses(text)
    assert not (offered and dossier_code.is_valid(text))
    assert all(dossier_code.is_valid(candidate) for candidate in offered)


@pytest.mark.parametrize("text", ["RR473124829VN", "8934567890123", "PATCHT", "https://dichvucong.gov.vn/x-260105-1"])
def test_other_texts_are_no_damaged_codes(text: str) -> None:
    assert dossier_code.near_misses(text) == ()


@pytest.mark.parametrize(
    ("code", "unit", "day", "serial"),
    [
        ("000.00.19.H47-260105-0001", "000.00.19.H47", dt.date(2026, 1, 5), 1),
        ("H57.132-260804-0583", "H57.132", dt.date(2026, 8, 4), 583),
        ("000.00.14.H20-200703-0002", "000.00.14.H20", dt.date(2020, 7, 3), 2),
        ("G09.20-20260609-0092637", "G09.20", dt.date(2026, 6, 9), 92637),
    ],
)
def test_codes_seen_in_the_field_are_taken_apart(code: str, unit: str, day: dt.date, serial: int) -> None:
    assert dossier_code.validate(code) == code
    assert dossier_code.parts(code) == dossier_code.DossierCodeParts(unit, day, serial)


@given(units, days, st.integers(1, 9999))
def test_what_is_minted_is_valid_and_reads_back(unit: str, day: dt.date, serial: int) -> None:
    code = dossier_code.mint(unit, day, serial)
    assert dossier_code.validate(f" {code.lower()} ".replace("-", "–")) == code
    assert dossier_code.parts(code) == dossier_code.DossierCodeParts(unit, day, serial)
    assert dossier_code.format(code) == code


@pytest.mark.parametrize(
    "code",
    ["", "H99", "H99-260105-001", "H99-26010-0001", "H99-260105-12345678", "H99..1-260105-0001", "H99_260105_0001"],
)
def test_other_shapes_are_no_dossier_codes(code: str) -> None:
    assert not dossier_code.is_valid(code)
    with pytest.raises(InvalidFormat):
        dossier_code.validate(code)


@pytest.mark.parametrize("code", ["H99-260230-0001", "H99-20261301-0001", "H99-000000-0001"])
def test_a_day_that_does_not_exist_is_named(code: str) -> None:
    with pytest.raises(InvalidComponent, match="no day"):
        dossier_code.validate(code)


@pytest.mark.parametrize("serial", [0, -1, 10_000])
def test_a_number_of_the_day_has_four_digits(serial: int) -> None:
    with pytest.raises(InvalidComponent):
        dossier_code.mint("H99", dt.date(2026, 1, 5), serial)


@pytest.mark.parametrize("year", [1999, 2100])
def test_a_two_digit_year_cannot_say_another_century(year: int) -> None:
    with pytest.raises(InvalidComponent):
        dossier_code.mint("H99", dt.date(year, 1, 5), 1)


def test_an_unknown_unit_scheme_is_not_minted() -> None:
    with pytest.raises(InvalidFormat):
        dossier_code.mint("nowhere", dt.date(2026, 1, 5), 1)


def test_the_day_of_a_code_is_the_office_day() -> None:
    before_midnight_utc = dt.datetime(2026, 1, 4, 17, 0, tzinfo=dt.UTC)
    assert dossier_code.local_day(before_midnight_utc) == dt.date(2026, 1, 5)
    assert dossier_code.local_day(before_midnight_utc - dt.timedelta(microseconds=1)) == dt.date(2026, 1, 4)
    with pytest.raises(ValueError, match="zone"):
        dossier_code.local_day(dt.datetime(2026, 1, 5))  # noqa: DTZ001  the naive time is what is refused


@given(qcvn_units)
def test_right_to_left_units_are_known_by_their_scheme(code: str) -> None:
    assert unit_code.scheme(code) is unit_code.Scheme.QCVN102
    assert unit_code.root(code) == code[-3:]


@given(qd20_units)
def test_left_to_right_units_are_known_by_their_scheme(code: str) -> None:
    assert unit_code.scheme(code) is unit_code.Scheme.QD20
    assert unit_code.level(code) == 3
    assert unit_code.root(code) == code[:3]


@given(units)
def test_climbing_ends_at_the_top_and_loses_a_level_each_time(code: str) -> None:
    seen, here = 0, code
    while (above := unit_code.parent(here)) is not None:
        assert unit_code.level(above) < unit_code.level(here)
        assert unit_code.root(above) == unit_code.root(code)
        here, seen = above, seen + 1
    assert seen < 6


@pytest.mark.parametrize("code", ["", "H1", "000.00.14", "00.00.14.H20", "000.00.14.X20", "H37.2", "H37.", "H37-02"])
def test_other_shapes_are_no_unit_codes(code: str) -> None:
    assert not unit_code.is_valid(code)


@pytest.mark.parametrize(
    ("code", "national", "owner"),
    [
        ("2.002492", "2.002492", None),
        ("1.000948.H38", "1.000948", "H38"),
        ("3.000181.000.00.00.H22", "3.000181", "H22"),
        (" 9.000001.000.00.00.h99", "9.000001", "H99"),
    ],
)
def test_procedure_codes_of_provinces_keep_the_national_part(code: str, national: str, owner: str | None) -> None:
    assert procedure_code.national(code) == national
    assert procedure_code.owner(code) == owner
    assert procedure_code.validate(procedure_code.format(code)) == code.strip().upper()


@pytest.mark.parametrize(
    "code", ["", "1.00512", "1.0051299", "1.000948.000.00.00", "1.000948.X38", "1,005129", "1.000948.00.H38"]
)
def test_other_shapes_are_no_procedure_codes(code: str) -> None:
    assert not procedure_code.is_valid(code)
