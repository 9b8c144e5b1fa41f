"""A station at work: feeds out of the hot folder, through the line, their originals kept.

One feed after another, in the order they were finished; the pages of a feed run in parallel. When the line or the inbox
is down, the feed stays claimed and is tried again: nothing falls out, and what was done is in the journal. What keeps
the station from working has a name (:attr:`Station.trouble`) as long as it lasts.
"""

import asyncio
import datetime as dt
import logging

from scanning.intake import Claim, HotFolder
from scanning.pipeline import BatchReport, Pipeline
from scanning.pool import LineDown
from scanning.trouble import Trouble, TroubleKind, of_error
from schemas.errors import LienthongError, StoreFull
from schemas.ports.clock import Clock

log = logging.getLogger(__name__)

RETRY_S = 15.0
"""Between two tries of a feed while the line or the inbox is down."""
ONCE_POLL_S = 0.5
"""Between two looks of a run that ends by itself."""


class Station:
    """One hot folder and one line."""

    def __init__(self, hot: HotFolder, line: Pipeline, *, clock: Clock, retry_s: float = RETRY_S) -> None:
        self._hot = hot
        self._line = line
        self._clock = clock
        self._retry_s = retry_s
        self._trouble: Trouble | None = None

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the station from working now."""
        return self._trouble or self._hot.trouble

    async def serve(self) -> None:
        """Work until cancelled."""
        async for claim in self._hot.claims():
            _tell(await self._to_the_end(claim))

    async def once(self) -> list[BatchReport]:
        """Process what a crash left and what lies in the folder, as soon as it lies still; then end.

        Files that are not whole stay where they are: who writes them may come back.

        Raises:
            LineDown, LienthongError, OSError: the line, the inbox or the folder is down; nothing is lost, call again.
        """
        reports = []
        for claim in await asyncio.to_thread(self._hot.unfinished, self._clock.now()):
            reports.append(await self._process(claim))
        while True:
            for claim in await asyncio.to_thread(self._hot.look, self._clock.now()):
                reports.append(await self._process(claim))
            if self._hot.trouble is not None or not self._hot.unsettled:
                return reports
            await self._clock.wait_until(self._clock.now() + dt.timedelta(seconds=ONCE_POLL_S))

    async def _to_the_end(self, claim: Claim) -> BatchReport:
        while True:
            try:
                report = await self._process(claim)
            except (LineDown, LienthongError, OSError) as error:
                self._trouble = _trouble(error, claim.batch.id)
                log.warning("batch %s waits: %s", claim.batch.id, error)
                await self._clock.wait_until(self._clock.now() + dt.timedelta(seconds=self._retry_s))
            else:
                self._trouble = None
                return report

    async def _process(self, claim: Claim) -> BatchReport:
        report = await self._line.process(claim.batch, claim.files)
        await asyncio.to_thread(self._hot.finish, claim)
        return report


def _tell(report: BatchReport) -> None:
    log.info("batch %s: %d documents, %d set aside", report.batch.id, len(report.documents), len(report.set_aside))


def _trouble(error: Exception, batch: str) -> Trouble:
    if isinstance(error, LineDown):
        return Trouble(TroubleKind.LINE_DOWN, batch, str(error))
    if isinstance(error, StoreFull):
        return Trouble(TroubleKind.FULL, batch, str(error))
    if isinstance(error, OSError) and (named := of_error(error, batch)).kind is not TroubleKind.AWAY:
        return named
    return Trouble(TroubleKind.INBOX_AWAY, batch, str(error))
