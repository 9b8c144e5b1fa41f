"""What a page is judged to be: blank, sharp, faint; on generated conditions."""

import random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from gateway.sample.pages.wear import worn
from scanning.steps import blank, quality
from schemas.document import PageVerdict, ScanReason
from tests.pages.conftest import ITEM, ONE
from tests.pages.test_steps import DPI, ink_of, page_of

pytestmark = [pytest.mark.pages, pytest.mark.slow]
WIDTH, HEIGHT = 1654, 2339
BLANK, DOUBT, WRITTEN = blank.Blankness.BLANK, blank.Blankness.DOUBT, blank.Blankness.WRITTEN


@pytest.fixture(scope="module")
def printed() -> list[Image.Image]:
    """Cover, application, statement, list: drawn, not worn."""
    return list(sheets(CoverFor(ONE, ITEM, 3, "Lò Thị Ơi"), random.Random(1), dpi=DPI))


@pytest.fixture
def chance() -> random.Random:
    return random.Random(11)


def white(level: int = 255) -> Image.Image:
    return Image.new("RGB", (WIDTH, HEIGHT), (level, level, level))


def judged(scan: Image.Image) -> blank.Blankness:
    return blank.judge(ink_of(scan))


def test_dust_punch_holes_gray_paper_and_the_other_side_leave_a_sheet_blank(
    printed: list[Image.Image], chance: random.Random
) -> None:
    dirty = white()
    pen = ImageDraw.Draw(dirty)
    for top in (HEIGHT * 0.36, HEIGHT * 0.64):  # punch holes of 6 mm
        pen.ellipse((60, top, 108, top + 48), fill=(30, 30, 30))
    for _ in range(30):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        pen.point([(x, y), (x + 1, y)], fill=(0, 0, 0))
    shown_through = Image.blend(white(), printed[2].transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.08)
    assert [judged(worn(sheet, chance)) for sheet in (white(), dirty, shown_through, white(178))] == [BLANK] * 4


def test_a_page_number_or_a_signature_alone_is_a_doubt_and_never_blank(chance: random.Random) -> None:
    numbered, signed = white(), white()
    place = (WIDTH // 2, int(HEIGHT * 0.92))
    ImageDraw.Draw(numbered).text(place, "- 7 -", fill=(20, 20, 20), font=ImageFont.load_default(33))
    curve = [(900 + 5 * n, 1700 + int(60 * np.sin(n / 4)) - n // 2) for n in range(70)]
    ImageDraw.Draw(signed).line(curve, fill=(30, 30, 120), width=4)
    assert judged(worn(numbered, chance)) is DOUBT
    assert judged(worn(signed, chance)) in (DOUBT, WRITTEN)


def test_every_printed_sheet_is_written_on(printed: list[Image.Image], chance: random.Random) -> None:
    assert [judged(worn(sheet, chance)) for sheet in printed] == [WRITTEN] * 4


def verdict_on(scan: Image.Image) -> tuple[PageVerdict, tuple[ScanReason, ...]]:
    page = page_of(scan)
    contrast = quality.contrast(page.quarter)
    return quality.verdict(quality.sharpness(page, ink_of(scan), contrast), contrast, DPI)


def washed(scan: Image.Image, share: float) -> Image.Image:
    """Less contrast, on the same paper."""
    return scan.point([round(250 - (250 - level) * share) for level in range(256)] * 3)


@pytest.mark.parametrize("sheet", [1, 2, 3])
def test_blur_is_told_from_noise_and_from_faint_print(
    printed: list[Image.Image], chance: random.Random, sheet: int
) -> None:
    clean = printed[sheet]
    scan = worn(clean, chance)
    assert verdict_on(scan) == (PageVerdict.GOOD, ())
    assert verdict_on(worn(clean, chance, noise=12)) == (PageVerdict.GOOD, ())
    assert verdict_on(worn(clean, chance, skew_deg=9)) == (PageVerdict.GOOD, ())
    for less in (0.6, 0.3):
        assert ScanReason.BLURRED not in verdict_on(washed(scan, less))[1]
    for more in (3, 4):
        blurred = scan.filter(ImageFilter.GaussianBlur(more))
        for condition in (blurred, washed(blurred, 0.6)):
            verdict, reasons = verdict_on(condition)
            assert (verdict, ScanReason.BLURRED in reasons) == (PageVerdict.RESCAN, True)
    assert verdict_on(worn(clean.filter(ImageFilter.GaussianBlur(4)), chance, noise=8))[0] is not PageVerdict.GOOD


def test_blur_between_is_a_warning(printed: list[Image.Image], chance: random.Random) -> None:
    scan = worn(printed[2], chance)
    verdicts = [verdict_on(scan.filter(ImageFilter.GaussianBlur(n / 10)))[0] for n in range(4, 30, 2)]
    order = [PageVerdict.GOOD, PageVerdict.WARN, PageVerdict.RESCAN]
    assert sorted(verdicts, key=order.index) == verdicts
    assert set(verdicts) == set(order)


def test_the_gates_stand_where_they_are_written() -> None:
    gate = quality.verdict
    assert gate(0.35, 80, 200) == (PageVerdict.GOOD, ())
    assert gate(0.34, 80, 200) == gate(0.28, 80, 200) == (PageVerdict.WARN, (ScanReason.BLURRED,))
    assert gate(0.27, 80, 200) == (PageVerdict.RESCAN, (ScanReason.BLURRED,))
    assert gate(0.5, 79, 200) == gate(0.5, 40, 200) == (PageVerdict.WARN, (ScanReason.FAINT,))
    assert gate(0.5, 39, 200) == (PageVerdict.RESCAN, (ScanReason.FAINT,))
    assert gate(0.5, 190, 150) == (PageVerdict.WARN, (ScanReason.COARSE,))
    assert gate(None, 190, 300) == (PageVerdict.GOOD, ())
    assert gate(0.2, 30, 150) == (PageVerdict.RESCAN, (ScanReason.BLURRED, ScanReason.FAINT, ScanReason.COARSE))
