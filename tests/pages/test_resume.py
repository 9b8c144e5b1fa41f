import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import WorkerPool
from schemas.document import FeedOrder, ScanBatch, ScannedDocument, ScanReason
from schemas.ports.documents import Delivered
from tests.pages.clock import RealClock
from tests.pages.conftest import NOW, ONE, TWO, Inbox

pytestmark = [pytest.mark.pages, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


async def run_station(hot: Path, out: Path, *, kill_after: int | None) -> list[str]:
    """Run the station; kill -9 it and its workers' parent after so many told lines. Returns what it told."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.pages.station_child", str(hot), str(out)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    told: list[str] = []
    async with asyncio.timeout(120):
        while line := await child.stdout.readline():
            told.append(line.decode().strip())
            if kill_after is not None and len(told) >= kill_after:
                child.send_signal(signal.SIGKILL)
                kill_after = None
        await child.wait()
    return told


async def test_kill_9_at_any_stage_ends_the_same_and_nothing_is_delivered_twice(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    hot, out = tmp_path / "hot", tmp_path / "out"
    hot.mkdir()
    for path in drawn["jpeg"]:
        shutil.copy2(path, hot / path.name)
    (hot / "x.jpg").write_text("<html>")
    told: list[str] = []
    for kill_after in (1, 4, 6, 3, 1):
        told += await run_station(hot, out, kill_after=kill_after)
    told += await run_station(hot, out, kill_after=None)
    assert told[-1] == "end"
    rows = [line for line in told if line.startswith("row ")]
    assert len(rows) == len(set(rows)), "a recorded stage is not done again"
    ledger = (out / "inbox" / "ledger.txt").read_text().splitlines()
    assert [line.split()[:2] for line in ledger] == [[ONE, "3"], [TWO, "2"]]
    assert len({line for line in told if line.startswith("delivered ")}) == 2
    (kept,) = (hot / ".originals").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == sorted([*(p.name for p in drawn["jpeg"]), "x.jpg"])
    assert (kept / drawn["jpeg"][0].name).read_bytes() == drawn["jpeg"][0].read_bytes()
    assert list((hot / ".work").iterdir()) == []


class Refusing(Inbox):
    """An inbox that is away for the first ``away`` deliveries."""

    def __init__(self, away: int) -> None:
        super().__init__()
        self.away = away

    async def deliver(self, document: ScannedDocument) -> Delivered:
        if self.away:
            self.away -= 1
            raise OSError("the gateway does not answer")
        return await super().deliver(document)


def inputs(paths: list[Path]) -> list[InputFile]:
    return [InputFile(path.name, path, path) for path in paths]


async def test_an_inbox_that_is_away_leaves_the_batch_open_and_gets_each_document_once(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    inbox, journal = Refusing(1), FileJournal(tmp_path / "journal.db")
    batch = ScanBatch("b", "tram-1", None, NOW, FeedOrder.AS_FED)
    line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out", clock=RealClock())
    with pytest.raises(OSError, match="does not answer"):
        await line.process(batch, inputs(drawn["tiff"]))
    assert await journal.unfinished() == [batch]
    report = await line.process(batch, inputs(drawn["tiff"]))
    assert inbox.calls == len(inbox.documents) == len(report.documents) == 2
    assert await journal.unfinished() == []
    again = await line.process(batch, inputs(drawn["tiff"]))
    assert inbox.calls == 2, "a finished batch is told again, not done again"
    assert again.documents == report.documents
    journal.close()


async def test_the_same_bytes_in_another_batch_are_shown_and_not_processed(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    inbox, journal = Inbox(), FileJournal(":memory:")
    line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out", clock=RealClock())
    await line.process(ScanBatch("monday", "tram-1", None, NOW), inputs(drawn["jpeg"]))
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(drawn["jpeg"][0].read_bytes())
    report = await line.process(ScanBatch("tuesday", "tram-1", None, NOW), inputs([copy]))
    assert report.documents == ()
    (item,) = report.set_aside
    assert (item.reason, item.detail) == (ScanReason.DUPLICATE, "It came as lo-0001.jpg in batch monday.")
    assert item.key in inbox.aside
    assert not item.reason.is_fault
    journal.close()


async def test_a_file_that_was_set_aside_may_be_scanned_again_when_it_is_whole(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    inbox, journal = Inbox(), FileJournal(":memory:")
    line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out", clock=RealClock())
    page = tmp_path / "page.jpg"
    page.write_bytes(drawn["jpeg"][0].read_bytes()[:50_000])
    first = await line.process(ScanBatch("b1", "tram-1", None, NOW), inputs([page]))
    page.write_bytes(drawn["jpeg"][0].read_bytes())
    second = await line.process(ScanBatch("b2", "tram-1", None, NOW), inputs([page]))
    assert [item.reason for item in first.set_aside] == [ScanReason.TRUNCATED]
    assert [document.dossier_code for document in second.documents] == [ONE]
    journal.close()
