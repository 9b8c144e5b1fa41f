"""The scan line beside the gateway: hot folder in, documents to the attach desk; seals and texts that come later."""

import asyncio
from pathlib import Path

from gateway.sections import Scan
from scanning.approved import Sealer
from scanning.codes import CodeRules
from scanning.intake import HotFolder
from scanning.journal import FileJournal
from scanning.ocr import NICE, PoolReader
from scanning.pipeline import BatchReport, Pipeline
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.progress import BatchProgress, ProgressBoard
from scanning.stages import Stage
from scanning.station import Station
from scanning.stillness import Habits
from scanning.text_queue import TextQueue
from scanning.trouble import Trouble, TroubleKind
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
        codes=CodeRules(settings.code_prefixes),
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
        self._station: Station | None = None
        self._pipeline: Pipeline | None = None
        habits = Habits(
            still_for_s=settings.still_s,
            patience_s=settings.patience_s,
            poll_s=min(settings.poll_s, settings.still_s),
            wants_done=settings.done_files,
            events=settings.watch == "events",
        )
        self._hot = HotFolder(hot_folder, station=settings.station, clock=clock, habits=habits)

    async def run(self) -> None:
        """Take feed after feed; beside it seal what waits and, behind everything else, read what was delivered."""
        journal = FileJournal(self._data_folder / "scan-journal.sqlite")
        try:
            async with (
                WorkerPool(self._settings.workers) as pool,
                WorkerPool(1, nice=NICE) as readers,
                asyncio.TaskGroup() as beside,
            ):
                line = self._line(pool, journal)
                beside.create_task(line.finish_for_ever())
                beside.create_task(self._texts(readers, journal).run())
                self._station = Station(self._hot, line, clock=self._clock, retry_s=RETRY_S)
                beside.create_task(self._station.serve())
        finally:
            journal.close()

    async def once(self) -> list[BatchReport]:
        """Take what lies in the folder and end. What an earlier run left unsealed is tried first.

        Raises:
            LineDown, LienthongError, OSError: the line, the inbox or the folder is down; nothing is lost, call again.
        """
        journal = FileJournal(self._data_folder / "scan-journal.sqlite")
        try:
            async with WorkerPool(self._settings.workers) as pool:
                line = self._line(pool, journal)
                await line.finish_waiting()
                self._station = Station(self._hot, line, clock=self._clock, retry_s=RETRY_S)
                return await self._station.once()
        finally:
            journal.close()

    async def read_texts(self) -> bool:
        """Read the words of what was delivered and end; :meth:`once` leaves them, because people wait for documents.

        Returns:
            Whether any text went to the inbox.
        """
        journal = FileJournal(self._data_folder / "scan-journal.sqlite")
        try:
            async with WorkerPool(1, nice=NICE) as readers:
                texts = self._texts(readers, journal)
                owed = len(await journal.lacking(Stage.TEXT_WANTED, then=Stage.READ))
                return await texts.drain() < owed
        finally:
            journal.close()

    def look(self) -> tuple[BatchProgress, ...]:
        """The batches on the board, the one begun last first."""
        return self.board.look()

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the line from working now, or else from sealing."""
        trouble = self._station.trouble if self._station else self._hot.trouble
        waits = self._pipeline.sealing_trouble if self._pipeline else None
        if trouble is None and waits is not None:
            return Trouble(TroubleKind.SEAL_WAITS, waits.subject, waits.detail or str(waits))
        return trouble

    def _texts(self, readers: WorkerPool, journal: FileJournal) -> TextQueue:
        reader = PoolReader(readers, languages=self._settings.languages)
        return TextQueue(journal, reader, self._inbox, clock=self._clock)

    def _line(self, pool: WorkerPool, journal: FileJournal) -> Pipeline:
        self._pipeline = Pipeline(
            *(pool, journal, self._inbox),
            out_dir=self._data_folder / "drafts",
            clock=self._clock,
            policy=policy_of(self._settings),
            sealer=self._sealer,
            board=self.board,
        )
        return self._pipeline
