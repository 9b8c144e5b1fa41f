"""PDF/A-3b: the attached XML says where each page comes from, and only what does not depend on the day."""

import asyncio
import dataclasses
import datetime as dt
import hashlib
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from lxml import etree

from scanning import building
from scanning.assemble import Leaf
from scanning.page import PageSource, PdfA
from scanning.pool import WorkerPool
from scanning.protocol import BUILD
from scanning.provenance import FILE_NAME, NAMESPACE, Origin, Provenance
from scanning.structure import check_complete
from tests.judges import VeraPdf, refusals
from tests.pages import kinds

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("verapdf")]

NAMES = ("baseline.jpg", "cmyk.jpg", "g4.tif")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = kinds.write(tmp_path_factory.mktemp("kinds"))
    return [made[name] for name in NAMES]


def told(files: list[Path]) -> Provenance:
    origins = (
        Origin(f"Lô 7/tờ {n} \x07.jpg", 1, hashlib.sha256(f.read_bytes()).hexdigest()) for n, f in enumerate(files)
    )
    return Provenance(
        station="Bưu cục Mường Lát",
        operator="lò.thị.ơi",
        batch="20261122-7",
        software="lienthong 0.1",
        origins=tuple(origins),
        begun_at=dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC),
    )


def leaves(files: list[Path]) -> list[Leaf]:
    plain = [Leaf(PageSource(path, check_complete(path)), kinds.DPI) for path in files]
    plain[1] = dataclasses.replace(plain[1], skew_deg=1.25, rotate_deg=90, crop=(10, 10, 290, 400))
    return plain


@pytest.fixture(scope="module")
def made(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> PdfA:
    out = tmp_path_factory.mktemp("made") / "out.pdf"
    return building.build(
        leaves(files), out, identifier="khoá", title="Hồ sơ mẫu", flavour="3b", provenance=told(files)
    )


def attached(path: Path) -> bytes:
    with pikepdf.open(path) as pdf:
        return pdf.attachments[FILE_NAME].get_file().read_bytes()


def test_all_judges_approve_a_document_with_its_provenance(verapdf: VeraPdf, made: PdfA) -> None:
    assert made.conformance == "PDF/A-3b"
    assert refusals(verapdf, made.path, "3b") == []


def part(page: etree._Element, name: str) -> dict[str, str]:
    """Attributes of the one child of this name."""
    (child,) = page.findall(f"{{{NAMESPACE}}}{name}")
    return {str(key): str(value) for key, value in child.attrib.items()}


def test_the_attachment_tells_source_image_and_what_was_done(made: PdfA, files: list[Path]) -> None:
    root = etree.fromstring(attached(made.path))
    assert root.get("document") == "khoá"
    assert {child.tag.partition("}")[2]: child.text for child in root if child.text and child.text.strip()} == {
        "station": "Bưu cục Mường Lát",
        "operator": "lò.thị.ơi",
        "batch": "20261122-7",
        "begun": "2026-11-22T08:00:00+00:00",
        "software": "lienthong 0.1",
    }
    jpeg, cmyk, fax = root.findall(f"{{{NAMESPACE}}}page")
    sha256 = hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert part(jpeg, "source") == {"name": "Lô 7/tờ 0 \ufffd.jpg", "page": "1", "sha256": sha256}
    assert part(jpeg, "image") == {"sha256": sha256, "dpi": "100"}  # untouched: the same digest
    assert part(cmyk, "image")["conversion"] == "CMYK to sRGB"
    shown = {"skew": "1.25", "rotation": "90", "crop": "10 10 290 400"}
    assert part(cmyk, "shown") == shown
    assert part(fax, "image")["sha256"] == made.notes[2].image_sha256 != sha256


def test_the_attachment_is_named_as_a_supplement_and_found_by_readers(made: PdfA, tmp_path: Path) -> None:
    with pikepdf.open(made.path) as pdf:
        (file,) = pdf.Root.AF
        assert (file.AFRelationship, str(file.UF)) == (pikepdf.Name.Supplement, FILE_NAME)
        assert file.EF.F.Subtype == pikepdf.Name("/text/xml")
    listed = subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, made.path], check=True, capture_output=True)
    assert listed.returncode == 0
    assert (tmp_path / FILE_NAME).read_bytes() == attached(made.path)


def test_the_image_digest_is_that_of_the_bytes_in_the_pdf(made: PdfA) -> None:
    with pikepdf.open(made.path) as pdf:
        digests = [hashlib.sha256(page.Resources.XObject.Im.read_raw_bytes()).hexdigest() for page in pdf.pages]
    assert digests == [note.image_sha256 for note in made.notes]


def test_provenance_and_flavour_go_together(files: list[Path], tmp_path: Path) -> None:
    for flavour, origin in (("3b", None), ("2b", told(files)), ("2u", told(files)), ("3a", told(files))):
        with pytest.raises(ValueError, match=f"flavour {flavour}"):
            building.build(
                leaves(files), tmp_path / "x.pdf", identifier="k", title="t", flavour=flavour, provenance=origin
            )
    assert list(tmp_path.iterdir()) == []


AGAIN = """
import sys
from pathlib import Path
from tests.pages.test_pdf_provenance import leaves, told
from scanning import building
*paths, out = map(Path, sys.argv[1:])
building.build(leaves(paths), out, identifier="khoá", title="Hồ sơ mẫu", flavour="3b", provenance=told(paths))
"""


def test_two_processes_make_the_same_bytes(made: PdfA, files: list[Path], tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        subprocess.run(
            [sys.executable, "-c", AGAIN, *files, tmp_path / name], check=True, cwd=Path(__file__).parents[2]
        )
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes() == made.path.read_bytes()


async def test_the_worker_builds_what_it_is_asked_for(
    made: PdfA, files: list[Path], tmp_path: Path, pool: WorkerPool
) -> None:
    """The job carries flavour, provenance, turn and crop; without them it is today's 2b."""
    raw = [
        {
            "path": str(leaf.source.path),
            "kind": leaf.source.kind,
            "page_no": leaf.source.page_no,
            "dpi": leaf.dpi,
            "skew_deg": leaf.skew_deg,
            "rotate_deg": leaf.rotate_deg,
            "crop": leaf.crop,
        }
        for leaf in leaves(files)
    ]
    said = told(files)
    provenance = {
        "station": said.station,
        "operator": said.operator,
        "batch": said.batch,
        "software": said.software,
        "begun_at": said.begun_at and said.begun_at.isoformat(),
        "origins": [[origin.name, origin.page_no, origin.sha256] for origin in said.origins],
    }
    common = {"leaves": raw, "identifier": "khoá", "title": "Hồ sơ mẫu"}
    three, two = await asyncio.gather(
        pool.run(BUILD, deadline_s=60, out=str(tmp_path / "3.pdf"), flavour="3b", provenance=provenance, **common),
        pool.run(BUILD, deadline_s=60, out=str(tmp_path / "2.pdf"), **common),
    )
    assert (three["conformance"], two["conformance"]) == ("PDF/A-3b", "PDF/A-2b")
    assert (tmp_path / "3.pdf").read_bytes() == made.path.read_bytes()
