"""Seconds a page of the scan line against the gray decode of the same JPEG, the one thing that nobody can save.

The pages are A4 in colour at 300 dpi as an office scanner writes them. In process: everything that a page goes through
(digest, decode, codes, blank, quality, skew, PDF/A, judges) alone. Through the pool: a whole feed by `scan_paths`, as
``lienthong scan`` does it, its files, journal and documents included, on as many workers as there are processors.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from scanning.raster import decode_gray
from scanning.recipe import one_page
from scanning.serverless import scan_paths

DPI = 300
INNER = 3
WORKERS = os.cpu_count() or 1


def measure(extent: Extent) -> list[Figure]:
    """A cover, an inner page, and a feed through the pool."""
    with tempfile.TemporaryDirectory(prefix="bench-scan-") as name:
        folder = Path(name)
        cover, *inner = _draw(folder / "one", 1)
        feed = _draw(folder / "feed", extent.of(6, 1))
        ours: dict[str, list[float]] = {"cover": [], "inner": [], "pool": []}
        floor: dict[str, list[float]] = {"cover": [], "inner": [], "pool": []}
        _line([cover], folder, whole_page=True)  # the first page pays for what the libraries load late
        for _ in range(extent.rounds):
            floor["cover"].append(_each(_decode, [cover]))
            ours["cover"].append(_line([cover], folder, whole_page=True))
            floor["inner"].append(_each(_decode, inner))
            ours["inner"].append(_line(inner, folder, whole_page=False))
            floor["pool"].append(_each(_decode, feed))
            ours["pool"].append(_pool(feed, folder / "out"))
    return [
        Figure(
            "scan.cover", "a cover page, codes searched on all of it ÷ its gray decode", "s/page",
            ours["cover"], floor["cover"],
        ),
        Figure(
            "scan.inner", "an inner page ÷ its gray decode (aim of the scan line's facts)", "s/page",
            ours["inner"], floor["inner"], Aim(2.5, at_most=True),
        ),
        Figure(
            "scan.pool", f"a feed of {len(feed)} pages through {WORKERS} workers ÷ gray decode on one core", "s/page",
            ours["pool"], floor["pool"],
        ),
    ]  # fmt: skip


def _draw(folder: Path, dossiers: int) -> list[Path]:
    covers = [CoverFor(f"000.00.14.H99-261120-{n + 1:04d}", pages=INNER) for n in range(dossiers)]
    return draw_batch(covers, folder, kind="jpeg", seed=1, dpi=DPI)


def _each(act: Callable[[Path], None], pages: list[Path], times: int = 3) -> float:
    """Seconds a page; the pages are read several times, because a decode alone is short."""
    began = time.perf_counter()
    for _ in range(times):
        for page in pages:
            act(page)
    return (time.perf_counter() - began) / len(pages) / times


def _decode(page: Path) -> None:
    decode_gray(page.read_bytes())


def _line(pages: list[Path], folder: Path, *, whole_page: bool) -> float:
    def act(page: Path) -> None:
        one_page(page, folder / "page.pdf", whole_page=whole_page)

    return _each(act, pages)


def _pool(feed: list[Path], out: Path) -> float:
    """Seconds a page, the start of the workers included."""
    began = time.perf_counter()
    manifest = asyncio.run(scan_paths(feed, out, clock=SystemClock(), workers=WORKERS))
    took = time.perf_counter() - began
    pages = sum(len(document.pages) for document in manifest.documents)
    if not manifest.is_clean or pages < len(feed) - len(manifest.documents):
        raise RuntimeError(f"{len(feed)} pages, {pages} in {len(manifest.documents)} documents")
    shutil.rmtree(out)
    return took / len(feed)
