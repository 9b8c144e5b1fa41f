"""Identifier of a government unit, in the two schemes that are in use at the same time.

>>> validate(" 000.00.14.h20 "), scheme("000.00.14.H20").value
('000.00.14.H20', 'QCVN102')
>>> validate("H37.02.02"), scheme("H37.02.02").value
('H37.02.02', 'QD20')
>>> parent("000.00.14.H20"), parent("H37.02.02"), parent("H37")
('000.00.00.H20', 'H37.02', None)
>>> root("000.00.14.H20"), level("000.00.14.H20"), level("H37.02.02")
('H20', 2, 3)

QCVN 102:2016 reads from right to left: level 1 (G = ministry, H = province, two digits), level 2 (two digits),
level 3 (two), level 4 (three); zeros fill the levels below the unit. Decision 20/2020/QD-TTg reads from left to
right and leaves the empty levels out. The same unit has a code in each: the catalogue keeps them as dated aliases,
and no code is ever derived from another.
Source: QCVN 102:2016/BTTTT; QD 20/2020/QD-TTg; codes seen in public integrations.
"""

import enum
import re
import unicodedata

from schemas.errors import InvalidFormat, InvalidNumber


class Scheme(enum.StrEnum):
    """Which rule the code follows."""

    QCVN102 = "QCVN102"
    QD20 = "QD20"


_QCVN102 = re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[GH][0-9]{2}")
_QD20 = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9]{2,3}){0,5}")


def compact(number: str) -> str:
    """Strip white space, fold full-width forms, write in capitals; the dots belong to the code."""
    return "".join(unicodedata.normalize("NFKC", number).upper().split())


def validate(number: str) -> str:
    """The compact code.

    Raises:
        InvalidFormat: it fits neither scheme.
    """
    clean = compact(number)
    if not (_QCVN102.fullmatch(clean) or _QD20.fullmatch(clean)):
        raise InvalidFormat("A unit code looks like 000.00.14.H20 or H37.02.02.", subject=clean)
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


def scheme(number: str) -> Scheme:
    """Which scheme a valid code follows."""
    return Scheme.QCVN102 if _QCVN102.fullmatch(validate(number)) else Scheme.QD20


def levels(number: str) -> tuple[str, ...]:
    """The parts from the top (ministry or province) down to the unit itself, filling zeros left out."""
    clean = validate(number)
    if scheme(clean) is Scheme.QD20:
        return tuple(clean.split("."))
    parts = clean.split(".")[::-1]
    while len(parts) > 1 and not parts[-1].strip("0"):
        parts.pop()
    return tuple(parts)


def level(number: str) -> int:
    """1 for a ministry or province, 2 to 4 and more for units below."""
    return len(levels(number))


def root(number: str) -> str:
    """The ministry's or province's own part, e.g. "H20"."""
    return levels(number)[0]


def parent(number: str) -> str | None:
    """The code one level up in the same scheme; None at the top. A hint for people: the catalogue knows the tree."""
    parts = levels(number)[:-1]
    if not parts:
        return None
    if scheme(number) is Scheme.QD20:
        return ".".join(parts)
    return ".".join([*("000", "00", "00")[: 4 - len(parts)], *parts[::-1]])
