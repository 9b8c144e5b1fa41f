import io
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from gateway.sample.pages.wear import bilevel, blank_back, worn
from scanning import recipe
from scanning.page import Gray, PageImage, PageSource
from scanning.steps import barcodes, blank, ink, quality, skew
from scanning.structure import FileKind
from schemas.document import PageVerdict, ScanReason
from tests.pages.conftest import ITEM, ONE

pytestmark = [pytest.mark.pages, pytest.mark.slow]
DPI = 200
CODES = {("Code128", ONE), ("QRCode", ONE), ("Code128", ITEM)}


def page_of(scan: Image.Image) -> PageImage:
    """The scan as the line decodes it."""
    gray: Gray = np.asarray(scan.convert("L"), np.uint8)
    half = (gray.shape[1] // 4, gray.shape[0] // 4)
    quarter = np.asarray(cv2.resize(gray, half, interpolation=cv2.INTER_AREA), np.uint8)
    eighth = np.asarray(cv2.resize(quarter, (half[0] // 2, half[1] // 2), interpolation=cv2.INTER_AREA), np.uint8)
    return PageImage(PageSource(Path("drawn"), FileKind.JPEG), gray, quarter, eighth, DPI)


def read(scan: Image.Image, *, whole_page: bool) -> set[tuple[str, str]]:
    """Codes found on the scan."""
    page = page_of(scan)
    found = barcodes.find(page, ink.flatten(page.quarter), whole_page=whole_page)
    return {(code.format, code.text) for code in found}


@pytest.fixture(scope="module")
def clean() -> list[Image.Image]:
    """Cover, application, statement, list: drawn, not worn."""
    return list(sheets(CoverFor(ONE, ITEM, 3, "Lò Thị Ơi"), random.Random(1), dpi=DPI))


@pytest.fixture
def chance() -> random.Random:
    return random.Random(11)


def conditions(cover: Image.Image, chance: random.Random) -> Iterator[tuple[str, Image.Image]]:
    """The cover as bad days deliver it."""
    yield "skew 3", worn(cover, chance, skew_deg=3)
    yield "skew -8", worn(cover, chance, skew_deg=-8)
    yield "noise", worn(cover, chance, noise=25)
    scan = worn(cover, chance, skew_deg=1)
    yield "black and white", bilevel(scan)
    yield "faint", scan.point([round(level * 0.35 + 120) for level in range(256)] * 3)
    yield "upside down", scan.rotate(180)
    yield "on its side", scan.rotate(90, expand=True)
    buffer = io.BytesIO()
    scan.save(buffer, "JPEG", quality=40)
    yield "JPEG 40", Image.open(buffer)


def test_codes_of_a_cover_are_read_in_regions_and_on_the_whole_page(
    clean: list[Image.Image], chance: random.Random
) -> None:
    missed = [
        (name, whole_page)
        for name, scan in conditions(clean[0], chance)
        for whole_page in (False, True)
        if read(scan, whole_page=whole_page) != CODES
    ]
    assert missed == []


def test_a_page_of_print_has_no_codes(clean: list[Image.Image], chance: random.Random) -> None:
    assert [read(worn(sheet, chance), whole_page=True) for sheet in clean[1:]] == [set()] * 3


def test_skew_is_measured_clockwise_to_a_fifth_of_a_degree(clean: list[Image.Image], chance: random.Random) -> None:
    errors = []
    for sheet in clean[1:]:
        for turn in (-8.3, -0.6, 0.0, 1.3, 4.7):
            errors.append(abs(skew.angle_deg(page_of(worn(sheet, chance, skew_deg=turn))) - turn))
    assert float(np.median(errors)) <= 0.05
    assert float(np.quantile(errors, 0.95)) <= 0.2


def test_a_page_without_lines_is_not_turned(chance: random.Random) -> None:
    assert skew.angle_deg(page_of(blank_back(1654, 2339, chance))) == 0.0


def judged(scan: Image.Image) -> blank.Blankness:
    return blank.judge(ink.mask(ink.flatten(page_of(scan).quarter)))


def test_blank_is_judged_by_shapes_and_not_by_the_amount_of_ink(
    clean: list[Image.Image], chance: random.Random
) -> None:
    width, height = clean[0].size
    white = Image.new("RGB", (width, height), "white")
    dirty = white.copy()
    pen = ImageDraw.Draw(dirty)
    for top in (height * 0.36, height * 0.64):  # punch holes of 6 mm
        pen.ellipse((60, top, 108, top + 48), fill=(30, 30, 30))
    for _ in range(30):
        x, y = chance.randrange(width), chance.randrange(height)
        pen.point([(x, y), (x + 1, y)], fill=(0, 0, 0))
    numbered = white.copy()
    ImageDraw.Draw(numbered).text(
        (width // 2, height * 0.92), "- 7 -", fill=(20, 20, 20), font=ImageFont.load_default(33)
    )
    shown_through = Image.blend(white, clean[2].transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.08)
    assert judged(worn(white, chance)) is blank.Blankness.BLANK
    assert judged(worn(dirty, chance)) is blank.Blankness.BLANK
    assert judged(worn(shown_through, chance)) is blank.Blankness.BLANK
    assert judged(worn(numbered, chance)) is blank.Blankness.DOUBT
    assert [judged(worn(sheet, chance)) for sheet in clean] == [blank.Blankness.WRITTEN] * 4


def verdict_on(scan: Image.Image) -> tuple[PageVerdict, tuple[ScanReason, ...]]:
    page = page_of(scan)
    mask = ink.mask(ink.flatten(page.quarter))
    return quality.verdict(quality.sharpness(page, mask), quality.contrast(page.quarter), page.dpi)


def test_blur_and_faint_print_are_told_apart_from_noise(clean: list[Image.Image], chance: random.Random) -> None:
    scan = worn(clean[2], chance)
    assert verdict_on(scan) == (PageVerdict.GOOD, ())
    assert verdict_on(worn(clean[2], chance, noise=12))[0] is PageVerdict.GOOD
    assert verdict_on(scan.filter(ImageFilter.GaussianBlur(3))) == (PageVerdict.RESCAN, (ScanReason.BLURRED,))
    faint = scan.point([round(level * 0.2 + 200) for level in range(256)] * 3)
    assert verdict_on(faint)[1] == (ScanReason.FAINT,)
    assert quality.verdict(0.5, 190, 150) == (PageVerdict.WARN, (ScanReason.COARSE,))


def test_one_page_goes_the_whole_line_in_one_process(
    clean: list[Image.Image], chance: random.Random, tmp_path: Path
) -> None:
    path = tmp_path / "page.jpg"
    worn(clean[0], chance).save(path, "JPEG", quality=85, dpi=(DPI, DPI))
    page, made = recipe.one_page(path, tmp_path / "page.pdf")
    assert {(code.format, code.text) for code in page.barcodes} == CODES
    assert (made.conformance, made.path.stat().st_size) == ("PDF/A-2b", made.size_bytes)
    assert made.notes[0].image_sha256 == page.sha256
