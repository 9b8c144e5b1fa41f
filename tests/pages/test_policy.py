"""What a station chooses (text, provenance, order of the feed) comes out of the line as chosen."""

import dataclasses
import json
import random
import subprocess
from pathlib import Path

import pikepdf
import pytest

from gateway.sample.pages.batch import Kind, write_jpeg
from gateway.sample.pages.wear import blank_back
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.provenance import FILE_NAME
from scanning.serverless import scan_paths
from schemas.document import FeedOrder, ScanBatch, ScannedDocument, ScanReason
from tests.pages.clock import RealClock, StillClock
from tests.pages.conftest import NOW, ONE, TWO, Inbox

pytestmark = [pytest.mark.pages, pytest.mark.slow]


@pytest.fixture(scope="module")
def backs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five empty backs; no two have the same bytes."""
    folder, chance = tmp_path_factory.mktemp("backs"), random.Random(3)
    return [write_jpeg(blank_back(827, 1169, chance), folder / f"back-{number}.jpg", 100) for number in range(5)]


def told(documents: tuple[ScannedDocument, ...]) -> list[tuple[str | None, list[str]]]:
    return [(document.dossier_code, [page.source for page in document.pages]) for document in documents]


async def test_a_stack_gives_the_documents_that_a_duplex_unit_would(
    drawn: dict[Kind, list[Path]], backs: list[Path], tmp_path: Path, pool: WorkerPool
) -> None:
    one, a, b, two, c = drawn["jpeg"]
    blank_one, blank_b, blank_two = backs[:3]
    sheets = [(one, blank_one), (a, b), (two, blank_two), (c, blank_b)]
    fed = [front for front, _ in sheets] + [back for _, back in reversed(sheets)]
    journal, inbox = FileJournal(tmp_path / "journal.db"), Inbox()
    line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out", clock=RealClock())
    batch = ScanBatch("b", "tram-1", None, NOW, FeedOrder.STACK)
    files = [InputFile(f"{number:02d}-{path.name}", path, path) for number, path in enumerate(fed)]
    report = await line.process(batch, files)
    assert told(report.documents) == [
        (ONE, ["00-lo-0001.jpg", "01-lo-0002.jpg", "06-lo-0003.jpg"]),
        (TWO, ["02-lo-0004.jpg", "03-lo-0005.jpg"]),
    ]
    assert [document.doubts for document in report.documents] == [(), ()]
    assert {item.source: item.reason for item in report.set_aside} == {
        f"{number:02d}-back-{name}.jpg": ScanReason.BLANK for number, name in ((7, 0), (5, 2), (4, 1))
    }
    rows = {row.stage: json.loads(row.result) for row in await journal.rows("b") if row.subject == "batch:"}
    assert rows["ordered"]["order"] == "stack"
    assert [name for name, _ in rows["ordered"]["sides"]][:4] == [files[n].name for n in (0, 7, 1, 6)]
    journal.close()


async def test_a_stack_of_an_odd_number_stays_as_it_was_fed_and_every_document_says_so(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    done = await scan_paths(
        drawn["jpeg"], tmp_path, clock=StillClock(NOW), policy=LinePolicy(order=FeedOrder.STACK), workers=2
    )
    assert told(done.documents) == [
        (ONE, [path.name for path in drawn["jpeg"][:3]]),
        (TWO, [path.name for path in drawn["jpeg"][3:]]),
    ]
    assert [document.doubts for document in done.documents] == [(ScanReason.STACK_ORDER,)] * 2


async def test_text_as_a_layer_and_text_beside(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    files = drawn["jpeg"][3:]
    layer, beside = [
        await scan_paths(files, tmp_path / mode, clock=StillClock(NOW), policy=LinePolicy(text=mode), workers=2)
        for mode in (TextMode.LAYER, TextMode.SIDECAR)
    ]
    assert [document.conformance for document in layer.documents] == ["PDF/A-2u"]
    assert [document.conformance for document in beside.documents] == ["PDF/A-2b"]
    inside = words_in(layer.documents[0].path)
    assert TWO in inside.replace(" ", "")
    assert words_in(beside.documents[0].path).strip() == ""
    for done in (layer, beside):
        text = done.documents[0].path.with_suffix(".txt").read_text("utf-8")
        assert len(text.split("\f")) == 2
        assert TWO in text.replace(" ", "")
    assert layer.documents[0].key == beside.documents[0].key


def words_in(pdf: Path) -> str:
    return subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True).stdout


async def test_provenance_names_batch_station_and_every_page(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    files = drawn["jpeg"][3:]
    policy = LinePolicy(provenance=True)
    done = await scan_paths(files, tmp_path, clock=StillClock(NOW), policy=policy, workers=2)
    (document,) = done.documents
    assert document.conformance == "PDF/A-3b"
    with pikepdf.open(document.path) as pdf:
        xml = pdf.attachments[FILE_NAME].get_file().read_bytes().decode()
    for page in document.pages:
        assert page.source in xml
        assert page.sha256 in xml
    assert f"{NOW:%Y-%m-%dT%H:%M}" in xml


async def test_a_batch_that_says_nothing_is_fed_as_the_station_is_used_to(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    journal = FileJournal(":memory:")
    line = Pipeline(
        *(pool, journal, Inbox()),
        out_dir=tmp_path / "out",
        clock=RealClock(),
        policy=LinePolicy(order=FeedOrder.STACK),
    )
    pages = drawn["jpeg"][1:3]
    files = [InputFile(path.name, path, path) for path in pages]
    habit = await line.process(ScanBatch("habit", "tram-1", None, NOW), files)
    assert habit.batch.order is FeedOrder.STACK
    single = dataclasses.replace(habit.batch, id="single", order=FeedOrder.AS_FED)
    assert (await line.process(single, [])).batch.order is FeedOrder.AS_FED
    journal.close()
