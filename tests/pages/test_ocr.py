"""The text reader on drawn sheets: real Tesseract in real worker children."""

import asyncio
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from gateway.folding import fold_words
from gateway.sample.pages.batch import Kind
from scanning import protocol, reading
from scanning.ocr import NoTextReader, PageToRead, PoolReader, Tesseract, find_engine, mean_confidence
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.serverless import scan_paths
from scanning.structure import BadFile
from schemas.document import ScanReason
from tests.pages.clock import RealClock

pytestmark = pytest.mark.pages
DPI = 200
STATE = "cong hoa xa hoi chu nghia viet nam"
"""Words of the sheet as a search folds them: a mark that is read wrongly is the bench's business."""
SHEET = 1
"""The first inner sheet of the first dossier in the drawn feed."""


def as_page(path: Path, **changes: float) -> PageToRead:
    return PageToRead(path, "jpeg", 1, DPI, **changes)  # type: ignore[arg-type]  # turns are numbers


async def test_a_sheet_is_read_in_vietnamese_with_its_layer(
    drawn: dict[Kind, list[Path]], pool: WorkerPool, tmp_path: Path
) -> None:
    layer = tmp_path / "layer.pdf"
    found = await PoolReader(pool).read(as_page(drawn["jpeg"][SHEET]), layer=layer)
    assert STATE in fold_words(found.text) and "Họ và tên" in found.text
    assert found.text == unicodedata.normalize("NFC", found.text)
    assert found.confidence is not None and found.confidence > 80
    assert found.engine.startswith("tesseract ") and found.engine.endswith(" vie")
    assert found.layer == layer
    with pikepdf.open(layer) as pdf:
        (page,) = pdf.pages
        assert not page.get_images()
        assert [float(side) for side in page.mediabox[2:]] == pytest.approx([595.3, 841.9], abs=0.5)


async def test_a_sheet_that_lies_on_its_side_is_read_upright(
    drawn: dict[Kind, list[Path]], pool: WorkerPool, tmp_path: Path
) -> None:
    with Image.open(drawn["jpeg"][SHEET]) as upright:
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "side.jpg", dpi=(DPI, DPI))
    layer = tmp_path / "layer.pdf"
    found = await PoolReader(pool).read(as_page(tmp_path / "side.jpg", rotate_deg=90), layer=layer)
    assert STATE in fold_words(found.text)
    with pikepdf.open(layer) as pdf:
        assert float(pdf.pages[0].mediabox[2]) < float(pdf.pages[0].mediabox[3])


def test_print_is_turned_level_the_same_way_as_on_the_page_and_made_as_coarse_as_the_reader_likes() -> None:
    leaning = np.full((600, 900), 255, np.uint8)
    for x in range(100, 800):  # a line that falls 3 degrees to the right: clockwise
        y = 300 + round((x - 450) * np.tan(np.radians(3)))
        leaning[y : y + 3, x] = 0
    level, dpi = reading.upright(leaning, dpi=300, skew_deg=3.0, turn_deg=0)
    assert (dpi, level.shape) == (200, (400, 600))
    rows = np.flatnonzero((level < 128).any(axis=1))
    assert np.ptp(rows) <= 4
    turned, dpi = reading.upright(leaning, dpi=150, skew_deg=0.1, turn_deg=90)
    assert (dpi, turned.shape) == (150, (900, 600))
    assert np.array_equal(turned, np.rot90(leaning, -1))


async def test_a_blank_sheet_has_no_words_and_no_layer(pool: WorkerPool, tmp_path: Path) -> None:
    Image.new("L", (1654, 2339), 250).save(tmp_path / "blank.jpg", dpi=(DPI, DPI))
    layer = tmp_path / "layer.pdf"
    found = await PoolReader(pool).read(as_page(tmp_path / "blank.jpg"), layer=layer)
    assert (found.text, found.confidence, found.layer) == ("", None, None) and not layer.exists()


async def test_a_damaged_page_is_refused_and_the_next_is_read(drawn: dict[Kind, list[Path]], tmp_path: Path) -> None:
    whole = drawn["jpeg"][SHEET].read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    async with WorkerPool(1) as pool:
        with pytest.raises(BadFile) as refused:
            await PoolReader(pool).read(as_page(tmp_path / "half.jpg"))
        assert refused.value.reason is ScanReason.DAMAGED
        assert STATE in fold_words((await PoolReader(pool).read(as_page(drawn["jpeg"][SHEET]))).text)
        assert pool.restarts == 0


# --- a machine without a reader, and readers that misbehave ----------------------------------------------------------


async def test_a_missing_language_is_a_named_state(drawn: dict[Kind, list[Path]], pool: WorkerPool) -> None:
    with pytest.raises(NoTextReader, match="no model for xyz"):
        await PoolReader(pool, languages="vie+xyz").read(as_page(drawn["jpeg"][SHEET]))
    with pytest.raises(NoTextReader, match="names no languages"):
        find_engine("vie; rm")


@pytest.mark.slow
async def test_a_machine_without_the_program_runs_on_without_text(
    drawn: dict[Kind, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    manifest = await scan_paths(
        drawn["jpeg"][:2], tmp_path / "out", clock=RealClock(), policy=LinePolicy(TextMode.LAYER), workers=1
    )
    (document,) = manifest.documents
    assert document.conformance == "PDF/A-2b" and not list((tmp_path / "out").glob("*.txt"))


def a_reader(folder: Path, does: str) -> Path:
    """A program that answers as Tesseract does when it is asked what it is, and then does something else."""
    program = folder / "tesseract"
    program.write_text(
        "#!/bin/sh\ncase $1 in\n--list-langs) echo vie;;\n--version) echo tesseract 9.9;;\n"
        f"*) echo $$ > {folder}/pid; {does};;\nesac\n"
    )
    program.chmod(0o755)
    return program


def test_a_reader_that_gives_up_or_never_ends_costs_the_page(tmp_path: Path) -> None:
    image = reading.as_pgm(np.full((50, 50), 255, np.uint8))
    gives_up = Tesseract(str(a_reader(tmp_path, "exit 3")), "vie", version="9.9")
    with pytest.raises(BadFile, match="ended with 3") as refused:
        gives_up.read(image, dpi=DPI, layer=None)
    assert refused.value.reason is ScanReason.UNREADABLE
    for_ever = Tesseract(str(a_reader(tmp_path, "exec sleep 600")), "vie", version="9.9", deadline_s=0.2)
    with pytest.raises(BadFile) as late:
        for_ever.read(image, dpi=DPI, layer=None)
    assert late.value.reason is ScanReason.DEADLINE


@pytest.mark.slow
async def test_a_worker_that_is_killed_over_a_page_takes_its_reader_along(
    drawn: dict[Kind, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_reader(tmp_path, "exec sleep 600")
    for tool in ("sh", "nice", "sleep", "cat"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(tmp_path))
    page = as_page(drawn["jpeg"][SHEET])
    told = {"path": str(page.path), "kind": page.kind, "page_no": 1, "dpi": DPI, "skew_deg": 0.0, "rotate_deg": 0}
    async with WorkerPool(1) as pool:
        with pytest.raises(BadFile) as late:
            await pool.run(protocol.READ, deadline_s=4.0, **told, languages="vie", layer=None)
        assert late.value.reason is ScanReason.DEADLINE
        pid = (tmp_path / "pid").read_text().strip()
        async with asyncio.timeout(10):
            while _lives(pid):
                await asyncio.to_thread(Path(f"/proc/{pid}").exists)


def _lives(pid: str) -> bool:
    """Whether the process is there and no zombie that somebody else has to bury."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1] != "Z"
    except OSError:
        return False


def test_confidence_is_the_mean_of_words_and_of_nothing_else() -> None:
    def row(level: int, confidence: float, text: str) -> str:
        return "\t".join(map(str, (level, 1, 1, 1, 1, 1, 0, 0, 9, 9, confidence, text)))

    rows = ["level\tpage_num", row(4, -1, ""), row(5, 90, "chữ"), row(5, 95, "viết"), row(5, 10, " ")]
    assert mean_confidence(rows) == 92.5
    assert mean_confidence(rows[:2]) is None


# --- through the line ------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_side_car_lies_beside_the_pdf_and_the_pdf_is_as_without_it(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    plain = await scan_paths(drawn["jpeg"][:2], tmp_path / "plain", clock=RealClock(), workers=1)
    manifest = await scan_paths(
        drawn["jpeg"][:2], tmp_path / "out", clock=RealClock(), policy=LinePolicy(TextMode.SIDECAR), workers=1
    )
    (document,) = manifest.documents
    assert document.conformance == "PDF/A-2b" and document.sha256 == plain.documents[0].sha256
    cover, sheet = document.path.with_suffix(".txt").read_text("utf-8").split("\f")
    assert "phieu" in fold_words(cover) and STATE in fold_words(sheet)


@pytest.mark.slow
async def test_after_kill_9_only_the_missing_page_is_read_and_the_text_is_there_once(
    drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    feed = tmp_path / "two.tif"
    with Image.open(drawn["tiff"][0]) as pages:
        first = pages.copy()
        pages.seek(1)
        first.save(feed, compression="group4", save_all=True, append_images=[pages.copy()], dpi=(DPI, DPI))

    def run(*death: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "tests.pages.text_child", str(feed), str(tmp_path / "out"), *death]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=False)

    killed = await asyncio.to_thread(run, "after:text:read")
    assert killed.returncode == -9 and killed.stdout.count("row read text:") == 1
    assert "delivered" in killed.stdout and "row read document:" not in killed.stdout
    again = await asyncio.to_thread(run)
    assert again.returncode == 0 and again.stdout.endswith("end 0\n")
    assert again.stdout.count("row read text:") == 1 and again.stdout.count("row read document:") == 1
    assert len((tmp_path / "out" / "inbox" / "texts.txt").read_text().splitlines()) == 1
