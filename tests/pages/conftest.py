"""Drawn batches and a pool of workers, each made once."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind, draw_scans, write_batch
from gateway.sample.pages.covers import CoverFor
from scanning.pool import WorkerPool
from schemas.document import DocumentText, ScannedDocument, SetAside
from schemas.ports.documents import Delivered

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
ONE, TWO = "000.00.14.H99-261120-0001", "000.00.14.H99-261120-0002"
ITEM = "EL000000005VN"
COVERS = (CoverFor(ONE, ITEM, 2, "Lò Thị Ơi"), CoverFor(TWO, None, 1, "Giàng A Tủa"))
PAGES = 5


class Inbox:
    """A document inbox in memory that remembers every call, also the repeated ones."""

    def __init__(self) -> None:
        self.documents: dict[str, ScannedDocument] = {}
        self.bytes: dict[str, bytes] = {}
        self.aside: dict[str, SetAside] = {}
        self.texts: dict[str, DocumentText] = {}
        self.calls = 0

    async def deliver(self, document: ScannedDocument) -> Delivered:
        self.calls += 1
        repeated = document.key in self.documents
        if not repeated:
            self.documents[document.key] = document
            self.bytes[document.key] = document.path.read_bytes()
        return Delivered(document.key, repeated)

    async def set_aside(self, item: SetAside) -> None:
        self.aside[item.key] = item

    async def read(self, text: DocumentText) -> None:
        self.texts[text.key] = text


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, list[Path]]:
    """The same two dossiers as each kind of scanner delivers them, seed 7, 200 dpi."""
    kinds: tuple[Kind, ...] = ("jpeg", "tiff", "pdf")
    scans = draw_scans(COVERS, seed=7)
    return {kind: write_batch(scans, tmp_path_factory.mktemp(kind), kind=kind) for kind in kinds}


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with WorkerPool(2) as workers:
        yield workers
