"""Code of an administrative procedure (mã thủ tục hành chính) in the national catalogue.

>>> validate("1.005129"), validate("1.000948.h38"), validate("1.010708.000.00.00.H56")
('1.005129', '1.000948.H38', '1.010708.000.00.00.H56')
>>> national("1.010708.000.00.00.H56"), owner("1.000948.H38"), owner("1.005129")
('1.010708', 'H38', None)
>>> validate("1005129")
Traceback (most recent call last):
    ...
schemas.errors.InvalidFormat: The number has characters in places where they cannot be. [1005129] A procedure code \
looks like 1.005129, 1.000948.H38 or 1.010708.000.00.00.H56.

A province publishes a national procedure under the national code with its own unit code behind it. Sample data
begins with 9, which no real code does.
Source: codes seen in public integrations; domain model §1.9.
"""

import re
import unicodedata

from schemas.errors import InvalidFormat, InvalidNumber

_SHAPE = re.compile(r"(?P<national>[0-9]\.[0-9]{6})(?:(?:\.[0-9]{3}\.[0-9]{2}\.[0-9]{2})?\.(?P<owner>[GH][0-9]{2}))?")


def compact(number: str) -> str:
    """Strip white space, fold full-width forms, write in capitals; the dots belong to the code."""
    return "".join(unicodedata.normalize("NFKC", number).upper().split())


def validate(number: str) -> str:
    """The compact code.

    Raises:
        InvalidFormat: it has not the shape of a procedure code.
    """
    return _match(number).group()


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


def national(number: str) -> str:
    """The national part, the same for every province that offers the procedure."""
    return _match(number).group("national")


def owner(number: str) -> str | None:
    """The ministry or province whose edition this is, e.g. "H38"; None for the national code itself."""
    return _match(number).group("owner")


def _match(number: str) -> re.Match[str]:
    clean = compact(number)
    found = _SHAPE.fullmatch(clean)
    if found is None:
        examples = "1.005129, 1.000948.H38 or 1.010708.000.00.00.H56"
        raise InvalidFormat(f"A procedure code looks like {examples}.", subject=clean)
    return found
