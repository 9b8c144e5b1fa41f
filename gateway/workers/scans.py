"""The scan line beside the gateway: hot folder in, documents to the attach desk."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from gateway.config import Scan
from scanning import station
from scanning.intake import HotFolder
from scanning.journal import FileJournal
from scanning.pipeline import Pipeline
from scanning.pool import WorkerPool
from scanning.stillness import Habits
from schemas.ports.clock import Clock
from schemas.ports.documents import DocumentInbox

RETRY_S = 5.0


class ScanLine:
    """Runs until cancelled; a batch that was begun goes on where its journal says."""

    def __init__(
        self, settings: Scan, *, hot_folder: Path, data_folder: Path, inbox: DocumentInbox, clock: Clock
    ) -> None:
        """Makes the hot folder."""
        self._settings = settings
        self._data_folder = data_folder
        self._inbox = inbox
        self._clock = clock
        habits = Habits(still_for_s=settings.still_s, patience_s=settings.patience_s, poll_s=min(2.0, settings.still_s))
        self._hot = HotFolder(hot_folder, station=settings.station, clock=clock, habits=habits)

    async def run(self) -> None:
        """Take feed after feed."""
        async with self._line() as line:
            await station.serve(self._hot, line, clock=self._clock, retry_s=RETRY_S)

    @contextlib.asynccontextmanager
    async def _line(self) -> AsyncIterator[Pipeline]:
        journal = FileJournal(self._data_folder / "scan-journal.sqlite")
        try:
            async with WorkerPool(self._settings.workers) as pool:
                yield Pipeline(pool, journal, self._inbox, out_dir=self._data_folder / "drafts", clock=self._clock)
        finally:
            journal.close()
