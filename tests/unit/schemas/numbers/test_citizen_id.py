import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidFormat, InvalidLength
from schemas.numbers import citizen_id

TODAY = dt.date(2026, 11, 22)
sample_ids = st.integers(0, 999_999_999).map("099{:09d}".format)


@given(sample_ids)
def test_twelve_digits_are_never_refused(number: str) -> None:
    assert citizen_id.validate(citizen_id.format(number)) == number
    assert citizen_id.kind(number) is citizen_id.Kind.CCCD


@given(sample_ids)
def test_a_mask_keeps_six_digits_and_the_length(number: str) -> None:
    masked = citizen_id.mask(number)
    assert masked == number[:4] + "••••••" + number[-2:]


@pytest.mark.parametrize(
    ("number", "masked"), [("099000012", "09•••••12"), ("12345", "•••••"), ("B1234567", "••••••••"), ("", "")]
)
def test_other_numbers_show_less(number: str, masked: str) -> None:
    assert citizen_id.mask(number) == masked


@pytest.mark.parametrize(
    ("digit", "sex", "year"),
    [
        ("0", "male", 1985),
        ("1", "female", 1985),
        ("2", "male", 2085),
        ("3", "female", 2085),
        ("4", "male", 2185),
        ("5", "female", 2185),
    ],
)
def test_even_is_male_and_the_century_follows(digit: str, sex: str, year: int) -> None:
    found = citizen_id.parts(f"099{digit}85000012")
    assert found is not None
    assert (found.province, found.sex, found.birth_year) == ("099", citizen_id.Sex(sex), year)


def test_an_old_number_says_nothing_and_warns() -> None:
    assert citizen_id.parts("099 000 012") is None
    assert citizen_id.kind("099000012") is citizen_id.Kind.CMND
    assert citizen_id.warnings("099000012", today=TODAY) == (citizen_id.OLD_NUMBER,)


def test_doubts_warn_together() -> None:
    assert citizen_id.warnings("099227000012", today=TODAY) == (citizen_id.UNKNOWN_PLACE, citizen_id.BORN_LATER)
    assert citizen_id.warnings("099226000012", today=TODAY) == (citizen_id.UNKNOWN_PLACE,)


@pytest.mark.parametrize("place", ["001", "014", "054", "096"])
def test_the_old_provinces_stay_good(place: str) -> None:
    assert citizen_id.warnings(f"{place}0" + "8" * 8, today=TODAY) == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [("", InvalidFormat), ("09909900001A", InvalidFormat), ("0990990000", InvalidLength), ("٠" * 12, InvalidFormat)],
)
def test_other_lengths_and_letters_are_refused_without_showing_them(text: str, error: type[Exception]) -> None:
    assert not citizen_id.is_valid(text)
    with pytest.raises(error) as caught:
        citizen_id.validate(text)
    assert not text or text not in str(caught.value)


def test_a_chip_card_is_read() -> None:
    card = citizen_id.parse_qr(
        "099099000001|099000002|NGUYỄN VĂN MẪU|01021999|Nam|Số 1, Phường Thử, Tỉnh Mẫu|15082021\r\n"
    )
    assert card == citizen_id.CitizenCard(
        number="099099000001",
        old_number="099000002",
        full_name="NGUYỄN VĂN MẪU",
        birth_date=dt.date(1999, 2, 1),
        sex=citizen_id.Sex.MALE,
        address="Số 1, Phường Thử, Tỉnh Mẫu",
        issued_on=dt.date(2021, 8, 15),
    )


def test_a_new_card_with_more_fields_and_gaps_is_read() -> None:
    card = citizen_id.parse_qr("099199000001||TRẦN THỊ THỬ|1999|Nữ||31022024||CHA MẪU|MẸ MẪU")
    assert (card.old_number, card.birth_date, card.address, card.issued_on) == (None, None, None, None)
    assert card.sex is citizen_id.Sex.FEMALE


def test_names_come_out_composed() -> None:
    assert citizen_id.parse_qr("099199000001||NGUYE\u0302\u0303N|||||").full_name == "NGUYỄN"


@pytest.mark.parametrize("payload", ["", "099099000001", "||||||", "X|||||||", "RR473124829VN"])
def test_other_payloads_are_no_cards(payload: str) -> None:
    with pytest.raises(InvalidFormat):
        citizen_id.parse_qr(payload)
