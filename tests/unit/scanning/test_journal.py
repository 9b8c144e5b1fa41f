import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanning.journal import FileJournal
from scanning.stages import OutOfOrder, Progress, Stage, document_subject, file_subject, page_subject
from schemas.document import ScanBatch
from schemas.ports.journal import StageRow

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
