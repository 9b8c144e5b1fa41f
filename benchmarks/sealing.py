"""Sealing against what nobody can save: one RSA-2048 signature and one SHA-256 over the same bytes.

The documents are what the line makes of A4 pages in colour at 300 dpi. A seal is all of it: reading the approved file,
appending, signing, the check (prefix, added objects, pyHanko's validation of the whole file), writing, the disk. Level
B-B with a key in memory: a time stamp costs what its authority takes.
"""

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Aim, Extent, Figure
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from scanning import building
from scanning.approved import PdfA
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.seal_check import Level
from scanning.seal_keys import FileKey, SealKey
from scanning.structure import FileKind
from scanning.verify import judge
from tests.pages.seal.authority import PASSPHRASE, UNIT, Kind, World, file_key, make_sealer, running_authority

DPI = 300
INNER = 9


def measure(extent: Extent) -> list[Figure]:
    """A document of a cover and nine pages and one of a single page, without and with a stamp."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-seal-") as name, running_authority(Path(name)) as world:
        pages = draw_batch(
            [CoverFor("000.00.14.H99-261120-0001", pages=INNER)], Path(name) / "pages", kind="jpeg", seed=1, dpi=DPI
        )
        p12 = world.p12(world.issue(UNIT, world.middle))
        key = FileKey(p12, PASSPHRASE.encode())
        batch = _approved(pages[: extent.of(INNER + 1, 2)], Path(name) / "batch.pdf")
        page = _approved(pages[1:2], Path(name) / "page.pdf")
        for document, says, approved in (
            ("batch", f"a document of {INNER + 1} pages", batch),
            ("page", "one page", page),
        ):
            for visible in (False, True):
                floor, ours = [], []
                for _ in range(extent.rounds):
                    floor.append(_floor(approved, key, extent.of(50, 1)))
                    ours.append(_seal(approved, world, p12, extent.of(20, 1), visible=visible))
                figures.append(
                    Figure(
                        f"seal.{document}{'.visible' if visible else ''}",
                        f"{says} ({approved.size_bytes / 1e6:.1f} MB) sealed {'visibly' if visible else 'invisibly'} "
                        "÷ one RSA-2048 signature and SHA-256 of its bytes",
                        "s",
                        ours,
                        floor,
                        None if visible else Aim(10, at_most=True),
                    )
                )
    return figures


def _approved(pages: Sequence[Path], out: Path) -> PdfA:
    leaves = [Leaf(PageSource(path, FileKind.JPEG), dpi=DPI) for path in pages]
    building.build(leaves, out, identifier="k", title="Hồ sơ mẫu")
    return judge(out, flavour="2b")


def _floor(approved: PdfA, key: SealKey, times: int) -> float:
    data = approved.path.read_bytes()
    began = time.perf_counter()
    for _ in range(times):
        key.sign(hashlib.sha256(data).digest())
    return (time.perf_counter() - began) / times


def _seal(approved: PdfA, world: World, p12: Path, times: int, *, visible: bool) -> float:
    async def run() -> float:
        sealer = make_sealer(world, Kind(Level.B_B, visible), file_key(p12))
        await sealer.check()
        # a new name each time, as in the line: a rename over a file makes some file systems write it out first
        outs = [approved.path.with_suffix(f".{n}.pdf") for n in range(times + 1)]
        await sealer.seal(approved, outs[0])  # the first one pays for what the libraries load late
        began = time.perf_counter()
        for out in outs[1:]:
            await sealer.seal(approved, out)
        took = (time.perf_counter() - began) / times
        await sealer.aclose()
        for out in outs:
            out.unlink()
        return took

    return asyncio.run(run())
