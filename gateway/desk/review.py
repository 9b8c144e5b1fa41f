"""Use case: a person looks through a scanned batch, page by page, and decides.

Every decision is an edit in the scan journal (:mod:`scanning.review`); the plan on the screen is what the edits make of
the batch. Who decides names the number of edits they had seen: was there another one since, nothing is done and the
screen says so. An acceptance is written down first and then carried out (:mod:`gateway.desk.review_accept`).
"""

import asyncio
import collections
import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.accounts import Principal
from gateway.desk.review_accept import Acceptance
from gateway.desk.review_insert import Added, Inserting
from scanning.approved import PdfA
from scanning.pool import LineDown
from scanning.review import Edit, Made, Op, apply, can_undo, replay
from scanning.review_plan import EditRefused, Live, Paper, Plan, Refusal, key_of
from scanning.review_previews import Previews, Wanted
from scanning.review_rows import ACCEPTING, DONE, REFUSED, Review, edit_row, edit_subject, read
from scanning.structure import BadFile
from schemas.attachment import AttachedDocument
from schemas.audit import Act
from schemas.document import ScanBatch
from schemas.dossier import Dossier
from schemas.errors import LienthongError, NotAllowed, NotFound, Stale
from schemas.ports.clock import Clock
from schemas.ports.journal import KnownBatch, ScanJournal, StageRow
from schemas.ports.stores import Store, Tx

log = logging.getLogger(__name__)

LARGE_PX, SMALL_PX = 1_400, 160
"""Longest sides of the two pictures of a page: the one that is read, and the one in the strip."""
PARSED = 8
"""Batches kept in memory as they were read from the journal: 200 pages take 20 ms to parse, and each picture asks."""
FRESH = 12
"""Waiting documents of other batches that are offered as rescanned pages."""


@dataclasses.dataclass(frozen=True, slots=True)
class Desktop:
    """All that the review screen shows of a batch, read at one moment."""

    batch: ScanBatch
    closed: bool
    review: Review
    documents: Mapping[str, AttachedDocument]
    """Every document that was ever made of the batch, by key."""
    dossiers: Mapping[str, Dossier]
    """By the codes of the planned documents, and of those that stand."""
    elsewhere: Mapping[str, tuple[AttachedDocument, ...]]
    """By dossier code: its standing documents that are of other batches."""
    fresh: tuple[AttachedDocument, ...]
    """Documents of other batches that wait without a dossier."""

    @property
    def plan(self) -> Plan:
        """The strip as it is now."""
        return self.review.plan

    def document_of(self, paper: Paper) -> AttachedDocument | None:
        """The stored document that is exactly this paper."""
        live = self.plan.live_as(paper)
        return self.documents.get(live.key) if live else None

    def dossier_of(self, paper: Paper) -> Dossier | None:
        """The dossier it is planned for; without a code, the one that somebody bound the document to elsewhere."""
        if paper.code:
            return self.dossiers.get(paper.code)
        document = self.document_of(paper)
        bound = document.dossier if document else None
        return next((dossier for dossier in self.dossiers.values() if dossier.id == bound), None)

    def sent(self, paper: Paper) -> tuple[AttachedDocument, ...]:
        """Documents bound to a dossier that accepting the paper would end: a new version with a reason."""
        _, lives = self.plan.together(paper)
        found = (self.documents.get(live.key) for live in lives)
        return tuple(document for document in found if document and not document.waits)

    def is_accepted(self, paper: Paper) -> bool:
        """Whether it stands as it is planned, bound to its dossier and without doubts."""
        document = self.document_of(paper)
        return document is not None and not document.waits and not document.superseded_by


class ReviewDesk:
    """Looking and deciding. Its journal is the scan line's; its workers are its own: a long feed delays nobody."""

    def __init__(
        self,
        store: Store,
        *,
        journal: ScanJournal,
        clock: Clock,
        acceptance: Acceptance,
        inserting: Inserting,
        previews: Previews,
    ) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._acceptance = acceptance
        self._inserting = inserting
        self._previews = previews
        self._parsed: dict[str, tuple[KnownBatch, Review]] = {}
        self._locks: collections.defaultdict[str, asyncio.Lock] = collections.defaultdict(asyncio.Lock)

    # --- looking -------------------------------------------------------------------------------------------------

    async def recent(self, limit: int = 30) -> Sequence[KnownBatch]:
        """Batches that can be looked at, newest first."""
        return await self._journal.recent(limit)

    async def look(self, batch_id: str) -> Desktop:
        """The batch as it stands. Raises NotFound where this house did not scan it."""
        known, review = await self._read(batch_id)
        codes = {str(paper.code) for paper in review.plan.papers() if paper.code}

        def gather(tx: Tx) -> Desktop:
            documents = {key: row for key in review.keys if (row := tx.documents.find(key))}
            bound = {row.dossier for row in documents.values() if row.dossier}
            dossiers = {code: found for code in codes if (found := tx.dossiers.find(code))}
            dossiers |= {bound_to.code: bound_to for each in bound for bound_to in (tx.dossiers.get(each),)}
            elsewhere = {
                code: tuple(row for row in tx.documents.of_dossier(found.id) if row.batch != batch_id)
                for code, found in dossiers.items()
            }
            waiting = (row for row in tx.documents.unassigned() if row.batch != batch_id and not row.dossier)
            fresh = tuple(sorted(waiting, key=lambda row: row.scanned_at, reverse=True)[:FRESH])
            return Desktop(known.batch, known.closed, review, documents, dossiers, elsewhere, fresh)

        return await self._store.read(gather)

    async def dossiers_at(
        self, batch_id: str, sheet: str, *, together: bool = False, above: bool = False
    ) -> tuple[Dossier, ...]:
        """The dossiers of a sheet, as planned and as its documents are bound; ``together``: of all accepted with it.

        ``above``: that of the document above too, into which it may be merged.

        Raises:
            NotFound, EditRefused: no such batch or sheet.
        """
        _, review = await self._read(batch_id)
        paper = review.plan.paper_of(sheet)
        papers = review.plan.together(paper)[0] if together else (paper,)
        papers += tuple(each for each in review.plan.papers() if above and each.no == paper.no - 1)
        ids = frozenset[str]().union(*(each.ids for each in papers))
        keys = [live.key for live in review.plan.live if live.sheets & ids]

        def find(tx: Tx) -> tuple[Dossier, ...]:
            planned = (tx.dossiers.find(each.code) for each in papers if each.code)
            bound = (row.dossier for key in keys if (row := tx.documents.find(key)) and row.dossier)
            return (*(each for each in planned if each is not None), *(tx.dossiers.get(each) for each in bound))

        return await self._store.read(find)

    async def picture(self, batch_id: str, sheet: str, *, large: bool) -> Path:
        """The page as a JPEG on disk.

        Raises:
            NotFound, EditRefused: no such batch, page or original.
            BadFile, LineDown: it cannot be drawn.
        """
        _, review = await self._read(batch_id)
        page = review.plan.sheet(sheet).page
        file = review.files.get(page.source)
        if file is None or not await asyncio.to_thread(file.kept.is_file):
            raise EditRefused(Refusal.NO_ORIGINAL, subject=page.source)
        wanted = Wanted(
            path=file.kept,
            kind=file.kind,
            page_no=page.source_page,
            sha256=file.sha256,
            box_px=LARGE_PX if large else SMALL_PX,
            turn_deg=page.rotate_deg,
            codes=tuple(barcode.box for barcode in page.barcodes) if large else (),
            crop=page.crop if large else None,
        )
        return await self._previews.get(wanted)

    # --- deciding ------------------------------------------------------------------------------------------------

    async def edit(self, batch_id: str, edit: Edit, *, expected: int, principal: Principal) -> None:
        """Write one decision down; ``expected`` is the number of edits that the person had seen.

        Raises:
            EditRefused: it is not possible, or somebody else decided in the meantime.
            NotFound: no such batch, or no such dossier.
        """
        if edit.op is Op.ASSIGN and edit.value:
            await self._known_code(edit.value)
        async with self._locks[batch_id]:
            _, review = await self._read(batch_id, expected)
            if edit.op is not Op.UNDO:
                apply(review.plan, edit)
            elif not can_undo(review.edits):
                raise EditRefused(Refusal.NOTHING_TO_UNDO, subject=batch_id)
            await self._write(batch_id, review, edit, principal)

    async def insert(
        self, batch_id: str, sheet: str, folder: Path, *, instead: bool, expected: int, principal: Principal
    ) -> None:
        """Pages of uploaded files come behind a sheet, or take its place.

        Raises:
            EditRefused: a file cannot be read or was scanned before; or as :meth:`edit`.
            LineDown: not now.
        """
        known, review = await self._read(batch_id, expected)
        review.plan.sheet(sheet)
        added = await self._inserting.measure(known.batch, review, folder)
        await self._insert(batch_id, sheet, added, instead, expected, principal)

    async def take(
        self, batch_id: str, sheet: str, key: str, *, instead: bool, expected: int, principal: Principal
    ) -> None:
        """Pages that were scanned as a batch of their own and wait without a dossier come behind a sheet.

        Raises:
            EditRefused: the document does not wait any more, its originals are elsewhere; or as :meth:`edit`.
        """
        known, review = await self._read(batch_id, expected)
        review.plan.sheet(sheet)
        document = await self._store.read(lambda tx: tx.documents.find(key))
        if document is None or document.dossier or document.superseded_by or document.batch == batch_id:
            raise EditRefused(Refusal.TAKEN, subject=key[:16])
        _, other = await self._read(document.batch)
        added = await self._inserting.borrow(known.batch, other, key)
        await self._insert(batch_id, sheet, added, instead, expected, principal, takes=key)

    async def accept(self, batch_id: str, sheet: str, *, expected: int, principal: Principal, reason: str = "") -> bool:
        """The document of the sheet is right: it is bound and sealed; ``False`` while its seal has to wait.

        Raises:
            EditRefused: it is not ready to be accepted, with the reason; or as :meth:`edit`.
            BadFile, LineDown: it cannot be built (now); nothing was changed.
        """
        async with self._locks[batch_id]:
            known, review = await self._read(batch_id, expected)
            desktop = await self.look(batch_id)
            paper = review.plan.paper_of(sheet)
            await self._check(desktop, paper, reason)
            number = len(review.edits) + 1
            made, papers = _made(desktop, paper, number)
            bound = {
                one.key: await self._acceptance.bind(known.batch, review, each, one.key)
                for one, each in zip(made, papers, strict=True)
            }
            edit = Edit(Op.ACCEPT, sheet, made=made, reason=reason.strip())
            written = await self._write(batch_id, review, edit, principal)
            _, review = await self._read(batch_id)
            return await self._carry_out(known.batch, review, number, written, bound)

    async def resume(self) -> None:
        """Carry out what a crash or a seal that was away left behind; one batch's trouble is not another's."""
        for row in await self._journal.lacking(ACCEPTING, then=DONE):
            number = int(row.subject.partition(":")[2])
            async with self._locks[row.batch_id]:
                try:
                    known, review = await self._read(row.batch_id)
                    pending = dict(review.pending)
                    if number in pending:
                        await self._carry_out(known.batch, review, number, pending[number], {})
                except (BadFile, LineDown, LienthongError, OSError) as error:
                    log.warning("acceptance %d of batch %s waits: %s", number, row.batch_id, error)

    # --- inside --------------------------------------------------------------------------------------------------

    async def _read(self, batch_id: str, expected: int | None = None) -> tuple[KnownBatch, Review]:
        known, review = self._parsed.get(batch_id) or await self._parse(batch_id)
        if expected is not None and expected != len(review.edits):
            raise EditRefused(Refusal.CHANGED_MEANWHILE, subject=batch_id)
        return known, review

    async def _parse(self, batch_id: str) -> tuple[KnownBatch, Review]:
        """The batch out of its rows. Of a closed one only this desk writes rows that matter, so it is remembered."""
        known = await self._journal.batch(batch_id)
        if known is None:
            raise NotFound("no batch that this house scanned", subject=batch_id[:64])
        review = read(batch_id, await self._journal.rows(batch_id))
        if known.closed:
            self._parsed[batch_id] = known, review
            while len(self._parsed) > PARSED:
                self._parsed.pop(next(iter(self._parsed)))
        return known, review

    async def _write(self, batch_id: str, review: Review, edit: Edit, principal: Principal) -> Edit:
        """Append the edit; the row that stands afterwards must be ours."""
        now = self._clock.now()
        edit = dataclasses.replace(edit, by=principal.who, at=now.isoformat())
        replay(review.first, (*review.edits, edit))
        row = edit_row(batch_id, len(review.edits) + 1, edit)
        await self._journal.record(row)
        self._parsed.pop(batch_id, None)
        if row not in await self._journal.rows(batch_id):
            raise EditRefused(Refusal.CHANGED_MEANWHILE, subject=batch_id)
        told = f"{edit.sheet} {edit.value}".strip()
        act = Act(now, principal.who, f"review.{edit.op.value}", "batch", batch_id, None, told)
        await self._store.write(lambda tx: tx.audit.write(act))
        return edit

    async def _insert(
        self,
        batch_id: str,
        sheet: str,
        added: Added,
        instead: bool,
        expected: int,
        principal: Principal,
        *,
        takes: str = "",
    ) -> None:
        async with self._locks[batch_id]:
            _, review = await self._read(batch_id, expected)
            edit = Edit(Op.INSERT, sheet, added=added.pages, instead=instead, takes=takes)
            apply(review.plan, edit)
            await self._inserting.keep(batch_id, added)
            self._parsed.pop(batch_id, None)
            await self._write(batch_id, review, edit, principal)

    async def _known_code(self, code: str) -> Dossier:
        found = await self._store.read(lambda tx: tx.dossiers.find(code))
        if found is None:
            raise EditRefused(Refusal.NO_DOSSIER, subject=code[:64])
        return found

    async def _check(self, desktop: Desktop, paper: Paper, reason: str) -> None:
        """What must be true of a document before it is accepted."""
        checks: tuple[tuple[bool, Refusal], ...] = (
            (not paper.pages, Refusal.EMPTY),
            (paper.code is None or paper.code not in desktop.dossiers, Refusal.NO_DOSSIER),
            (paper.wants_rescan, Refusal.RESCAN_OPEN),
            (desktop.is_accepted(paper), Refusal.UNCHANGED),
            (bool(await self._not_there(desktop, paper)), Refusal.SEAL_WAITS),
            (bool(desktop.sent(paper)) and not reason.strip(), Refusal.NEEDS_REASON),
        )
        for wrong, why in checks:
            if wrong:
                raise EditRefused(why, subject=paper.code or paper.first)

    async def _not_there(self, desktop: Desktop, paper: Paper) -> list[Live]:
        """Documents that would be ended and did not reach the store yet: they wait for their seal."""
        _, lives = desktop.plan.together(paper)
        foreign = {edit.takes for edit in desktop.review.edits if edit.takes}
        return [live for live in lives if live.key not in desktop.documents and live.key not in foreign]

    async def _carry_out(
        self, batch: ScanBatch, review: Review, number: int, edit: Edit, bound: Mapping[str, PdfA]
    ) -> bool:
        """Carry it out and note that it is done; an acceptance that the store refuses is taken out of the plan."""
        subject = edit_subject(number)
        self._parsed.pop(batch.id, None)
        try:
            if not await self._acceptance.carry_out(batch, review, number, edit, bound=bound):
                return False
        except (NotAllowed, NotFound, Stale) as refused:
            await self._journal.record(StageRow(batch.id, subject, REFUSED))
            await self._journal.record(StageRow(batch.id, subject, DONE))
            self._parsed.pop(batch.id, None)
            raise EditRefused(Refusal.TAKEN, subject=batch.id) from refused
        await self._journal.record(StageRow(batch.id, subject, DONE))
        self._parsed.pop(batch.id, None)
        return True


def _made(desktop: Desktop, paper: Paper, number: int) -> tuple[tuple[Made, ...], tuple[Paper, ...]]:
    """The documents that the acceptance makes, and their papers; a paper without pages makes none."""
    papers, lives = desktop.plan.together(paper)
    versions = [document.version for document in desktop.sent(paper)]
    version = max(versions, default=0) + 1
    ended = tuple(live.key for live in lives)
    filled = tuple(each for each in papers if each.pages)
    made = tuple(Made(each.first, key_of(desktop.batch.id, number, each, version), version, ended) for each in filled)
    return made, filled
