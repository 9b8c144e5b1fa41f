"""VNPost's own lists of provinces, districts and wards, and the codes of an address in them.

An order wants the codes of ward, district and province in VNPost's numbering, which is none of the State's. We know the
postal code of the province and the names; so the ward is looked up by name inside of its province. Two wards of one
name are told apart by nobody: the order is refused and the clerk completes the address.
"""

import dataclasses
import unicodedata
from collections.abc import Iterable

from adapters._kit.json import parse
from adapters.vnpost.wire import District, Province, Ward
from schemas.dossier import Address
from schemas.errors import Misunderstood, Refused
from schemas.shipment import AddressLevel, AddressTier, Place

ADDRESSES = {
    AddressLevel.PROVINCE: "TinhThanh/GetAll",
    AddressLevel.DISTRICT: "QuanHuyen/GetAll",
    AddressLevel.WARD: "PhuongXa/GetAll",
}
_KINDS = ("thành phố", "thị trấn", "thị xã", "phường", "quận", "huyện", "tỉnh", "xã", "tp.", "tp", "p.", "x.")


@dataclasses.dataclass(frozen=True, slots=True)
class Codes:
    """Codes of one address; empty where the setting says that they are left out."""

    province: str
    district: str
    ward: str


def places_from_wire(raw: bytes, level: AddressLevel, parent: str | None) -> tuple[Place, ...]:
    """A list of VNPost's. Raises Misunderstood for anything but a list with codes and names, an empty one included."""
    places = _places(raw, level)
    if not places:
        raise Misunderstood("the list of places is empty", subject="vnpost", raw=raw, status=200)
    return tuple(place for place in places if parent in (None, place.parent))


def codes_of(address: Address, wards: Iterable[Ward], reference: str) -> Codes:
    """The codes of an address by the name of its commune.

    Raises:
        Refused: no postal code of the province, no such ward in it, or several.
    """
    province = address.province_code
    if not province.isdecimal():
        told = f"nothing was sent: {province!r} is no postal province code ({address.province})"
        raise Refused(told, subject=reference)
    wanted = plain(address.commune)
    found = [ward for ward in wards if ward.MaTinhThanh == province and plain(ward.TenPhuongXa) == wanted]
    if len(found) != 1 or not wanted:
        told = ", ".join(sorted({ward.MaQuanHuyen for ward in found}))
        why = f"is in several districts: {told}" if found else f"is not in VNPost's list of province {province}"
        raise Refused(f"nothing was sent: {address.commune!r} {why}", subject=reference)
    return Codes(province, found[0].MaQuanHuyen, found[0].MaPhuongXa)


def plain(name: str) -> str:
    """A name without its kind, its capitals and its spelling of accents, for comparing.

    >>> plain("Phường  Thử"), plain("phường Thử") == plain("P. Thử")
    ('thử', True)
    """
    text = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    for kind in _KINDS:
        if text.startswith(kind) and (kind.endswith(".") or text[len(kind) : len(kind) + 1] == " "):
            return text[len(kind) :].strip()
    return text


def _places(raw: bytes, level: AddressLevel) -> list[Place]:
    tier = AddressTier.WITH_DISTRICTS
    if level is AddressLevel.PROVINCE:
        provinces = parse(list[Province], raw)
        return [Place(tier, level, row.MaTinhThanh, row.TenTinhThanh, None) for row in provinces]
    if level is AddressLevel.DISTRICT:
        districts = parse(list[District], raw)
        return [Place(tier, level, row.MaQuanHuyen, row.TenQuanHuyen, row.MaTinhThanh) for row in districts]
    wards = parse(list[Ward], raw)
    return [Place(tier, level, row.MaPhuongXa, row.TenPhuongXa, row.MaQuanHuyen) for row in wards]
