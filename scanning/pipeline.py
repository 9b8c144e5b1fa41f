"""A batch from files to delivered documents: the walk itself. Every stage is written down before the next begins.

inspect → measure → put the sides in order → blanks and separators out, split → (read) → build → seal → deliver

Called again with the same batch after a crash it takes up where the journal ends. A bad file or page is set aside with
its reason and costs its neighbours nothing. What is not a file's fault (a full disk, workers that do not start, an
inbox that is away) stops the batch where it is and leaves it open: :class:`scanning.pool.LineDown` or the inbox's own
error comes out, and the next call goes on. A seal that cannot be had stops nothing: see :mod:`scanning.handover`.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from scanning import duplex, stages
from scanning.approved import PdfA, Sealer, approved_from_json, holds
from scanning.batch import BatchReport as BatchReport
from scanning.batch import InputFile as InputFile
from scanning.batch import Ledger, Opened, Run
from scanning.binding import Binder
from scanning.documents import document_of
from scanning.handover import Handover
from scanning.measuring import Measuring, Sides, opened_from_json
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.progress import Phase, ProgressBoard
from scanning.protocol import Json
from scanning.separator import Part, Split, split
from scanning.stages import Stage
from scanning.structure import BadFile
from schemas.document import FeedOrder, ScanBatch, ScannedDocument, ScannedPage, ScanReason, document_key
from schemas.errors import SealingWaits
from schemas.ports.clock import Clock
from schemas.ports.documents import DocumentInbox
from schemas.ports.journal import ScanJournal

log = logging.getLogger(__name__)


class Pipeline:
    """The line over a pool of workers. One object serves any number of batches, also at the same time."""

    def __init__(
        self,
        pool: WorkerPool,
        journal: ScanJournal,
        inbox: DocumentInbox,
        *,
        out_dir: Path,
        clock: Clock,
        policy: LinePolicy | None = None,
        sealer: Sealer | None = None,
        board: ProgressBoard | None = None,
    ) -> None:
        """Put finished PDFs into ``out_dir`` until the inbox has them; without a ``sealer`` nothing is sealed."""
        self._journal = journal
        self._inbox = inbox
        self._out_dir = out_dir
        self._policy = policy or LinePolicy()
        self.board = board or ProgressBoard(clock)
        self._measuring = Measuring(pool, journal, cards=self._policy.cards)
        self._binder = Binder(pool, out_dir=out_dir, policy=self._policy)
        self._handover = Handover(
            journal,
            inbox,
            sealer=sealer,
            clock=clock,
            board=self.board,
            wants_text=self._policy.text is not TextMode.NONE,
            rebuild=self._rebuild,
        )

    async def process(self, batch: ScanBatch, files: Sequence[InputFile]) -> BatchReport:
        """Take the files, in the order of the feed, to their end; repeat after a crash with the same batch id.

        Raises:
            LineDown: the line cannot work; nothing is lost, call again.
        """
        self._out_dir.mkdir(parents=True, exist_ok=True)
        batch = await self._journal.open_batch(dataclasses.replace(batch, order=batch.order or self._policy.order))
        ledger = Ledger(batch.id, await self._journal.rows(batch.id), self._journal)
        run = Run(batch, files, ledger, self._inbox, self.board)
        self.board.begin(batch, files=len(files))
        try:
            await self._walk(run, files)
        except BaseException:
            self.board.phase(batch.id, Phase.WAITING)
            raise
        self.board.phase(batch.id, Phase.ENDED)
        return run.report()

    @property
    def sealing_trouble(self) -> SealingWaits | None:
        """Why documents wait for their seal, while they do."""
        return self._handover.trouble

    async def finish_for_ever(self) -> None:
        """Seal and deliver what waits for its seal, as soon as it can be; run it beside the feeds."""
        await self._handover.run()

    async def finish_waiting(self) -> int:
        """Try once to seal and deliver what waits for its seal; how many documents wait on."""
        return await self._handover.finish_waiting()

    async def _walk(self, run: Run, files: Sequence[InputFile]) -> None:
        opened = await self._measuring.inspect(run, files)
        sides = await self._measuring.measure(run, opened)
        places = {one.name: one for one in opened if one is not None}
        divided = await self._divided(run, opened, sides)
        for page, reason in divided.left_out:
            await run.set_aside(page.source, page.source_page, BadFile(reason), page.sha256)
        self.board.phase(run.batch.id, Phase.BUILDING)
        self.board.add(run.batch.id, documents_total=len(divided.parts))
        for part_no, part in enumerate(divided.parts, start=1):
            await self._finish(run, part_no, part, places)
        await run.ledger.record(stages.BATCH, Stage.THROUGH)
        await self._handover.close_if_done(run.batch.id)

    async def _divided(self, run: Run, opened: Sequence[Opened | None], sides: Sequence[Sides | None]) -> Split:
        """The batch in order and taken apart; where the order is in doubt, every document says so."""
        order = run.batch.order or FeedOrder.AS_FED
        restored = duplex.in_order(sides, order)
        told = {
            "order": order,
            "sides": _sides(restored.sides),
            "doubt": restored.doubt,
        }
        await run.ledger.record(stages.BATCH, Stage.ORDERED, told)
        divided = split(restored.sides, self._policy.codes)
        if restored.doubt is None:
            return divided
        log.warning("batch %s: %s", run.batch.id, restored.doubt)
        doubtful = (dataclasses.replace(one, reasons=(*one.reasons, ScanReason.STACK_ORDER)) for one in divided.parts)
        return dataclasses.replace(divided, parts=tuple(doubtful))

    async def _finish(self, run: Run, part_no: int, part: Part, places: Mapping[str, Opened]) -> None:
        """Build the part's PDF/A and hand it over, as far as the journal says it was not."""
        key = document_key(part.dossier_code, [(page.sha256, page.source_page) for page in part.pages])
        try:
            approved = await self._built(run, part_no, part, key, places)
        except BadFile as bad:
            rest = await self._without_the_bad(run, part, bad, places)
            if rest is not None:
                await self._finish(run, part_no, rest, places)
            return
        self._binder.forget_layers(part.pages)
        document = document_of(run.batch, part_no, part, key, approved, places)
        delivered = await self._handover.finish(run.ledger, document, approved)
        if delivered is None:
            run.waiting.append(document)
            self.board.add(run.batch.id, waiting=1)
        else:
            run.documents.append(delivered)
            self.board.add(run.batch.id, documents=1)

    async def _without_the_bad(self, run: Run, part: Part, bad: BadFile, places: Mapping[str, Opened]) -> Part | None:
        """What is left of a part that could not be built, once its bad pages are set aside; ``None`` for nothing.

        A page is bad when it cannot be bound alone. Where no page is, or all are, the whole part is set aside as it was
        refused. The rest says that a sheet is missing, so it waits for a person.
        """
        faults = await self._binder.faults(part.pages, places) if len(part.pages) > 1 else {}
        blamed = faults if 0 < len(faults) < len(part.pages) else dict.fromkeys(range(len(part.pages)), bad)
        for place, fault in blamed.items():
            page = part.pages[place]
            await run.set_aside(page.source, page.source_page, fault, page.sha256)
        left = tuple(page for place, page in enumerate(part.pages) if place not in blamed)
        reasons = tuple(dict.fromkeys((*part.reasons, ScanReason.GAP)))
        return dataclasses.replace(part, pages=left, reasons=reasons) if left else None

    async def _built(self, run: Run, part_no: int, part: Part, key: str, places: Mapping[str, Opened]) -> PdfA:
        """The part's approved file; built only when it was not, or when its bytes are gone and still needed."""
        subject, path = stages.document_subject(key), self._binder.path_of(key)
        row, told = run.ledger.row(subject, Stage.BUILT), run.ledger.result(subject, Stage.BUILT)
        if row is not None and told is not None:
            delivered = run.ledger.row(subject, Stage.DELIVERED) is not None
            if delivered or await asyncio.to_thread(holds, path, row.sha256):
                return approved_from_json(told, path)
        approved, answer = await self._binder.bind(
            run.ledger, run.batch, key, part.pages, places, code=part.dossier_code
        )
        await run.ledger.record(subject, Stage.BUILT, _built_row(part_no, part, answer), approved.sha256)
        return approved

    async def _rebuild(self, ledger: Ledger, document: ScannedDocument) -> PdfA:
        """The approved file of a document that waited and was lost, out of the originals where they are kept."""
        places = {
            source.name: opened_from_json(InputFile(source.name, Path(told["kept"]), Path(told["kept"])), told)
            for source in document.sources
            if (told := ledger.result(stages.file_subject(source.name), Stage.INSPECTED))
        }
        approved, _ = await self._binder.bind(
            ledger, document.batch, document.key, document.pages, places, code=document.dossier_code
        )
        return approved


def _sides(sides: Sequence[ScannedPage | None]) -> list[list[object] | None]:
    """The order as the journal keeps it: file name and page number of each side that was read."""
    return [[side.source, side.source_page] if side is not None else None for side in sides]


def _built_row(part_no: int, part: Part, answer: Json) -> Json:
    return {
        **answer,
        "part_no": part_no,
        "dossier_code": part.dossier_code,
        "s10": part.s10,
        "reasons": list(part.reasons),
        "pages": [[page.source, page.source_page, page.role] for page in part.pages],
    }
