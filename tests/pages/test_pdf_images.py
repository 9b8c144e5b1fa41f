"""Every kind of image file: embedded untouched where that is lawful, shown the way up it belongs, good PDF/A."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageOps

from scanning import building
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.raster import open_image
from scanning.rendering import render
from scanning.structure import BadFile, check_complete
from schemas.document import ScanReason
from tests.judges import VeraPdf, refusals
from tests.pages import kinds

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("verapdf")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return kinds.write(tmp_path_factory.mktemp("kinds"))


def leaf(path: Path, dpi: int = kinds.DPI) -> Leaf:
    return Leaf(PageSource(path, check_complete(path)), dpi=dpi)


@pytest.fixture(scope="module")
def together(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str | None]]:
    """One document of all kinds, a page each; what its pages' records say."""
    out = tmp_path_factory.mktemp("together") / "all.pdf"
    made = building.build([leaf(path) for path in files.values()], out, identifier="k", title="Mọi loại ảnh")
    return out, dict(zip(files, (note.conversion for note in made.notes), strict=True))


def test_what_was_changed_is_recorded_and_the_rest_is_untouched(
    together: tuple[Path, dict[str, str | None]],
) -> None:
    assert together[1] == {name: conversion for name, (_, conversion) in kinds.KINDS.items()}


@pytest.mark.parametrize("name", [name for name in kinds.KINDS if name.endswith(".jpg") and "cmyk" not in name])
def test_the_bytes_of_a_jpeg_lie_in_the_pdf(
    name: str, files: dict[str, Path], together: tuple[Path, dict[str, str | None]]
) -> None:
    with pikepdf.open(together[0]) as pdf:
        image = pdf.pages[list(files).index(name)].Resources.XObject.Im
        assert image.read_raw_bytes() == files[name].read_bytes().removesuffix(kinds.TAIL)


def test_all_three_judges_approve_every_kind(verapdf: VeraPdf, together: tuple[Path, dict[str, str | None]]) -> None:
    assert refusals(verapdf, together[0], "2b") == []


def as_seen(path: Path) -> Image.Image:
    """The picture as an image viewer shows it, on white paper."""
    with Image.open(path) as image:
        if image.mode.startswith("I"):
            return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
        turned = ImageOps.exif_transpose(image)
        if "A" in turned.getbands() or "transparency" in turned.info:
            turned = turned.convert("RGBA")
            turned = Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned)
        return turned.convert("RGB")


def test_every_page_shows_what_an_image_viewer_shows(
    files: dict[str, Path], together: tuple[Path, dict[str, str | None]], tmp_path: Path
) -> None:
    """Poppler draws all pages; a small copy hides how bilevel dots and JPEG are rounded, not a turn or a colour."""
    subprocess.run(["pdftoppm", "-r", "50", together[0], tmp_path / "page"], check=True)
    drawn = sorted(tmp_path.glob("page-*.ppm"))
    for (name, path), page in zip(files.items(), drawn, strict=True):
        seen = as_seen(path).convert("RGB")
        with Image.open(page) as shown:
            if name != "fax.tif":
                assert shown.size == tuple(side // 2 for side in seen.size), name
            small = [np.asarray(one.resize((15, 15), Image.Resampling.BOX), int) for one in (shown, seen)]
        # A page of dithered dots is drawn with ink that spreads: 12 %. JPEG's own decoders differ by 2.
        assert np.abs(small[0] - small[1]).mean() < (40 if seen_is_bilevel(path) else 6), name


def seen_is_bilevel(path: Path) -> bool:
    with Image.open(path) as image:
        return image.mode == "1"


def test_bilevel_pages_are_exact_to_the_dot(files: dict[str, Path], tmp_path: Path) -> None:
    bilevel = {name: path for name, path in files.items() if seen_is_bilevel(path)}
    assert len(bilevel) >= 8
    building.build([leaf(path) for path in bilevel.values()], tmp_path / "all.pdf", identifier="k", title="t")
    subprocess.run(["pdfimages", "-png", tmp_path / "all.pdf", tmp_path / "image"], check=True)
    for (name, path), found in zip(bilevel.items(), sorted(tmp_path.glob("image-*.png")), strict=True):
        with Image.open(found) as ours, Image.open(path) as theirs:
            theirs.load()
            assert np.array_equal(np.asarray(ours.convert("L")), np.asarray(theirs.convert("L"))), name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_measured_in_the_raster_that_the_page_shows(orientation: int, tmp_path: Path) -> None:
    """The gray copy, turned as the page asks, is the upright picture: mirrored files are turned over in it."""
    path = tmp_path / "page.jpg"
    path.write_bytes(kinds.turned_jpeg(orientation))
    page = open_image(path, check_complete(path), 1)
    shown = Image.fromarray(page.gray()).rotate(-page.rotate_deg, expand=True)
    assert np.abs(np.asarray(shown, int) - np.asarray(as_seen(path).convert("L"), int)).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_screen_shows_the_page_the_same_way_up(orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "page.jpg"
    path.write_bytes(kinds.turned_jpeg(orientation))
    render(PageSource(path, check_complete(path)), tmp_path / "screen.jpg", box_px=420)
    with Image.open(tmp_path / "screen.jpg") as shown:
        both = [np.asarray(one.convert("RGB").resize((15, 15)), int) for one in (shown, as_seen(path))]
    assert np.abs(both[0] - both[1]).mean() < 6


def test_a_page_of_unequal_resolution_keeps_its_shape_on_paper(files: dict[str, Path], tmp_path: Path) -> None:
    building.build([leaf(files["fax.tif"], 204)], tmp_path / "fax.pdf", identifier="k", title="t")
    with pikepdf.open(tmp_path / "fax.pdf") as pdf:
        assert [round(float(side)) for side in pdf.pages[0].mediabox] == [0, 0, 106, 309]


def test_samples_that_no_reader_decodes_are_refused_by_name(tmp_path: Path) -> None:
    data = bytearray(kinds.jpeg())
    frame = data.index(b"\xff\xc0")
    for what, at, value in (("12 bits", frame + 4, 12), ("process 3", frame + 1, 0xC3)):
        spoiled = data.copy()
        spoiled[at] = value
        (tmp_path / "page.jpg").write_bytes(spoiled)
        with pytest.raises(BadFile, match=what) as caught:
            open_image(tmp_path / "page.jpg", check_complete(tmp_path / "page.jpg"), 1)
        assert caught.value.reason is ScanReason.UNSUPPORTED


def pdf_of(jpeg: bytes, content: bytes, box: list[int]) -> bytes:
    """A scanner's PDF of one page that draws one image its own way."""
    with pikepdf.Pdf.new() as pdf, Image.open(io.BytesIO(jpeg)) as picture:
        image = pikepdf.Stream(pdf, jpeg)
        image["/Type"], image["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Image
        image["/Width"], image["/Height"], image["/BitsPerComponent"] = *picture.size, 8
        image["/ColorSpace"], image["/Filter"] = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=pikepdf.Array(box),
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
            Contents=pikepdf.Stream(pdf, content),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        buffer = io.BytesIO()
        pdf.save(buffer)
    return buffer.getvalue()


PLACINGS = {
    "as it is": (b"q 216 0 0 302.4 0 0 cm /Im0 Do Q", [0, 0, 216, 302], None),
    "in two steps": (b"q .24 0 0 .24 0 0 cm q 900 0 0 1260 0 0 cm /Im0 Do Q Q", [0, 0, 216, 302], None),
    "turned right": (b"q 0 -216 302.4 0 0 216 cm /Im0 Do Q", [0, 0, 302, 216], None),
    "turned left": (b"q 0 216 -302.4 0 302.4 0 cm /Im0 Do Q", [0, 0, 302, 216], None),
    "upside down": (b"q -216 0 0 -302.4 216 302.4 cm /Im0 Do Q", [0, 0, 216, 302], None),
    "in a mirror": (b"q -216 0 0 302.4 216 0 cm /Im0 Do Q", [0, 0, 216, 302], None),
    "small on a large sheet": (b"q 108 0 0 151 20 20 cm /Im0 Do Q", [0, 0, 216, 302], "page kept as it was"),
    "leaning": (b"q 214 9 -9 300 8 0 cm /Im0 Do Q", [0, 0, 216, 302], "page kept as it was"),
    "twice": (
        b"q 216 0 0 151 0 0 cm /Im0 Do Q q 216 0 0 151 0 151 cm /Im0 Do Q",
        [0, 0, 216, 302],
        "page kept as it was",
    ),
}


def test_a_scanners_pdf_looks_the_same_however_it_places_its_image(verapdf: VeraPdf, tmp_path: Path) -> None:
    leaves = []
    for number, (content, box, _) in enumerate(PLACINGS.values()):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf_of(kinds.jpeg(), content, box))
        leaves.append(leaf(path))
    made = building.build(leaves, tmp_path / "all.pdf", identifier="k", title="t")
    assert [note.conversion for note in made.notes] == [note for *_, note in PLACINGS.values()]
    assert refusals(verapdf, made.path, "2b") == []
    subprocess.run(["pdftoppm", "-r", "50", made.path, tmp_path / "ours"], check=True)
    for number, name in enumerate(PLACINGS):
        subprocess.run(
            ["pdftoppm", "-r", "50", "-singlefile", leaves[number].source.path, tmp_path / "theirs"], check=True
        )
        with Image.open(tmp_path / f"ours-{number + 1}.ppm") as ours, Image.open(tmp_path / "theirs.ppm") as theirs:
            both = [np.asarray(one.resize((15, 15), Image.Resampling.BOX), int) for one in (ours, theirs)]
        assert np.abs(both[0] - both[1]).mean() < 4, name
