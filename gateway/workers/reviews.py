"""The review desk beside the scan line: the line's journal, a worker of its own, and the loop that resumes."""

from pathlib import Path

from gateway.desk.attach import AttachDesk
from gateway.desk.review import ReviewDesk
from gateway.desk.review_accept import Acceptance
from gateway.desk.review_insert import Inserting
from gateway.sections import Scan
from gateway.workers.scans import policy_of
from scanning.approved import Sealer
from scanning.intake import ORIGINALS
from scanning.journal import FileJournal
from scanning.pool import WorkerPool
from scanning.review_previews import Previews
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

RESUME_S = 30.0
"""Between two looks for acceptances that a crash or an absent seal left behind."""


class Reviews:
    """Holds what the desk needs; ``desk`` is what the screens use."""

    def __init__(
        self,
        settings: Scan,
        *,
        store: Store,
        attach: AttachDesk,
        sealer: Sealer | None,
        hot_folder: Path,
        data_folder: Path,
        clock: Clock,
    ) -> None:
        """Opens the scan line's journal a second time; both write ahead to the same file, and each row is written once.

        The worker is one child of its own: the line's may have hundreds of pages in hand, and a person waits for this.
        """
        self._journal = FileJournal(data_folder / "scan-journal.sqlite")
        self._pool = WorkerPool(1)
        self.desk = ReviewDesk(
            store,
            journal=self._journal,
            clock=clock,
            acceptance=Acceptance(
                journal=self._journal,
                pool=self._pool,
                attach=attach,
                sealer=sealer,
                out_dir=data_folder / "reviewed",
                policy=policy_of(settings),
            ),
            inserting=Inserting(self._journal, self._pool, originals=hot_folder / ORIGINALS),
            previews=Previews(self._pool, data_folder / "previews", most_bytes=settings.previews_bytes),
        )

    async def once(self) -> None:
        """Carry out what was left behind."""
        await self.desk.resume()

    async def close(self) -> None:
        """Stop the worker, let go of the journal."""
        await self._pool.close()
        self._journal.close()
