import asyncio
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from gateway.sample.pages.batch import Kind
from scanning import protocol
from scanning.journal import FileJournal
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import LineDown, WorkerPool
from scanning.serverless import scan_paths
from scanning.structure import BadFile
from schemas.document import ScanBatch, ScanReason
from tests.pages.clock import RealClock, StillClock, until
from tests.pages.conftest import ITEM, NOW, ONE, Inbox
from tests.pages.hostile import bad_files

pytestmark = [pytest.mark.pages, pytest.mark.slow]


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


async def test_odd_but_lawful_images_become_pdfa_and_say_what_was_changed(tmp_path: Path) -> None:
    noise = Image.effect_noise((850, 1100), 90)
    lawful: dict[str, tuple[Image.Image, dict[str, object], str | None]] = {
        "gray.png": (noise, {}, None),
        "bits.png": (noise.convert("1"), {}, None),
        "deep.png": (noise.convert("I;16").point(lambda level: level * 200), {}, "16-bit samples reduced to 8"),
        "glass.png": (noise.convert("RGBA"), {}, "transparency laid on white"),
        "palette.png": (noise.convert("P"), {}, "P to sRGB"),
        "ink.jpg": (Image.merge("CMYK", [noise] * 4), {}, "CMYK to sRGB"),
        "progressive.jpg": (noise.convert("RGB"), {"progressive": True}, None),
        "gray.jpg": (noise, {}, None),
        "strips.tif": (
            noise.convert("1"),
            {"compression": "group4", "tiffinfo": {278: 100}},
            "TIFF rows rewritten as CCITT G4",
        ),
        "lzw.tif": (noise.convert("RGB"), {"compression": "tiff_lzw"}, "TIFF rows rewritten without loss"),
        "inner.tif": (noise.convert("RGB"), {"compression": "jpeg"}, "TIFF rows rewritten without loss"),
    }
    for name, (image, options, _) in lawful.items():
        image.save(tmp_path / name, **options)  # type: ignore[arg-type]  # options differ by format
    done = await scan_paths([tmp_path / name for name in lawful], tmp_path / "out", clock=StillClock(NOW), workers=2)
    assert done.is_clean, done.quarantine
    pages = {page.source: page.conversion for document in done.documents for page in document.pages}
    assert pages == {name: conversion for name, (_, _, conversion) in lawful.items()}


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
