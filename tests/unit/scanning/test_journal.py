import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanning.journal import FileJournal
from scanning.stages import OutOfOrder, Progress, Stage, document_subject, file_subject, page_subject
from schemas.document import FeedOrder, ScanBatch
from schemas.ports.journal import KnownBatch, StageRow

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
BATCH = ScanBatch("b1", "quay-1", None, NOW)
SHA = "ab" * 32


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    opened = FileJournal(tmp_path / "journal.db")
    yield opened
    opened.close()


def inspected(batch: str, name: str, sha256: str = SHA) -> StageRow:
    return StageRow(batch, file_subject(name), Stage.INSPECTED, "{}", sha256)


async def test_the_first_row_of_a_stage_stands(journal: FileJournal) -> None:
    await journal.record(StageRow("b1", "page:a#1", "analysed", '{"n": 1}'))
    await journal.record(StageRow("b1", "page:a#1", "analysed", '{"n": 2}'))
    assert [row.result for row in await journal.rows("b1")] == ['{"n": 1}']


async def test_rows_outlive_the_process_that_wrote_them(tmp_path: Path) -> None:
    first = FileJournal(tmp_path / "journal.db")
    await first.open_batch(BATCH)
    await first.record(inspected("b1", "a.jpg"))
    second = FileJournal(tmp_path / "journal.db")  # the first was not closed: as after kill -9
    assert await second.rows("b1") == [inspected("b1", "a.jpg")]
    assert await second.unfinished() == [BATCH]
    first.close()
    second.close()


async def test_a_batch_keeps_its_first_description_and_ends_once(journal: FileJournal) -> None:
    assert await journal.open_batch(BATCH) == BATCH
    later = ScanBatch("b1", "quay-2", "x", NOW + dt.timedelta(hours=1))
    assert await journal.open_batch(later) == BATCH
    await journal.close_batch("b1")
    assert await journal.unfinished() == []


async def test_the_order_of_the_feed_is_remembered(journal: FileJournal) -> None:
    stack = dataclasses.replace(BATCH, order=FeedOrder.STACK)
    assert await journal.open_batch(stack) == stack
    assert await journal.open_batch(BATCH) == stack


async def test_batches_are_found_again_closed_or_not(journal: FileJournal) -> None:
    batches = [ScanBatch(f"b{n}", "quay-1", None, NOW + dt.timedelta(minutes=n)) for n in range(4)]
    for batch in batches:
        await journal.open_batch(batch)
    await journal.close_batch("b2")
    assert await journal.recent(3) == [
        KnownBatch(batches[3], False),
        KnownBatch(batches[2], True),
        KnownBatch(batches[1], False),
    ]
    assert await journal.batch("b2") == KnownBatch(batches[2], True)
    assert await journal.batch("b9") is None
    assert await journal.unfinished() == [batches[0], batches[1], batches[3]]


async def test_batches_of_several_zones_are_sorted_by_their_instant(journal: FileJournal) -> None:
    hanoi = dt.timezone(dt.timedelta(hours=7))
    early = ScanBatch("early", "quay-1", None, NOW.astimezone(hanoi))
    late = ScanBatch("late", "quay-1", None, NOW + dt.timedelta(hours=1))
    await journal.open_batch(early)
    await journal.open_batch(late)
    assert [known.batch.id for known in await journal.recent(2)] == ["late", "early"]
    assert [batch.begun_at for batch in await journal.unfinished()] == [early.begun_at, late.begun_at]


async def test_what_waits_is_found_over_all_batches(journal: FileJournal) -> None:
    waits = [
        StageRow(batch, document_subject(key), Stage.SEAL_WAITS, "{}") for batch, key in (("b1", "k"), ("b2", "l"))
    ]
    for row in waits:
        await journal.record(row)
    await journal.record(StageRow("b3", document_subject("k"), Stage.DELIVERED))
    assert await journal.lacking(Stage.SEAL_WAITS, then=Stage.DELIVERED) == waits
    await journal.record(StageRow("b1", document_subject("k"), Stage.DELIVERED))
    assert await journal.lacking(Stage.SEAL_WAITS, then=Stage.DELIVERED) == waits[1:]


async def test_a_journal_of_the_first_version_goes_on(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "journal.db")
    old.executescript(
        """
        CREATE TABLE batch (
          id TEXT PRIMARY KEY, station TEXT NOT NULL, operator TEXT, begun_at TEXT NOT NULL,
          closed INTEGER NOT NULL DEFAULT 0
        );
        INSERT INTO batch VALUES ('b1', 'quay-1', NULL, '2026-11-22T08:00:00+00:00', 0);
        """
    )
    old.close()
    journal = FileJournal(tmp_path / "journal.db")
    assert await journal.unfinished() == [BATCH]
    await journal.open_batch(ScanBatch("b2", "quay-1", None, NOW, FeedOrder.STACK))
    journal.close()
    journal = FileJournal(tmp_path / "journal.db")
    assert [batch.order for batch in await journal.unfinished()] == [None, FeedOrder.STACK]
    journal.close()


async def test_bytes_are_known_again_in_the_order_they_came(journal: FileJournal) -> None:
    await journal.record(inspected("b1", "a.jpg"))
    await journal.record(inspected("b2", "b.jpg"))
    assert await journal.seen_before(SHA, batch_id="b1", subject=file_subject("a.jpg")) is None
    assert await journal.seen_before(SHA, batch_id="b2", subject=file_subject("b.jpg")) == inspected("b1", "a.jpg")
    assert await journal.seen_before(SHA, batch_id="b3", subject=file_subject("c.jpg")) == inspected("b1", "a.jpg")
    assert await journal.seen_before("cd" * 32, batch_id="b3", subject=file_subject("c.jpg")) is None


async def test_bytes_that_were_set_aside_may_come_again(journal: FileJournal) -> None:
    await journal.record(inspected("b1", "a.jpg"))
    await journal.record(StageRow("b1", file_subject("a.jpg"), Stage.SET_ASIDE, "{}", SHA))
    assert await journal.seen_before(SHA, batch_id="b2", subject=file_subject("a.jpg")) is None


def test_stages_come_in_their_order_and_once() -> None:
    progress = Progress([inspected("b1", "a.jpg"), StageRow("b1", "page:a.jpg#1", "a stage of tomorrow")])
    assert not progress.note(inspected("b1", "a.jpg"))
    assert progress.note(StageRow("b1", page_subject("a.jpg", 1), Stage.ANALYSED))
    assert progress.note(StageRow("b1", document_subject("k"), Stage.BUILT))
    assert progress.note(StageRow("b1", document_subject("k"), Stage.DELIVERED))
    with pytest.raises(OutOfOrder):
        progress.note(StageRow("b1", document_subject("other"), Stage.DELIVERED))
    with pytest.raises(OutOfOrder):
        progress.note(StageRow("b1", document_subject("k"), Stage.SET_ASIDE))
