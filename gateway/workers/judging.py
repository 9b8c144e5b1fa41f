"""Judges documents of district stations in a worker child of its own: what comes from afar is opened by nobody else."""

import asyncio
from pathlib import Path

from gateway.inbound.problems import EdgeError
from scanning import protocol
from scanning.pool import LineDown, WorkerPool
from scanning.records import seal_from_json
from scanning.structure import BadFile
from schemas.document import ScannedDocument, ScanReason, SealNote
from schemas.ids import MessageId

JUDGE_S, JUDGE_PAGE_S = 30.0, 1.0
"""Deadline of one document, and what each page adds: the judge needs 10 ms a page."""


class NotApproved(EdgeError):
    """The document is not what the house shows to people; the reason is the judge's."""

    text = ScanReason.NOT_CONFORMANT.text
    status = 422


class NoRoots(EdgeError):
    """A sealed document came, and nobody said whom to trust."""

    text = MessageId("handed.no_roots")
    status = 503
    retry_after_s = 300


class JudgeDown(EdgeError):
    """Workers do not start, or the disk is full."""

    text = MessageId("handed.judge_down")
    status = 503
    retry_after_s = 30


class DocumentJudge:
    """One child, started with the first document. Close it at the end."""

    def __init__(self, *, roots: Path | None) -> None:
        """``roots`` is the file of root certificates by which seals of stations are believed."""
        self._roots = roots
        self._pool = WorkerPool(1)
        self._one = asyncio.Lock()

    async def __call__(self, document: ScannedDocument) -> SealNote | None:
        """The seal as the file itself tells it. Raises NotApproved, NoRoots, JudgeDown."""
        sealed = document.seal is not None
        if sealed and self._roots is None:
            raise NoRoots(subject=document.key)
        try:
            async with self._one:
                answer = await self._pool.run(
                    protocol.JUDGE,
                    deadline_s=JUDGE_S + JUDGE_PAGE_S * len(document.pages),
                    path=str(document.path),
                    flavour=document.conformance.removeprefix("PDF/A-"),
                    sealed=sealed,
                    roots=str(self._roots) if self._roots else None,
                )
        except BadFile as bad:
            raise NotApproved(str(bad), subject=f"{document.key[:12]}: {bad}"[:300]) from bad
        except LineDown as down:
            raise JudgeDown(str(down)) from down
        return seal_from_json(answer["seal"]) if answer["seal"] else None

    async def aclose(self) -> None:
        """End the child."""
        await self._pool.close()
