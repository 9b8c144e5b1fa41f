import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import WorkerPool
from scanning.progress import Phase, ProgressBoard
from scanning.seal_check import verify_sealed
from scanning.stages import Stage
from schemas.document import ScanBatch, ScannedDocument, ScanReason
from schemas.errors import BadSealKey, SealingWaits
from tests.pages.clock import until
from tests.pages.conftest import NOW, ONE, TWO, Inbox
from tests.pages.seal_key import SIGNER, CountingSealer, SealKit

pytestmark = [pytest.mark.pages, pytest.mark.slow]
BATCH = ScanBatch("b", "tram-1", None, NOW)


class HandClock:
    """A clock that a test moves; whoever waits by it goes on when its time has come."""

    def __init__(self) -> None:
        self._now = NOW
        self._waiting: list[tuple[dt.datetime, asyncio.Event]] = []

    def now(self) -> dt.datetime:
        return self._now

    @property
    def sleepers(self) -> int:
        return len(self._waiting)

    async def wait_until(self, when: dt.datetime) -> None:
        come = asyncio.Event()
        self._waiting.append((when, come))
        await come.wait()

    def move(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)
        due = [one for one in self._waiting if one[0] <= self._now]
        self._waiting = [one for one in self._waiting if one[0] > self._now]
        for _, come in due:
            come.set()


def inputs(paths: list[Path]) -> list[InputFile]:
    return [InputFile(path.name, path, path) for path in paths]


@pytest.fixture
def kit(tmp_path: Path) -> SealKit:
    return SealKit(tmp_path)


class Stand:
    """A line with its journal and inbox in one folder; made again it is the line after a restart."""

    def __init__(self, folder: Path, pool: WorkerPool, sealer: CountingSealer | None, inbox: Inbox) -> None:
        self.clock = HandClock()
        self.board = ProgressBoard(self.clock)
        self.journal = FileJournal(folder / "journal.db")
        self.drafts = folder / "drafts"
        self.sealer = sealer
        self.inbox = inbox
        self.line = Pipeline(
            *(pool, self.journal, inbox), out_dir=self.drafts, clock=self.clock, sealer=sealer, board=self.board
        )

    def left(self) -> list[str]:
        return sorted(path.name for path in self.drafts.rglob("*.pdf"))


async def test_what_is_not_in_doubt_is_sealed_before_it_is_delivered(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool, kit: SealKit
) -> None:
    nobodys, *others = drawn["jpeg"][1], *drawn["jpeg"][3:]
    stand = Stand(tmp_path, pool, kit.sealer(), Inbox())
    report = await stand.line.process(BATCH, inputs([nobodys, *others]))
    doubtful, sealed = report.documents
    assert (doubtful.dossier_code, doubtful.seal, doubtful.doubts) == (None, None, (ScanReason.NO_COVER,))
    assert (sealed.dossier_code, sealed.conformance) == (TWO, "PDF/A-2b")
    assert sealed.seal is not None
    assert (sealed.seal.level, sealed.seal.signer) == ("B-B", SIGNER)
    file = tmp_path / "sealed.pdf"
    file.write_bytes(stand.inbox.bytes[sealed.key])
    assert len(file.read_bytes()) == sealed.size_bytes
    proven = await verify_sealed(file, kit.roots)
    rows = {(row.subject, row.stage): row for row in await stand.journal.rows("b")}
    assert proven.approved_sha256 == rows[f"document:{sealed.key}", Stage.BUILT].sha256
    assert rows[f"document:{sealed.key}", Stage.SEALED].sha256 == sealed.sha256
    assert stand.left() == []
    again = await stand.line.process(BATCH, inputs([nobodys, *others]))
    assert again.documents == report.documents, "a finished batch is told again as it was delivered"
    assert stand.inbox.calls == 2
    stand.journal.close()


async def test_a_key_that_is_away_holds_up_neither_its_batch_nor_the_next(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool, kit: SealKit
) -> None:
    kit.take_away()
    sealer = kit.sealer()
    stand = Stand(tmp_path, pool, sealer, Inbox())
    report = await stand.line.process(BATCH, inputs(drawn["tiff"]))
    assert (len(report.waiting), report.documents) == (2, ())
    assert sealer.asked == 1, "fifty documents must not meet fifty timeouts"
    assert_waits(stand, BadSealKey)
    assert [known.batch.id for known in await stand.journal.recent(9) if not known.closed] == ["b"]
    told = stand.board.of("b")
    assert told is not None
    assert (told.phase, told.waiting, told.documents) == (Phase.ENDED, 2, 0)

    later = await stand.line.process(ScanBatch("c", "tram-1", None, NOW), inputs(drawn["jpeg"][1:2]))
    assert [document.doubts for document in later.documents] == [(ScanReason.NO_COVER,)]

    late = asyncio.create_task(stand.line.finish_for_ever())
    await until(lambda: stand.clock.sleepers == 1)
    assert sealer.asked == 2, "one probe, then it waits by the clock"
    kit.bring_back()
    stand.clock.move(29)
    assert sealer.asked == 2
    stand.clock.move(1)
    await until(lambda: len(stand.inbox.documents) == 3)
    await until(lambda: not stand.left())
    delivered = [document for document in stand.inbox.documents.values() if document.seal]
    assert {document.dossier_code for document in delivered} == {ONE, TWO}
    assert stand.inbox.calls == 3
    assert_waits(stand, None)
    await until_closed(stand.journal)
    told = stand.board.of("b")
    assert told is not None
    assert (told.waiting, told.documents) == (0, 2)
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    stand.journal.close()


def assert_waits(stand: Stand, why: type[SealingWaits] | None) -> None:
    assert type(stand.line.sealing_trouble) is (why or type(None))


async def until_closed(journal: FileJournal) -> None:
    async with asyncio.timeout(20):
        while await journal.unfinished():
            pass  # each look is a thread's work: the loop runs on


async def waiting_after(
    stand: Stand, files: list[InputFile], keep: Callable[[], None] = lambda: None
) -> tuple[ScannedDocument, ...]:
    """Process a batch whose documents come to wait, and end the line."""
    report = await stand.line.process(BATCH, files)
    keep()
    stand.journal.close()
    return report.waiting


async def test_after_a_restart_what_waits_is_sealed_even_if_its_file_was_lost(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool, kit: SealKit
) -> None:
    kit.take_away()
    work, kept = tmp_path / "work.tif", tmp_path / "kept.tif"
    work.write_bytes(drawn["tiff"][0].read_bytes())
    first = Stand(tmp_path, pool, kit.sealer(), Inbox())
    waiting = await waiting_after(first, [InputFile("lo.tif", work, kept)], lambda: void(work.rename(kept)))
    lost, whole = waiting
    lost.path.unlink()

    kit.bring_back()
    second = Stand(tmp_path, pool, kit.sealer(), first.inbox)
    late = asyncio.create_task(second.line.finish_for_ever())
    await until(lambda: len(second.inbox.documents) == 2)
    await until_closed(second.journal)
    for document in (lost, whole):
        file = tmp_path / "sealed.pdf"
        file.write_bytes(second.inbox.bytes[document.key])
        assert (await verify_sealed(file, kit.roots)).approved_sha256 == document.sha256, "the same bytes, built anew"
    assert second.inbox.calls == 2
    assert second.left() == []
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    second.journal.close()


def void(_: object) -> None:
    """Swallow a result."""


async def test_documents_that_waited_go_out_unsealed_when_sealing_is_switched_off(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool, kit: SealKit
) -> None:
    kit.take_away()
    first = Stand(tmp_path, pool, kit.sealer(), Inbox())
    await waiting_after(first, inputs(drawn["tiff"]))
    second = Stand(tmp_path, pool, None, first.inbox)
    late = asyncio.create_task(second.line.finish_for_ever())
    await until_closed(second.journal)
    assert [document.seal for document in second.inbox.documents.values()] == [None, None]
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    second.journal.close()
