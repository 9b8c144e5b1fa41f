import asyncio
import os
import re
import signal
import tomllib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

import gateway.console
from gateway.sample.pages.batch import Kind, write_pdf
from scanning import protocol
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import LineDown, WorkerPool
from scanning.serverless import scan_paths
from scanning.structure import BadFile
from schemas.document import ScanBatch, ScanReason
from tests.pages.clock import RealClock, StillClock, until
from tests.pages.conftest import ITEM, NOW, ONE, Inbox
from tests.pages.hostile import bad_files, cuts, flips

pytestmark = [pytest.mark.pages, pytest.mark.slow]
SENTENCES = Path(gateway.console.__file__).with_name("translations") / "sentences.toml"


def peak_kb() -> int:
    """Largest resident size of this process so far, kB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


async def test_every_bad_file_is_set_aside_with_its_reason_and_the_good_ones_come_through(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    cover, content = drawn["jpeg"][:2]
    bad = bad_files(content.read_bytes(), drawn["tiff"][0].read_bytes(), drawn["pdf"][0].read_bytes())
    before = {}
    for name, (data, _) in bad.items():
        (tmp_path / name).write_bytes(data)
        before[name] = (tmp_path / name).read_bytes()
    del data
    peak = peak_kb()
    done = await scan_paths(
        [cover, *(tmp_path / name for name in bad), content], tmp_path / "out", clock=StillClock(NOW), workers=2
    )
    assert peak_kb() - peak < 20_000, "the parent decodes nothing"
    assert {item.source: item.reason for item in done.quarantine} == {name: why for name, (_, why) in bad.items()}
    assert all(item.kept.read_bytes() == before[item.source] for item in done.quarantine)
    (document,) = done.documents
    assert (document.dossier_code, document.s10) == (ONE, ITEM)
    assert [page.source for page in document.pages] == [cover.name, content.name]
    assert document.reasons == (ScanReason.GAP,)
    assert not done.is_clean


def small_files(tmp_path: Path) -> dict[str, bytes]:
    """A page in each format, some tens of kilobytes; deflate and G4 over grain are as large as they get."""
    page = Image.effect_noise((300, 420), 60)
    drawn: dict[str, bytes] = {}
    for name, image, options in (
        ("page.jpg", page, {"quality": 80}),
        ("page.png", page.resize((150, 210)), {}),
        ("page.tif", page.convert("1"), {"compression": "group4"}),
    ):
        image.save(tmp_path / name, **options)
        drawn[name] = (tmp_path / name).read_bytes()
    with pikepdf.open(write_pdf([page.convert("RGB")], tmp_path / "page.pdf", 100)) as pdf:
        pdf.add_blank_page()
        pdf.save(tmp_path / "pages.pdf", deterministic_id=True)
    return {**drawn, "page.pdf": (tmp_path / "pages.pdf").read_bytes()}


async def test_cut_at_every_kilobyte_or_with_bits_turned_a_file_is_a_document_or_is_set_aside_in_two_languages(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    before: dict[str, bytes] = {}
    for name, whole in small_files(tmp_path).items():
        stem, suffix = name.split(".")
        parts = {f"{stem}-cut-{n}.{suffix}": data for n, data in enumerate(cuts(whole))}
        parts |= {f"{stem}-flip-{n}.{suffix}": data for n, data in enumerate(flips(whole, 12, seed=len(whole)))}
        before |= {f"{suffix}-{name}": data for name, data in parts.items()}
    for name, data in before.items():
        (folder / name).write_bytes(data)
    assert len(before) > 100
    peak = peak_kb()
    done = await scan_paths([folder / name for name in before], tmp_path / "out", clock=StillClock(NOW), workers=2)
    assert peak_kb() - peak < 20_000, "the parent decodes nothing"
    documented = {source.name for document in done.documents for source in document.sources}
    aside = {item.source for item in done.quarantine}
    assert documented | aside == set(before)
    assert not {name for name in aside if "-cut-" not in name and "-flip-" not in name}
    vietnamese = tomllib.loads(SENTENCES.read_text("utf-8"))["scan"]
    for item in done.quarantine:
        assert item.kept.read_bytes() == before[item.source]
        assert item.reason.sentence.endswith(".")
        assert vietnamese[item.reason][0].endswith(".")
        assert item.detail.isprintable(), item.detail
        assert not re.search(r"Traceback|File \"|0x[0-9a-f]{6}|/tmp/", item.detail), item.detail
    assert {item.reason for item in done.quarantine if "-cut-" in item.source} == {ScanReason.TRUNCATED}
    assert all(document.path.read_bytes().startswith(b"%PDF") for document in done.documents)


async def stopped_child(pool: WorkerPool, any_file: Path) -> int:
    """Start the pool's only child and freeze it: the next job reaches it and stays in its hands."""
    await pool.run(protocol.INSPECT, deadline_s=60, path=str(any_file))
    (child,) = pool.pids
    os.kill(child, signal.SIGSTOP)
    return child


async def test_a_killed_worker_costs_its_file_and_nothing_else(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    trap = tmp_path / "trap.jpg"
    trap.write_bytes(drawn["jpeg"][1].read_bytes())
    files = [InputFile(path.name, path, path) for path in (trap, *drawn["jpeg"])]
    inbox = Inbox()
    journal = FileJournal(":memory:")
    async with WorkerPool(1) as pool:
        line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out", clock=RealClock())
        victim = await stopped_child(pool, trap)
        running = asyncio.create_task(line.process(ScanBatch("b", "quay", None, NOW), files))
        await until(lambda: pool.busy == 1)
        os.kill(victim, signal.SIGKILL)
        report = await running
        assert pool.restarts == 1
        assert victim not in pool.pids
    assert [(item.source, item.reason) for item in report.set_aside] == [("trap.jpg", ScanReason.WORKER_DIED)]
    assert trap.read_bytes() == drawn["jpeg"][1].read_bytes()
    assert [len(document.pages) for document in report.documents] == [3, 2]
    assert list(inbox.documents) == [document.key for document in report.documents]
    journal.close()


async def test_a_job_past_its_deadline_is_stopped_and_the_pool_goes_on(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    trap = tmp_path / "trap.jpg"
    os.mkfifo(trap)
    async with WorkerPool(1) as pool:
        await pool.run(protocol.INSPECT, deadline_s=60, path=str(drawn["jpeg"][0]))
        with pytest.raises(BadFile) as caught:
            await pool.run(protocol.INSPECT, deadline_s=0.3, path=str(trap))
        assert caught.value.reason is ScanReason.DEADLINE
        answer = await pool.run(protocol.INSPECT, deadline_s=60, path=str(drawn["jpeg"][0]))
    assert answer["kind"] == "jpeg"


async def test_a_worker_that_died_between_two_jobs_is_nobodys_fault(drawn: dict[Kind, list[Path]]) -> None:
    async with WorkerPool(1) as pool:
        await pool.run(protocol.INSPECT, deadline_s=60, path=str(drawn["jpeg"][0]))
        (victim,) = pool.pids
        os.kill(victim, signal.SIGKILL)
        await until(lambda: victim not in pool.pids)
        answer = await pool.run(protocol.INSPECT, deadline_s=60, path=str(drawn["jpeg"][0]))
    assert answer["pages"] == 1


async def test_a_cancelled_job_never_answers_for_the_next_one(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    async with WorkerPool(1) as pool:
        await stopped_child(pool, drawn["jpeg"][0])
        running = asyncio.create_task(pool.run(protocol.INSPECT, deadline_s=60, path=str(drawn["jpeg"][0])))
        await until(lambda: pool.busy == 1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        answer = await pool.run(protocol.INSPECT, deadline_s=60, path=str(drawn["tiff"][0]))
    assert (answer["kind"], answer["pages"]) == ("tiff", 5)


def test_the_parents_side_loads_no_decoder() -> None:
    """What the server imports must not bring image or PDF libraries into its memory."""
    import subprocess
    import sys

    code = (
        "import sys, scanning.pipeline, scanning.intake, scanning.station, scanning.serverless, scanning.journal;"
        "print(sorted({'cv2', 'numpy', 'pikepdf', 'PIL', 'zxingcpp', 'lxml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_missing_out_folder_is_the_lines_fault_and_a_missing_original_the_files(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    leaf = {"path": str(drawn["jpeg"][0]), "kind": "jpeg", "page_no": 1, "dpi": 200, "skew_deg": 0.0}
    more = {"identifier": "k", "title": "t"}
    with pytest.raises(LineDown):
        await pool.run(protocol.BUILD, deadline_s=60, leaves=[leaf], out=str(tmp_path / "gone" / "x.pdf"), **more)
    with pytest.raises(BadFile) as caught:
        await pool.run(protocol.INSPECT, deadline_s=60, path=str(tmp_path / "gone.jpg"))
    assert caught.value.reason is ScanReason.UNREADABLE
