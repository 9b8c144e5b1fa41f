import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
import typst
from PIL import Image

from gateway.sample.pages.batch import Kind
from scanning.manifest import Manifest
from scanning.serverless import scan_paths
from scanning.verify import byte_faults
from schemas.document import PageRole, ScanReason
from tests.pages.clock import StillClock
from tests.pages.conftest import ITEM, NOW, ONE, TWO

pytestmark = [pytest.mark.pages, pytest.mark.slow]


def images_of(pdf_path: Path) -> list[tuple[bytes, str]]:
    """Raw stream and filter of the image on each page."""
    with pikepdf.open(pdf_path) as pdf:
        return [(page.get_images()["/Im"].read_raw_bytes(), str(page.get_images()["/Im"].Filter)) for page in pdf.pages]


def rendered(pdf_path: Path, page_no: int, dpi: int = 200) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """The page as a reader shows it, gray; drawn by another program than ours."""
    source = pdf_path.with_suffix(".typ")
    source.write_text(f'#set page(width: auto, height: auto, margin: 0pt)\n#image("{pdf_path.name}", page: {page_no})')
    png = typst.compile(source, root=source.parent, format="png", ppi=dpi)
    assert isinstance(png, bytes)
    gray = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert gray is not None
    return np.asarray(gray, np.uint8)


async def scan(files: list[Path], out: Path) -> Manifest:
    return await scan_paths(files, out, clock=StillClock(NOW), workers=2)


@pytest.mark.parametrize("kind", ["jpeg", "tiff", "pdf"])
async def test_a_batch_is_split_by_its_covers_and_judged(
    drawn: dict[Kind, list[Path]], kind: Kind, tmp_path: Path
) -> None:
    done = await scan(drawn[kind], tmp_path)
    assert done.is_clean
    assert [(d.dossier_code, d.s10, len(d.pages), d.sheets) for d in done.documents] == [
        (ONE, ITEM, 3, 2),
        (TWO, None, 2, 1),
    ]
    assert [d.path.name for d in done.documents] == [f"{ONE}.001.pdf", f"{TWO}.001.pdf"]
    for document in done.documents:
        data = document.path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == document.sha256
        assert list(byte_faults(data)) == []
        assert document.conformance == "PDF/A-2b"
        assert {page.conversion for page in document.pages} == {None}
        assert {page.dpi for page in document.pages} == {200}


async def test_jpeg_bytes_lie_in_the_pdf_as_they_came(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    done = await scan(drawn["jpeg"], tmp_path)
    inside = [image for document in done.documents for image in images_of(document.path)]
    assert inside == [(path.read_bytes(), "/DCTDecode") for path in drawn["jpeg"]]
    pages = [page for document in done.documents for page in document.pages]
    assert [page.image_sha256 for page in pages] == [page.sha256 for page in pages]


async def test_fax_strips_lie_in_the_pdf_as_they_came_and_show_the_same(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    done = await scan(drawn["tiff"], tmp_path)
    raw = drawn["tiff"][0].read_bytes()
    with Image.open(drawn["tiff"][0]) as tiff:
        strips = []
        for number in range(5):
            tiff.seek(number)
            offset, length = tiff.tag_v2[273][0], tiff.tag_v2[279][0]  # type: ignore[attr-defined]  # a TIFF image has tags
            strips.append((raw[offset : offset + length], "/CCITTFaxDecode"))
        tiff.seek(0)
        first = np.asarray(tiff.convert("L"))
    assert [image for document in done.documents for image in images_of(document.path)] == strips
    shown = rendered(done.documents[0].path, 1)
    assert abs(float(shown.mean()) - float(first.mean())) < 6  # black on white, not the other way round


async def test_a_scanners_pdf_gives_its_images_untouched(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    done = await scan(drawn["pdf"], tmp_path)
    with pikepdf.open(drawn["pdf"][0]) as source:
        came = [page.get_images()["/Im0"].read_raw_bytes() for page in source.pages]
    assert [data for document in done.documents for data, _ in images_of(document.path)] == came


async def test_print_is_level_in_the_pdf_without_touching_the_image(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    done = await scan(drawn["jpeg"], tmp_path)
    turned = [
        (document.path, number, page.skew_deg)
        for document in done.documents
        for number, page in enumerate(document.pages, start=1)
        if abs(page.skew_deg) > 0.5
    ]
    assert len(turned) >= 2
    for path, number, before in turned:
        assert abs(level_of(rendered(path, number))) < 0.3 < abs(before)


def level_of(gray: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> float:
    """Clockwise turn of a picture: turned back by it, its rows differ most. Another way than the line's own."""
    small = cv2.resize(gray, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ink = np.asarray(small[20:-20, 20:-20] < 160, np.uint8)
    height, width = ink.shape

    def rows_differ(angle: float) -> float:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        return float(np.diff(cv2.warpAffine(ink * 255, matrix, (width, height)).sum(axis=1, dtype=np.int64)).std())

    return float(max(np.arange(-2.0, 2.01, 0.1), key=rows_differ))


async def test_the_same_pages_give_the_same_bytes(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    first = await scan(drawn["jpeg"], tmp_path / "a")
    second = await scan_paths(drawn["jpeg"], tmp_path / "b", clock=StillClock(NOW.replace(year=2027)), workers=1)
    assert [d.sha256 for d in first.documents] == [d.sha256 for d in second.documents]
    assert [d.key for d in first.documents] == [d.key for d in second.documents]


async def test_the_manifest_has_the_promised_shape(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("<html></html>")
    await scan([drawn["jpeg"][0], bad, drawn["jpeg"][1], tmp_path / "missing.jpg"], tmp_path / "out")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert set(told) == {"documents", "quarantine", "errors"}
    (document,) = told["documents"]
    assert set(document) == {
        *("file", "sha256", "pages", "dossier_code", "s10", "conformance"),
        *("reasons", "seal"),
    }
    assert (tmp_path / "out" / document["file"]).is_file()
    assert set(document["pages"][0]) == {
        *("source", "source_page", "sha256", "width_px", "height_px", "dpi", "skew_deg", "blank"),
        *("sharpness", "contrast", "barcodes", "verdict"),
        *("reasons", "role", "rotate_deg", "crop", "paper", "near_misses"),
    }
    assert document["pages"][0]["sha256"] == hashlib.sha256(drawn["jpeg"][0].read_bytes()).hexdigest()
    codes = document["pages"][0]["barcodes"]
    assert {(code["format"], code["text"]) for code in codes} == {("Code128", ONE), ("QRCode", ONE), ("Code128", ITEM)}
    assert all(0 <= x < 1654 and 0 <= y < 2339 for code in codes for x, y in code["box"])
    assert [set(item) for item in told["quarantine"]] == [{"source", "source_page", "reason", "kept"}]
    assert told["quarantine"][0]["kept"] == str(bad)
    assert told["errors"] == [{"source": str(tmp_path / "missing.jpg"), "reason": told["errors"][0]["reason"]}]


async def test_without_a_cover_pages_become_a_document_of_nobody(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    done = await scan(drawn["jpeg"][1:3], tmp_path)
    (document,) = done.documents
    assert document.dossier_code is None
    assert document.reasons == (ScanReason.NO_COVER,)
    assert all(page.role is PageRole.CONTENT for page in document.pages)


async def test_a_folder_is_read_in_natural_order_and_its_output_is_no_input(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    for number, path in zip((1, 2, 10), drawn["jpeg"][:3], strict=True):
        (tmp_path / f"p{number}.jpg").write_bytes(path.read_bytes())
    first = await scan([tmp_path], tmp_path / "out")
    again = await scan([tmp_path], tmp_path / "out")
    for done in (first, again):
        assert [page.source for page in done.documents[0].pages] == ["p1.jpg", "p2.jpg", "p10.jpg"]
        assert len(done.documents) == 1
