"""How a sheet lies: which way up, and where on the bed. Drawn sheets, put down in every way that people put them."""

import random
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from gateway.sample.pages.wear import worn
from scanning import recipe
from scanning.page import PageSource
from scanning.steps import crop, orientation, osd, skew
from scanning.steps.decode import smaller
from scanning.structure import FileKind
from schemas.document import Crop, PageVerdict, ScannedPage, ScanReason
from tests.pages.conftest import ITEM, ONE
from tests.pages.test_steps import DPI, ink_of

pytestmark = [pytest.mark.pages, pytest.mark.slow]
MM = DPI / 25.4
Picture = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def scans() -> list[Image.Image]:
    """Cover, application, statement, list, each turned a little and worn."""
    chance = random.Random(23)
    drawn = sheets(CoverFor(ONE, ITEM, 3, "Lò Thị Ơi"), chance, dpi=DPI)
    return [worn(sheet, chance, skew_deg=chance.uniform(-3, 3)) for sheet in drawn]


def written(scan: Image.Image, path: Path, orientation_tag: int = 1, dpi: int = DPI) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation_tag
    scan.save(path, "JPEG", quality=80, dpi=(dpi, dpi), exif=exif)
    return path


def measured(path: Path) -> ScannedPage:
    return recipe.read_page(PageSource(path, FileKind.JPEG), name=path.name, sha256="0" * 64, whole_page=True)


# --- which way up ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "turns"), [(0, (0, 90, 180, 270)), (1, (0, 90)), (2, (180, 270)), (3, (0, 90))], ids=str
)
def test_a_page_put_in_any_way_round_is_turned_upright(
    scans: list[Image.Image], tmp_path: Path, sheet: int, turns: tuple[int, ...]
) -> None:
    for turn in turns:
        page = measured(written(scans[sheet].rotate(turn, expand=True), tmp_path / "page.jpg"))
        assert ScanReason.UNSURE_WAY_UP not in page.reasons
        assert page.rotate_deg == turn  # Pillow turns the other way


def test_the_letters_of_upright_pages_raise_no_suspicion(scans: list[Image.Image]) -> None:
    for scan in scans[1:]:
        ink_mask = ink_of(scan)
        lines = skew.measure(ink_mask)
        assert lines.sideways is False
        assert orientation.letters_say(ink_mask, lines, DPI)[0] in (0, None)


def test_what_the_file_asks_for_stands_when_the_page_agrees_and_falls_when_it_does_not(
    scans: list[Image.Image], tmp_path: Path
) -> None:
    stored_sideways = scans[2].rotate(90, expand=True)
    assert measured(written(stored_sideways, tmp_path / "a.jpg", orientation_tag=6)).rotate_deg == 0
    assert measured(written(stored_sideways, tmp_path / "b.jpg", orientation_tag=8)).rotate_deg == 180
    assert measured(written(scans[2], tmp_path / "c.jpg", orientation_tag=3)).rotate_deg == 180


def test_without_tesseract_a_suspect_stays_as_it_is_and_says_so(
    scans: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(scans[2].rotate(180), tmp_path / "page.jpg")
    monkeypatch.setenv("PATH", str(tmp_path))
    osd.program.cache_clear()
    try:
        page = measured(path)
        assert (page.rotate_deg, page.verdict) == (0, PageVerdict.WARN)
        assert page.reasons == (ScanReason.UNSURE_WAY_UP,)
        upside_down = measured(written(scans[0].rotate(180), tmp_path / "cover.jpg"))
        assert (upside_down.rotate_deg, upside_down.reasons) == (180, ()), "its codes tell"
    finally:
        osd.program.cache_clear()


def test_a_batch_fed_upside_down_ends_upright_in_the_pdf(scans: list[Image.Image], tmp_path: Path) -> None:
    paths = [written(scans[n].rotate(180), tmp_path / f"{n}.jpg") for n in (0, 2)]
    pages, made = recipe.one_batch(paths, tmp_path / "out.pdf")
    assert [page.rotate_deg for page in pages] == [180, 180]
    subprocess.run(["pdftoppm", "-r", "100", "-gray", made.path, tmp_path / "drawn"], check=True)
    for n, path in zip((0, 2), sorted(tmp_path.glob("drawn-*.pgm")), strict=True):
        with Image.open(path) as image:
            drawn = small(image)
        level = small(scans[n].rotate(pages[n // 2].skew_deg, fillcolor="white"))
        assert correlation(drawn, level) > 0.9 > 0.5 > correlation(drawn, level[::-1, ::-1])


def small(image: Image.Image) -> Picture:
    return np.asarray(image.convert("L").resize((207, 293), Image.Resampling.BOX), np.float64)[15:-15, 15:-15]


def correlation(one: Picture, other: Picture) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


# --- where on the bed ------------------------------------------------------------------------------------------------


def laid(sheet: Image.Image, bed: int, turn_deg: float = 0.0, at_mm: tuple[int, int] = (40, 50)) -> Image.Image:
    """The sheet on an A4 bed of this gray level, turned clockwise, with the grain of a sensor."""
    raster = Image.new("L", (round(216 * MM), round(297 * MM)), bed)
    turned = sheet.convert("L").rotate(-turn_deg, Image.Resampling.BICUBIC, expand=True)
    cut = Image.new("L", sheet.size, 255).rotate(-turn_deg, Image.Resampling.BICUBIC, expand=True)
    raster.paste(turned, (round(at_mm[0] * MM), round(at_mm[1] * MM)), cut)
    grain = np.random.default_rng(3).normal(0, 3, raster.size[::-1])
    return Image.fromarray((np.asarray(raster) + grain).clip(0, 255).astype(np.uint8))


def a_sheet(wide_mm: float, high_mm: float, level: int = 244) -> Image.Image:
    """Print in the middle, and ink a millimetre from every edge."""
    sheet = Image.new("L", (round(wide_mm * MM), round(high_mm * MM)), level)
    pen = ImageDraw.Draw(sheet)
    width, height = sheet.size
    for y in range(height // 6, height * 5 // 6, round(6 * MM)):
        for x in range(width // 10, width * 9 // 10, round(4 * MM)):
            pen.rectangle((x, y, x + 2.6 * MM, y + 1.8 * MM), fill=40)
    edge = round(MM)
    for x, y in (
        (edge, height // 2),
        (width - 3 * edge, height // 3),
        (width // 2, edge),
        (width // 3, height - 3 * edge),
    ):
        pen.rectangle((x, y, x + 2 * edge, y + 2 * edge), fill=20)
    return sheet


def found(scan: Image.Image) -> crop.Sheet | None:
    return crop.find(smaller(np.asarray(scan, np.uint8))[1], DPI)


FORMATS = {"A5": (148, 210), "ID-1": (85.6, 54.0)}


@pytest.mark.parametrize(("bed", "turn_deg"), [(30, 0.0), (30, 4.0), (254, 0.0), (254, -3.0), (90, 2.0)])
@pytest.mark.parametrize("name", list(FORMATS))
def test_a_sheet_smaller_than_the_bed_is_cut_out_with_all_its_ink(
    tmp_path: Path, bed: int, turn_deg: float, name: str
) -> None:
    sheet = a_sheet(*FORMATS[name])
    scan = laid(sheet, bed, turn_deg)
    page = measured(written(scan.convert("RGB"), tmp_path / "page.jpg"))
    assert page.paper == name
    assert ScanReason.ODD_SIZE not in page.reasons
    assert page.crop is not None
    left, top, right, bottom = page.crop
    wide, high = ((right - left) / MM, (bottom - top) / MM)
    assert abs(wide - FORMATS[name][0]) < 3.5
    assert abs(high - FORMATS[name][1]) < 3.5
    assert page.skew_deg == pytest.approx(turn_deg, abs=0.3)
    assert ink_outside(scan, page.crop, page.skew_deg, bed) == 0


def ink_outside(scan: Image.Image, box: Crop, skew_deg: float, bed: int) -> int:
    """Dark pixels of the sheet that fall outside the box once the page is level about the box's middle."""
    left, top, right, bottom = box
    middle = ((left + right) / 2, (top + bottom) / 2)
    level = np.asarray(scan.rotate(skew_deg, Image.Resampling.BICUBIC, center=middle, fillcolor=bed)).astype(int)
    level[max(0, top) : bottom, max(0, left) : right] = bed
    # What is left shall be bed; a white bed shows ink darker than it, a dark one the paper around the ink.
    seen = level < 200 if bed > 200 else level > bed + 60
    return int(seen.sum()) if bed > 200 else int(seen.sum() > MM * 60)


def test_a_second_card_stays_inside(tmp_path: Path) -> None:
    scan = laid(a_sheet(*FORMATS["ID-1"]), 30)
    other = laid(a_sheet(*FORMATS["ID-1"]), 30, at_mm=(60, 160))
    both = Image.fromarray(np.maximum(np.asarray(scan), np.asarray(other)))
    sheet = found(both)
    assert sheet is not None
    assert not sheet.alone
    left, top, right, bottom = sheet.crop(0.0)
    assert left <= 40 * MM
    assert top <= 50 * MM
    assert right >= (60 + 85) * MM
    assert bottom >= (160 + 53) * MM


def test_paper_that_fills_the_bed_is_left_alone(scans: list[Image.Image]) -> None:
    for scan in scans:
        assert found(scan.convert("L")) is None
    framed = Image.new("L", (1654, 2339), 250)
    ImageDraw.Draw(framed).rectangle((253, 343, 1400, 1996), outline=30, width=8)  # as large as A5, and only a frame
    assert found(framed) is None
    pictured = Image.new("L", (1654, 2339), 250)
    pictured.paste(Image.radial_gradient("L").resize((1000, 900)), (300, 400))
    assert found(pictured) is None


def test_a_wrong_resolution_is_put_right_by_the_paper(scans: list[Image.Image], tmp_path: Path) -> None:
    unknown = measured(written(scans[2], tmp_path / "a.jpg", dpi=72))
    assert (unknown.dpi, unknown.paper, unknown.reasons) == (200, "A4", ())
    wrong = measured(written(scans[2], tmp_path / "b.jpg", dpi=330))
    assert (wrong.dpi, wrong.paper, wrong.reasons) == (200, "A4", (ScanReason.ODD_SIZE,))
    coarse = scans[2].resize((1240, 1754), Image.Resampling.LANCZOS)
    lied = measured(written(coarse, tmp_path / "c.jpg", dpi=330))
    assert (lied.dpi, lied.verdict, set(lied.reasons)) == (
        150,
        PageVerdict.WARN,
        {ScanReason.COARSE, ScanReason.ODD_SIZE},
    )
