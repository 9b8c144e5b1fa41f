"""A batch from files to delivered documents: inspect, analyse, split, build, deliver; every stage written down.

Called again with the same batch after a crash it takes up where the journal ends. A bad file or page is set aside with
its reason and costs its neighbours nothing. What is not a file's fault (a full disk, workers that do not start, an
inbox that is away) stops the batch where it is and leaves it open: :class:`scanning.pool.LineDown` or the inbox's own
error comes out, and the next call goes on.
"""

import asyncio
import collections
import dataclasses
import hashlib
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scanning import protocol, stages
from scanning.pool import WorkerPool
from scanning.protocol import Json
from scanning.separator import Part, split
from scanning.stages import Progress, Stage
from scanning.structure import BadFile
from schemas.document import (
    ScanBatch,
    ScannedDocument,
    ScannedPage,
    ScanReason,
    ScanSource,
    SetAside,
    document_key,
)
from schemas.ids import Sha256
from schemas.ports.documents import DocumentInbox
from schemas.ports.journal import ScanJournal, StageRow

INSPECT_S, PAGE_S, BUILD_S, BUILD_PAGE_S = 30.0, 60.0, 60.0, 2.0
"""Deadlines of a job; a document adds to its own for each page. A page takes 0.1 s, so these are for hostile ones."""
DEATHS_MOST = 3
"""Pages of one file that may kill their worker; then the rest of the file is set aside unread."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of a batch. ``name`` is unique in the batch; ``kept`` is where people find the original afterwards."""

    name: str
    path: Path
    kept: Path


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch."""

    batch: ScanBatch
    documents: tuple[ScannedDocument, ...]
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that passed its inspection."""

    file: InputFile
    kind: str
    pages: int
    source: ScanSource


class Pipeline:
    """The line over a pool of workers. One object serves any number of batches, also at the same time."""

    def __init__(
        self,
        pool: WorkerPool,
        journal: ScanJournal,
        inbox: DocumentInbox,
        *,
        out_dir: Path,
        on_page: Callable[[ScannedPage], None] | None = None,
    ) -> None:
        """Put finished PDFs into ``out_dir`` until the inbox has them; ``on_page`` is told of each page measured."""
        self._pool = pool
        self._journal = journal
        self._inbox = inbox
        self._out_dir = out_dir
        self._on_page = on_page
        self._first_comes = asyncio.Lock()  # two copies arriving at once: one is the first

    async def process(self, batch: ScanBatch, files: Sequence[InputFile]) -> BatchReport:
        """Take the files, in the order of the feed, to their end; repeat after a crash with the same batch id.

        Raises:
            LineDown: the line cannot work; nothing is lost, call again.
        """
        self._out_dir.mkdir(parents=True, exist_ok=True)
        batch = await self._journal.open_batch(batch)
        run = _Run(batch, Progress(await self._journal.rows(batch.id)))
        opened = await self._inspect_all(run, files)
        pages = await self._analyse_all(run, opened)
        divided = split(pages)
        by_name = {one.file.name: one for one in opened if one is not None}
        for page, reason in divided.left_out:
            await self._set_aside(run, by_name[page.source].file, page.source_page, BadFile(reason), page.sha256)
        for part_no, part in enumerate(divided.parts, start=1):
            await self._deliver(run, part_no, part, by_name)
        await self._journal.close_batch(batch.id)
        place = {file.name: number for number, file in enumerate(files)}
        aside = sorted(run.aside.values(), key=lambda item: (place[item.source], item.source_page or 0))
        return BatchReport(batch, tuple(run.documents), tuple(aside))

    # --- files ---------------------------------------------------------------------------------------------------

    async def _inspect_all(self, run: "_Run", files: Sequence[InputFile]) -> list[_Opened | None]:
        """Inspect in parallel, then decide about second copies in the order of the feed; a bad file leaves a gap."""
        found = await _all(self._inspect(run, file) for file in files)
        return [await self._unless_seen(run, one) if isinstance(one, _Opened) else None for one in found]

    async def _inspect(self, run: "_Run", file: InputFile) -> _Opened | None:
        subject = stages.file_subject(file.name)
        if row := run.progress.row(subject, Stage.SET_ASIDE):
            run.remember(file, None, row)
            await self._inbox.set_aside(run.aside[subject])
            return None
        row = run.progress.row(subject, Stage.INSPECTED)
        try:
            answer: Json = (
                json.loads(row.result)
                if row
                else await self._pool.run(protocol.INSPECT, deadline_s=INSPECT_S, path=str(file.path))
            )
        except BadFile as bad:
            await self._set_aside(run, file, None, bad, None)
            return None
        source = ScanSource(file.name, Sha256(answer["sha256"]), int(answer["size_bytes"]))
        return _Opened(file, str(answer["kind"]), int(answer["pages"]), source)

    async def _unless_seen(self, run: "_Run", one: _Opened) -> _Opened | None:
        subject = stages.file_subject(one.file.name)
        sha256 = one.source.sha256
        async with self._first_comes:
            first = await self._journal.seen_before(sha256, batch_id=run.batch.id, subject=subject)
            if first is None:
                result = {"kind": one.kind, "pages": one.pages, "sha256": sha256, "size_bytes": one.source.size_bytes}
                await self._record(run, subject, Stage.INSPECTED, result, sha256)
                return one
        where = first.subject.partition(":")[2] + (f" in batch {first.batch_id}" * (first.batch_id != run.batch.id))
        await self._set_aside(run, one.file, None, BadFile(ScanReason.DUPLICATE, f"It came as {where}."), sha256)
        return None

    # --- pages ---------------------------------------------------------------------------------------------------

    async def _analyse_all(self, run: "_Run", opened: Sequence[_Opened | None]) -> list[ScannedPage | None]:
        """Pages of the batch in the order of the feed; ``None`` where one could not be read."""
        jobs: list[Coroutine[Any, Any, ScannedPage | None]] = []
        gaps: list[int] = []
        for one in opened:
            if one is None:
                gaps.append(len(jobs))
                continue
            jobs += [self._analyse(run, one, number, first=not jobs) for number in range(1, one.pages + 1)]
        pages = await _all(jobs)
        for already, place in enumerate(gaps):
            pages.insert(place + already, None)
        return pages

    async def _analyse(self, run: "_Run", one: _Opened, page_no: int, *, first: bool) -> ScannedPage | None:
        subject = stages.page_subject(one.file.name, page_no)
        if row := run.progress.row(subject, Stage.ANALYSED):
            return protocol.page_from_json(json.loads(row.result))
        if row := run.progress.row(subject, Stage.SET_ASIDE):
            run.remember(one.file, page_no, row)
            await self._inbox.set_aside(run.aside[subject])
            return None
        try:
            page = await self._measure(run, one, page_no, first=first)
        except BadFile as bad:
            await self._set_aside(run, one.file, page_no, bad, one.source.sha256)
            return None
        await self._record(run, subject, Stage.ANALYSED, protocol.page_to_json(page))
        if self._on_page is not None:
            self._on_page(page)
        return page

    async def _measure(self, run: "_Run", one: _Opened, page_no: int, *, first: bool) -> ScannedPage:
        if run.deaths[one.file.name] >= DEATHS_MOST:
            raise BadFile(ScanReason.WORKER_DIED, "Other pages of this file did; this one was not tried.")
        try:
            answer = await self._pool.run(
                protocol.PAGE,
                deadline_s=PAGE_S,
                path=str(one.file.path),
                kind=one.kind,
                page_no=page_no,
                name=one.file.name,
                sha256=one.source.sha256,
                whole_page=first or (page_no == 1 and one.pages > 1),
            )
        except BadFile as bad:
            run.deaths[one.file.name] += bad.reason in (ScanReason.WORKER_DIED, ScanReason.DEADLINE)
            raise
        return protocol.page_from_json(answer)

    # --- documents -----------------------------------------------------------------------------------------------

    async def _deliver(self, run: "_Run", part_no: int, part: Part, opened: dict[str, "_Opened"]) -> None:
        """Build the part's PDF/A and hand it over, unless the journal says it was."""
        key = document_key(part.dossier_code, [(page.sha256, page.source_page) for page in part.pages])
        subject = stages.document_subject(key)
        path = self._out_dir / f"{key}.pdf"
        row = run.progress.row(subject, Stage.BUILT)
        if row is None or not (run.progress.row(subject, Stage.DELIVERED) or await _holds(path, row.sha256)):
            try:
                answer = await self._build(part, opened, key, path)
            except BadFile as bad:
                for page in part.pages:
                    await self._set_aside(run, opened[page.source].file, page.source_page, bad, page.sha256)
                return
            await self._record(run, subject, Stage.BUILT, answer, str(answer["sha256"]))
        else:
            answer = json.loads(row.result)
        document = _document(run, part_no, part, key, path, answer, opened)
        if not run.progress.row(subject, Stage.DELIVERED):
            await self._inbox.deliver(document)
            await self._record(run, subject, Stage.DELIVERED, {})
            await asyncio.to_thread(path.unlink, missing_ok=True)  # the inbox has its own copy
        run.documents.append(document)

    async def _build(self, part: Part, opened: dict[str, "_Opened"], key: str, path: Path) -> Json:
        leaves = [
            {
                "path": str(opened[page.source].file.path),
                "kind": opened[page.source].kind,
                "page_no": page.source_page,
                "dpi": page.dpi,
                "skew_deg": page.skew_deg,
            }
            for page in part.pages
        ]
        return await self._pool.run(
            protocol.BUILD,
            deadline_s=BUILD_S + BUILD_PAGE_S * len(leaves),
            leaves=leaves,
            out=str(path),
            identifier=key,
            title=f"Hồ sơ {part.dossier_code}" if part.dossier_code else "Tài liệu quét chưa rõ hồ sơ",
        )

    # --- the journal and the operator ----------------------------------------------------------------------------

    async def _record(self, run: "_Run", subject: str, stage: Stage, result: Json, sha256: str | None = None) -> None:
        row = StageRow(run.batch.id, subject, stage.value, json.dumps(result, ensure_ascii=False), sha256)
        if run.progress.note(row):
            await self._journal.record(row)

    async def _set_aside(
        self, run: "_Run", file: InputFile, page_no: int | None, bad: BadFile, sha256: str | None
    ) -> None:
        subject = stages.page_subject(file.name, page_no) if page_no else stages.file_subject(file.name)
        row = StageRow(
            run.batch.id,
            subject,
            Stage.SET_ASIDE.value,
            json.dumps({"reason": bad.reason, "detail": bad.detail}, ensure_ascii=False),
            sha256,
        )
        run.remember(file, page_no, row)
        await self._inbox.set_aside(run.aside[subject])
        if run.progress.note(row):
            await self._journal.record(row)


T = TypeVar("T")


async def _all(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order; the first failure stops the rest and comes out bare."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def _holds(path: Path, sha256: str | None) -> bool:
    """Whether the file at ``path`` has these bytes still."""

    def digest() -> str | None:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return sha256 is not None and await asyncio.to_thread(digest) == sha256


def _document(
    run: "_Run", part_no: int, part: Part, key: str, path: Path, answer: Json, opened: Mapping[str, _Opened]
) -> ScannedDocument:
    """The record of a built document; its pages learn what became of their images."""
    pages = tuple(
        dataclasses.replace(page, image_sha256=note[0], conversion=note[1])
        for page, note in zip(part.pages, answer["notes"], strict=True)
    )
    sources = dict.fromkeys(page.source for page in part.pages)
    return ScannedDocument(
        key=key,
        batch=run.batch,
        part_no=part_no,
        dossier_code=part.dossier_code,
        s10=part.s10,
        sha256=Sha256(answer["sha256"]),
        size_bytes=int(answer["size_bytes"]),
        path=path,
        conformance=str(answer["conformance"]),
        pages=pages,
        sources=tuple(opened[name].source for name in sources),
        reasons=part.reasons,
    )


class _Run:
    """One call of :meth:`Pipeline.process`: what was known before, and what came out."""

    def __init__(self, batch: ScanBatch, progress: Progress) -> None:
        self.batch = batch
        self.progress = progress
        self.documents: list[ScannedDocument] = []
        self.aside: dict[str, SetAside] = {}
        self.deaths: collections.Counter[str] = collections.Counter()

    def remember(self, file: InputFile, page_no: int | None, row: StageRow) -> None:
        """Take a row of what was set aside into the report."""
        told = json.loads(row.result)
        self.aside[row.subject] = SetAside(
            key=hashlib.sha256(f"lienthong-set-aside-1\n{self.batch.id}\n{row.subject}".encode()).hexdigest(),
            batch=self.batch,
            source=file.name,
            source_page=page_no,
            reason=ScanReason(told["reason"]),
            detail=str(told["detail"]),
            kept=file.kept,
            sha256=Sha256(row.sha256) if row.sha256 else None,
        )
