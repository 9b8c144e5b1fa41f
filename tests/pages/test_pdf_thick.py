"""A thick document: its images wait on the disk, and it is the same document."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from scanning import assemble, building
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.structure import BadFile, FileKind, check_complete
from tests.judges import VeraPdf, refusals
from tests.pages import kinds

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("verapdf")]


def images(path: Path) -> list[tuple[bytes, str, bytes]]:
    """Bytes and dictionary of each page's image, and what the page draws."""
    with pikepdf.open(path) as pdf:
        found = []
        for page in pdf.pages:
            image = page.Resources.XObject.Im
            keys = sorted((key, str(value)) for key, value in image.items() if key not in ("/Length", "/ColorSpace"))
            found.append((image.read_raw_bytes(), str(keys), page.Contents.read_bytes()))
        return found


def test_a_document_by_way_of_the_disk_is_the_same_and_leaves_nothing_behind(
    verapdf: VeraPdf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = kinds.write(tmp_path)
    leaves = [Leaf(PageSource(path, check_complete(path)), kinds.DPI, 1.5) for path in files.values()]
    thin = building.build(leaves, tmp_path / "thin.pdf", identifier="k", title="t")
    monkeypatch.setattr(assemble, "THICK_BYTES", 0)
    thick = building.build(leaves, tmp_path / "thick.pdf", identifier="k", title="t")
    assert thick.notes == thin.notes
    assert images(thick.path) == images(thin.path)
    assert refusals(verapdf, thick.path, "2b") == []
    assert {path.name for path in tmp_path.iterdir()} == {*files, "thin.pdf", "thick.pdf"}


def test_a_page_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "THICK_BYTES", 0)
    (tmp_path / "good.jpg").write_bytes(kinds.jpeg())
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    leaves = [Leaf(PageSource(tmp_path / name, FileKind.JPEG), kinds.DPI) for name in ("good.jpg", "bad.jpg")]
    with pytest.raises(BadFile):
        building.build(leaves, tmp_path / "out.pdf", identifier="k", title="t")
    assert {path.name for path in tmp_path.iterdir()} == {"good.jpg", "bad.jpg"}


CHILD = """
import resource, sys
from pathlib import Path
from scanning import assemble, pdfa
from scanning.page import PageSource
from scanning.structure import FileKind

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

page, out = map(Path, sys.argv[1:])
leaf = assemble.Leaf(PageSource(page, FileKind.JPEG), 150)
pdfa.make(assemble.assemble([leaf] * 2), out, identifier="k", title="t")
before = peak()
pdfa.make(assemble.assemble([leaf] * 150), out, identifier="k", title="t")
print(peak() - before, out.stat().st_size // 1024)
"""


@pytest.mark.slow
def test_the_memory_of_a_worker_does_not_grow_with_the_document(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1200, 1100, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "page.jpg", quality=85)
    child = [sys.executable, "-c", CHILD, str(tmp_path / "page.jpg"), str(tmp_path / "out.pdf")]
    told = subprocess.run(child, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]).stdout
    grown_kb, size_kb = map(int, told.split())
    assert size_kb > 140_000
    assert grown_kb < 30_000
