"""The scan line beside the gateway: hot folder in, documents to the attach desk; seals and texts that come later."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from gateway.config import Scan
from scanning import station
from scanning.approved import Sealer
from scanning.intake import HotFolder
from scanning.journal import FileJournal
from scanning.pipeline import Pipeline
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.progress import ProgressBoard
from scanning.stillness import Habits
from schemas.document import FeedOrder
from schemas.ports.clock import Clock
from schemas.ports.documents import DocumentInbox

RETRY_S = 5.0


def policy_of(settings: Scan) -> LinePolicy:
    """What the settings want made of paper."""
    return LinePolicy(
        text=TextMode(settings.text),
        languages=settings.languages,
        provenance=settings.provenance,
        order=FeedOrder(settings.order),
    )


class ScanLine:
    """Runs until cancelled; a batch that was begun goes on where its journal says."""

    def __init__(
        self,
        settings: Scan,
        *,
        hot_folder: Path,
        data_folder: Path,
        inbox: DocumentInbox,
        clock: Clock,
        sealer: Sealer | None = None,
        board: ProgressBoard | None = None,
    ) -> None:
        """Makes the hot folder; without a ``sealer`` nothing is sealed."""
        self._settings = settings
        self._data_folder = data_folder
        self._inbox = inbox
        self._clock = clock
        self._sealer = sealer
        self.board = board or ProgressBoard(clock)
        """How far each batch is; the console shows it."""
        habits = Habits(still_for_s=settings.still_s, patience_s=settings.patience_s, poll_s=min(2.0, settings.still_s))
        self._hot = HotFolder(hot_folder, station=settings.station, clock=clock, habits=habits)

    async def run(self) -> None:
        """Take feed after feed; seal what waits beside it."""
        async with self._line() as line, asyncio.TaskGroup() as beside:
            beside.create_task(line.finish_waiting())
            beside.create_task(station.serve(self._hot, line, clock=self._clock, retry_s=RETRY_S))

    @contextlib.asynccontextmanager
    async def _line(self) -> AsyncIterator[Pipeline]:
        journal = FileJournal(self._data_folder / "scan-journal.sqlite")
        try:
            async with WorkerPool(self._settings.workers) as pool:
                yield Pipeline(
                    *(pool, journal, self._inbox),
                    out_dir=self._data_folder / "drafts",
                    clock=self._clock,
                    policy=policy_of(self._settings),
                    sealer=self._sealer,
                    board=self.board,
                )
        finally:
            journal.close()
