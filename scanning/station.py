"""A station at work: feeds out of the hot folder, through the line, their originals kept.

One feed after another, in the order they were finished; the pages of a feed run in parallel. When the line or the inbox
is down, the feed stays claimed and is tried again: nothing falls out, and what was done is in the journal.
"""

import asyncio
import datetime as dt
import logging

from scanning.intake import Claim, HotFolder
from scanning.pipeline import BatchReport, Pipeline
from scanning.pool import LineDown
from schemas.errors import LienthongError
from schemas.ports.clock import Clock

log = logging.getLogger(__name__)

RETRY_S = 15.0
"""Between two tries of a feed while the line or the inbox is down."""


async def serve(hot: HotFolder, line: Pipeline, *, clock: Clock, retry_s: float = RETRY_S) -> None:
    """Work until cancelled."""
    async for claim in hot.claims():
        report = await _to_the_end(hot, claim, line, clock, retry_s)
        log.info("batch %s: %d documents, %d set aside", claim.batch.id, len(report.documents), len(report.set_aside))


async def _to_the_end(hot: HotFolder, claim: Claim, line: Pipeline, clock: Clock, retry_s: float) -> BatchReport:
    while True:
        try:
            report = await line.process(claim.batch, claim.files)
        except (LineDown, LienthongError, OSError) as error:
            log.warning("batch %s waits: %s", claim.batch.id, error)
            await clock.wait_until(clock.now() + dt.timedelta(seconds=retry_s))
        else:
            await asyncio.to_thread(hot.finish, claim)
            return report
