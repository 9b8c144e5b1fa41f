import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.errors import BadCheckDigit, InvalidComponent, InvalidFormat, InvalidLength
from schemas.numbers import s10

letters = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)
serials = st.integers(0, 99_999_999)
numbers = st.builds(s10.mint, letters, serials, letters)

TELEX = {
    **{"AA": "Â", "EE": "Ê", "OO": "Ô", "DD": "Đ", "AW": "Ă", "OW": "Ơ", "UW": "Ư"},
    **{"AS": "Á", "EF": "È", "OR": "Ỏ", "UX": "Ũ", "IJ": "Ị", "YS": "Ý"},
}
VNI_TONES = dict(zip("12345", ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True))


@pytest.mark.parametrize(
    "number",
    [
        *(f"RB123456785{country}" for country in ("GB", "US", "CV", "CF")),
        *("EE471108151FR", "RR473124829GB", "EB000717618HK", "EB000717595HK", "EB000000005CN"),
        *("MP000001010VN", "MP000002029VN", "EL000000005VN"),
    ],
)
def test_numbers_of_known_good_sources_are_valid(number: str) -> None:
    assert s10.validate(number) == number


@pytest.mark.parametrize("number", ["RB123456786US", "EL000000000VN", "RR473124820VN"])
def test_a_wrong_check_digit_is_named_with_the_one_that_fits(number: str) -> None:
    with pytest.raises(BadCheckDigit, match=f"{s10.check_digit(number[2:10])} would fit"):
        s10.validate(number)


@pytest.mark.parametrize(
    ("serial", "digit"),
    [("96633102", "0"), ("76129403", "8"), ("00071758", "1"), ("47312482", "9"), ("00000000", "5")],
)
def test_check_digits_of_published_serials(serial: str, digit: str) -> None:
    assert s10.check_digit(serial) == digit


def test_both_ends_of_the_scale_become_five_or_zero() -> None:
    by_remainder = {}
    for number in range(2000):
        digits = f"{number:08d}"
        remainder = sum(w * int(d) for w, d in zip((8, 6, 4, 2, 3, 5, 9, 7), digits, strict=True)) % 11
        by_remainder[remainder] = s10.check_digit(digits)
    assert by_remainder == {0: "5", 1: "0", **{r: str(11 - r) for r in range(2, 11)}}


@pytest.mark.parametrize(
    "text",
    ["rr 473 124 829 vn", "RR-47312482-9-VN", "ＲＲ４７３１２４８２９ＶＮ", "RR473124829VN\r\n", "\u200bRR473124829VN"],
)
def test_what_people_and_scanners_add_is_stripped(text: str) -> None:
    assert s10.validate(text) == "RR473124829VN"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InvalidLength),
        ("RR47312482VN", InvalidLength),
        ("RR4731248299VN", InvalidLength),
        ("R4731248299VN", InvalidFormat),
        ("RR47312482OVN", InvalidFormat),
        ("RR473124829V1", InvalidFormat),
        ("RR٤73124829VN", InvalidFormat),
    ],
)
def test_other_shapes_are_refused_by_name(text: str, error: type[Exception]) -> None:
    assert not s10.is_valid(text)
    with pytest.raises(error):
        s10.validate(text)


@given(letters, serials, letters)
def test_what_is_minted_is_valid_and_keeps_its_serial(service: str, serial: int, country: str) -> None:
    number = s10.mint(service, serial, country)
    assert s10.is_valid(number)
    assert s10.serial(number) == serial
    assert s10.validate(s10.format(number).lower()) == number


@pytest.mark.parametrize("serial", [-1, 100_000_000])
def test_a_serial_out_of_range_is_not_minted(serial: int) -> None:
    with pytest.raises(InvalidComponent):
        s10.mint("EL", serial)


def test_a_country_that_is_no_country_code_is_not_minted() -> None:
    with pytest.raises(InvalidFormat):
        s10.mint("EL", 1, "1N")


@pytest.mark.parametrize(
    ("prefix", "service", "warned"),
    [
        ("EE", "EMS", ()),
        ("RR", "registered", ()),
        ("MP", "M-bag", ()),
        ("AZ", "domestic or bilateral", ()),
        ("GA", "domestic or bilateral", ()),
        ("AB", None, (s10.UNASSIGNED_SERVICE,)),
        ("FX", None, (s10.UNASSIGNED_SERVICE,)),
        ("JX", None, (s10.RESERVED_SERVICE,)),
    ],
)
def test_services_are_told_and_odd_ones_only_warn(prefix: str, service: str | None, warned: tuple[str, ...]) -> None:
    number = s10.mint(prefix, 42)
    assert s10.service(number) == service
    assert s10.warnings(number) == warned


@given(numbers, st.integers(2, 10), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_among_the_near_misses(number: str, place: int, digit: str) -> None:
    slipped = number[:place] + digit + number[place + 1 :]
    assert slipped == number or number in s10.near_misses(slipped)


@given(numbers, st.integers(2, 9))
def test_two_swapped_digits_are_among_the_near_misses(number: str, place: int) -> None:
    slipped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert slipped == number or number in s10.near_misses(slipped)


@given(numbers, st.integers(2, 10))
def test_a_lost_digit_and_a_doubled_digit_are_among_the_near_misses(number: str, place: int) -> None:
    assert number in s10.near_misses(number[:place] + number[place + 1 :])
    assert number in s10.near_misses(number[:place] + number[place] + number[place:])


@given(numbers)
def test_letters_read_for_digits_come_first(number: str) -> None:
    confused = number[:2] + number[2:11].translate(str.maketrans("0158", "OISB")) + number[11:]
    if confused != number:
        assert s10.near_misses(confused)[0] == number


@given(st.text(max_size=20))
def test_near_misses_are_valid_and_never_the_number_itself(text: str) -> None:
    found = s10.near_misses(text)
    assert all(s10.is_valid(number) for number in found)
    assert s10.compact(text) not in found


@pytest.mark.parametrize(("keys", "seen"), TELEX.items())
@pytest.mark.parametrize("country", ["VN", "US"])
def test_telex_is_undone(keys: str, seen: str, country: str) -> None:
    number = s10.mint(keys, 47312482, country)
    garbled = seen + number[2:11] + country.replace("US", "Ú")
    assert s10.typed_in_vietnamese(garbled)
    assert s10.repair(garbled) == number
    assert s10.repair(garbled.lower()) == number


def test_a_lone_w_in_telex_is_undone() -> None:
    number = s10.mint("WE", 47312482)
    assert s10.repair("Ư" + number[1:]) == number


@given(letters.filter(lambda pair: pair[1] in "AEIOUY"), serials, st.sampled_from("12345"))
def test_vni_tones_are_undone_or_left_to_the_clerk(prefix: str, serial: int, tone: str) -> None:
    number = s10.mint(prefix, int(tone + f"{serial:08d}"[1:]))
    garbled = prefix + VNI_TONES[tone] + number[3:]
    assert s10.repair(garbled) in (number, None)


def test_the_example_of_each_typing_mode() -> None:
    assert s10.repair("Ê473124829VN") == "EE473124829VN"
    assert s10.repair("EÁ23456785VN") == "EA123456785VN"
    number = s10.mint("RD", 91234567)
    assert s10.repair("RĐ" + number[3:]) == number


@pytest.mark.parametrize(
    "text", ["Ê473124820VN", "RR473124829VN", "", "Đ", "Nguyễn Văn A", "Ü473124829VN", "ẤẤẤẤẤẤẤẤẤẤ1A"]
)
def test_what_cannot_be_proven_is_not_repaired(text: str) -> None:
    assert s10.repair(text) is None


@given(st.text(max_size=40))
@example("Ể" * 40 + "1VN")
def test_a_repair_is_always_a_valid_number(text: str) -> None:
    repaired = s10.repair(text)
    assert repaired is None or s10.validate(repaired) == repaired


def test_the_check_digit_is_no_proof_and_the_module_says_how_weak_it_is() -> None:
    undetected = trials = 0
    for serial in range(0, 99_999_999, 99_991):
        number = s10.mint("RR", serial)
        for place in range(2, 10):
            wrong = number[:place] + str((int(number[place]) + 1 + serial % 8) % 10) + number[place + 1 :]
            trials += 1
            undetected += s10.is_valid(wrong)
    assert 0.005 < undetected / trials < 0.04
