"""UPU S10 item number: two letters, eight digits, a check digit and the country of the issuing post.

>>> validate("rr 47312482 9 vn")
'RR473124829VN'
>>> validate("RR473124820VN")
Traceback (most recent call last):
    ...
schemas.errors.BadCheckDigit: The check digit does not fit the number. [RR473124820VN] 9 would fit.
>>> format("RR473124829VN")
'RR 473 124 829 VN'
>>> mint("EL", 0)
'EL000000005VN'
>>> repair("Ê473124829VN")
'EE473124829VN'

The check digit misses about one slip in fifty (measured: 1.8 % of single wrong digits and of swapped neighbours)
and does not cover the letters: "the check digit fits" is never "the number is right", and equal numbers are no
proof of one parcel, because posts use them again (not before 12 months, 24 advised).

Source: UPU standard S10. A barcode gun is a keyboard: what Vietnamese typing programs do to the letters is derived
from the Telex and VNI typing rules.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator

from schemas.errors import BadCheckDigit, InvalidComponent, InvalidFormat, InvalidLength, InvalidNumber
from schemas.ids import MessageId

LENGTH = 13
UNASSIGNED_SERVICE = MessageId("number.s10.service_unassigned")
RESERVED_SERVICE = MessageId("number.s10.service_reserved")

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_UNASSIGNED = re.compile(r"A[A-U]|F[A-Z]|G[BCE-Z]")
_RESERVED = re.compile(r"[JKSTW][A-Z]")
_SERVICES = (  # first match wins; UPU S10 annex of service indicators
    (re.compile(r"E[A-Z]"), "EMS"),
    (re.compile(r"L[A-Z]"), "letter, tracked"),
    (re.compile(r"M[A-Z]"), "M-bag"),
    (re.compile(r"Q[A-M]"), "IBRS"),
    (re.compile(r"R[A-Z]"), "registered"),
    (re.compile(r"U[A-Z]"), "letter, not tracked"),
    (re.compile(r"V[A-Z]"), "insured"),
    (re.compile(r"C[A-Z]"), "parcel"),
    (re.compile(r"H[A-Z]"), "e-commerce parcel"),
    (re.compile(r"A[V-Z]|[BDNPZ][A-Z]|G[AD]"), "domestic or bilateral"),
)

_TELEX = {"\u0301": "S", "\u0300": "F", "\u0309": "R", "\u0303": "X", "\u0323": "J", "\u0306": "W", "\u031b": "W"}
_VNI = {
    "\u0301": "1",
    "\u0300": "2",
    "\u0309": "3",
    "\u0303": "4",
    "\u0323": "5",
    "\u0302": "6",
    "\u031b": "7",
    "\u0306": "8",
}
_CIRCUMFLEX = "\u0302"
_LETTER_LIKE = str.maketrans("0158", "OISB")
_DIGIT_LIKE = str.maketrans("OQDILSBZG", "000115826")


def compact(number: str) -> str:
    """Strip separators and invisible characters, fold full-width forms, write in capitals."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(ch for ch in folded if ch.isalnum())


def check_digit(serial: str) -> str:
    """The check digit of eight digits: 11 minus the weighted sum modulo 11, where 10 becomes 0 and 11 becomes 5.

    Raises:
        InvalidFormat: `serial` is not eight ASCII digits.
    """
    if not re.fullmatch(r"[0-9]{8}", serial):
        raise InvalidFormat("A serial has eight digits.", subject=serial)
    check = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True)) % 11
    return {10: "0", 11: "5"}.get(check, str(check))


def validate(number: str) -> str:
    """The compact number, its check digit proven.

    Raises:
        InvalidLength: it has not 13 characters.
        InvalidFormat: letters and digits are not where they belong.
        BadCheckDigit: the check digit does not fit.
    """
    clean = compact(number)
    if len(clean) != LENGTH:
        raise InvalidLength(f"An S10 number has {LENGTH} characters, this one has {len(clean)}.", subject=clean)
    if not _SHAPE.fullmatch(clean):
        raise InvalidFormat("An S10 number is two letters, nine digits, two letters.", subject=clean)
    fitting = check_digit(clean[2:10])
    if clean[10] != fitting:
        raise BadCheckDigit(f"{fitting} would fit.", subject=clean)
    return clean


def is_valid(number: str) -> bool:
    """Whether `validate` would accept it."""
    try:
        validate(number)
    except InvalidNumber:
        return False
    return True


def format(number: str) -> str:
    """In groups, as posts print it: letters, three times three digits, country."""
    clean = compact(number)
    return " ".join((clean[:2], clean[2:5], clean[5:8], clean[8:11], clean[11:]))


def mint(service: str, serial: int, country: str = "VN") -> str:
    """The number of a serial from a leased range.

    Args:
        service: service indicator, two letters, e.g. "EL".
        serial: 0 to 99,999,999.
        country: ISO 3166 alpha-2 code of the issuing post's country.

    Raises:
        InvalidComponent: the serial is out of range.
        InvalidFormat: service or country are not two letters.
    """
    if not 0 <= serial <= 99_999_999:
        raise InvalidComponent("A serial is 0 to 99999999.", subject=str(serial))
    digits = f"{serial:08d}"
    return validate(f"{service}{digits}{check_digit(digits)}{country}")


def serial(number: str) -> int:
    """The serial inside a valid number; the check digit is not part of it."""
    return int(validate(number)[2:10])


def service(number: str) -> str | None:
    """What kind of item the service indicator announces; None where the standard assigns nothing."""
    prefix = validate(number)[:2]
    return next((name for shape, name in _SERVICES if shape.fullmatch(prefix)), None)


def warnings(number: str) -> tuple[MessageId, ...]:
    """Doubts about a valid number: service indicators that are reserved or not assigned. They never refuse it."""
    prefix = validate(number)[:2]
    found = []
    if _UNASSIGNED.fullmatch(prefix):
        found.append(UNASSIGNED_SERVICE)
    if _RESERVED.fullmatch(prefix):
        found.append(RESERVED_SERVICE)
    return tuple(found)


def near_misses(number: str) -> tuple[str, ...]:
    """Numbers one slip away whose check digit fits, the likelier slips first; to suggest, never to replace silently.

    Slips: a letter read for a digit or the reverse, two neighbours swapped, one wrong digit, one digit lost or
    doubled. Letters are not guessed, because nothing would confirm the guess.

    >>> "RR473124829VN" in near_misses("RR473124892VN")
    True
    >>> near_misses("RR47312482VN")[-1]
    'RR473124829VN'
    """
    clean = compact(number)
    candidates = itertools.chain(_unconfused(clean), _swapped(clean), _substituted(clean), _resized(clean))
    return tuple(dict.fromkeys(found for found in candidates if found != clean and is_valid(found)))


def typed_in_vietnamese(text: str) -> bool:
    """Whether letters carry Vietnamese marks: a typing program stood between the barcode gun and us."""
    return any(ch.isalpha() and not ch.isascii() for ch in unicodedata.normalize("NFC", compact(text)))


def repair(text: str) -> str | None:
    """Undo what a Vietnamese typing program did to a scanned number.

    Returns:
        The number, when exactly one reading of the keys gives a number whose check digit fits; None when there is
        nothing to undo, no reading fits or several do.

    >>> repair("EÁ23456785VN"), repair("RĐ73124829VN"), repair("RR473124829VN")
    ('EA123456785VN', None, None)
    """
    clean = unicodedata.normalize("NFC", compact(text))
    if not typed_in_vietnamese(clean) or len(clean) > LENGTH:  # marks only shorten the text
        return None
    found = {keys for keys in _key_readings(clean) if _exact(keys)}
    return found.pop() if len(found) == 1 else None


def _exact(keys: str) -> bool:
    return bool(_SHAPE.fullmatch(keys)) and check_digit(keys[2:10]) == keys[10]


def _key_readings(clean: str) -> Iterator[str]:
    """Key sequences that could have produced the text: Telex in the letters, VNI behind the first letters."""
    split = re.fullmatch(r"([^\W\d_]+)([0-9]+)([^\W\d_]+)", clean)
    if split is None:
        return
    head, digits, tail = split.groups()
    for first, last in itertools.product(_telex_keys(head), _telex_keys(tail)):
        yield first + digits + last
    base, marks = _taken_apart(head)
    if len(base) != 2:  # also keeps the number of orders small, whatever the input
        return
    keys = [_VNI.get(mark, "9") for mark in marks]
    for order in set(itertools.permutations(keys)):
        yield base + "".join(order) + digits + tail


def _telex_keys(letters: str) -> list[str]:
    """What was typed in Telex to get these letters, every order of the marks' keys."""
    return ["".join(keys) for keys in itertools.product(*(_telex_letter(letter) for letter in letters))]


def _telex_letter(letter: str) -> list[str]:
    base, marks = _taken_apart(letter)
    keys = [base if mark in (_CIRCUMFLEX, "Đ") else _TELEX[mark] for mark in marks]
    readings = [base + "".join(order) for order in sorted(set(itertools.permutations(keys)))]
    return [*readings, "W"] if letter == "Ư" else readings  # a lone W is a short cut for Ư


def _taken_apart(letters: str) -> tuple[str, list[str]]:
    """Plain letters and the Vietnamese marks they carried, in order; the bar of Đ is written as "Đ"."""
    base, marks = "", []
    for ch in unicodedata.normalize("NFD", letters):
        if ch in _VNI:
            marks.append(ch)
        elif ch == "Đ":
            base += "D"
            marks.append(ch)
        else:
            base += ch
    return base, marks


def _unconfused(clean: str) -> Iterator[str]:
    if len(clean) == LENGTH:
        head, digits, tail = clean[:2], clean[2:11], clean[11:]
        yield head.translate(_LETTER_LIKE) + digits.translate(_DIGIT_LIKE) + tail.translate(_LETTER_LIKE)


def _swapped(clean: str) -> Iterator[str]:
    for i in range(len(clean) - 1):
        yield clean[:i] + clean[i + 1] + clean[i] + clean[i + 2 :]


def _substituted(clean: str) -> Iterator[str]:
    if len(clean) == LENGTH:
        for i, digit in itertools.product(range(2, 11), "0123456789"):
            yield clean[:i] + digit + clean[i + 1 :]


def _resized(clean: str) -> Iterator[str]:
    if len(clean) == LENGTH - 1:
        for i, digit in itertools.product(range(2, 11), "0123456789"):
            yield clean[:i] + digit + clean[i:]
    if len(clean) == LENGTH + 1:
        for i in range(len(clean)):
            yield clean[:i] + clean[i + 1 :]
