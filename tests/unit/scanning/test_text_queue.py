"""The queue of documents that are still to be read, on a real journal; the reader's pages are text files."""

import asyncio
import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from scanning import stages
from scanning.journal import FileJournal
from scanning.ocr import NoTextReader, PageToRead, Reading
from scanning.pool import LineDown
from scanning.records import document_to_json
from scanning.stages import Stage
from scanning.structure import BadFile
from scanning.text_queue import LOOKS_FOR_ORIGINAL, TextQueue
from schemas.document import (
    DocumentText,
    PageVerdict,
    ScanBatch,
    ScannedDocument,
    ScannedPage,
    ScanReason,
    SetAside,
)
from schemas.errors import StoreFull
from schemas.ids import DossierCode, Sha256
from schemas.ports.documents import Delivered
from schemas.ports.journal import StageRow
from tests.pages.clock import RealClock

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
CODE = "000.00.14.H99-261120-0001"


class Shelf:
    """An inbox that keeps texts, and refuses them while ``full``."""

    def __init__(self) -> None:
        self.texts: dict[str, DocumentText] = {}
        self.full = False
        self.got = asyncio.Event()

    async def deliver(self, document: ScannedDocument) -> Delivered:
        return Delivered(document.key, repeated=False)

    async def set_aside(self, item: SetAside) -> None:
        raise AssertionError("reading sets nothing aside")

    async def read(self, text: DocumentText) -> None:
        if self.full:
            raise StoreFull
        self.texts[text.key] = text
        self.got.set()


class Lines:
    """A reader of text files: page n is line n. Some pages break it; it may be absent."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.breaks_at: dict[int, Exception] = {}
        self.absent = False

    async def read(self, page: PageToRead, *, layer: Path | None = None) -> Reading:
        assert layer is None, "a side-car lays nothing"
        if self.absent:
            raise NoTextReader("Tesseract is not installed.")
        self.asked.append((page.path.name, page.page_no, page.rotate_deg))
        if page.page_no in self.breaks_at:
            raise self.breaks_at[page.page_no]
        lines = await asyncio.to_thread(page.path.read_text, "utf-8")
        return Reading(lines.splitlines()[page.page_no - 1], 90.0, "lines 1")


@dataclasses.dataclass
class Station:
    """One batch with one file of three pages, delivered as one document."""

    folder: Path
    journal: FileJournal
    inbox: Shelf
    reader: Lines

    @property
    def kept(self) -> Path:
        return self.folder / "originals" / "lo.txt"

    def queue(self, at_once: int = 1) -> TextQueue:
        return TextQueue(self.journal, self.reader, self.inbox, clock=RealClock(), at_once=at_once)

    async def deliver(self, key: str = "k1", *, rotate_deg: int = 0, delivered: bool = True) -> None:
        batch = ScanBatch("b-1", "tram-1", None, NOW)
        await self.journal.open_batch(batch)
        pages = tuple(page(number, rotate_deg if number == 2 else 0) for number in (1, 2, 3))
        document = ScannedDocument(
            *(key, batch, 1, DossierCode(CODE), None, Sha256("b" * 64), 9, self.folder / "x.pdf", "PDF/A-2b", pages, ())
        )
        told = {"kind": "jpeg", "pages": 3, "sha256": "a" * 64, "size_bytes": 9, "kept": str(self.kept)}
        subject = stages.document_subject(key)
        await self.write(stages.file_subject("lo.txt"), Stage.INSPECTED, told)
        await self.write(subject, Stage.TEXT_WANTED, document_to_json(document))
        if delivered:
            await self.write(subject, Stage.DELIVERED, {})

    async def write(self, subject: str, stage: Stage, told: dict[str, object]) -> None:
        await self.journal.record(StageRow("b-1", subject, stage.value, json.dumps(told)))


def page(number: int, rotate_deg: int) -> ScannedPage:
    return ScannedPage(
        *("lo.txt", number, Sha256("a" * 64), 1654, 2339, 200, 0.4, False, 0.4, 180.0, (), PageVerdict.GOOD),
        rotate_deg=rotate_deg,
    )


@pytest.fixture
def station(tmp_path: Path) -> Station:
    made = Station(tmp_path, FileJournal(tmp_path / "journal.db"), Shelf(), Lines())
    made.kept.parent.mkdir()
    made.kept.write_text(f"Mã hồ sơ {CODE}\nHọ và tên: LÒ THỊ ƠI\nngày 3 tháng 11 năm 2026\n", "utf-8")
    return made


async def test_what_was_delivered_is_read_once_with_its_offers(station: Station) -> None:
    await station.deliver()
    assert await station.queue(at_once=2).drain() == 0
    text = station.inbox.texts["k1"]
    assert text.engine == "lines 1" and [told.page_no for told in text.pages] == [1, 2, 3]
    assert [told.codes for told in text.pages] == [(CODE,), (), ()]
    assert text.pages[1].names == ("LÒ THỊ ƠI",) and text.pages[2].dates == ("2026-11-03",)
    assert await station.queue().drain() == 0 and len(station.reader.asked) == 3


async def test_a_page_that_cannot_be_read_costs_its_own_words_only(station: Station) -> None:
    await station.deliver()
    station.reader.breaks_at[2] = BadFile(ScanReason.DEADLINE, "The text reader has 60 seconds.")
    assert await station.queue().drain() == 0
    text = station.inbox.texts["k1"]
    assert [told.fault for told in text.pages] == [None, ScanReason.DEADLINE, None]
    assert text.pages[1].text == "" and text.pages[2].text


async def test_after_a_crash_only_the_pages_that_were_missing_are_read(station: Station) -> None:
    await station.deliver()
    station.reader.breaks_at[3] = RuntimeError("the power is gone")
    with pytest.raises(RuntimeError):
        await station.queue().drain()
    station.reader.breaks_at.clear()
    station.reader.asked.clear()
    assert await station.queue().drain() == 0
    assert station.reader.asked == [("lo.txt", 3, 0)] and len(station.inbox.texts["k1"].pages) == 3


async def test_without_a_reader_everything_stays_owed_and_is_read_when_there_is_one(station: Station) -> None:
    await station.deliver()
    station.reader.absent = True
    queue = station.queue()
    assert await queue.drain() == 1
    assert queue.missing == "Tesseract is not installed." and not station.inbox.texts
    station.reader.absent = False
    assert await queue.drain() == 0
    assert not queue.missing and "k1" in station.inbox.texts


@pytest.mark.parametrize("down", [LineDown("The disk is full."), OSError("gone")])
async def test_a_line_that_is_down_loses_nothing(station: Station, down: Exception) -> None:
    await station.deliver()
    station.reader.breaks_at[1] = down
    assert await station.queue().drain() == 1
    station.reader.breaks_at.clear()
    assert await station.queue().drain() == 0


async def test_an_inbox_that_is_full_gets_the_text_later_without_reading_again(station: Station) -> None:
    await station.deliver()
    station.inbox.full = True
    assert await station.queue().drain() == 1
    station.inbox.full = False
    assert await station.queue().drain() == 0 and len(station.reader.asked) == 3


async def test_a_document_waits_until_it_is_delivered_and_its_original_kept(station: Station) -> None:
    await station.deliver(delivered=False)
    queue = station.queue()
    assert await queue.drain() == 1
    await station.deliver()
    away = station.kept.rename(station.kept.with_name("work"))
    assert await queue.drain() == 1 and not station.reader.asked
    away.rename(station.kept)
    assert await queue.drain() == 0


async def test_an_original_that_is_gone_for_good_is_said_and_ends_the_wait(station: Station) -> None:
    await station.deliver()
    station.kept.unlink()
    await station.journal.close_batch("b-1")
    queue = station.queue()
    left = [await queue.drain() for _ in range(LOOKS_FOR_ORIGINAL)]
    assert left == [1] * (LOOKS_FOR_ORIGINAL - 1) + [0]
    assert {told.fault for told in station.inbox.texts["k1"].pages} == {ScanReason.UNREADABLE}


async def test_what_was_read_for_a_layer_is_not_read_again_and_a_page_turned_since_is(station: Station) -> None:
    layer = {"text": "từ lớp chữ", "confidence": 95.0, "engine": "lines 1", "layer": "/gone.pdf", "rotate_deg": 0}
    await station.deliver()
    await station.write(stages.page_subject("lo.txt", 1), Stage.READ, layer)
    assert await station.queue().drain() == 0
    assert [asked[1] for asked in station.reader.asked] == [2, 3]
    assert station.inbox.texts["k1"].pages[0].text == "từ lớp chữ"
    station.reader.asked.clear()
    await station.deliver("k2", rotate_deg=180)  # a person turned the second page and sent a new version
    assert await station.queue().drain() == 0
    assert station.reader.asked == [("lo.txt", 2, 180)]


async def test_the_queue_runs_on_when_it_is_rung(station: Station) -> None:
    queue = station.queue()
    running = asyncio.create_task(queue.run())
    await station.deliver()
    queue.ring()
    await asyncio.wait_for(station.inbox.got.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "k1" in station.inbox.texts
