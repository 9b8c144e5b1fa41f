"""Dossier code (mã số hồ sơ): unit code, day of receipt by the agency, number of that day.

>>> validate("000.00.14.h99-260105-0001")
'000.00.14.H99-260105-0001'
>>> parts("G09.20-20260609-0092637")
DossierCodeParts(unit='G09.20', day=datetime.date(2026, 6, 9), serial=92637)
>>> mint("000.00.14.H99", dt.date(2026, 1, 5), 1)
'000.00.14.H99-260105-0001'
>>> validate("000.00.14.H99-261305-0001")
Traceback (most recent call last):
    ...
schemas.errors.InvalidComponent: A part of the number, such as its date, cannot be. [000.00.14.H99-261305-0001] \
There is no day 261305.

Two grammars are in use and both are accepted: `YYMMDD` with four digits (provinces) and `YYYYMMDD` with up to
seven (portals of ministries); the unit part follows either scheme of unit codes or a vendor's own. The day is the
local one (UTC+7) of *receipt by the agency*, so a post office without delegated intake cannot mint a code on a
Saturday. A code, once given, is never computed again and never read for meaning: the parts are for people and for
checking what was typed.
Source: Circular 01/2018/TT-VPCP, article 19; codes seen in public integrations.
"""

import dataclasses
import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Iterator

from schemas.errors import InvalidComponent, InvalidFormat, InvalidNumber
from schemas.numbers import unit_code

LOCAL = dt.timezone(dt.timedelta(hours=7))
"""Asia/Ho_Chi_Minh has no summer time; a fixed offset needs no zone data on the machine."""
LAST_SERIAL = 9_999
"""Circular 01/2018 gives the day's number four digits."""

_SHAPE = re.compile(r"(?P<unit>[0-9A-Z]+(?:\.[0-9A-Z]+)*)-(?P<day>[0-9]{6}|[0-9]{8})-(?P<serial>[0-9]{4,7})")
_DAMAGED = re.compile(r"[0-9A-Z.\-_/+]{12,40}")
_LIKE = str.maketrans("OQDILSBZG015826", "000115826OISBZG")
"""What readers and typists take for one another, both ways; a letter first stands for its digit."""
MOST_CANDIDATES = 12
"""More than that is no offer any more; a lost digit of the day's number alone allows thirty."""
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")


@dataclasses.dataclass(frozen=True, slots=True)
class DossierCodeParts:
    """What is written in a dossier code; a two-digit year counts from 2000."""

    unit: str
    day: dt.date
    serial: int


def compact(number: str) -> str:
    """Strip white space, fold full-width forms and long dashes, write in capitals."""
    return "".join(unicodedata.normalize("NFKC", number).translate(_DASHES).upper().split())


def validate(number: str) -> str:
    """The compact code.

    Raises:
        InvalidFormat: it fits neither grammar.
        InvalidComponent: its day does not exist.
    """
    clean = compact(number)
    parts(clean)
    return clean


def is_valid(number: str) -> bool:
    """Whether `validate` would accept it."""
    try:
        validate(number)
    except InvalidNumber:
        return False
    return True


def format(number: str) -> str:
    """The code as it is written: the compact form."""
    return compact(number)


def parts(number: str) -> DossierCodeParts:
    """Take a code apart.

    Raises:
        InvalidFormat: it fits neither grammar.
        InvalidComponent: its day does not exist.
    """
    clean = compact(number)
    found = _SHAPE.fullmatch(clean)
    if found is None:
        raise InvalidFormat("A dossier code looks like 000.00.14.H99-260105-0001.", subject=clean)
    digits = found["day"]
    try:
        day = dt.date.fromisoformat(digits if len(digits) == 8 else f"20{digits}")
    except ValueError:
        raise InvalidComponent(f"There is no day {digits}.", subject=clean) from None
    return DossierCodeParts(unit=found["unit"], day=day, serial=int(found["serial"]))


def near_misses(number: str) -> tuple[str, ...]:
    """Codes one slip away from a text that is none, the likelier slips first; to suggest, never to replace silently.

    Slips: a letter read for a digit or the reverse, a dash lost or changed, two neighbours swapped, one character
    doubled, one digit wrong or lost in the day or the day's number. There is no check digit, so any of them may be
    meant: at most :data:`MOST_CANDIDATES` come back. A valid code has none.

    >>> near_misses("000.00.14.H99-261120-O001")[0]
    '000.00.14.H99-261120-0001'
    >>> near_misses("000.00.14.H99_261120-0001"), near_misses("https://example.vn/000.00")
    (('000.00.14.H99-261120-0001',), ())
    """
    clean = compact(number)
    if is_valid(clean) or not _DAMAGED.fullmatch(clean):
        return ()
    slips = itertools.chain(_unconfused(clean), _dashed(clean), _swapped(clean), _shortened(clean), _digits(clean))
    found = dict.fromkeys(slip for slip in slips if _begins_with_a_unit(slip) and is_valid(slip))
    return tuple(itertools.islice(found, MOST_CANDIDATES))


def _begins_with_a_unit(code: str) -> bool:
    """A damaged code is told from any other text by its unit: a vendor's own scheme is not guessed at."""
    return unit_code.is_valid(code.partition("-")[0])


def _unconfused(clean: str) -> Iterator[str]:
    for i, letter in enumerate(clean):
        if (other := letter.translate(_LIKE)) != letter:
            yield clean[:i] + other + clean[i + 1 :]


def _dashed(clean: str) -> Iterator[str]:
    for i, letter in enumerate(clean):
        if letter in "_/+.":
            yield f"{clean[:i]}-{clean[i + 1 :]}"
        yield f"{clean[:i]}-{clean[i:]}"


def _swapped(clean: str) -> Iterator[str]:
    for i in range(len(clean) - 1):
        yield clean[:i] + clean[i + 1] + clean[i] + clean[i + 2 :]


def _shortened(clean: str) -> Iterator[str]:
    for i in range(len(clean)):
        yield clean[:i] + clean[i + 1 :]


def _digits(clean: str) -> Iterator[str]:
    """Behind the unit: each character as another digit, then one digit more."""
    first = clean.find("-") + 1
    for i, digit in itertools.product(range(first, len(clean)) if first else (), "0123456789"):
        if clean[i] != "-":
            yield clean[:i] + digit + clean[i + 1 :]
    for i, digit in itertools.product(range(first, len(clean) + 1) if first else (), "0123456789"):
        yield clean[:i] + digit + clean[i:]


def mint(unit: str, day: dt.date, serial: int) -> str:
    """A new code after Circular 01/2018: `<unit>-<YYMMDD>-<four digits>`.

    Args:
        unit: code of the receiving agency, in either scheme.
        day: local day of receipt by the agency; see `local_day`.
        serial: number of the day, 1 to 9999, from a block that was leased to the counter.

    Raises:
        InvalidFormat: the unit code fits no scheme.
        InvalidComponent: the serial has more than four digits, or the year is outside of 2000 to 2099.
    """
    if not 1 <= serial <= LAST_SERIAL:
        raise InvalidComponent(f"The number of the day is 1 to {LAST_SERIAL}.", subject=str(serial))
    if not 2000 <= day.year <= 2099:
        raise InvalidComponent("A two-digit year stands for 2000 to 2099.", subject=str(day.year))
    return f"{unit_code.validate(unit)}-{day:%y%m%d}-{serial:04d}"


def local_day(instant: dt.datetime) -> dt.date:
    """The day on the office's wall at an instant.

    Raises:
        ValueError: the instant has no zone.
    """
    if instant.tzinfo is None:
        raise ValueError("A time without a zone has no local day.")
    return instant.astimezone(LOCAL).date()
