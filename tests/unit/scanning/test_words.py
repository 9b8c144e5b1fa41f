import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanning.words import MOST, suggest
from schemas.numbers import dossier_code, s10

CODE = "000.00.14.H99-261120-0001"


@pytest.mark.parametrize(
    ("text", "codes", "near"),
    [
        (f"Mã hồ sơ: {CODE}.", (CODE,), ()),
        ("000.00.14.h99–261120–0001", (CODE,), ()),
        ("000.00.14.H99 - 261120 - 0001", (CODE,), ()),
        ("G09.20-20260609-0092637", ("G09.20-20260609-0092637",), ()),
        ("O00.00.14.H99-261120-0001", (), (CODE,)),  # a grammar of vendors' own would take it
        ("000.00.14.H99-26112O-OO0l", (), (CODE,)),
        ("000.00.14.H99-261350-0001", (), ()),  # no such day
        ("điện thoại 0100-123456-7890", (), ()),
        ("12-345678", (), ()),
    ],
)
def test_dossier_codes_are_found_and_misreadings_only_offered(
    text: str, codes: tuple[str, ...], near: tuple[str, ...]
) -> None:
    found = suggest(text)
    assert found.codes == codes
    assert tuple(candidate for miss in found.near_misses for candidate in miss.candidates) == near


@pytest.mark.parametrize(
    ("text", "items", "near"),
    [
        ("gửi EL 0000 0000 5 VN và RR473124829VN", ("EL000000005VN", "RR473124829VN"), ()),
        ("ELOOOO00005VN", (), ("EL000000005VN",)),
        ("EL000000006VN", (), ()),  # a check digit alone says nothing about what was meant
        ("XEL000000005VNX", (), ()),
    ],
)
def test_item_numbers_are_found_and_misreadings_only_offered(
    text: str, items: tuple[str, ...], near: tuple[str, ...]
) -> None:
    found = suggest(text)
    assert found.items == items
    assert tuple(candidate for miss in found.near_misses for candidate in miss.candidates) == near


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("ngày 3 tháng 11 năm 2026", ("2026-11-03",)),
        ("Nậm Sưa, Ngày 03 tháng 11\nnăm 2026", ("2026-11-03",)),
        ("05/07/1981, 5-7-1981 và 5.7.1981", ("1981-07-05",)),
        ("31/02/1980", ()),
        ("12/5 và 1/2/26, số 12/11/20261", ()),
    ],
)
def test_days_are_found_in_both_ways_of_writing(text: str, days: tuple[str, ...]) -> None:
    assert suggest(text).dates == days


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Họ và tên: LÒ THỊ ƠI", ("LÒ THỊ ƠI",)),
        ("Họ, chữ đệm, tên người yêu cầu: Giàng A Tủa   Sinh ngày: 05/07/1981", ("Giàng A Tủa",)),
        ("Ông/Bà: Nguyễn Văn Thương; NGUYỄN THỊ MỶ", ("Nguyễn Văn Thương", "NGUYỄN THỊ MỶ")),
        ("Người nộp hồ sơ: Quàng Văn Pọm, lý do", ("Quàng Văn Pọm",)),
        ("Tôi tên là Ksor H Lan ở bản Pá Sưa", ("Ksor H Lan",)),
        ("kính gửi ông Lò Văn Hặc và các thành viên", ("Lò Văn Hặc",)),
        ("Người nộp: Lường Thị", ()),  # the end of the line cut it off
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", ()),
        ("HỒ SƠ ĐĂNG KÝ\nLÝ DO\nHà Nội", ()),
    ],
)
def test_names_are_found_behind_labels_and_by_their_family(text: str, names: tuple[str, ...]) -> None:
    assert suggest(text).names == names


def test_each_is_told_once_and_not_more_than_somebody_reads() -> None:
    many = " ".join(f"000.00.14.H99-261120-{n:04d}" for n in range(1, 60))
    found = suggest(f"{CODE} {CODE} {many}")
    assert len(found.codes) == MOST and found.codes[0] == CODE


@given(st.text(alphabet="0O1IlH9.-/ \nngàythángămTHỊLÒVN:Ôỵ", max_size=300))
def test_whatever_is_read_the_offers_are_whole(text: str) -> None:
    found = suggest(text)
    assert all(dossier_code.is_valid(code) for code in found.codes)
    assert all(s10.is_valid(item) for item in found.items)
    assert all(dt.date.fromisoformat(day) for day in found.dates)
    assert all(miss.text not in miss.candidates for miss in found.near_misses)
    assert all(len(name.split()) >= 2 for name in found.names)
