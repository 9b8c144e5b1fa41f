"""One page that cannot be bound costs its document that page, and a crash right after changes nothing."""

import shutil
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import WorkerPool
from schemas.document import ScanBatch, ScanReason
from schemas.ports.journal import StageRow
from tests.pages.clock import RealClock
from tests.pages.conftest import NOW, ONE, TWO, Inbox

pytestmark = [pytest.mark.pages, pytest.mark.slow]


class Spoils(FileJournal):
    """Damages files as soon as the batch is in order: what a failing disk does between measuring and binding."""

    def __init__(self, path: Path, *victims: Path) -> None:
        super().__init__(path)
        self._victims = victims

    async def record(self, row: StageRow) -> None:
        await super().record(row)
        if row.stage == "ordered":
            for victim in self._victims:
                victim.write_bytes(victim.read_bytes()[:2_000])


async def scan(journal: FileJournal, files: list[Path], pool: WorkerPool, out: Path, inbox: Inbox) -> None:
    line = Pipeline(pool, journal, inbox, out_dir=out, clock=RealClock())
    named = [InputFile(path.name, path, path) for path in files]
    await line.process(ScanBatch("b", "tram-1", None, NOW), named)


@pytest.mark.parametrize("victim", [0, 1, 2], ids=["the cover", "in the middle", "at the end"])
async def test_a_bad_page_costs_its_document_that_page_only(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool, victim: int
) -> None:
    files = [Path(shutil.copy(path, tmp_path / path.name)) for path in drawn["jpeg"]]
    journal, inbox = Spoils(tmp_path / "journal.db", files[victim]), Inbox()
    await scan(journal, files, pool, tmp_path / "out", inbox)
    made = {str(document.dossier_code): document for document in inbox.documents.values()}
    assert [page.source for page in made[TWO].pages] == ["lo-0004.jpg", "lo-0005.jpg"]
    assert made[TWO].reasons == ()
    rest = [path.name for place, path in enumerate(files[:3]) if place != victim]
    assert ([page.source for page in made[ONE].pages], made[ONE].reasons) == (rest, (ScanReason.GAP,))
    assert [item.source for item in inbox.aside.values()] == [files[victim].name]
    assert not list((tmp_path / "out").glob("probe*"))

    await scan(journal, files, pool, tmp_path / "out", inbox)  # as after a crash: nothing is made twice
    assert len(inbox.documents) == 2
    journal.close()


async def test_where_every_page_is_bad_all_are_set_aside_and_the_neighbour_goes_through(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    files = [Path(shutil.copy(path, tmp_path / path.name)) for path in drawn["jpeg"]]
    journal, inbox = Spoils(tmp_path / "journal.db", *files[:3]), Inbox()
    await scan(journal, files, pool, tmp_path / "out", inbox)
    assert [str(document.dossier_code) for document in inbox.documents.values()] == [TWO]
    assert sorted(item.source for item in inbox.aside.values()) == [path.name for path in files[:3]]
    journal.close()
