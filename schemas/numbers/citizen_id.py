"""The citizen's number: căn cước (CCCD) of 12 digits, or the old CMND of 9.

>>> validate("099 099 000 012"), kind("099099000012").value
('099099000012', 'cccd')
>>> mask("099099000012"), mask("099000012")
('0990••••••12', '09•••••12')
>>> parts("099299000012")
CitizenIdParts(province='099', sex=<Sex.MALE: 'male'>, birth_year=2099)
>>> parse_qr("099099000001||NGUYỄN VĂN MẪU|01021999|Nam|Số 1, Phường Thử, Tỉnh Mẫu|15082021").birth_date
datetime.date(1999, 2, 1)

There is no check digit, so nothing proves a number wrong that has the right length: doubts come from `warnings` and
never block. The 12 digits: three for the place where the birth was registered (the 63 old provinces stay), one for
century and sex (even = male), two for the year of birth, six without meaning. Sample data uses the place 099, which
does not exist.
Source: ND 137/2015/ND-CP and TT 07/2016/TT-BCA; the QR's fields as read from chip cards.
"""

import dataclasses
import datetime as dt
import enum
import re
import unicodedata

from schemas.errors import InvalidFormat, InvalidLength, InvalidNumber
from schemas.ids import MessageId

SAMPLE_PLACE = "099"
UNKNOWN_PLACE = MessageId("number.citizen_id.place")
BORN_LATER = MessageId("number.citizen_id.born_later")
OLD_NUMBER = MessageId("number.citizen_id.old_number")

QR_FIELDS = 7

# Places of birth registration, TT 07/2016 annex 1: the 63 provinces of that time.
_PLACES = frozenset(
    f"{place:03d}"
    for place in (
        *(1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42),
        *(44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84),
        *(86, 87, 89, 91, 92, 93, 94, 95, 96),
    )
)


class Kind(enum.StrEnum):
    """Which card the number is from."""

    CCCD = "cccd"
    CMND = "cmnd"


class Sex(enum.StrEnum):
    """As registered."""

    MALE = "male"
    FEMALE = "female"


@dataclasses.dataclass(frozen=True, slots=True)
class CitizenIdParts:
    """What is written in a number of 12 digits."""

    province: str
    sex: Sex
    birth_year: int


@dataclasses.dataclass(frozen=True, slots=True)
class CitizenCard:
    """What the QR code of a card says; a field that is empty or unreadable is None."""

    number: str
    old_number: str | None
    full_name: str | None
    birth_date: dt.date | None
    sex: Sex | None
    address: str | None
    issued_on: dt.date | None


def compact(number: str) -> str:
    """Strip white space, dots and dashes, fold full-width digits."""
    return re.sub(r"[\s.\-]", "", unicodedata.normalize("NFKC", number))


def validate(number: str) -> str:
    """The compact number.

    Raises:
        InvalidFormat: there are other characters than digits.
        InvalidLength: it has neither 12 nor 9 digits.
    """
    clean = compact(number)
    if not re.fullmatch(r"[0-9]+", clean):
        raise InvalidFormat("A citizen's number has digits only.", subject=mask(clean))
    if len(clean) not in (9, 12):
        raise InvalidLength(f"A citizen's number has 12 digits (the old one 9), not {len(clean)}.", subject=mask(clean))
    return clean


def is_valid(number: str) -> bool:
    """Whether `validate` would accept it."""
    try:
        validate(number)
    except InvalidNumber:
        return False
    return True


def format(number: str) -> str:
    """In groups of three digits."""
    clean = compact(number)
    return " ".join(clean[i : i + 3] for i in range(0, len(clean), 3))


def kind(number: str) -> Kind:
    """Which card a valid number is from."""
    return Kind.CCCD if len(validate(number)) == 12 else Kind.CMND


def mask(number: str) -> str:
    """The number as pages and logs may show it: the first four and the last two of 12 digits, less of anything else."""
    clean = compact(number)
    if len(clean) == 12:
        return f"{clean[:4]}••••••{clean[-2:]}"
    if len(clean) >= 9:
        return f"{clean[:2]}{'•' * (len(clean) - 4)}{clean[-2:]}"
    return "•" * len(clean)


def parts(number: str) -> CitizenIdParts | None:
    """Take a number apart; None for a CMND, which says nothing about its owner."""
    clean = validate(number)
    if len(clean) != 12:
        return None
    century, sex = divmod(int(clean[3]), 2)
    return CitizenIdParts(
        province=clean[:3],
        sex=Sex.FEMALE if sex else Sex.MALE,
        birth_year=1900 + 100 * century + int(clean[4:6]),
    )


def warnings(number: str, *, today: dt.date) -> tuple[MessageId, ...]:
    """Doubts about a number of the right length, as ids of sentences. They never block the clerk.

    Args:
        number: a valid number.
        today: the local day, to notice a birth in the future.
    """
    found = parts(number)
    if found is None:
        return (OLD_NUMBER,)
    doubts = []
    if found.province not in _PLACES:
        doubts.append(UNKNOWN_PLACE)
    if found.birth_year > today.year:
        doubts.append(BORN_LATER)
    return tuple(doubts)


def parse_qr(payload: str) -> CitizenCard:
    """Read the QR code of a card: seven fields or more, parted by `|`; newer cards append some, which are left alone.

    Raises:
        InvalidFormat: there are fewer than seven fields, or the first one is no citizen's number.
        InvalidLength: the first field has neither 12 nor 9 digits.
    """
    fields = [field.strip() for field in unicodedata.normalize("NFC", payload).strip().split("|")]
    if len(fields) < QR_FIELDS:
        raise InvalidFormat(f"The QR code of a card has {QR_FIELDS} fields, this one has {len(fields)}.")
    number, old_number, full_name, birth, sex, address, issued = fields[:QR_FIELDS]
    return CitizenCard(
        number=validate(number),
        old_number=compact(old_number) if is_valid(old_number) else None,
        full_name=full_name or None,
        birth_date=_day(birth),
        sex={"nam": Sex.MALE, "nữ": Sex.FEMALE}.get(sex.lower()),
        address=address or None,
        issued_on=_day(issued),
    )


def _day(digits: str) -> dt.date | None:
    """`ddMMyyyy` as a day; None where the card does not say one (some citizens have only a year)."""
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        return dt.date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None
