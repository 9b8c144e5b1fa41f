"""Delivered documents whose words are still to be read: slowly, behind everything else, and nothing is forgotten.

The journal is the queue. A document that the line wants read has the stage ``text_wanted``; once its text is with the
inbox it has ``read``. A page is written down as soon as it is read, so kill -9 costs the pages under way and no more.
The document is with the inbox all that time: people use it, its bytes never change for its text.

Pages come from the originals. A page that cannot be read costs its own words only, and its text says why; a page that
was read for a text layer before the PDF was bound is not read again. A machine without a reader keeps what it owes.
"""

import asyncio
import collections
import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scanning import stages, words
from scanning.bounded import in_order
from scanning.ocr import NoTextReader, PageReader, PageToRead, Reading, reading_from_json, reading_to_json
from scanning.pool import LineDown
from scanning.protocol import Json
from scanning.records import document_from_json
from scanning.stages import Stage
from scanning.structure import BadFile
from schemas.document import DocumentText, ScannedDocument, ScannedPage, ScanReason, TextOfPage
from schemas.errors import LienthongError
from schemas.ports.clock import Clock
from schemas.ports.documents import DocumentInbox
from schemas.ports.journal import ScanJournal, StageRow

log = logging.getLogger(__name__)

LOOK_S: Final = 10.0
"""Between two looks into the journal when nobody rings; a page takes a second or two, so nobody waits for this."""
LOOKS_FOR_ORIGINAL: Final = 3
"""Looks that do not find the original of a finished batch until its page is given up: a rename may be under way."""


class TextQueue:
    """Reads what is owed. One object for a journal."""

    def __init__(
        self, journal: ScanJournal, reader: PageReader, inbox: DocumentInbox, *, clock: Clock, at_once: int = 1
    ) -> None:
        """``at_once`` pages of a document are read side by side: as many as the reader's pool has children."""
        self._journal = journal
        self._reader = reader
        self._inbox = inbox
        self._clock = clock
        self._at_once = at_once
        self._rung = asyncio.Event()
        self._misses: collections.Counter[tuple[str, str]] = collections.Counter()
        self.owed = 0
        """Documents that waited at the last look; for the metrics."""
        self.missing = ""
        """Why nothing can be read on this machine as it is; empty where it can."""

    def ring(self) -> None:
        """Look at once: a document was delivered."""
        self._rung.set()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            self._rung.clear()
            await self.drain()
            await self._wait()

    async def drain(self) -> int:
        """Read everything that can be read now.

        Returns:
            Documents that still wait: for a reader, for their original, or for the inbox.
        """
        wanted = await self._journal.lacking(Stage.TEXT_WANTED.value, then=Stage.READ.value)
        self.owed = len(wanted)
        for row in wanted:
            try:
                self.owed -= await self._read(row)
            except NoTextReader as none:
                if not self.missing:
                    log.warning("%d documents wait for a text reader: %s", self.owed, none)
                self.missing = str(none)
                break
            except LineDown as down:
                log.warning("text waits: %s", down)
                break
            except (LienthongError, OSError) as error:
                log.warning("the text of %s waits: %s", row.subject, error)
        return self.owed

    async def _wait(self) -> None:
        due = self._clock.now() + dt.timedelta(seconds=LOOK_S)
        waits = [asyncio.create_task(self._rung.wait()), asyncio.ensure_future(self._clock.wait_until(due))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    # --- one document --------------------------------------------------------------------------------------------

    async def _read(self, row: StageRow) -> bool:
        """Read one document; ``False`` when it has to wait."""
        document = document_from_json(json.loads(row.result))
        batch = await _Batch.load(self._journal, row.batch_id)
        if not batch.has(row.subject, Stage.DELIVERED) or not await self._originals_are_there(batch, document):
            return False
        jobs = (self._page(batch, page, number) for number, page in enumerate(document.pages, start=1))
        read = await in_order(jobs, at_once=self._at_once)
        self.missing = ""
        engine = next((name for name, _ in read if name), "")
        text = DocumentText(document.key, engine, tuple(page for _, page in read))
        await self._inbox.read(text)
        faults = sum(page.fault is not None for page in text.pages)
        told = {"engine": engine, "pages": len(text.pages), "faults": faults}
        await self._journal.record(StageRow(row.batch_id, row.subject, Stage.READ.value, json.dumps(told)))
        return True

    async def _originals_are_there(self, batch: "_Batch", document: ScannedDocument) -> bool:
        """Whether reading can begin: originals move to their place for good when their batch is finished."""
        names = {page.source for page in document.pages if batch.reading(page) is None}
        paths = [place.path for place in map(batch.place, names) if place is not None]
        if await asyncio.to_thread(lambda: all(path.is_file() for path in paths)):
            return True
        known = await self._journal.batch(batch.id)
        if known is not None and known.closed:
            self._misses[batch.id, document.key] += 1
        return self._misses[batch.id, document.key] >= LOOKS_FOR_ORIGINAL

    async def _page(self, batch: "_Batch", page: ScannedPage, number: int) -> tuple[str, TextOfPage]:
        """The reader's name and what it found on one page."""
        try:
            reading = batch.reading(page) or await self._from_original(batch, page)
        except BadFile as bad:
            log.warning("%s page %d was not read: %s", page.source, page.source_page, bad)
            return "", TextOfPage(number, "", fault=bad.reason)
        found = words.suggest(reading.text)
        return reading.engine, TextOfPage(
            number,
            reading.text,
            codes=found.codes,
            names=found.names,
            dates=found.dates,
            items=found.items,
            near_misses=found.near_misses,
            confidence=reading.confidence,
        )

    async def _from_original(self, batch: "_Batch", page: ScannedPage) -> Reading:
        place = batch.place(page.source)
        if place is None or not await asyncio.to_thread(place.path.is_file):
            raise BadFile(ScanReason.UNREADABLE, "The original is not where it was kept.")
        told = PageToRead(
            place.path, place.kind, page.source_page, page.dpi, skew_deg=page.skew_deg, rotate_deg=page.rotate_deg
        )
        reading = await self._reader.read(told)
        row = {**reading_to_json(reading), "rotate_deg": page.rotate_deg}
        await self._journal.record(
            StageRow(batch.id, text_subject(page), Stage.READ.value, json.dumps(row, ensure_ascii=False))
        )
        return reading


def text_subject(page: ScannedPage) -> str:
    """Subject of a page's row in this queue; ``page:`` rows are the line's, whose layers lie on the disk."""
    return f"text:{page.source}#{page.source_page}"


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """Where a file's bytes lie for good, and what they are."""

    path: Path
    kind: str


class _Batch:
    """What the journal knows of a batch, as far as reading needs it."""

    def __init__(self, batch_id: str, rows: Sequence[StageRow]) -> None:
        self.id = batch_id
        self._rows = {(row.subject, row.stage): row for row in rows}

    @classmethod
    async def load(cls, journal: ScanJournal, batch_id: str) -> "_Batch":
        return cls(batch_id, await journal.rows(batch_id))

    def has(self, subject: str, stage: Stage) -> bool:
        return (subject, stage.value) in self._rows

    def place(self, name: str) -> _Place | None:
        """Where the original is kept; ``None`` for a file that was never inspected."""
        told = self._result(stages.file_subject(name), Stage.INSPECTED)
        return _Place(Path(told["kept"]), str(told["kind"])) if told else None

    def reading(self, page: ScannedPage) -> Reading | None:
        """What was read on the page before, if it lay the same way up."""
        for subject in (stages.page_subject(page.source, page.source_page), text_subject(page)):
            told = self._result(subject, Stage.READ)
            if told and not told.get("fault") and told.get("rotate_deg", 0) == page.rotate_deg:
                return reading_from_json(told)
        return None

    def _result(self, subject: str, stage: Stage) -> Json | None:
        row = self._rows.get((subject, stage.value))
        return json.loads(row.result) if row else None
