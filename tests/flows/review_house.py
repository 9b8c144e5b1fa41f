"""A scanned batch behind the real door: lodged dossiers, drawn pages through the real line, originals kept."""

import asyncio
import dataclasses
import functools
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from gateway.desk.review import ReviewDesk
from gateway.sample.pages.batch import write_jpeg
from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from scanning.batch import InputFile
from scanning.intake import ORIGINALS
from scanning.journal import FileJournal
from scanning.pipeline import Pipeline
from scanning.pool import WorkerPool
from schemas.attachment import AttachedDocument
from schemas.document import ScanBatch
from schemas.dossier import Dossier
from tests.flows.edge_house import ATTACH, NOW, REVIEWS, EdgeHouse

BATCH = "20261123T020000-00000001"
DPI = 150


@dataclasses.dataclass(frozen=True)
class Scanned:
    """What lies on the desk: two dossiers of two inner pages each, in one batch."""

    house: EdgeHouse
    codes: tuple[str, str]
    folder: Path

    @property
    def desk(self) -> ReviewDesk:
        """The desk behind the screen."""
        return self.house.app[REVIEWS].desk

    async def dossier(self, which: int) -> Dossier:
        """The dossier as the store has it."""
        found = await self.house.store.read(lambda tx: tx.dossiers.find(self.codes[which]))
        assert found is not None
        return found

    async def standing(self, which: int) -> tuple[AttachedDocument, ...]:
        """Its documents that stand."""
        dossier = await self.dossier(which)
        return await self.house.store.read(lambda tx: tx.documents.of_dossier(dossier.id))

    async def acts(self, act: str) -> list[tuple[str, str]]:
        """(who, detail) of the audit rows of this kind."""
        rows = await self.house.store.read(lambda tx: tx.audit.rows(after=0))
        return [(row.act.who, row.act.detail) for row in rows if row.act.act == act]


@functools.cache
def drawn(code: str, seed: int, pages: int = 2) -> tuple[Image.Image, ...]:
    """The cover and inner sheets of a dossier; drawn once a run."""
    return tuple(sheets(CoverFor(code, None, pages), random.Random(seed), dpi=DPI))


@functools.cache
def white() -> Image.Image:
    """The back of a sheet."""
    return Image.new("RGB", (1240, 1754), (250, 250, 248))


def write_pages(pages: Sequence[Image.Image], folder: Path, name: str = "lo") -> list[Path]:
    """One JPEG a page."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_jpeg(page, folder / f"{name}-{n:02d}.jpg", DPI) for n, page in enumerate(pages, start=1)]


async def scan(house: EdgeHouse, pages: Sequence[Image.Image], batch: str = BATCH) -> Path:
    """Run pages through the line as one batch; returns where their originals are kept."""
    kept = house.settings.hot_folder / ORIGINALS / batch
    files = await asyncio.to_thread(write_pages, pages, kept)
    journal = FileJournal(house.settings.data_folder / "scan-journal.sqlite")
    try:
        async with WorkerPool(2) as pool:
            line = Pipeline(
                pool, journal, house.app[ATTACH], out_dir=house.settings.data_folder / "drafts", clock=house.clock
            )
            await line.process(
                ScanBatch(batch, "station-1", None, NOW), [InputFile(path.name, path, path) for path in files]
            )
    finally:
        journal.close()
    return kept


async def two_dossiers(house: EdgeHouse) -> Scanned:
    """Cover, 2 pages, blank back; cover, 2 pages. The first dossier counted 3 sheets at the counter, 2 came."""
    one, two = [str((await house.lodge())["code"]) for _ in range(2)]
    first, second = drawn(one, 1), drawn(two, 2)
    folder = await scan(house, [*first, white(), *second])
    return Scanned(house, (one, two), folder)


def feed(house: EdgeHouse, pages: Sequence[Image.Image], name: str) -> Path:
    """Pages beside the house, to be uploaded."""
    folder = house.settings.data_folder / "feed" / name
    shutil.rmtree(folder, ignore_errors=True)
    write_pages(pages, folder, name)
    return folder
