"""First half of the walk: files are inspected, second copies are found, pages are measured.

A page is in the journal as soon as it is measured; a batch that is taken up again measures only what is missing.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

from scanning import protocol, stages
from scanning.batch import InputFile, Opened, Run
from scanning.bounded import in_order
from scanning.pool import WorkerPool
from scanning.progress import Phase
from scanning.protocol import Json
from scanning.stages import Stage
from scanning.structure import BadFile
from schemas.document import ScannedPage, ScanReason, ScanSource
from schemas.ids import Sha256
from schemas.ports.journal import ScanJournal

INSPECT_S, PAGE_S = 30.0, 60.0
"""Deadlines of a job. A page takes 0.1 s, so these are for hostile ones."""
DEATHS_MOST = 3
"""Pages of one file that may kill their worker; then the rest of the file is set aside unread."""
AHEAD = 2
"""Jobs under way for each worker: one that it has, one that is ready when it is done."""

Sides = list[ScannedPage | None]
"""Pages of one file in order; ``None`` where one could not be read."""


class Measuring:
    """Inspects and measures over a pool of workers; serves any number of batches at the same time."""

    def __init__(self, pool: WorkerPool, journal: ScanJournal, *, cards: bool = False) -> None:
        """``cards`` keeps what the QR codes of identity cards say; else only the masked number leaves the child."""
        self._pool = pool
        self._journal = journal
        self._cards = cards
        self._at_once = AHEAD * pool.size
        self._first_comes = asyncio.Lock()  # two copies arriving at once: one is the first

    # --- files ---------------------------------------------------------------------------------------------------

    async def inspect(self, run: Run, files: Sequence[InputFile]) -> list[Opened | None]:
        """Inspect in parallel, then decide about second copies in the order of the feed; a bad file leaves a gap."""
        found = await in_order((self._inspect(run, file) for file in files), at_once=self._at_once)
        opened = [
            await self._unless_seen(run, one, file) if one is not None else None
            for one, file in zip(found, files, strict=True)
        ]
        run.board.add(run.batch.id, pages_total=sum(one.pages for one in opened if one is not None))
        return opened

    async def _inspect(self, run: Run, file: InputFile) -> Opened | None:
        if await run.was_set_aside(file.name):
            return None
        answer = run.ledger.result(stages.file_subject(file.name), Stage.INSPECTED)
        try:
            if answer is None:
                answer = await self._pool.run(protocol.INSPECT, deadline_s=INSPECT_S, path=str(file.path))
        except BadFile as bad:
            await run.set_aside(file.name, None, bad, None)
            return None
        return opened_from_json(file, answer)

    async def _unless_seen(self, run: Run, one: Opened, file: InputFile) -> Opened | None:
        subject = stages.file_subject(one.name)
        sha256 = one.source.sha256
        async with self._first_comes:
            first = await self._journal.seen_before(sha256, batch_id=run.batch.id, subject=subject)
            if first is None:
                told = {
                    "kind": one.kind,
                    "pages": one.pages,
                    "sha256": sha256,
                    "size_bytes": one.source.size_bytes,
                    "kept": str(file.kept),
                }
                await run.ledger.record(subject, Stage.INSPECTED, told, sha256)
                return one
        where = first.subject.partition(":")[2] + (f" in batch {first.batch_id}" * (first.batch_id != run.batch.id))
        await run.set_aside(one.name, None, BadFile(ScanReason.DUPLICATE, f"It came as {where}."), sha256)
        return None

    # --- pages ---------------------------------------------------------------------------------------------------

    async def measure(self, run: Run, opened: Sequence[Opened | None]) -> list[Sides | None]:
        """The pages of each file in the order of the feed; ``None`` for a file that was not opened."""
        run.board.phase(run.batch.id, Phase.MEASURING)
        pages = iter(await in_order(self._jobs(run, opened), at_once=self._at_once))
        return [None if one is None else [next(pages) for _ in range(one.pages)] for one in opened]

    def _jobs(self, run: Run, opened: Sequence[Opened | None]) -> Iterator[Coroutine[Any, Any, ScannedPage | None]]:
        first = True
        for one in opened:
            for number in range(1, one.pages + 1) if one is not None else ():
                assert one is not None, "a file that is not there has no pages"
                yield self._page(run, one, number, first=first)
                first = False

    async def _page(self, run: Run, one: Opened, page_no: int, *, first: bool) -> ScannedPage | None:
        try:
            return await self._measured(run, one, page_no, first=first)
        finally:
            run.board.add(run.batch.id, pages_done=1)

    async def _measured(self, run: Run, one: Opened, page_no: int, *, first: bool) -> ScannedPage | None:
        subject = stages.page_subject(one.name, page_no)
        known = run.ledger.result(subject, Stage.ANALYSED)
        if known is not None:
            return protocol.page_from_json(known)
        if await run.was_set_aside(one.name, page_no):
            return None
        try:
            answer = await self._ask(run, one, page_no, first=first)
        except BadFile as bad:
            await run.set_aside(one.name, page_no, bad, one.source.sha256)
            return None
        page = protocol.page_from_json(answer)
        await run.ledger.record(subject, Stage.ANALYSED, protocol.page_to_json(page))
        return page

    async def _ask(self, run: Run, one: Opened, page_no: int, *, first: bool) -> Json:
        if run.deaths[one.name] >= DEATHS_MOST:
            raise BadFile(ScanReason.WORKER_DIED, "Other pages of this file did; this one was not tried.")
        try:
            return await self._pool.run(
                protocol.PAGE,
                deadline_s=PAGE_S,
                path=str(one.path),
                kind=one.kind,
                page_no=page_no,
                name=one.name,
                sha256=one.source.sha256,
                whole_page=first or (page_no == 1 and one.pages > 1),
                cards=self._cards,
            )
        except BadFile as bad:
            run.deaths[one.name] += bad.reason in (ScanReason.WORKER_DIED, ScanReason.DEADLINE)
            raise


def opened_from_json(file: InputFile, told: Json) -> Opened:
    """A file back from what its inspection found, which is also what its row in the journal holds."""
    source = ScanSource(file.name, Sha256(told["sha256"]), int(told["size_bytes"]))
    return Opened(file.name, file.path, str(told["kind"]), int(told["pages"]), source)
