"""The archive package: E-ARK's validator finds nothing in it, and finds what we break."""

import dataclasses
import datetime as dt
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from scanning.archive import package
from scanning.archive.order import ArchivedFile, ArchiveOrder, file_name
from schemas.dossier import Dossier, DossierState
from schemas.errors import Stale
from schemas.ids import DossierId, Sha256
from tests.contract.stores import records

pytestmark = [pytest.mark.interop]

OF_THE_PACKAGE = frozenset({"CSIP17", "CSIP60", "CSIP92", "CSIP93", "CSIP95", "CSIP97", "CSIP99", "CSIP105", "CSIP113"})
"""Rules about documentation, schemas and description, which stand in the package's METS.xml and not again in the
representation's; the validator knows only one kind of METS.xml."""
SPACES = {"mets": "http://www.loc.gov/METS/", "xlink": "http://www.w3.org/1999/xlink"}


def closed() -> Dossier:
    moves = (records.step(DossierState.LODGED, 1), records.step(DossierState.CLOSED, 2))
    return dataclasses.replace(records.dossier(), history=moves, closed_at=records.later(60))


def order(folder: Path, *, owner: str | None = None, papers: int = 2) -> ArchiveOrder:
    files = []
    for number in range(papers):
        content = f"%PDF-1.7 paper {number}".encode()
        path = folder / f"blob-{number}"
        path.write_bytes(content)
        sha256 = Sha256(hashlib.sha256(content).hexdigest())
        attached = records.attached(
            f"doc-{number}", DossierId(1), sha256=sha256, size=len(content), conformance="PDF/A-2b"
        )
        files.append(ArchivedFile(attached, path))
    dossier = closed()
    if owner is not None:
        dossier = dataclasses.replace(dossier, owner=dataclasses.replace(dossier.owner, name=owner))
    return ArchiveOrder(
        fonds="H99.14",
        dossier=dossier,
        procedure_name="Cấp bản sao trích lục hộ tịch",
        field_name="Hộ tịch",
        units={records.COMMUNE: "UBND xã Mường Khát"},
        files=tuple(files),
        made_at=records.later(61),
        software="0.1.0",
    )


def validated(*folders: Path) -> list[dict[str, Any]]:
    if not (Path(sys.prefix) / "csip").is_dir():
        pytest.skip("the validator of archive packages is not installed: `make stacks` does it")
    command = [sys.executable, "-m", "tests.csip.validate", *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_reference_validator_finds_no_error_and_no_warning_and_finds_what_is_broken(tmp_path: Path) -> None:
    whole = package.write(order(tmp_path), b"{}\n", tmp_path)
    inner = whole / "representations" / "rep1"
    broken = []
    for name, old, new in (
        ("no-id", 'OBJID="', 'data="'),
        ("no-type", "OAISPACKAGETYPE", "LABEL2"),
        ("no-map", 'LABEL="CSIP"', 'LABEL="MAP"'),
        ("lost-file", "documentation/ho-so.json", "documentation/other.json"),
    ):
        copy = tmp_path / name
        copy.mkdir()
        for path in whole.rglob("*"):
            target = copy / path.relative_to(whole)
            target.mkdir(exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
        mets = copy / "METS.xml"
        assert old in mets.read_text("utf-8")
        mets.write_text(mets.read_text("utf-8").replace(old, new), "utf-8")
        broken.append(copy)
    good, representation, *bad = validated(whole, inner, *broken)
    assert (good["schema"], good["rules"], good["manifest"]) == ([], [], [])
    assert [found for found in good["structure"] if "Severity.INFORMATION" not in found] == []
    assert (representation["schema"], representation["manifest"]) == ([], [])
    assert {found.split("'")[1] for found in representation["rules"]} <= OF_THE_PACKAGE
    for told in bad:
        assert told["schema"] or told["rules"] or told["manifest"], "the validator must bite"


def test_every_digest_and_size_is_that_of_the_bytes_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    whole = package.write(order(tmp_path, papers=3), b"{}\n", tmp_path)
    named = set()
    for mets in (whole / "METS.xml", whole / "representations" / "rep1" / "METS.xml"):
        tree = etree.parse(mets)
        places = tree.xpath("//mets:file | //mets:mdRef", namespaces=SPACES)
        assert isinstance(places, list) and len(places) >= 4
        for place in places:
            assert isinstance(place, etree._Element)
            link = place if place.tag.endswith("mdRef") else place[0]
            path = mets.parent / str(link.attrib["{http://www.w3.org/1999/xlink}href"])
            assert path.stat().st_size == int(place.attrib["SIZE"])
            assert hashlib.sha256(path.read_bytes()).hexdigest() == place.attrib["CHECKSUM"]
            assert str(place.attrib["CREATED"]).endswith("+07:00")
            named.add(path)
    assert named | {whole / "METS.xml"} == {path for path in whole.rglob("*") if path.is_file()}


def test_the_same_order_gives_the_same_bytes_and_stands_once(tmp_path: Path) -> None:
    made = order(tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first, second = package.write_zip(made, b"{}\n", one), package.write_zip(made, b"{}\n", two)
    assert first.read_bytes() == second.read_bytes()
    assert first.name == made.package_id.replace(":", "_") + ".zip"
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None
        names = {name.partition("/")[2] for name in archive.namelist()}
    assert f"representations/rep1/data/{file_name(made, 2)}" in names
    assert package.write(made, b"{}\n", one) == package.write(made, b"{}\n", one)
    assert sorted(path.name for path in one.iterdir()) == sorted([first.name, made.folder_name])


def test_bytes_that_changed_since_make_no_package(tmp_path: Path) -> None:
    made = order(tmp_path)
    made.files[1].path.write_bytes(b"%PDF-1.7 something else")
    with pytest.raises(Stale):
        package.write(made, b"{}\n", tmp_path)
    assert not (tmp_path / made.folder_name).exists()
    assert not list(tmp_path.glob(".package-*"))


@pytest.mark.parametrize("owner", ['Nguyễn "Tý" <b>&amp; Con', "Hồ\x00Thị\x1b\ufffe", "  ", "𠀋 Lò Thị Ủ"])
def test_no_name_makes_an_unreadable_file(tmp_path: Path, owner: str) -> None:
    whole = package.write(order(tmp_path, owner=owner), b"{}\n", tmp_path)
    for path in whole.rglob("*.xml"):
        etree.parse(path)


def test_premis_and_ead_say_what_the_law_asks_for_and_no_identity_number(tmp_path: Path) -> None:
    made = order(tmp_path)
    whole = package.write(made, b"{}\n", tmp_path)
    premis = (whole / "metadata" / "preservation" / "PREMIS.xml").read_text("utf-8")
    ead = (whole / "metadata" / "descriptive" / "EAD.xml").read_text("utf-8")
    for file in made.files:
        assert file.document.sha256 in premis
    assert "digitization" in premis and "fmt/477" in premis and "pom" in premis
    assert made.dossier.owner.name in ead and "UBND xã Mường Khát" in ead and made.dossier.code in ead
    number = made.dossier.owner.id_number
    assert number
    for path in whole.rglob("*"):
        assert path.is_dir() or number.encode() not in path.read_bytes()
    told = dt.datetime.fromisoformat(str(etree.parse(whole / "METS.xml").getroot()[0].attrib["CREATEDATE"]))
    assert told == made.made_at.replace(microsecond=0)
