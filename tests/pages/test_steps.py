import io
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from gateway.sample.pages.wear import bilevel, blank_back, worn
from scanning import recipe
from scanning.page import Gray, PageImage, PageSource
from scanning.steps import barcodes, ink, skew
from scanning.steps.decode import smaller
from scanning.structure import FileKind
from tests.pages.conftest import ITEM, ONE

pytestmark = [pytest.mark.pages, pytest.mark.slow]
DPI = 200
CODES = {("Code128", ONE), ("QRCode", ONE), ("Code128", ITEM)}


def page_of(scan: Image.Image, dpi: int = DPI) -> PageImage:
    """The scan as the line decodes it."""
    gray: Gray = np.asarray(scan.convert("L"), np.uint8)
    return PageImage(PageSource(Path("drawn"), FileKind.JPEG), gray, *smaller(gray), stated_dpi=dpi)


def ink_of(scan: Image.Image) -> Gray:
    return ink.mask(ink.flatten(page_of(scan).quarter))


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


def test_skew_is_measured_clockwise_to_a_seventh_of_a_degree(clean: list[Image.Image], chance: random.Random) -> None:
    errors = []
    for sheet in clean[1:]:
        for turn in (-14.6, -0.6, 4.7, 12.9):
            errors.append(abs(skew.measure(ink_of(worn(sheet, chance, skew_deg=turn))).turn_deg - turn))
    assert float(np.median(errors)) <= 0.05
    assert float(np.quantile(errors, 0.95)) <= 0.15


def test_lines_that_run_upwards_are_measured_too(clean: list[Image.Image], chance: random.Random) -> None:
    scan = worn(clean[2], chance, skew_deg=2.4)
    for turn in (90, 270):
        found = skew.measure(ink_of(scan.rotate(turn, expand=True)))
        assert found.sideways is True
        assert found.turn_deg == pytest.approx(2.4, abs=0.15)
    assert skew.measure(ink_of(scan)).sideways is False


def test_a_page_without_lines_is_not_turned(chance: random.Random) -> None:
    assert skew.measure(ink_of(blank_back(1654, 2339, chance))) == skew.Lines(0.0, None)
    scribble = Image.new("RGB", (1654, 2339), "white")
    pen = ImageDraw.Draw(scribble)
    for _ in range(12):
        x, y, size = chance.randrange(200, 1000), chance.randrange(200, 1700), chance.randrange(100, 450)
        pen.arc((x, y, x + size, y + size), chance.randrange(360), chance.randrange(360, 700), (20, 20, 60), 6)
    assert skew.measure(ink_of(worn(scribble, chance))) == skew.Lines(0.0, None)


def test_a_batch_goes_the_whole_line_in_one_process(
    clean: list[Image.Image], chance: random.Random, tmp_path: Path
) -> None:
    paths = [tmp_path / "cover.jpg", tmp_path / "inner.jpg"]
    for path, sheet in zip(paths, clean, strict=False):
        worn(sheet, chance).save(path, "JPEG", quality=85, dpi=(DPI, DPI))
    (cover, inner), made = recipe.one_batch(paths, tmp_path / "batch.pdf")
    assert {(code.format, code.text) for code in cover.barcodes} == CODES
    assert (inner.barcodes, inner.paper, inner.reasons) == ((), "A4", ())
    assert (made.conformance, made.path.stat().st_size) == ("PDF/A-2b", made.size_bytes)
    assert [note.image_sha256 for note in made.notes] == [cover.sha256, inner.sha256]
