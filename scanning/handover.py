"""The end of the walk: an approved PDF is sealed if nothing speaks against it, and delivered exactly once.

A seal needs a key and often a timestamp authority, and both can be away. Then the document waits, built, with a row in
the journal; its batch goes on, later batches too, and :meth:`Handover.run` seals and delivers it when they are back,
also after a restart. While they are away only this loop tries: a batch of fifty documents must not meet fifty timeouts.

What is in doubt is delivered unsealed: a seal says that somebody answers for the pages, so a person looks first.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from scanning import stages
from scanning.approved import PdfA, SealedPdf, Sealer, holds
from scanning.batch import Ledger
from scanning.documents import with_file
from scanning.pool import LineDown
from scanning.progress import ProgressBoard
from scanning.records import document_from_json, document_to_json, seal_from_json, seal_to_json
from scanning.stages import Stage
from scanning.structure import BadFile
from schemas.document import ScannedDocument
from schemas.errors import LienthongError, SealingWaits
from schemas.ports.clock import Clock
from schemas.ports.documents import DocumentInbox
from schemas.ports.journal import ScanJournal, StageRow

log = logging.getLogger(__name__)

RETRY_S = 30.0
"""Between two tries to seal while the key or the timestamp authority is away: one probe, not one for each document."""

Rebuild = Callable[[Ledger, ScannedDocument], Awaitable[PdfA]]
"""Makes the approved file of a document anew, should it be lost while it waits."""


class Handover:
    """Seals and delivers. One object a line: it knows whether sealing is away, and which documents are in hand."""

    def __init__(
        self,
        journal: ScanJournal,
        inbox: DocumentInbox,
        *,
        sealer: Sealer | None,
        clock: Clock,
        board: ProgressBoard,
        wants_text: bool,
        rebuild: Rebuild,
        retry_s: float = RETRY_S,
    ) -> None:
        """Without a ``sealer`` nothing is sealed. ``wants_text``: the text of what is delivered is read afterwards."""
        self._journal = journal
        self._inbox = inbox
        self._sealer = sealer
        self._clock = clock
        self._board = board
        self._wants_text = wants_text
        self._rebuild = rebuild
        self._retry = dt.timedelta(seconds=retry_s)
        self.trouble: SealingWaits | None = None
        """Why sealing waits, while it does; for the operator."""
        self._away_until: dt.datetime | None = None
        self._in_hand: set[str] = set()
        self._waits = asyncio.Event()

    async def finish(self, ledger: Ledger, document: ScannedDocument, approved: PdfA) -> ScannedDocument | None:
        """Seal where it is due, deliver, write it down; the document as delivered, ``None`` when it waits for its seal.

        Raises:
            BadFile, LineDown, LienthongError, OSError: not delivered; call again.
        """
        if document.key in self._in_hand:  # the loop has it, from before a restart
            return None
        self._in_hand.add(document.key)
        try:
            ready = await self._sealed(ledger, document, approved)
            if ready is None:
                return None
            if ledger.row(stages.document_subject(document.key), Stage.DELIVERED) is None:
                await self._deliver(ledger, *ready)
            await asyncio.to_thread(_forget, approved.path)
            return ready[0]
        finally:
            self._in_hand.discard(document.key)

    # --- the seal ------------------------------------------------------------------------------------------------

    async def _sealed(
        self, ledger: Ledger, document: ScannedDocument, approved: PdfA
    ) -> tuple[ScannedDocument, PdfA | SealedPdf] | None:
        """What to deliver; ``None``: its seal is to be had later, and the journal says so."""
        subject = stages.document_subject(document.key)
        out = sealed_path(approved.path)
        told = ledger.result(subject, Stage.SEALED)
        delivered = ledger.row(subject, Stage.DELIVERED) is not None
        if told is not None and (delivered or await asyncio.to_thread(holds, out, told["sha256"])):
            note = seal_from_json(told)
            sealed = SealedPdf(out, told["sha256"], int(told["size_bytes"]), approved.flavour, note)
            return with_file(document, sealed), sealed
        if delivered or self._sealer is None or document.doubts:
            return with_file(document, approved), approved
        if self._is_away():
            await self._wait(ledger, document, approved)
            return None
        try:
            sealed = await self._sealer.seal(approved, out)
        except SealingWaits as waits:
            self._note_away(waits)
            await self._wait(ledger, document, approved)
            return None
        except BadFile as bad:  # nothing that waiting would mend: a person sees it, unsealed
            doubtful = dataclasses.replace(document, reasons=(*document.reasons, bad.reason))
            return with_file(doubtful, approved), approved
        self._away_until = self.trouble = None
        result = {**seal_to_json(sealed.note), "sha256": sealed.sha256, "size_bytes": sealed.size_bytes}
        await ledger.record(subject, Stage.SEALED, result, sealed.sha256)
        return with_file(document, sealed), sealed

    def _note_away(self, waits: SealingWaits) -> None:
        if self.trouble is None:
            log.warning("sealing waits: %s", waits)
        self.trouble = waits
        self._away_until = self._clock.now() + self._retry

    def _is_away(self) -> bool:
        return self._away_until is not None and self._clock.now() < self._away_until

    async def _wait(self, ledger: Ledger, document: ScannedDocument, approved: PdfA) -> None:
        told = document_to_json(with_file(document, approved))
        await ledger.record(stages.document_subject(document.key), Stage.SEAL_WAITS, told, approved.sha256)
        self._waits.set()

    # --- the delivery --------------------------------------------------------------------------------------------

    async def _deliver(self, ledger: Ledger, document: ScannedDocument, file: PdfA | SealedPdf) -> None:
        """Hand it over, then write it down; our own copies go after that: in this order a crash costs nothing."""
        assert document.path == file.path, "the record names the file that was approved or sealed"
        subject = stages.document_subject(document.key)
        if self._wants_text:
            await ledger.record(subject, Stage.TEXT_WANTED, document_to_json(document))
        await self._inbox.deliver(document)
        await ledger.record(subject, Stage.DELIVERED)

    # --- those that wait -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Seal and deliver what waits, as soon as it can be; for ever. Without a sealer (any more) it is delivered."""
        while True:
            self._waits.clear()
            left = await self.finish_waiting()
            if left:
                await self._clock.wait_until(self._clock.now() + self._retry)
            else:
                await self._waits.wait()

    async def finish_waiting(self) -> int:
        """Try those that wait, oldest first, while sealing is there; how many wait on."""
        rows = await self._journal.lacking(Stage.SEAL_WAITS, then=Stage.DELIVERED)
        done = 0
        for row in rows:
            try:
                if not await self._finish_late(row):
                    break
            except BadFile as bad:  # it was lost and cannot be made again; its neighbours can
                log.error("%s of batch %s cannot be made again: %s", row.subject, row.batch_id, bad)
            except (LineDown, LienthongError, OSError) as error:
                log.warning("%s of batch %s waits on: %s", row.subject, row.batch_id, error)
                break
            else:
                done += 1
        return len(rows) - done

    async def _finish_late(self, row: StageRow) -> bool:
        document = document_from_json(json.loads(row.result))
        ledger = Ledger(row.batch_id, await self._journal.rows(row.batch_id), self._journal)
        flavour = document.conformance.removeprefix("PDF/A-")
        approved = PdfA(document.path, document.sha256, document.size_bytes, flavour)
        if not await asyncio.to_thread(holds, approved.path, approved.sha256):
            approved = await self._rebuild(ledger, document)
        self._away_until = None  # this is the probe
        if await self.finish(ledger, document, approved) is None:
            return False
        self._board.add(row.batch_id, waiting=-1, documents=1)
        await self.close_if_done(row.batch_id)
        return True

    async def close_if_done(self, batch_id: str) -> bool:
        """Close the batch when it is through and none of its documents waits any more.

        Asked of the journal afresh: the walk over the batch and the loop over what waits may end in any order.
        """
        rows = await self._journal.rows(batch_id)
        if not any((row.subject, row.stage) == (stages.BATCH, Stage.THROUGH) for row in rows):
            return False
        delivered = {row.subject for row in rows if row.stage == Stage.DELIVERED}
        if any(row.stage == Stage.SEAL_WAITS and row.subject not in delivered for row in rows):
            return False
        await self._journal.close_batch(batch_id)
        return True


def sealed_path(approved: Path) -> Path:
    """Where the sealed file of an approved one stands until it is delivered."""
    return approved.with_suffix(".sealed.pdf")


def _forget(approved: Path) -> None:
    """The inbox has its own copy; the sealed file and the approved one below it go."""
    for gone in (sealed_path(approved), approved):
        gone.unlink(missing_ok=True)
