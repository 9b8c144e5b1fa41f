"""Everything that scanners deliver, through the whole line: it ends as a good page, or aside with its reason."""

from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont, TiffImagePlugin

from gateway.sample.pages.batch import write_pdf
from scanning.manifest import Manifest
from scanning.serverless import scan_paths
from schemas.document import ScannedPage, ScanReason
from tests.pages import hostile, kinds
from tests.pages.clock import StillClock
from tests.pages.conftest import NOW

pytestmark = [pytest.mark.pages, pytest.mark.slow]


def print_on(wide_mm: float, high_mm: float, dpi: int) -> Image.Image:
    """A sheet with lines of print, at this resolution."""
    sheet = Image.new("RGB", (round(wide_mm * dpi / 25.4), round(high_mm * dpi / 25.4)), (250, 249, 244))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(dpi // 6)
    said = ("Ban khai Dinh Thi Hoa Lo 1990 Lai Chau, bia so 24 tho " * 9)[: int(wide_mm / 2.6)]
    for y in range(dpi, sheet.height - dpi, dpi // 4):
        pen.text((dpi // 2, y), said, fill=(30, 30, 40), font=font)
    return sheet


async def scanned(paths: list[Path], out: Path) -> Manifest:
    return await scan_paths(paths, out, clock=StillClock(NOW), workers=1)


def pages_of(done: Manifest) -> dict[tuple[str, int], ScannedPage]:
    return {(page.source, page.source_page): page for document in done.documents for page in document.pages}


def shown_mm(done: Manifest) -> dict[tuple[str, int], tuple[int, int]]:
    """Width and height of every page as a reader shows it."""
    sizes = {}
    for document in done.documents:
        with pikepdf.open(document.path) as pdf:
            for page, made in zip(document.pages, pdf.pages, strict=True):
                box = [float(side) for side in made.cropbox]
                wide, high = ((box[2] - box[0]) / 72 * 25.4, (box[3] - box[1]) / 72 * 25.4)
                if int(made.obj.get("/Rotate", 0)) % 180:
                    wide, high = high, wide
                sizes[page.source, page.source_page] = (round(wide), round(high))
    return sizes


async def test_every_kind_of_image_file_ends_as_a_page_that_says_what_was_changed(tmp_path: Path) -> None:
    paths = kinds.write(tmp_path)
    done = await scanned(list(paths.values()), tmp_path / "out")
    assert done.quarantine == ()
    pages = pages_of(done)
    assert {name: pages[name, 1].conversion for name in paths} == {
        name: conversion for name, (_, conversion) in kinds.KINDS.items()
    }
    sizes = shown_mm(done)
    upright, sideways = (76, 107), (107, 76)
    on_side = {f"exif-{number}.jpg" for number in (5, 6, 7, 8)} | {"g4-turned.tif"}
    unstated = {"adobe-rgb.jpg", "rgb-by-name.jpg", "deep-colour.png"}
    assert {sizes[name, 1] for name in unstated} == {(212, 296)}, "without a resolution a sheet is A4"
    for name in set(paths) - {"fax.tif"} - unstated:
        assert sizes[name, 1] == (sideways if name in on_side else upright), name
    assert sizes["fax.tif", 1] == (round(300 / 204 * 25.4), round(420 / 98 * 25.4)), "rows lie twice as far apart"


SIZES: dict[str, tuple[int, int, int, int, str | None, set[ScanReason]]] = {
    "true.jpg": (210, 297, 200, 200, "A4", set()),
    "unknown.jpg": (210, 297, 200, 72, "A4", set()),
    "wrong.jpg": (210, 297, 200, 330, "A4", {ScanReason.ODD_SIZE}),
    "coarse.jpg": (210, 297, 150, 150, "A4", {ScanReason.COARSE}),
    "small.jpg": (148, 210, 200, 200, "A5", set()),
    "large.jpg": (297, 420, 200, 200, "A3", set()),
    "receipt.jpg": (80, 260, 200, 200, None, {ScanReason.ODD_SIZE}),
}
"""Width and height in mm, resolution, the one that the header states; paper and reasons that must come out."""


async def test_the_page_has_the_size_of_the_paper_whatever_the_header_says(tmp_path: Path) -> None:
    for name, (wide_mm, high_mm, dpi, stated, _, _) in SIZES.items():
        print_on(wide_mm, high_mm, dpi).save(tmp_path / name, dpi=(stated, stated))
    done = await scanned([tmp_path / name for name in SIZES], tmp_path / "out")
    pages, sizes = pages_of(done), shown_mm(done)
    for name, (wide_mm, high_mm, dpi, _, paper, reasons) in SIZES.items():
        page = pages[name, 1]
        assert (page.dpi, page.paper, set(page.reasons)) == (dpi, paper, reasons), name
        wide, high = sizes[name, 1]
        assert max(abs(wide - wide_mm), abs(high - high_mm)) <= 1, name


async def test_pages_of_one_tiff_keep_their_own_resolution_and_coding(tmp_path: Path) -> None:
    sheets = [print_on(210, 297, dpi) for dpi in (200, 300, 150)]
    path = tmp_path / "mixed.tif"
    with TiffImagePlugin.AppendingTiffWriter(path, new=True) as file:
        for sheet, dpi, mode, compression in zip(
            sheets, (200, 300, 150), ("1", "L", "RGB"), ("group4", "tiff_lzw", "jpeg"), strict=True
        ):
            sheet.convert(mode).save(file, "TIFF", compression=compression, dpi=(dpi, dpi))
            file.newFrame()
    done = await scanned([path], tmp_path / "out")
    assert done.quarantine == ()
    pages = pages_of(done)
    assert [pages["mixed.tif", number].dpi for number in (1, 2, 3)] == [200, 300, 150]
    assert set(shown_mm(done).values()) == {(210, 297)}


def add_drawn_page(pdf: pikepdf.Pdf) -> None:
    """A page of lines, as an office program draws a form: no scan."""
    page = pdf.add_blank_page(page_size=(595.28, 841.89))
    page.obj["/Contents"] = pikepdf.Stream(
        pdf, b"0.2 G 2 w " + b"".join(b"60 %d 475 30 re S " % y for y in range(80, 760, 40))
    )


async def test_pdfs_of_scanners_come_through_and_the_others_say_why_not(tmp_path: Path) -> None:
    sheets = [print_on(210, 297, 200), print_on(148, 210, 200)]
    write_pdf(sheets, tmp_path / "scans.pdf", 200)
    with pikepdf.open(tmp_path / "scans.pdf") as pdf:
        pdf.save(tmp_path / "owner.pdf", encryption=pikepdf.Encryption(owner="chu", user=""))
        add_drawn_page(pdf)
        pdf.save(tmp_path / "mixed.pdf")
    whole = (tmp_path / "scans.pdf").read_bytes()
    (tmp_path / "table.pdf").write_bytes(whole.replace(b"\nxref\n", b"\nxxxx\n", 1))
    (tmp_path / "body.pdf").write_bytes(whole.replace(b"/Type /Page\n", b"/Type /Xage\n").replace(b" obj\n", b" obk\n"))
    (tmp_path / "locked.pdf").write_bytes(hostile.locked_pdf())
    (tmp_path / "signed.pdf").write_bytes(hostile.signed_pdf())
    done = await scanned(sorted(tmp_path.glob("*.pdf")), tmp_path / "out")
    assert {item.source: item.reason for item in done.quarantine} == {
        "body.pdf": ScanReason.DAMAGED,
        "locked.pdf": ScanReason.ENCRYPTED,
        "signed.pdf": ScanReason.SIGNED,
        "table.pdf": ScanReason.TRUNCATED,
    }
    sizes = shown_mm(done)
    pages = pages_of(done)
    for name in ("scans.pdf", "owner.pdf", "mixed.pdf"):
        assert [sizes[name, number] for number in (1, 2)] == [(210, 297), (148, 210)], name
        assert [pages[name, number].conversion for number in (1, 2)] == [None, None]
        assert [pages[name, number].paper for number in (1, 2)] == ["A4", "A5"]
    assert sizes["mixed.pdf", 3] == (210, 297)
    assert pages["mixed.pdf", 3].conversion == "page kept as it was"
