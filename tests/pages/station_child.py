"""A station in a process of its own, for the tests that kill it: claims what lies in the folder and processes it.

Usage: python -m tests.pages.station_child HOT OUT. Each journal row and each delivery is told on stdout once durable.
"""

import asyncio
import sys
from pathlib import Path

from scanning.intake import HotFolder
from scanning.journal import FileJournal
from scanning.pipeline import Pipeline
from scanning.pool import WorkerPool
from scanning.stillness import Habits
from schemas.document import DocumentText, ScannedDocument, SetAside
from schemas.ports.documents import Delivered
from schemas.ports.journal import StageRow
from tests.pages.clock import RealClock


class TellingJournal(FileJournal):
    """Tells each row after it is on the disk."""

    async def record(self, row: StageRow) -> None:
        await super().record(row)
        tell(f"row {row.stage} {row.subject}")


class LedgerInbox:
    """A folder as inbox: one file a document, and a ledger of every delivery that was applied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    async def deliver(self, document: ScannedDocument) -> Delivered:
        target = self._folder / f"{document.key}.pdf"
        if target.exists():
            return Delivered(document.key, repeated=True)
        draft = target.with_suffix(".draft")
        draft.write_bytes(document.path.read_bytes())
        draft.rename(target)
        with (self._folder / "ledger.txt").open("a") as ledger:
            ledger.write(f"{document.dossier_code} {len(document.pages)} {document.sha256}\n")
        tell(f"delivered {document.key}")
        return Delivered(document.key, repeated=False)

    async def set_aside(self, item: SetAside) -> None:
        tell(f"aside {item.source} {item.reason}")

    async def read(self, text: DocumentText) -> None:
        with (self._folder / "texts.txt").open("a") as ledger:
            ledger.write(f"{text.key} {len(text.pages)}\n")
        tell(f"text {text.key}")


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(hot_dir: Path, out_dir: Path) -> None:
    clock = RealClock()
    out_dir.mkdir(exist_ok=True)
    hot = HotFolder(hot_dir, station="tram-1", clock=clock, habits=Habits(still_for_s=0.0))
    journal = TellingJournal(out_dir / "journal.db")
    async with WorkerPool(2) as pool:
        line = Pipeline(pool, journal, LedgerInbox(out_dir / "inbox"), out_dir=out_dir / "work", clock=clock)
        for claim in [*hot.unfinished(clock.now()), *hot.look(clock.now())]:
            await line.process(claim.batch, claim.files)
            hot.finish(claim)
    tell("end")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
