"""Documents to be attacked, and what must come of it."""

import copy
from pathlib import Path

import pytest
from lxml import etree

from adapters.edxml import building, reading
from schemas.errors import Misunderstood
from schemas.official_document import DocumentStatus, OfficialDocument
from tests.unit.adapters.edxml import records
from tests.unit.adapters.edxml.forging import Signing, find, parse, signed

EVIL = "000.00.99.H99"


def plain(tmp_path: Path) -> bytes:
    """An unsigned document with one small file."""
    file = tmp_path / "plain.xml"
    if not file.exists():
        building.write_document(
            records.document(records.enclosed(tmp_path / "a", b"the file that was signed")), file, building.Hand()
        )
    return file.read_bytes()


def by_id(tmp_path: Path) -> etree._Element:
    """A document whose envelope is signed by its Id."""
    root = parse(plain(tmp_path))
    find(root, "edXMLEnvelope").set("Id", "envelope")
    return parse(signed(root, Signing(uri="#envelope", target="edXMLEnvelope")))


def whole(tmp_path: Path, **how: object) -> etree._Element:
    """A document that is signed as a whole."""
    return parse(signed(parse(plain(tmp_path)), Signing(**how)))  # type: ignore[arg-type]  # its fields, by name


def read(raw: bytes, tmp_path: Path, rules: reading.Rules) -> OfficialDocument | DocumentStatus:
    file, out = tmp_path / "came.xml", tmp_path / "out"
    file.write_bytes(raw)
    out.mkdir()
    return reading.read(file, out, rules, records.NOW)


def refused(raw: bytes, tmp_path: Path, rules: reading.Rules, code: str = "signature") -> str:
    with pytest.raises(Misunderstood) as caught:
        read(raw, tmp_path, rules)
    assert caught.value.code == code, caught.value
    assert caught.value.raw, "the raw document is kept"
    return caught.value.detail


def dump(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def evil_twin(envelope: etree._Element) -> etree._Element:
    """A copy that says another sender; its signature is taken out."""
    twin = copy.deepcopy(envelope)
    find(twin, "OrganId").text = EVIL
    place = find(twin, "DigitalSignature")
    for child in list(place):
        place.remove(child)
    return twin
