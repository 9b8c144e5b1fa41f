import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from scanning import building, pdfa, recipe
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.structure import BadFile, FileKind
from scanning.verify import byte_faults, judge
from schemas.document import ScanReason

pytestmark = [pytest.mark.pages]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small approved file."""
    folder = tmp_path_factory.mktemp("good")
    Image.radial_gradient("L").save(folder / "page.jpg")
    building.build(
        [Leaf(PageSource(folder / "page.jpg", FileKind.JPEG), dpi=100, skew_deg=2.5)],
        folder / "page.pdf",
        identifier="k",
        title="Hồ sơ mẫu",
    )
    return (folder / "page.pdf").read_bytes()


def test_a_good_file_has_no_faults_and_no_dates(good: bytes) -> None:
    assert list(byte_faults(good)) == []
    assert b"/Info" not in good[good.index(b"trailer") :]
    assert b"Date" not in good
    assert "Hồ sơ mẫu".encode() in good


def spoiled(good: bytes) -> dict[str, bytes]:
    length = good.index(b"/Length ")
    return {
        "rubbish before the header": b"\n" + good,
        "no high bytes": good.replace(good[9:14], b"%abcd", 1),
        "rubbish at the end": good + b"\nmore",
        "cross-reference moved": good.replace(b"xref\n0 ", b"xref \n0 ", 1),
        "an offset wrong": good.replace(b"0000000015 00000 n", b"0000000016 00000 n", 1),
        "a length wrong": good[: length + 8] + b"1" + good[length + 9 :],
        "an information dictionary": good.replace(b"trailer << ", b"trailer << /Info 1 0 R ", 1),
        "no identifier": good.replace(b"/ID", b"/Id"),
    }


def test_every_raw_fault_is_seen(good: bytes, tmp_path: Path) -> None:
    for name, data in spoiled(good).items():
        assert data != good, name
        assert list(byte_faults(data)), name
        path = tmp_path / "bad.pdf"
        path.write_bytes(data)
        with pytest.raises(BadFile) as caught:
            judge(path, flavour=pdfa.FLAVOUR)
        assert caught.value.reason is ScanReason.NOT_CONFORMANT, name


def test_a_file_in_good_syntax_that_is_not_pdfa_is_refused(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "bad.pdf"
    with pikepdf.open(io.BytesIO(good)) as pdf:
        del pdf.Root["/OutputIntents"]
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False)
    with pytest.raises(BadFile) as caught:
        judge(path, flavour=pdfa.FLAVOUR)
    assert caught.value.reason is ScanReason.NOT_CONFORMANT


def test_a_refused_file_never_stands_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(BadFile):
        leaf = Leaf(PageSource(tmp_path / "page.jpg", FileKind.JPEG), 100)
        building.build([leaf], tmp_path / "x.pdf", identifier="k", title="t")
    assert [path.name for path in tmp_path.iterdir()] == ["page.jpg"]


def test_a_pdf_page_of_two_images_is_kept_as_it_is_when_that_is_lawful(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "two.pdf"
    with pikepdf.open(io.BytesIO(good)) as pdf:
        page = pdf.pages[0]
        page.Resources.XObject["/Second"] = page.Resources.XObject.Im
        page.contents_add(b"q 10 0 0 10 0 0 cm /Second Do Q")
        pdf.save(path)
    source = PageSource(path, FileKind.PDF)
    recipe.read_page(source, name="two.pdf", sha256="ab" * 32, whole_page=False)
    made = building.build([Leaf(source, 100)], tmp_path / "out.pdf", identifier="k", title="t")
    assert [note.conversion for note in made.notes] == ["page kept as it was"]
