"""What a typed or scanned number is; an ambiguity is told, never guessed."""

import hypothesis
import hypothesis.strategies as st
import pytest

from gateway.identify import identify
from schemas.numbers import s10

CARD = "038190000015||Lò Thị Én|01011990|Nữ|Bản Nà Tòng, Mường Khắt|01012021"


def kinds(code: str) -> dict[str, bool]:
    return {reading.kind: reading.valid for reading in identify(code).answers}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("EE473124829VN", "s10"),
        (" ee 473 124 829 vn ", "s10"),
        ("000.00.14.H99-260302-0001", "dossier_code"),
        ("000.00.14.H99", "unit_code"),
        ("1.000948", "procedure_code"),
        ("038190000015", "citizen_id"),
        (CARD, "cccd_qr"),
    ],
)
def test_a_valid_number_is_named(code: str, kind: str) -> None:
    assert kinds(code)[kind] is True
    assert identify(code).near == ()


def test_a_wrong_check_digit_is_told_with_the_right_one_and_what_was_meant() -> None:
    found = identify("EE473124820VN")
    (reading,) = found.answers
    assert (reading.kind, reading.valid, reading.shown) == ("s10", False, "EE473124820VN")
    assert "Số kiểm tra đúng là 9" in reading.why
    assert "EE473124829VN" in found.near


def test_a_damaged_dossier_code_is_told_with_what_was_meant() -> None:
    assert identify("000.00.14.H99-26112O-0001").near[0] == "000.00.14.H99-261120-0001"


@hypothesis.given(st.integers(0, 99_999_999), st.integers(2, 10), st.integers(0, 9))
def test_one_wrong_digit_is_seen_and_the_right_number_is_near(serial: int, place: int, digit: int) -> None:
    right = s10.mint("EE", serial)
    wrong = right[:place] + str(digit) + right[place + 1 :]
    hypothesis.assume(wrong != right)
    found = identify(wrong)
    if s10.is_valid(wrong):  # check digits 0 and 5 each stand for two remainders, so a few slips pass
        assert right[10] in "05"
    else:
        assert right in found.near


@pytest.mark.parametrize("code", ["038190000015", CARD])
def test_an_identity_number_is_never_repeated_whole(code: str) -> None:
    for reading in identify(code).answers:
        assert "038190000015" not in reading.shown + reading.why


@pytest.mark.parametrize("code", ["", "xin chào", "12", "|", "🙂", "EE47312482", "0" * 500])
def test_what_fits_nothing_is_unknown_and_not_an_error(code: str) -> None:
    found = identify(code)
    assert found.answers
    assert not any(reading.valid for reading in found.answers)


@hypothesis.given(st.text(max_size=60))
def test_no_text_breaks_it(code: str) -> None:
    assert identify(code).answers
