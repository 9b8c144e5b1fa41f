"""PDF/A-2u: the text that was read lies exactly under its print, however the page is turned, and says what it shows."""

import re
import subprocess
import unicodedata
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from scanning import building
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.structure import BadFile, FileKind
from scanning.textlayer import composed, unmapped
from scanning.verify import judge
from schemas.document import Crop
from tests.judges import VeraPdf, refusals

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("verapdf")]

DPI = 150
Pixels = npt.NDArray[Any]
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
WORDS = {"Nghệ": (150, 120), "Tỉnh": (820, 430), "Hồ": (500, 700)}
"""Where each word stands on the upright page, in pixels; far from one another."""


def upright() -> Image.Image:
    """An upright, level page, not square, with three words."""
    page = Image.new("L", (1100, 850), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(FONT, 44)
    for word, place in WORDS.items():
        pen.text(place, word, font=font, fill=0)
    return page


@pytest.fixture(scope="module")
def text_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Tesseract makes of the upright page."""
    folder = tmp_path_factory.mktemp("text")
    upright().save(folder / "upright.png", dpi=(DPI, DPI))
    options = ["-l", "vie", "--psm", "11", "-c", "textonly_pdf=1", "pdf"]
    environment = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"}
    subprocess.run(
        ["tesseract", folder / "upright.png", folder / "text", *options],
        check=True,
        capture_output=True,
        env=environment,
    )
    return folder / "text.pdf"


def as_scanned(rotate_deg: int, skew_deg: float) -> Image.Image:
    """The page as it lay in the scanner: turned so that ``rotate_deg`` clockwise brings it back, and leaning."""
    lying = upright().rotate(rotate_deg, expand=True)
    return lying.rotate(-skew_deg, resample=Image.Resampling.BICUBIC, fillcolor=255)


CASES = [
    (rotate_deg, skew_deg, crop)
    for (rotate_deg, skew_deg), crop in zip(
        product((0, 90, 180, 270), (0.0, 4.0, -2.5)), [None, (40, 60, -30, -50)] * 6, strict=True
    )
]
"""Turn, skew, and what is cut off at each side."""


def leaf(folder: Path, case: tuple[int, float, Crop | None], text_pdf: Path | None) -> Leaf:
    rotate_deg, skew_deg, cut = case
    path = folder / f"{rotate_deg}{skew_deg}.png"
    scanned = as_scanned(rotate_deg, skew_deg)
    scanned.save(path, dpi=(DPI, DPI))
    crop = (cut[0], cut[1], scanned.width + cut[2], scanned.height + cut[3]) if cut else None
    return Leaf(PageSource(path, FileKind.PNG), DPI, skew_deg, rotate_deg, crop, text_pdf)


def boxes(pdf: Path) -> list[dict[str, tuple[float, ...]]]:
    """The words of each page with their boxes in points, as a reader sees the page."""
    html = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True, text=True).stdout
    found = []
    for page in html.split("<page ")[1:]:
        words = re.findall(r'xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(\S+)</word>', page)
        found.append({word: tuple(map(float, sides)) for *sides, word in words})
    return found


def ink_beside(pixels: Pixels, box: tuple[float, ...]) -> Pixels:
    """How far each edge of the print lies from that of its text: left, top, right, bottom, in points of two pixels."""
    left, top, right, bottom = (side * 2 for side in box)
    x, y = max(0, int(left) - 60), max(0, int(top) - 60)  # far enough to see print that strayed, not the next word
    ink = np.argwhere(pixels[y : int(bottom) + 60, x : int(right) + 60] < 128)
    (low_y, low_x), (high_y, high_x) = ink.min(axis=0), ink.max(axis=0)
    return np.array((low_x + x - left, low_y + y - top, high_x + x - right, high_y + y - bottom)) / 2


def test_text_lies_under_its_print_however_the_page_is_turned(text_pdf: Path, tmp_path: Path) -> None:
    leaves = [leaf(tmp_path, case, text_pdf) for case in CASES]
    made = building.build(leaves, tmp_path / "out.pdf", identifier="k", title="t", flavour="2u")
    subprocess.run(["pdftoppm", "-r", "144", "-gray", made.path, tmp_path / "page"], check=True)
    words = boxes(made.path)
    drawn = []
    for path in sorted(tmp_path.glob("page-*.pgm")):
        with Image.open(path) as page:
            drawn.append(np.asarray(page, np.uint8))
    for word in WORDS:
        # As Tesseract has it on the upright page: its boxes are as high as the tallest letter may be, and as wide as
        # the word with the space behind it.
        upright_page = ink_beside(drawn[0], words[0][word])
        assert np.abs(upright_page[[0, 1]]).max() < 6, word
        for case, page_words, pixels in zip(CASES, words, drawn, strict=True):
            moved = np.abs(ink_beside(pixels, page_words[word]) - upright_page).max()
            assert moved < 2, (case, word, moved)


def test_all_judges_approve_a_document_with_text(verapdf: VeraPdf, text_pdf: Path, tmp_path: Path) -> None:
    leaves = [leaf(tmp_path, CASES[0], text_pdf), leaf(tmp_path, CASES[7], text_pdf), leaf(tmp_path, CASES[3], None)]
    made = building.build(leaves, tmp_path / "out.pdf", identifier="k", title="t", flavour="2u")
    assert made.conformance == "PDF/A-2u"
    assert refusals(verapdf, made.path, "2u") == []


def test_the_reader_finds_composed_vietnamese(text_pdf: Path, tmp_path: Path) -> None:
    made = building.build(
        [leaf(tmp_path, CASES[0], text_pdf)], tmp_path / "out.pdf", identifier="k", title="t", flavour="2u"
    )
    told = subprocess.run(["pdftotext", made.path, "-"], check=True, capture_output=True, text=True).stdout
    assert set(told.split()) == set(WORDS)
    assert told == unicodedata.normalize("NFC", told)


def test_decomposed_letters_are_put_together_and_the_word_keeps_its_width() -> None:
    apart = unicodedata.normalize("NFD", "Hồ ").encode("utf-16-be").hex().upper()
    assert composed(f"50 Tz [ <{apart}> ] TJ".encode()) == b"83.333 Tz [ <00481ED30020> ] TJ"


def test_the_font_of_the_text_is_written_once(text_pdf: Path, tmp_path: Path) -> None:
    leaves = [leaf(tmp_path, CASES[0], text_pdf), leaf(tmp_path, CASES[1], text_pdf)]
    made = building.build(leaves, tmp_path / "out.pdf", identifier="k", title="t", flavour="2u")
    assert made.path.read_bytes().count(b"/FontFile2") == 1


def test_the_text_layer_leaves_the_image_alone(text_pdf: Path, tmp_path: Path) -> None:
    with_text, without = (
        building.build([leaf(tmp_path, CASES[7], text)], tmp_path / "out.pdf", identifier="k", title="t")
        for text in (text_pdf, None)
    )
    assert with_text.notes == without.notes


# --- what must not pass as 2u ----------------------------------------------------------------------------------------


def spoiled(source: Path, out: Path, *, map_: bytes | None) -> Path:
    """The file with another ToUnicode map in its font, or none."""
    with pikepdf.open(source) as pdf:
        font = pdf.pages[0].Resources.XObject.Text.Resources.Font["/f-0-0"]
        if map_ is None:
            del font["/ToUnicode"]
        else:
            font["/ToUnicode"] = pikepdf.Stream(pdf, map_)
        pdf.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            deterministic_id=True,
        )
    return out


MAPS = {
    "no map": None,
    "a map without these letters": b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    b"1 beginbfchar <0041> <0041> endbfchar",
    "a map to nothing": b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    b"1 beginbfrange <0000> <FFFF> [<0000>] endbfrange",
}


def test_glyphs_without_unicode_are_refused_by_us_and_by_verapdf(
    verapdf: VeraPdf, text_pdf: Path, tmp_path: Path
) -> None:
    made = building.build(
        [leaf(tmp_path, CASES[0], text_pdf)], tmp_path / "out.pdf", identifier="k", title="t", flavour="2u"
    )
    for name, map_ in MAPS.items():
        path = spoiled(made.path, tmp_path / "bad.pdf", map_=map_)
        with pytest.raises(BadFile, match=r"6\.2\.11\.7\.2"):
            judge(path, flavour="2u")
        assert not verapdf.judge(path, "2u").passed, name


@pytest.mark.parametrize(
    ("cmap", "codes"),
    [
        (b"2 beginbfchar <0041> <0041> <005B> <1ED3> endbfchar", {0x41, 0x5B}),
        (b"1 beginbfrange <0041> <0043> <0061> endbfrange", {0x41, 0x42, 0x43}),
        (b"1 beginbfrange <0041> <0043> [<0061> <0062> <00620301>] endbfrange", {0x41, 0x42, 0x43}),
        (b"beginbfrange <01> <02> [<0061> <0062>] <10> <10> <0063> endbfrange", {1, 2, 0x10}),
        (b"1 beginbfrange <00F0> <01FF> <0100> endbfrange", set(range(0xF0, 0x100))),
        (b"1 beginbfrange <0000> <00FF> <0000> endbfrange", set()),
        (b"2 beginbfchar <0041> <0041> <0042> <FEFF> endbfchar", set()),
    ],
)
def test_a_map_is_read_in_each_of_its_forms(cmap: bytes, codes: set[int], tmp_path: Path) -> None:
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, ToUnicode=pikepdf.Stream(pdf, cmap)
        )
        page = pdf.pages[0]
        page.obj["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=pdf.make_indirect(font)))
        shown = {}
        for code in range(256):
            page.obj["/Contents"] = pikepdf.Stream(pdf, b"BT /F 9 Tf <%02X> Tj ET" % code)
            shown[code] = not list(unmapped(pdf))
    assert {code for code, good in shown.items() if good} == codes


def test_forms_that_draw_one_another_many_times_are_looked_into_once() -> None:
    """Eight forms, each drawing the next a thousand times: 10 to the 24th drawings of the last."""
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        below = pikepdf.Stream(pdf, b"BT (x) Tj ET")
        below["/Type"], below["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
        for _ in range(8):
            form = pikepdf.Stream(pdf, b"/F Do " * 1000)
            form["/Type"], form["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
            form["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=pdf.make_indirect(below)))
            below = form
        page = pdf.pages[0]
        page.obj["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=pdf.make_indirect(below)))
        page.obj["/Contents"] = pikepdf.Stream(pdf, b"/F Do")
        assert list(unmapped(pdf)) == ["6.2.11.7.2: page 1: text without a font"]


def test_text_of_a_kept_page_without_unicode_makes_a_2b_of_the_document(
    verapdf: VeraPdf, text_pdf: Path, tmp_path: Path
) -> None:
    """A page of another program that must be kept as it is cannot be mended; the document says no more than is true."""
    with_text = building.build(
        [leaf(tmp_path, CASES[0], text_pdf)], tmp_path / "made.pdf", identifier="k", title="t", flavour="2u"
    )
    kept = spoiled(with_text.path, tmp_path / "kept.pdf", map_=None)
    with pikepdf.open(kept, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(b"BT ET")  # no longer only an image
        pdf.save()
    made = building.build(
        [Leaf(PageSource(kept, FileKind.PDF), DPI)], tmp_path / "out.pdf", identifier="k", title="t", flavour="2u"
    )
    assert made.conformance == "PDF/A-2b"
    told = refusals(verapdf, made.path, "2b")
    assert len(told) == 1, told
    assert told[0].startswith("pdfluent: 6.2.11.7.2 Font f-0-0 missing /ToUnicode")  # level U's rule: docs/judges.md
