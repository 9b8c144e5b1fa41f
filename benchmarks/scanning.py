"""Seconds a page of the scan line against the gray decode of the same JPEGs, the one thing that nobody can save.

The pages are A4 in colour at 300 dpi as an office scanner writes them, a batch is one cover and nine inner pages. In
process, on one core: everything that a batch goes through (digest, decode, codes, crop, way up, skew, blank, quality,
PDF/A, judges). Through the pool: a feed of several dossiers by the pipeline, its journal and documents included, with
one worker and with two; and the size of a worker over 500 pages, which must stay flat.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from scanning import protocol
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import WorkerPool
from scanning.raster import decode_gray
from scanning.recipe import inspect, one_batch
from scanning.serverless import FolderInbox
from scanning.worker import keep_heap
from schemas.document import ScanBatch

DPI = 300
INNER = 9
PAGES_OF_A_WORKER = 500
MEMORY_MOST_MB = 400.0


def measure(extent: Extent) -> list[Figure]:
    """A batch in process, a feed through the pool, the memory of a worker."""
    with tempfile.TemporaryDirectory(prefix="bench-scan-") as name:
        folder = Path(name)
        batch = _draw(folder / "one", 1, inner=extent.of(INNER, 1))
        keep_heap()  # as every worker does, and for the floor alike
        return [*_line(batch, folder, extent), *_pool(folder, extent), *_memory(batch, extent)]


def _draw(folder: Path, dossiers: int, inner: int) -> list[Path]:
    covers = [CoverFor(f"000.00.14.H99-261120-{n + 1:04d}", pages=inner) for n in range(dossiers)]
    return draw_batch(covers, folder, kind="jpeg", seed=1, dpi=DPI)


# --- in process ------------------------------------------------------------------------------------------------------


def _line(batch: Sequence[Path], folder: Path, extent: Extent) -> list[Figure]:
    def whole() -> None:
        pages, _ = one_batch(batch, folder / "batch.pdf")
        if any(page.reasons for page in pages) or not pages[0].barcodes:
            raise RuntimeError("a drawn page is not read as it was drawn")

    def decode() -> None:
        for page in batch:
            decode_gray(page.read_bytes())

    whole()  # the first round pays for what the libraries load late
    ours, floor = _in_turns(whole, decode, extent.of(5, 1))
    each = [seconds / len(batch) for seconds in ours]
    return [
        Figure(
            "scan.line", f"the whole line for one cover and {len(batch) - 1} inner pages ÷ their gray decode, one core",
            "s/page", each, [seconds / len(batch) for seconds in floor], Aim(2.5, at_most=True),
        ),
    ]  # fmt: skip


def _in_turns(ours: Callable[[], None], floor: Callable[[], None], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of both, the floor before and after ours, so that a machine that slows down slows both."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        before = _seconds(floor)
        took[0].append(_seconds(ours))
        took[1].append((before + _seconds(floor)) / 2)
    return took


def _seconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


# --- through the pool ------------------------------------------------------------------------------------------------


def _pool(folder: Path, extent: Extent) -> list[Figure]:
    feed = _draw(folder / "feed", extent.of(8, 2), inner=3)
    one: list[float] = []
    two: list[float] = []
    for _ in range(extent.rounds):
        one.append(_feed(feed, folder / "out", workers=1))
        two.append(_feed(feed, folder / "out", workers=2))
    return [
        Figure(
            "scan.two_workers", f"pages a second of two workers ÷ one, over a feed of {len(feed)} pages", "pages/s",
            [len(feed) / seconds for seconds in two], [len(feed) / seconds for seconds in one], Aim(1.8),
            "workers that have started; needs two free processors",
        ),
    ]  # fmt: skip


def _feed(feed: Sequence[Path], out: Path, *, workers: int) -> float:
    out.mkdir()
    took = asyncio.run(_processed(feed, out, workers))
    shutil.rmtree(out)
    return took


async def _processed(feed: Sequence[Path], out: Path, workers: int) -> float:
    """Seconds of one batch on workers that have started; a station starts them once a day."""
    journal = FileJournal(":memory:")
    async with WorkerPool(workers) as pool:
        await asyncio.gather(*(pool.run(protocol.INSPECT, deadline_s=60, path=str(feed[0])) for _ in range(workers)))
        line = Pipeline(pool, journal, FolderInbox(out), out_dir=out / "drafts", clock=SystemClock())
        batch = ScanBatch("bench", "bench", None, SystemClock().now())
        began = time.perf_counter()
        report = await line.process(batch, [InputFile(path.name, path, path) for path in feed])
        took = time.perf_counter() - began
    journal.close()
    pages = sum(len(document.pages) for document in report.documents)
    if report.set_aside or pages != len(feed):
        raise RuntimeError(f"{len(feed)} pages, {pages} in {len(report.documents)} documents")
    return took


# --- memory ----------------------------------------------------------------------------------------------------------


def _memory(batch: Sequence[Path], extent: Extent) -> list[Figure]:
    """Resident size of one child after each of many page jobs; it is replaced after 500 jobs, so there are no more."""
    sizes = asyncio.run(_sizes(batch, extent.of(PAGES_OF_A_WORKER - 1, 12)))
    settled = len(sizes) // 10  # the first pages load what the libraries load late
    early, late = (statistics.median(part) for part in (sizes[settled : 2 * settled + 1], sizes[-settled - 1 :]))
    return [
        Figure(
            "scan.worker_mb", f"largest resident size of a worker over {len(sizes)} pages", "MB",
            [max(sizes)], aim=Aim(MEMORY_MOST_MB, at_most=True),
            note=f"first page {sizes[0]:.0f} MB, second tenth {early:.0f} MB, last tenth {late:.0f} MB",
        ),
        Figure("scan.worker_growth", "resident size over the last tenth of the pages ÷ over the second tenth", "MB",
               [late], [early], Aim(1.05, at_most=True)),
    ]  # fmt: skip


async def _sizes(batch: Sequence[Path], jobs: int) -> list[float]:
    sizes: list[float] = []
    found = [inspect(path) for path in batch]
    async with WorkerPool(1) as pool:
        for n in range(jobs):
            place = n % len(batch)
            await pool.run(
                protocol.PAGE,
                deadline_s=60,
                path=str(batch[place]),
                kind=found[place].kind,
                page_no=1,
                name=batch[place].name,
                sha256=found[place].sha256,
                whole_page=place == 0,
            )
            sizes.append(_resident_mb(pool.pids[0]))
    return sizes


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
