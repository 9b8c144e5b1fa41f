"""The nouns of a batch on its way through the line, and the one place where the line writes its journal.

:class:`Run` is what one call of the pipeline knows: how far the batch was before, and what came out. Its ``record`` and
``set_aside`` are the only writers; each writes a stage at most once.
"""

import collections
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanning import stages
from scanning.progress import ProgressBoard
from scanning.protocol import Json
from scanning.stages import Progress, Stage
from scanning.structure import BadFile
from schemas.document import ScanBatch, ScannedDocument, ScanReason, ScanSource, SetAside
from schemas.ids import Sha256
from schemas.ports.documents import DocumentInbox
from schemas.ports.journal import ScanJournal, StageRow


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of a batch. ``name`` is unique in the batch; ``kept`` is where people find the original afterwards."""

    name: str
    path: Path
    kept: Path


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that passed its inspection. ``path`` is where its bytes are to be read now."""

    name: str
    path: Path
    kind: str
    pages: int
    source: ScanSource


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch. ``waiting`` are documents that are built and get their seal and delivery later."""

    batch: ScanBatch
    documents: tuple[ScannedDocument, ...]
    set_aside: tuple[SetAside, ...]
    waiting: tuple[ScannedDocument, ...] = ()


class Ledger:
    """The stages of one batch: what the journal knew, and what is added now."""

    def __init__(self, batch_id: str, rows: Sequence[StageRow], journal: ScanJournal) -> None:
        self.batch_id = batch_id
        self._progress = Progress(rows)
        self._journal = journal

    def row(self, subject: str, stage: Stage) -> StageRow | None:
        """The row of a stage that was reached."""
        return self._progress.row(subject, stage)

    def result(self, subject: str, stage: Stage) -> Json | None:
        """What the row of a stage holds, decoded; ``None`` when the stage was not reached."""
        row = self.row(subject, stage)
        return json.loads(row.result) if row else None

    async def record(
        self, subject: str, stage: Stage, result: Mapping[str, object] | None = None, sha256: str | None = None
    ) -> None:
        """Write a stage down, once; durable when it returns."""
        row = StageRow(self.batch_id, subject, stage.value, json.dumps(result or {}, ensure_ascii=False), sha256)
        if self._progress.note(row):
            await self._journal.record(row)


class Run:
    """One call of :meth:`scanning.pipeline.Pipeline.process`."""

    def __init__(
        self, batch: ScanBatch, files: Sequence[InputFile], ledger: Ledger, inbox: DocumentInbox, board: ProgressBoard
    ) -> None:
        self.batch = batch
        self.ledger = ledger
        self.board = board
        self.documents: list[ScannedDocument] = []
        self.waiting: list[ScannedDocument] = []
        self.deaths: collections.Counter[str] = collections.Counter()
        """Pages of a file that killed their worker, by the file's name."""
        self._inbox = inbox
        self._files = {file.name: file for file in files}
        self._aside: dict[str, SetAside] = {}

    async def set_aside(self, name: str, page_no: int | None, bad: BadFile, sha256: str | None) -> None:
        """Keep a file or page back: the operator is told, then it is written down."""
        subject = stages.page_subject(name, page_no) if page_no else stages.file_subject(name)
        kept = self._files[name].kept
        await self._tell(subject, name, page_no, bad, sha256)
        told = {"reason": bad.reason, "detail": bad.detail, "kept": str(kept)}
        await self.ledger.record(subject, Stage.SET_ASIDE, told, sha256)

    async def was_set_aside(self, name: str, page_no: int | None = None) -> bool:
        """Whether the journal has it set aside; then the operator is told once more, which changes nothing."""
        subject = stages.page_subject(name, page_no) if page_no else stages.file_subject(name)
        row = self.ledger.row(subject, Stage.SET_ASIDE)
        if row is None:
            return False
        told = json.loads(row.result)
        await self._tell(subject, name, page_no, BadFile(ScanReason(told["reason"]), str(told["detail"])), row.sha256)
        return True

    async def _tell(self, subject: str, name: str, page_no: int | None, bad: BadFile, sha256: str | None) -> None:
        item = SetAside(
            key=hashlib.sha256(f"lienthong-set-aside-1\n{self.batch.id}\n{subject}".encode()).hexdigest(),
            batch=self.batch,
            source=name,
            source_page=page_no,
            reason=bad.reason,
            detail=bad.detail,
            kept=self._files[name].kept,
            sha256=Sha256(sha256) if sha256 else None,
        )
        if subject not in self._aside:
            self.board.add(self.batch.id, set_aside=1)
        self._aside[subject] = item
        await self._inbox.set_aside(item)

    def report(self) -> BatchReport:
        """What came out, in the order of the feed."""
        place = {name: number for number, name in enumerate(self._files)}
        aside = sorted(self._aside.values(), key=lambda item: (place[item.source], item.source_page or 0))
        return BatchReport(self.batch, tuple(self.documents), tuple(aside), tuple(self.waiting))
