"""How many of the codes on cover pages are read, how many wrongly, and what that costs against a gray decode.

Covers with four symbologies in office print sizes, and the house's own cover, each under eighteen conditions, with
seeds that nothing was tuned on. A text that is read and was not printed is a wrong read; so is any code on pages that
have none: forms under the same conditions, forms with pictures, screens of dots, chequers and random bars over them.
Seconds are those of the processor: a single page is too short for a machine that others use.
"""

import io
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from benchmarks.figures import Aim, Extent, Figure
from gateway.sample.pages import mimics
from gateway.sample.pages.codes import Symbol, cover_sheet
from gateway.sample.pages.conditions import CONDITIONS, DRAWN_DPI, under_all
from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from scanning.page import PageSource
from scanning.raster import decode_gray
from scanning.steps import barcodes, ink
from scanning.steps.decode import decode
from scanning.structure import FileKind
from schemas.numbers import s10

SEED = 7100
QUALITY = 85
Codes = frozenset[tuple[str, str]]
Scan = tuple[str, Image.Image, Codes]
"""Condition, page, and what is printed on it."""


@dataclass(slots=True)
class _Tally:
    """What one way of searching came to over a set of pages."""

    whole_page: bool
    ours_s: list[float] = field(default_factory=list)
    floor_s: list[float] = field(default_factory=list)
    printed: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    missed_where: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return 1 - self.missed.total() / max(1, self.printed.total())

    @property
    def note(self) -> str:
        """Read of printed by symbology, and where the rest was missed."""
        kinds = ", ".join(f"{kind} {many - self.missed[kind]}/{many}" for kind, many in sorted(self.printed.items()))
        where = ", ".join(f"{condition} {many}" for condition, many in self.missed_where.most_common())
        return f"{kinds}; missed: {where or 'nothing'}"

    def take(self, scan: Scan, jpeg: Path) -> None:
        """Search the page in ``jpeg``, which is that of ``scan``."""
        condition, _, codes = scan
        self.floor_s.append(min(_decode_s(jpeg) for _ in range(2)))
        page = decode(PageSource(jpeg, FileKind.JPEG))
        flat = ink.flatten(page.quarter)
        began = time.process_time()
        found = barcodes.find(page, flat, whole_page=self.whole_page)
        self.ours_s.append(time.process_time() - began)
        got = {(code.format, code.text) for code in found}
        self.wrong += [f"{condition}: {kind} {text!r}" for kind, text in got - codes]
        self.printed.update(kind for kind, _ in codes)
        self.missed.update(kind for kind, _ in codes - got)
        self.missed_where[condition] += len(codes - got)
        self.missed_where = +self.missed_where


def measure(extent: Extent) -> list[Figure]:
    """Covers searched whole, the same as inner pages, and pages without codes."""
    first, inner, forms, mimicry = _Tally(True), _Tally(False), _Tally(False), _Tally(True)
    with tempfile.TemporaryDirectory(prefix="bench-codes-") as folder:
        jpeg = Path(folder) / "page.jpg"
        for scan in _covers(extent):
            _press(scan, jpeg)
            first.take(scan, jpeg)
            inner.take(scan, jpeg)
        for scan in _forms(extent):
            _press(scan, jpeg)
            forms.take(scan, jpeg)
        for scan in _mimics(extent):
            _press(scan, jpeg)
            mimicry.take(scan, jpeg)
    wrong = [text for tally in (first, inner, forms, mimicry) for text in tally.wrong]
    without = len(forms.ours_s) + len(mimicry.ours_s)
    searched = len(first.ours_s) * 2 + without
    return [
        Figure(
            "codes.recall", f"codes read on {len(first.ours_s)} covers, {len(CONDITIONS)} conditions", "share",
            [first.recall], aim=Aim(0.95), note=first.note,
        ),
        Figure(
            "codes.recall.inner", "the same pages where no cover is expected", "share",
            [inner.recall], aim=Aim(0.95), note=inner.note,
        ),
        Figure(
            "codes.wrong", f"wrong reads in {searched} searches, {without} of them on pages without a code", "reads",
            [len(wrong)], aim=Aim(0, at_most=True), note="; ".join(wrong),
        ),
        Figure(
            "codes.cover", "searching a cover page ÷ its gray decode", "s/page",
            first.ours_s, first.floor_s, Aim(2, at_most=True),
        ),
        Figure(
            "codes.form", "searching an inner form without codes ÷ its gray decode", "s/page",
            forms.ours_s, forms.floor_s, Aim(0.6, at_most=True),
        ),
        Figure(
            "codes.mimic", "searching a page of pictures or patterns ÷ its gray decode: the budget of further looks",
            "s/page", mimicry.ours_s, mimicry.floor_s,
        ),
    ]  # fmt: skip


def _covers(extent: Extent) -> Iterator[Scan]:
    for number in range(extent.of(2, 1)):
        chance = random.Random(SEED + number)
        code = f"000.00.14.H99-2611{chance.randint(10, 28)}-{chance.randint(1, 9999):04d}"
        item = s10.mint("RR", chance.randint(0, 99_999_999))
        card = (
            f"0990{chance.randint(10, 99)}{chance.randint(0, 999999):06d}||Lường Thị Mỷ|"
            f"0102{chance.randint(1950, 2003)}|Nữ|Bản Huổi Lè, xã Chiềng Đoọng, tỉnh Mường Sa|15082021"
        )
        symbols = (Symbol("Code128", item), Symbol("QRCode", card), Symbol("DataMatrix", code), Symbol("PDF417", code))
        four = frozenset((symbol.symbology, symbol.text) for symbol in symbols)
        own = frozenset({("Code128", code), ("QRCode", code), ("Code128", item)})
        yield from _under_all(cover_sheet(symbols, chance, dpi=DRAWN_DPI), four, SEED + number, extent)
        yield from _under_all(
            next(sheets(CoverFor(code, item, 1), chance, dpi=DRAWN_DPI)), own, SEED + 50 + number, extent
        )


def _forms(extent: Extent) -> Iterator[Scan]:
    _, *inner = sheets(CoverFor("000.00.14.H99-261120-0001", pages=3), random.Random(SEED), dpi=DRAWN_DPI)
    for number, form in enumerate(inner[: extent.of(3, 1)]):
        yield from _under_all(form, frozenset(), SEED + number, extent)


def _mimics(extent: Extent) -> Iterator[Scan]:
    _, *inner = sheets(CoverFor("000.00.14.H99-261120-0001", pages=3), random.Random(SEED), dpi=DRAWN_DPI)
    for number in range(extent.of(20, 2)):
        chance = random.Random(SEED + number)
        make = (mimics.with_pictures, mimics.with_patterns)[number % 2]
        yield make.__name__, make(inner[number % 3], chance), frozenset()


def _under_all(clean: Image.Image, codes: Codes, seed: int, extent: Extent) -> Iterator[Scan]:
    for condition, page in under_all(clean, seed=seed, only=CONDITIONS[:: extent.of(1, 9)]):
        yield condition.name, page, codes


def _press(scan: Scan, jpeg: Path) -> None:
    buffer = io.BytesIO()
    scan[1].save(buffer, "JPEG", quality=QUALITY, dpi=(DRAWN_DPI, DRAWN_DPI))
    jpeg.write_bytes(buffer.getvalue())


def _decode_s(jpeg: Path) -> float:
    data = jpeg.read_bytes()
    began = time.process_time()
    decode_gray(data)
    return time.process_time() - began
