"""Rescanned pages for a batch under review: uploaded files, or a waiting document of another batch.

The files are measured by the workers like any feed, lie with the originals of the batch they come into, and stand in
the journal like its own files, so that a second copy of them is recognised.
"""

import asyncio
import dataclasses
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from scanning import protocol, stages
from scanning.feed import visible_files
from scanning.measuring import INSPECT_S, PAGE_S
from scanning.pool import WorkerPool
from scanning.protocol import Json
from scanning.review_plan import EditRefused, Refusal
from scanning.review_rows import FileOf, Review
from scanning.stages import Stage
from scanning.structure import BadFile
from schemas.document import ScanBatch, ScannedPage
from schemas.ports.journal import ScanJournal, StageRow

MOST_FILES = 20
"""Files of one insertion: a whole batch belongs into the hot folder."""


@dataclass(frozen=True, slots=True)
class Added:
    """Files that were measured and lie in a folder of their own beside the originals."""

    pages: tuple[ScannedPage, ...]
    files: tuple[FileOf, ...]


class Inserting:
    """Brings files into a batch that the line is through with."""

    def __init__(self, journal: ScanJournal, pool: WorkerPool, *, originals: Path) -> None:
        """``originals`` holds the originals of each batch in a folder of its name."""
        self._journal = journal
        self._pool = pool
        self._originals = originals

    async def measure(self, batch: ScanBatch, review: Review, folder: Path) -> Added:
        """Take the files of a folder over and measure their pages.

        Raises:
            EditRefused: a file cannot be read or was scanned before; the folder stays as it was.
            LineDown: not now.
        """
        found = await asyncio.to_thread(visible_files, folder)
        if not 0 < len(found) <= MOST_FILES:
            raise EditRefused(Refusal.NOT_READ, subject=batch.id)
        place = self._place(batch.id)
        pages: list[ScannedPage] = []
        files: list[FileOf] = []
        for path in found:
            name = f"{place.name}/{path.relative_to(folder).as_posix()}"
            file, measured = await self._measured(path, name, place / path.relative_to(folder))
            await self._check_new(batch.id, review, file)
            files.append(file)
            pages += measured
        await asyncio.to_thread(_move, folder, place)
        return Added(tuple(pages), tuple(files))

    async def borrow(self, batch: ScanBatch, other: Review, key: str) -> Added:
        """Link the originals of another batch's document into this one.

        Raises:
            EditRefused: the document or its originals are not to be found.
        """
        live = next((live for live in other.plan.live if live.key == key), None)
        if live is None:
            raise EditRefused(Refusal.TAKEN, subject=key[:16])
        place = self._place(batch.id)
        sheets = [sheet.page for sheet in other.plan.sheets if sheet.id in live.sheets]
        files = {}
        for name in dict.fromkeys(page.source for page in sheets):
            file = other.files[name]
            new = dataclasses.replace(file, name=f"{place.name}/{Path(name).name}", kept=place / Path(name).name)
            try:
                await asyncio.to_thread(_link, file.kept, new.kept)
            except FileNotFoundError as error:
                raise EditRefused(Refusal.NO_ORIGINAL, subject=name) from error
            files[name] = new
        pages = tuple(dataclasses.replace(page, source=files[page.source].name, component=None) for page in sheets)
        return Added(pages, tuple(files.values()))

    async def keep(self, batch_id: str, added: Added) -> None:
        """Write the files and pages into the journal, as the line does with its own."""
        for file in added.files:
            told = dataclasses.asdict(file) | {"kept": str(file.kept)}
            subject = stages.file_subject(file.name)
            await self._journal.record(
                StageRow(batch_id, subject, Stage.INSPECTED, json.dumps(told, ensure_ascii=False), file.sha256)
            )
        for page in added.pages:
            subject = stages.page_subject(page.source, page.source_page)
            row = StageRow(
                batch_id, subject, Stage.ANALYSED, json.dumps(protocol.page_to_json(page), ensure_ascii=False)
            )
            await self._journal.record(row)

    async def _measured(self, path: Path, name: str, kept: Path) -> tuple[FileOf, list[ScannedPage]]:
        try:
            told: Json = await self._pool.run(protocol.INSPECT, deadline_s=INSPECT_S, path=str(path))
            file = FileOf(name, told["kind"], int(told["pages"]), told["sha256"], int(told["size_bytes"]), kept)
            pages = [
                await self._pool.run(
                    protocol.PAGE,
                    deadline_s=PAGE_S,
                    path=str(path),
                    kind=file.kind,
                    page_no=number,
                    name=name,
                    sha256=file.sha256,
                    whole_page=True,
                )
                for number in range(1, file.pages + 1)
            ]
        except BadFile as bad:
            raise EditRefused(Refusal.NOT_READ, subject=path.name, detail=bad.reason.value) from bad
        return file, [protocol.page_from_json(page) for page in pages]

    async def _check_new(self, batch_id: str, review: Review, file: FileOf) -> None:
        """A second copy is shown and not taken; an insertion that was undone may come again."""
        first = await self._journal.seen_before(file.sha256, batch_id=batch_id, subject=stages.file_subject(file.name))
        if first is None:
            return
        name = first.subject.partition(":")[2]
        used = any(sheet.page.source == name for sheet in review.plan.sheets)
        if first.batch_id != batch_id or used:
            raise EditRefused(Refusal.TWICE, subject=name)

    def _place(self, batch_id: str) -> Path:
        return self._originals / batch_id / f"review-{secrets.token_hex(4)}"


def _move(folder: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)
    for path in visible_files(place):
        path.chmod(0o444)


def _link(original: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(original, place)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copy2(original, place)
