"""A station that reads what it delivered, in a process of its own, for the test that kills it.

Usage: python -m tests.pages.text_child PAGE OUT [DEATH]. Takes the file PAGE as one batch, delivers, then reads. DEATH
as in :mod:`tests.pages.station_child`; a page that was read is ``text:read``.
"""

import asyncio
import sys
from pathlib import Path

from scanning.journal import FileJournal
from scanning.ocr import PoolReader
from scanning.pipeline import InputFile, Pipeline
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.text_queue import TextQueue
from schemas.document import ScanBatch
from tests.pages.clock import RealClock
from tests.pages.conftest import NOW
from tests.pages.station_child import LedgerInbox, TellingJournal, tell


async def main(file: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    journal: FileJournal = TellingJournal(out / "journal.db")
    inbox = LedgerInbox(out / "inbox")
    clock = RealClock()
    async with WorkerPool(1) as pool:
        line = Pipeline(pool, journal, inbox, out_dir=out / "work", clock=clock, policy=LinePolicy(TextMode.SIDECAR))
        await line.process(ScanBatch("b-1", "tram-1", None, NOW), [InputFile(file.name, file, file)])
        left = await TextQueue(journal, PoolReader(pool), inbox, clock=clock).drain()
    tell(f"end {left}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
