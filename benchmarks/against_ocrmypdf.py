"""Ten pages to PDF/A without reading their text: our whole line against OCRmyPDF, on one core, the same images.

OCRmyPDF gets the pages as one PDF of their JPEGs, its quickest way in, one job, no engine and no optimiser
(``--ocr-engine none -O0``): it rasterises each page, lays it out and judges the file. We search codes, measure skew,
sharpness, contrast and paper, look for blank sheets and the way up, build and judge. Two figures: page against page
with the start of either program left out (ours runs for months, theirs may be a library), and command against command.
"""

import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.sample.pages.batch import draw_scans, write_batch
from gateway.sample.pages.covers import CoverFor
from scanning.recipe import one_batch
from scanning.serverless import scan_paths

DPI = 300
INNER = 9
TIMES_OURS = 3
"""Runs of ours for one of theirs: it is that much shorter, and a hiccup would count for more."""


def measure(extent: Extent) -> list[Figure]:
    """Pages a second of both sides.

    Raises:
        FileNotFoundError: OCRmyPDF is not installed.
    """
    command = Path(sys.executable).with_name("ocrmypdf")
    if not command.is_file() or shutil.which("gs") is None:
        raise FileNotFoundError("ocrmypdf, of the development lock, or gs (ghostscript), which it asks for")
    with tempfile.TemporaryDirectory(prefix="bench-ocrmypdf-") as name, _one_core():
        return _measure(command, Path(name), extent)


def _measure(command: Path, folder: Path, extent: Extent) -> list[Figure]:
    cover = CoverFor("000.00.14.H99-261120-0001", pages=extent.of(INNER, 1))
    scans = draw_scans([cover], seed=1, dpi=DPI)
    pages = write_batch(scans, folder / "jpeg", kind="jpeg", dpi=DPI)
    (as_pdf,) = write_batch(scans, folder / "pdf", kind="pdf", dpi=DPI)
    del scans
    _ours(pages, folder)  # the first round pays for what the libraries load late
    sides: dict[str, list[float]] = {"line": [], "theirs": [], "scan": [], "their command": []}
    for _ in range(extent.of(2, 1)):
        begin, _ = _spent(lambda: _run([command, "--version"]))
        theirs, whole = _spent(lambda: _theirs(command, as_pdf, folder / "theirs.pdf"))
        sides["theirs"].append(len(pages) / (theirs - begin))
        sides["their command"].append(len(pages) / whole)
        line = statistics.median(_spent(lambda: _ours(pages, folder))[0] for _ in range(TIMES_OURS))
        sides["line"].append(len(pages) / line)
        scan = statistics.median(_spent(lambda: _scan(as_pdf, folder / "scan"))[1] for _ in range(TIMES_OURS))
        sides["scan"].append(len(pages) / scan)
    return [
        Figure(
            "ocrmypdf.line",
            f"pages of the whole line without text, {len(pages)} of them ÷ OCRmyPDF --ocr-engine none",
            "pages/s", sides["line"], sides["theirs"], Aim(30),
            "seconds of the one processor, which neighbours move least; its start is taken off its time",
        ),
        Figure(
            "ocrmypdf.command",
            "the same by command and by the clock on the wall, start, journal, worker and manifest in it",
            "pages/s", sides["scan"], sides["their command"],
        ),
    ]  # fmt: skip


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process and those it starts on one processor, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _ours(pages: Sequence[Path], folder: Path) -> None:
    _, made = one_batch(pages, folder / "ours.pdf")
    if made.conformance != "PDF/A-2b":
        raise RuntimeError(f"ours is {made.conformance}")


def _scan(as_pdf: Path, out: Path) -> None:
    manifest = asyncio.run(scan_paths([as_pdf], out, clock=SystemClock(), workers=1))
    if not manifest.is_clean or len(manifest.documents) != 1:
        raise RuntimeError(f"{len(manifest.documents)} documents")
    shutil.rmtree(out)


def _theirs(command: Path, as_pdf: Path, out: Path) -> None:
    _run([command, "--ocr-engine", "none", "--output-type", "pdfa", "-O0", "-j1", "--quiet", as_pdf, out])
    if not out.stat().st_size:
        raise RuntimeError("OCRmyPDF wrote nothing")


def _run(command: Sequence[str | Path]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_THREAD_LIMIT": "1"})


def _spent(act: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the processor, that of ended children included, and seconds on the wall."""
    began, before = time.perf_counter(), os.times()
    act()
    after = os.times()
    return sum(after[:4]) - sum(before[:4]), time.perf_counter() - began
