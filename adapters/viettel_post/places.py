"""Which of Viettel Post's places an address means: names folded, prefixes of the State's units left off. Pure.

A name that leads nowhere or to two places is refused before anything is sent: a dossier that travels to the wrong
commune of the same name is worse than an order that waits for a person.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Sequence

from schemas.dossier import Address
from schemas.errors import Refused
from schemas.shipment import Place

_PREFIX = re.compile(r"^(?:thanh pho|tinh|tp|quan|huyen|thi xa|tx|phuong|xa|thi tran|tt|dac khu)[ .]+(?=\S)")
_BLANKS = re.compile(r"[\s.,-]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """An address in Viettel Post's ids; ``district`` 0 where there is none."""

    province: int
    district: int
    ward: int


def folded(name: str) -> str:
    """The name without marks, case and kind of unit.

    >>> folded("PHƯỜNG THẠCH BÀN"), folded("Thị trấn Trâu Quỳ"), folded("TP. Hà Nội"), folded("Phường 1")
    ('thach ban', 'trau quy', 'ha noi', '1')
    """
    decomposed = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
    return _PREFIX.sub("", _BLANKS.sub(" ", plain).strip()).strip()


def pick(name: str, among: Iterable[Place], *, what: str, reference: str) -> Place:
    """The one place of this name.

    Raises:
        Refused: no place has the name, or several have it and none of them exactly as it is written.
    """
    rows = [place for place in among if folded(place.name) == folded(name)]
    exact = [place for place in rows if _written(place.name) == _written(name)]
    for found in (rows, exact):
        if len(found) == 1:
            return found[0]
    told = "is in no list of Viettel Post" if not rows else f"is the name of {len(rows)} places"
    raise Refused(f"nothing was sent: {what} {name!r} {told}", subject=reference)


def wards_of(province: Place, districts: Sequence[Place], wards: Sequence[Place]) -> list[Place]:
    """The wards of a province in the list with districts."""
    inside = {place.code for place in districts if place.parent == province.code}
    return [ward for ward in wards if ward.parent in inside]


def one_line(address: Address) -> str:
    """The address as one text.

    >>> one_line(Address("Số 1 phố Thử", "Phường Thử", "Tỉnh Mẫu", "36"))
    'Số 1 phố Thử, Phường Thử, Tỉnh Mẫu'
    """
    return ", ".join(part.strip() for part in (address.line, address.commune, address.province) if part.strip())


def _written(name: str) -> str:
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", name).casefold()).strip()
