import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest

from gateway.sample.pages.batch import Kind
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import WorkerPool
from scanning.seal_check import verify_sealed
from schemas.document import FeedOrder, ScanBatch, ScannedDocument, ScanReason
from schemas.ports.documents import Delivered
from tests.pages.clock import RealClock
from tests.pages.conftest import NOW, ONE, TWO, Inbox
from tests.pages.seal_key import SealKit

pytestmark = [pytest.mark.pages, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


async def run_station(hot: Path, out: Path, *, kill_after: int | None = None, death: str = "") -> list[str]:
    """Run the station; kill -9 it and its workers' parent after so many told lines, or where it dies by itself.

    Returns what it told.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.pages.station_child", str(hot), str(out), death),
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
        code = await child.wait()
    assert not death or code == -signal.SIGKILL, f"it did not come to {death}"
    return told


def feed(drawn: dict[Kind, list[Path]], hot: Path) -> None:
    """Two dossiers of five pages, and a file that is no scan."""
    hot.mkdir()
    for path in drawn["jpeg"]:
        shutil.copy2(path, hot / path.name)
    (hot / "x.jpg").write_text("<html>")


def assert_kept(drawn: dict[Kind, list[Path]], hot: Path) -> None:
    (kept,) = (hot / ".originals").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == sorted([*(p.name for p in drawn["jpeg"]), "x.jpg"])
    assert (kept / drawn["jpeg"][0].name).read_bytes() == drawn["jpeg"][0].read_bytes()
    assert list((hot / ".work").iterdir()) == []


async def test_kill_9_at_any_moment_ends_the_same_and_nothing_is_delivered_twice(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    hot, out = tmp_path / "hot", tmp_path / "out"
    feed(drawn, hot)
    told: list[str] = []
    for kill_after in (1, 5, 6, 2):
        told += await run_station(hot, out, kill_after=kill_after)
    told += await run_station(hot, out)
    assert told[-1] == "end"
    rows = [line for line in told if line.startswith("row ")]
    assert len(rows) == len(set(rows)), "a recorded stage is not done again"
    ledger = (out / "inbox" / "ledger.txt").read_text().splitlines()
    assert [line.split()[:3] for line in ledger] == [[ONE, "3", "open"], [TWO, "2", "open"]]
    assert len({line for line in told if line.startswith("delivered ")}) == 2
    assert_kept(drawn, hot)


DEATHS = (
    "before:file:set_aside",
    "after:file:inspected",
    "before:page:analysed",
    "before:batch:ordered",
    "after:page:read",
    "before:document:built",
    "before:document:sealed",
    "after:document:sealed",
    "before:inbox",
    "after:inbox",
    "after:document:delivered",
    "before:batch:through",
    "before:document:read",
)
"""Every stage of the line, in the order in which it comes, with its work done but not noted, or noted and no more."""


async def test_kill_9_at_every_stage_with_seal_and_text_layer_loses_and_doubles_nothing(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    hot, out = tmp_path / "hot", tmp_path / "out"
    feed(drawn, hot)
    (out / "key").mkdir(parents=True)
    kit = SealKit(out / "key")
    told: list[str] = []
    for death in DEATHS:
        told += await run_station(hot, out, death=death)
    told += await run_station(hot, out)
    assert told[-1] == "end"
    rows = [line for line in told if line.startswith("row ")]
    assert len(rows) == len(set(rows)), "a recorded stage is not done again"
    assert len({row for row in rows if row.startswith("row analysed ")}) == 5
    ledger = [line.split() for line in (out / "inbox" / "ledger.txt").read_text().splitlines()]
    assert [line[:3] for line in ledger] == [[ONE, "3", "sealed"], [TWO, "2", "open"]], "a gap is a doubt"
    for _, pages, state, sha256 in ledger:
        (pdf,) = (path for path in (out / "inbox").glob("*.pdf") if sha256_of(path) == sha256)
        if state == "sealed":
            assert (await verify_sealed(pdf, kit.roots)).approved_bytes < pdf.stat().st_size
        with pikepdf.open(pdf) as opened:
            assert opened.open_metadata().get("pdfaid:conformance") == "U"
        assert all(page.strip() for page in words_of(pdf)[: int(pages)])
    texts = (out / "inbox" / "texts.txt").read_text().splitlines()
    assert sorted({line.split()[1] for line in texts}) == ["2", "3"]
    assert [path for path in (out / "work").rglob("*") if path.is_file()] == []
    assert_kept(drawn, hot)


def words_of(pdf: Path) -> list[str]:
    """The text of each page as another program finds it."""
    told = subprocess.run(["pdftotext", "-enc", "UTF-8", str(pdf), "-"], capture_output=True, check=True)
    return told.stdout.decode().split("\f")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
