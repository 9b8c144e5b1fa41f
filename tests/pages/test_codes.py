"""Codes on drawn sheets, and what the line makes of batches that are full of them."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gateway.clock import SystemClock
from gateway.paper import separators
from gateway.sample.pages import mimics
from gateway.sample.pages.batch import write_jpeg
from gateway.sample.pages.codes import Symbol, card_sheet, cover_sheet, receipt_sheet, separator_sheet
from gateway.sample.pages.conditions import CONDITIONS
from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from gateway.sample.pages.wear import worn
from scanning import protocol
from scanning.pool import WorkerPool
from scanning.serverless import scan_paths
from scanning.steps import barcodes, ink
from schemas.document import Barcode, ScanReason
from tests.pages.conftest import ITEM, ONE, TWO
from tests.pages.test_steps import page_of

pytestmark = [pytest.mark.pages, pytest.mark.slow]
DPI = 200
CARD = "099199000012||Lò Thị Ơi|01021999|Nữ|Bản Nà Ư, xã Nậm Sưa, tỉnh Mường Sa|15082021"
SYMBOLS = (Symbol("Code128", ITEM), Symbol("QRCode", CARD), Symbol("DataMatrix", ONE), Symbol("PDF417", ONE))
FOUR = {(symbol.symbology, symbol.text) for symbol in SYMBOLS}
BEYOND_READING = {("soft 2.5", "Code128")}
"""Bars of three pixels under a blur of 2.5 leave nothing to tell them by."""


def found(scan: Image.Image, *, whole_page: bool = False) -> tuple[Barcode, ...]:
    page = page_of(scan)
    return barcodes.find(page, ink.flatten(page.quarter), whole_page=whole_page)


def read(scan: Image.Image, *, whole_page: bool = False) -> set[tuple[str, str]]:
    return {(code.format, code.text) for code in found(scan, whole_page=whole_page)}


@pytest.fixture(scope="module")
def four() -> Image.Image:
    """A cover with four symbologies at 300 dpi."""
    return cover_sheet(SYMBOLS, random.Random(5), dpi=300)


@pytest.fixture(scope="module")
def forms() -> list[Image.Image]:
    """A cover of the house and three forms, 200 dpi."""
    return list(sheets(CoverFor(ONE, ITEM, 3, "Lò Thị Ơi"), random.Random(1), dpi=DPI))


HARDEST = ("turned 10", "quarter turns 1", "soft 2.5", "noise 25", "150 dpi", "worn")


@pytest.mark.parametrize("name", HARDEST)
def test_four_symbologies_are_read_on_a_bad_day_and_nothing_is_invented(name: str, four: Image.Image) -> None:
    condition = next(one for one in CONDITIONS if one.name == name)
    scan = condition.spoil(four, random.Random(40))
    got = read(scan)
    assert got <= FOUR
    assert {(name, kind) for kind, _ in FOUR - got} <= BEYOND_READING


def test_bars_of_a_pixel_and_a_half_are_read() -> None:
    """Code 128 at 150 dpi: 37 of 45 such sheets are read, none without the look that is three times as large."""
    sheet = cover_sheet((Symbol("Code128", "RR473124829VN"),), random.Random(5), dpi=150)
    for skew_deg in (0.0, 0.3, 1.0):
        assert read(worn(sheet, random.Random(8), skew_deg=skew_deg)) == {("Code128", "RR473124829VN")}


def middle(code: Barcode) -> tuple[float, float]:
    return sum(x for x, _ in code.box) / 4, sum(y for _, y in code.box) / 4


def test_corners_are_in_the_pages_own_pixels_whichever_look_read_the_code(four: Image.Image) -> None:
    upright = {(code.format, code.text): middle(code) for code in found(four)}
    soft = next(one for one in CONDITIONS if one.name == "soft 2.5").spoil(four, random.Random(41))
    over = {(code.format, code.text): middle(code) for code in found(soft)}
    coarse = {(code.format, code.text): middle(code) for code in found(four.resize((1240, 1754), Image.Resampling.BOX))}
    assert upright.keys() == coarse.keys() == FOUR
    assert len(over) >= 3
    for key, (x, y) in upright.items():
        assert coarse[key] == pytest.approx((x / 2, y / 2), abs=12)
        if key in over:  # turned by up to a degree about the sheet's middle
            assert over[key] == pytest.approx((x, y), abs=45)


@pytest.mark.parametrize("turns", range(4))
def test_corners_go_clockwise_from_the_symbols_own_upper_left(turns: int) -> None:
    sheet = cover_sheet(SYMBOLS, random.Random(5), dpi=DPI)
    upright = np.asarray(sheet.convert("L"))
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(upright, -turns)))  # clockwise
    width, height = turned.size
    for code in found(turned):
        points = [(x, y) for x, y in code.box]
        for _ in range(turns):  # back, counter-clockwise
            points = [(y, width - 1 - x) for x, y in points]
            width, height = height, width
        (left, top), (right, above), (_, bottom), (edge, low) = points
        assert left < right
        assert abs(above - top) < 6
        assert bottom > above
        assert low > top
        assert abs(edge - left) < 6
        width, height = turned.size
    assert {(code.format, code.text) for code in found(turned)} == FOUR


def test_zbars_corners_begin_at_the_symbols_own_upper_left() -> None:
    if not barcodes.has_zbar():
        pytest.skip("libzbar is not installed")
    upright = np.asarray(cover_sheet(SYMBOLS[:1], random.Random(5), dpi=DPI).convert("L"))
    for turns, side in enumerate(("left", "top", "right", "bottom")):
        turned = np.ascontiguousarray(np.rot90(upright, -turns))
        (code,) = barcodes._zbar(turned)
        (x, y), (right, below) = code.box[:2]
        assert {"left": x < right, "top": y < below, "right": x > right, "bottom": y > below}[side]


def test_the_same_page_gives_the_same_codes(four: Image.Image) -> None:
    scan = next(one for one in CONDITIONS if one.name == "150 dpi").spoil(four, random.Random(6))
    assert found(scan) == found(scan)


def test_pictures_and_patterns_are_no_codes(forms: list[Image.Image]) -> None:
    for seed in range(4):
        for make in (mimics.with_pictures, mimics.with_patterns):
            assert found(make(forms[1 + seed % 3], random.Random(seed)), whole_page=True) == ()


def test_both_separators_are_read_either_way_up() -> None:
    kinds: tuple[separators.Kind, ...] = ("own", "patch-t")
    for kind, text in zip(kinds, (separators.OWN_TEXT, separators.PATCH_TEXT), strict=True):
        sheet = separator_sheet(kind, dpi=150)
        scan = worn(sheet, random.Random(3), skew_deg=2)
        for side in (scan, scan.transpose(Image.Transpose.ROTATE_180)):
            assert {code.text for code in found(side)} == {text}


def test_a_separator_is_one_page_of_pdf_and_the_same_every_time() -> None:
    assert separators.pdf("own") == separators.pdf("own")
    assert separators.pdf("patch-t").startswith(b"%PDF-")


def write(folder: Path, scans: Iterator[Image.Image]) -> list[Path]:
    chance = random.Random(9)
    folder.mkdir()
    return [
        write_jpeg(worn(scan, chance, skew_deg=0.5), folder / f"{n:02d}.jpg", DPI) for n, scan in enumerate(scans, 1)
    ]


async def test_a_batch_of_covers_receipts_cards_and_separators(forms: list[Image.Image], tmp_path: Path) -> None:
    def feed() -> Iterator[Image.Image]:
        chance = random.Random(2)
        yield forms[0]
        yield receipt_sheet(TWO, chance, dpi=DPI)
        yield card_sheet(CARD, shown="0991••••••12", name="Lò Thị Ơi", dpi=DPI)
        yield separator_sheet("own", dpi=DPI)
        yield separator_sheet("patch-t", dpi=DPI)
        yield forms[1]
        yield cover_sheet((Symbol("Code128", "000.00.14.H99-26112O-0001"),), chance, dpi=DPI)
        yield forms[2]

    manifest = await scan_paths(write(tmp_path / "feed", feed()), tmp_path / "out", clock=SystemClock(), workers=1)
    assert [(d.dossier_code, len(d.pages)) for d in manifest.documents] == [(ONE, 3), (None, 1), (None, 2)]
    known, nobodys, nearly = manifest.documents
    assert known.reasons == (ScanReason.OTHER_CODE,)
    assert nobodys.reasons == (ScanReason.NO_COVER,)
    assert nearly.reasons == (ScanReason.NEAR_MISS,)
    assert nearly.pages[0].near_misses[0].candidates[0] == ONE
    assert [(item.source, item.reason) for item in manifest.quarantine] == [
        ("04.jpg", ScanReason.SEPARATOR),
        ("05.jpg", ScanReason.SEPARATOR),
    ]
    assert CARD in {code.text for code in known.pages[2].barcodes}, "the manifest of one's own files says all"


async def test_a_card_leaves_the_child_masked_unless_it_is_asked_for(tmp_path: Path) -> None:
    card = card_sheet(CARD, shown="0991••••••12", name="Lò Thị Ơi", dpi=DPI)
    (path,) = write(tmp_path / "card", iter([card]))
    job = {"path": str(path), "kind": "jpeg", "page_no": 1, "name": path.name, "sha256": "0" * 64, "whole_page": True}
    async with WorkerPool(1) as pool:
        masked = await pool.run(protocol.PAGE, deadline_s=60, **job)
        whole = await pool.run(protocol.PAGE, deadline_s=60, **job, cards=True)
    assert [code["text"] for code in masked["barcodes"]] == ["0991••••••12"]
    assert [code["text"] for code in whole["barcodes"]] == [CARD]
    assert not any(part in json.dumps(masked, ensure_ascii=False) for part in ("099199000012", "Lò", "Nậm Sưa"))
