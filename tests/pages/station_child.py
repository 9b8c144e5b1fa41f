"""A station in a process of its own, for the tests that kill it: claims what lies in the folder and processes it.

Usage: python -m tests.pages.station_child HOT OUT [DEATH]. With a key in OUT/key it seals and lays text under the
images. Each journal row and each delivery is told on stdout once durable. DEATH is where the process kills itself
with SIGKILL, at its first new step of that kind: ``before:page:analysed`` (the work is done and not written down),
``after:page:analysed`` (written down, nothing else done), ``before:inbox`` and ``after:inbox`` likewise for a delivery.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from scanning.intake import HotFolder
from scanning.journal import FileJournal
from scanning.ocr import PoolReader
from scanning.pipeline import Pipeline
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.stillness import Habits
from scanning.text_queue import TextQueue
from schemas.document import DocumentText, ScannedDocument, SetAside
from schemas.ports.documents import Delivered
from schemas.ports.journal import StageRow
from tests.pages.clock import RealClock
from tests.pages.seal_key import SealKit

DEATH = sys.argv[3] if len(sys.argv) > 3 else ""


def pass_by(place: str) -> None:
    """Die here if this is the place."""
    if place == DEATH:
        os.kill(os.getpid(), signal.SIGKILL)


class TellingJournal(FileJournal):
    """Tells each row after it is on the disk."""

    async def record(self, row: StageRow) -> None:
        place = f"{row.subject.partition(':')[0]}:{row.stage}"
        pass_by(f"before:{place}")
        await super().record(row)
        tell(f"row {row.stage} {row.subject}")
        pass_by(f"after:{place}")


class LedgerInbox:
    """A folder as inbox: one file a document, and a ledger of every delivery that was applied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    async def deliver(self, document: ScannedDocument) -> Delivered:
        target = self._folder / f"{document.key}.pdf"
        if target.exists():
            return Delivered(document.key, repeated=True)
        pass_by("before:inbox")
        draft = target.with_suffix(".draft")
        draft.write_bytes(document.path.read_bytes())
        draft.rename(target)
        sealed = "sealed" if document.seal else "open"
        with (self._folder / "ledger.txt").open("a") as ledger:
            ledger.write(f"{document.dossier_code} {len(document.pages)} {sealed} {document.sha256}\n")
        pass_by("after:inbox")
        tell(f"delivered {document.key}")
        return Delivered(document.key, repeated=False)

    async def set_aside(self, item: SetAside) -> None:
        tell(f"aside {item.source} {item.reason}")

    async def read(self, text: DocumentText) -> None:
        with (self._folder / "texts.txt").open("a") as ledger:
            ledger.write(f"{text.key} {sum(bool(page.text) for page in text.pages)}\n")
        tell(f"text {text.key}")


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(hot_dir: Path, out_dir: Path) -> None:
    clock = RealClock()
    out_dir.mkdir(exist_ok=True)
    seals = (out_dir / "key").is_dir()
    policy = LinePolicy(text=TextMode.LAYER if seals else TextMode.NONE)
    hot = HotFolder(hot_dir, station="tram-1", clock=clock, habits=Habits(still_for_s=0.0))
    journal, inbox = TellingJournal(out_dir / "journal.db"), LedgerInbox(out_dir / "inbox")
    async with WorkerPool(2) as pool:
        line = Pipeline(
            *(pool, journal, inbox),
            out_dir=out_dir / "work",
            clock=clock,
            policy=policy,
            sealer=SealKit(out_dir / "key").sealer() if seals else None,
        )
        for claim in [*hot.unfinished(clock.now()), *hot.look(clock.now())]:
            await line.process(claim.batch, claim.files)
            hot.finish(claim)
        await TextQueue(journal, PoolReader(pool), inbox, clock=clock).drain()
    tell("end")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
