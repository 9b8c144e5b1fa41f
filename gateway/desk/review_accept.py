"""Carrying an acceptance out: bind, seal, and let the new documents take the place of the old ones, exactly once.

The acceptance stands in the journal before anything leaves the house. Its documents have keys that follow from it, so
whoever carries it out again after a crash makes the same documents, and the store takes each key once.
"""

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path

from gateway.desk.attach import AttachDesk
from scanning import stages
from scanning.approved import PdfA, Sealer
from scanning.batch import Ledger, Opened
from scanning.binding import Binder
from scanning.documents import document_of, with_file
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.records import document_to_json
from scanning.review import Edit, Made, replay
from scanning.review_plan import Paper
from scanning.review_rows import FileOf, Review
from scanning.separator import Part
from scanning.stages import Stage
from schemas.document import ScanBatch, ScannedDocument, ScanSource
from schemas.errors import SealingWaits
from schemas.ids import Sha256
from schemas.ports.journal import ScanJournal


class Acceptance:
    """Builds, seals and hands over what a person accepted."""

    def __init__(
        self,
        *,
        journal: ScanJournal,
        pool: WorkerPool,
        attach: AttachDesk,
        sealer: Sealer | None,
        out_dir: Path,
        policy: LinePolicy,
    ) -> None:
        """``out_dir`` holds PDFs until the store has them; without a ``sealer`` nothing is sealed."""
        self._journal = journal
        self._attach = attach
        self._sealer = sealer
        self._out_dir = out_dir
        self._policy = policy
        self._binder = Binder(pool, out_dir=out_dir, policy=policy)
        self.trouble: SealingWaits | None = None
        """Why acceptances wait, while they do."""

    async def bind(self, batch: ScanBatch, review: Review, paper: Paper, key: str) -> PdfA:
        """The approved file of a paper.

        Raises:
            BadFile: a page of it cannot be carried over.
            LineDown: not now.
        """
        await asyncio.to_thread(self._out_dir.mkdir, parents=True, exist_ok=True)
        ledger = await self._ledger(batch.id)
        approved, _ = await self._binder.bind(ledger, batch, key, paper.pages, _places(review.files), code=paper.code)
        return approved

    async def carry_out(
        self, batch: ScanBatch, review: Review, number: int, edit: Edit, *, bound: Mapping[str, PdfA] | None = None
    ) -> bool:
        """Deliver the documents of the acceptance; ``False`` while its seal has to wait.

        ``bound`` are files that were made a moment ago, by document key.

        Raises:
            BadFile, LineDown: as :meth:`bind`.
            NotFound, Stale, NotAllowed: the store refuses; nothing was changed.
        """
        plan = replay(review.first, review.edits[: number - 1])
        documents: list[ScannedDocument] = []
        files: list[Path] = []
        for made in edit.made:
            paper = plan.paper_of(made.first)
            approved = (bound or {}).get(made.key) or await self.bind(batch, review, paper, made.key)
            document = _document(batch, review, paper, made, edit, approved)
            files.append(approved.path)
            if self._sealer is not None and not document.reasons:
                out = approved.path.with_suffix(".sealed.pdf")
                try:
                    document = with_file(document, await self._sealer.seal(approved, out))
                except SealingWaits as waits:
                    self.trouble = waits
                    return False
                files.append(out)
            documents.append(document)
        self.trouble = None
        replaced = tuple(dict.fromkeys(key for made in edit.made for key in made.replaces))
        await self._attach.exchange(documents, replaced=replaced, who=edit.by)
        await self._note(batch.id, documents)
        for file in files:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        return True

    async def _note(self, batch_id: str, documents: list[ScannedDocument]) -> None:
        """The documents in the journal, as the line writes its own; their text is read where the line reads text."""
        ledger = await self._ledger(batch_id)
        for document in documents:
            subject = stages.document_subject(document.key)
            await ledger.record(subject, Stage.BUILT, {"part_no": document.part_no}, document.sha256)
            if self._policy.text is not TextMode.NONE:
                await ledger.record(subject, Stage.TEXT_WANTED, document_to_json(document))
            await ledger.record(subject, Stage.DELIVERED)

    async def _ledger(self, batch_id: str) -> Ledger:
        return Ledger(batch_id, await self._journal.rows(batch_id), self._journal)


def _places(files: Mapping[str, FileOf]) -> dict[str, Opened]:
    """Where the bytes of the batch's files are: with the originals."""
    return {
        name: Opened(name, file.kept, file.kind, file.pages, ScanSource(name, Sha256(file.sha256), file.size_bytes))
        for name, file in files.items()
    }


def _document(
    batch: ScanBatch, review: Review, paper: Paper, made: Made, edit: Edit, approved: PdfA
) -> ScannedDocument:
    """The record of an accepted document. What the person looked at has no doubts left; its neighbours keep theirs."""
    part = Part(paper.code, paper.s10, paper.pages, paper.reasons)
    own = dataclasses.replace(batch, operator=edit.by.removeprefix("user:"))
    document = dataclasses.replace(
        document_of(own, paper.no, part, made.key, approved, _places(review.files)),
        version=made.version,
        replaces=made.replaces[0] if made.replaces else None,
        version_reason=edit.reason,
    )
    return dataclasses.replace(document, reasons=() if edit.sheet in paper.ids else document.doubts)
