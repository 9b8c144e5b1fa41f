"""PDFs that are more than a scan: words of another reader, print, forms, notes; each ends as a good page."""

import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from PIL import Image

from gateway.paper import separators
from scanning import building, recipe, redraw, scanner_pdf
from scanning.assemble import Leaf
from scanning.carrying import Way, carried_source
from scanning.page import PageSource
from scanning.serverless import scan_paths
from scanning.structure import BadFile, FileKind
from schemas.document import PageVerdict, ScannedPage, ScanReason
from tests.judges import VeraPdf, refusals
from tests.pages import hostile, kinds
from tests.pages.clock import StillClock
from tests.pages.conftest import NOW

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("verapdf")]

WIDE, HIGH = 216, 302
PLACED = b"q 216 0 0 302 0 0 cm /Im Do Q "
WORDS = b"BT 3 Tr /F 12 Tf 20 200 Td (Lo Thi Oi) Tj ET"
VISIBLE = b"BT /F 24 Tf 20 200 Td (Lo Thi Oi) Tj ET"

Name = pikepdf.Name


def page_of(pdf: pikepdf.Pdf, content: bytes) -> pikepdf.Page:
    """A page with an image /Im, a font /F that is not embedded, one /G of drawn glyphs, states and a form of words."""
    image = pikepdf.Stream(pdf, kinds.jpeg())
    image["/Type"], image["/Subtype"], image["/Filter"] = Name.XObject, Name.Image, Name.DCTDecode
    image["/Width"], image["/Height"], image["/BitsPerComponent"] = *kinds.SIZE, 8
    image["/ColorSpace"] = Name.DeviceRGB
    font = pikepdf.Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    glyphs = pikepdf.Dictionary(Type=Name.Font, Subtype=Name.Type3)
    fonts = pikepdf.Dictionary(F=pdf.make_indirect(font), G=glyphs)
    form = pikepdf.Stream(pdf, WORDS)
    form["/Type"], form["/Subtype"], form["/BBox"] = Name.XObject, Name.Form, pikepdf.Array([0, 0, WIDE, HIGH])
    form["/Resources"] = pikepdf.Dictionary(Font=fonts)
    page = pdf.add_blank_page(page_size=(WIDE, HIGH))
    page.obj["/Resources"] = pikepdf.Dictionary(
        Font=fonts,
        XObject=pikepdf.Dictionary(Im=pdf.make_indirect(image), Words=pdf.make_indirect(form)),
        ExtGState=pikepdf.Dictionary(Thin=pikepdf.Dictionary(ca=0.5), Plain=pikepdf.Dictionary(ca=1, SA=True)),
    )
    page.obj["/Contents"] = pikepdf.Stream(pdf, content)
    return page


def pdf_of(path: Path, *contents: bytes) -> PageSource:
    with pikepdf.Pdf.new() as pdf:
        for content in contents:
            page_of(pdf, content)
        pdf.save(path)
    return PageSource(path, FileKind.PDF)


def read(source: PageSource) -> ScannedPage:
    return recipe.read_page(source, name=source.path.name, sha256="ab" * 32, whole_page=True)


def seen(path: Path, *options: str) -> npt.NDArray[np.int_]:
    """The first page at 72 dpi, as another program shows it."""
    command = ["pdftoppm", "-r", "72", "-singlefile", *options, str(path)]
    shown = subprocess.run(command, check=True, capture_output=True).stdout
    with Image.open(io.BytesIO(shown)) as picture:
        return np.asarray(picture.convert("RGB"), int)


def difference(one: npt.NDArray[np.int_], other: npt.NDArray[np.int_]) -> float:
    """Mean difference of two pictures of about the same size."""
    small = [Image.fromarray(raw.astype(np.uint8)).resize((20, 20), Image.Resampling.BOX) for raw in (one, other)]
    return float(np.abs(np.asarray(small[0], int) - np.asarray(small[1], int)).mean())


HIDING = {
    "over the image": PLACED + WORDS,
    "under the image": VISIBLE + b" " + PLACED,
    "in a form": b"/Words Do " + PLACED,
    "with plain states": b"/Plain gs /P BMC " + PLACED + b" EMC q 0 0 216 302 re W n " + WORDS + b" Q",
    "covering another image": b"q 9 0 0 9 0 0 cm /Im Do Q " + PLACED + WORDS,
}
SHOWING = {
    "visible words": PLACED + VISIBLE,
    "drawn glyphs know no mode": PLACED + b"BT 3 Tr /G 12 Tf (a) Tj ET",
    "a line": PLACED + b"0 0 m 99 99 l S " + WORDS,
    "half an image": b"q 0 0 216 150 re W n " + PLACED + b" Q " + WORDS,
    "thin": b"q /Thin gs " + PLACED + b" Q " + WORDS,
    "what may be left out": b"/OC /P BDC " + PLACED + b" EMC " + WORDS,
    "words that clip": PLACED.replace(b"/Im", b"BT 7 Tr /F 9 Tf (a) Tj ET /Im"),
    "an image of its own": PLACED + b"q 9 0 0 9 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q " + WORDS,
}


@pytest.mark.parametrize("content", HIDING.values(), ids=HIDING)
def test_a_searchable_scan_gives_its_image_untouched(content: bytes, verapdf: VeraPdf, tmp_path: Path) -> None:
    source = pdf_of(tmp_path / "in.pdf", content)
    page = read(source)
    assert ScanReason.REDRAWN not in page.reasons
    assert (page.width_px, page.height_px, page.dpi) == (*kinds.SIZE, kinds.DPI)
    made = building.build([Leaf(source, kinds.DPI)], tmp_path / "out.pdf", identifier="k", title="t")
    assert made.notes[0].image_sha256 == hashlib.sha256(kinds.jpeg()).hexdigest()
    assert str(made.notes[0].conversion).startswith(f"{scanner_pdf.HIDDEN}: PDF/A-2b"), "it says why"
    assert refusals(verapdf, made.path, "2b") == []
    with pikepdf.open(made.path) as pdf:
        assert "/Font" not in pdf.pages[0].Resources
    assert difference(seen(made.path), seen(source.path)) < 4


@pytest.mark.parametrize("content", SHOWING.values(), ids=SHOWING)
def test_a_page_that_shows_more_than_its_image_is_no_mere_image(content: bytes, tmp_path: Path) -> None:
    found = carried_source(pdf_of(tmp_path / "in.pdf", content))
    assert found.page.drawn
    assert found.way in (Way.DRAWN, Way.KEPT)


def test_the_judge_is_asked_first_and_what_it_passes_is_kept(tmp_path: Path) -> None:
    line = b"0 0 m 99 99 l S"
    source = pdf_of(tmp_path / "in.pdf", PLACED, PLACED + line, PLACED + WORDS, PLACED + VISIBLE)
    with pikepdf.open(source.path, allow_overwriting_input=True) as pdf:
        for page in pdf.pages[:2]:
            del page.Resources["/Font"], page.Resources.XObject["/Words"], page.Resources["/ExtGState"]
        pdf.save(source.path)
    ways = [carried_source(PageSource(source.path, FileKind.PDF, number)).way for number in (1, 2, 3, 4)]
    assert ways == [Way.PLACED, Way.KEPT, Way.IMAGE, Way.DRAWN]


def add_form(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """A field with a value and no appearance, a square that is seen and one that is hidden."""
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=pikepdf.String("ten"),
            V=pikepdf.String("LO THI OI"),
            DA=pikepdf.String("/F 14 Tf 0 g"),
            Rect=pikepdf.Array([20, 20, 196, 44]),
            F=4,
        )
    )
    squares = [_square(pdf, [20, 240, 60, 280], flags=4), _square(pdf, [120, 240, 160, 280], flags=2)]
    page.obj["/Annots"] = pikepdf.Array([field, *squares])
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(
        Fields=pikepdf.Array([field]),
        NeedAppearances=True,
        DR=pikepdf.Dictionary(Font=page.Resources.Font),
    )


def _square(pdf: pikepdf.Pdf, box: list[int], *, flags: int) -> pikepdf.Object:
    drawn = pikepdf.Stream(pdf, b"1 0 0 rg 0 0 40 40 re f")
    drawn["/Type"], drawn["/Subtype"], drawn["/BBox"] = Name.XObject, Name.Form, pikepdf.Array([0, 0, 40, 40])
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=Name.Annot, Subtype=Name.Square, Rect=pikepdf.Array(box), F=flags, AP=pikepdf.Dictionary(N=drawn)
        )
    )


def test_a_filled_form_is_drawn_with_its_values_and_says_so(verapdf: VeraPdf, tmp_path: Path) -> None:
    source = PageSource(tmp_path / "in.pdf", FileKind.PDF)
    with pikepdf.Pdf.new() as pdf:
        page_with_form = page_of(pdf, VISIBLE)
        del page_with_form.Resources["/XObject"]
        add_form(pdf, page_with_form)
        pdf.save(source.path)
    page = read(source)
    assert (page.verdict, page.reasons, page.blank) == (PageVerdict.WARN, (ScanReason.REDRAWN,), False)
    made = building.build([Leaf(source, page.dpi)], tmp_path / "out.pdf", identifier="k", title="t")
    assert str(made.notes[0].conversion).startswith("drawn anew: PDF/A-2b")
    assert refusals(verapdf, made.path, "2b") == []
    with pikepdf.open(made.path) as pdf:
        image = pdf.pages[0].Resources.XObject.Im
        assert (page.width_px, page.height_px, page.dpi) == (int(image.Width), int(image.Height), redraw.DPI)
        assert str(image.ColorSpace) == "/DeviceRGB", "a red square"
    ours = seen(made.path)
    assert ours[HIGH - 44 : HIGH - 20, 20:150].min() < 100, "the field's value"
    assert ours[30:55, 30:50, 1].max() < 60, "the square that is seen"
    assert ours[30:55, 125:155].min() > 200, "the hidden one"


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_drawn_page_is_shown_the_same_way_up_and_as_large(rotate: int, verapdf: VeraPdf, tmp_path: Path) -> None:
    source = PageSource(tmp_path / "in.pdf", FileKind.PDF)
    with pikepdf.Pdf.new() as pdf:
        page = page_of(pdf, PLACED + VISIBLE)
        page.obj["/Rotate"] = rotate
        page.obj["/CropBox"] = pikepdf.Array([10, 20, 210, 300])
        pdf.save(source.path)
    made = building.build([Leaf(source, redraw.DPI)], tmp_path / "out.pdf", identifier="k", title="t")
    assert refusals(verapdf, made.path, "2b") == []
    with pikepdf.open(made.path) as pdf:
        sides = [float(side) for side in pdf.pages[0].mediabox[2:]]
    assert np.abs(np.array(sides) - (200, 280)).max() < 0.5
    assert difference(seen(made.path), seen(source.path, "-cropbox")) < 4


def drawn_stream(tmp_path: Path, content: bytes) -> Any:  # an ImageStream
    with scanner_pdf.opened(pdf_of(tmp_path / "in.pdf", content).path) as pdf:
        return scanner_pdf.open_page(pdf, 1).stream()


def test_print_is_written_without_loss_and_a_photograph_as_jpeg(tmp_path: Path) -> None:
    print_ = drawn_stream(tmp_path, VISIBLE)
    assert (print_.filter, print_.channels) == ("FlateDecode", 1), "no colour, no loss"
    assert drawn_stream(tmp_path, b"1 0 0 rg " + VISIBLE).channels == 3
    noise = np.random.default_rng(7).integers(0, 255, (400, 300, 3), np.uint8)
    assert redraw.stream_of(noise).filter == "DCTDecode"


def test_a_sheet_of_any_size_is_drawn_within_bounds(tmp_path: Path) -> None:
    source = PageSource(tmp_path / "in.pdf", FileKind.PDF)
    with pikepdf.Pdf.new() as pdf:
        page = page_of(pdf, VISIBLE)
        page.obj["/MediaBox"] = pikepdf.Array([0, 0, 3000, 4000])
        page.obj["/UserUnit"] = 10
        page_of(pdf, VISIBLE).obj["/MediaBox"] = pikepdf.Array([0, 0, 14400, 3])
        pdf.save(source.path)
    found = carried_source(source).page
    assert 0 < found.width * found.height <= redraw.PIXELS_MOST * 1.01
    assert found.width * 72 / (found.dpi or 0) == pytest.approx(30_000, rel=0.01)
    with pytest.raises(BadFile) as caught:
        carried_source(PageSource(source.path, FileKind.PDF, 2))
    assert caught.value.reason is ScanReason.TOO_LARGE


def test_a_form_that_only_one_program_draws_is_refused_by_name(tmp_path: Path) -> None:
    source = PageSource(tmp_path / "in.pdf", FileKind.PDF)
    with pikepdf.Pdf.new() as pdf:
        add_form(pdf, page_of(pdf, VISIBLE))
        xfa = pikepdf.Stream(pdf, b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")
        pdf.Root.AcroForm["/XFA"] = pdf.make_indirect(xfa)
        pdf.Root["/NeedsRendering"] = True
        pdf.save(source.path)
    with pytest.raises(BadFile, match="XFA") as caught:
        carried_source(source)
    assert caught.value.reason is ScanReason.UNSUPPORTED


def test_what_is_refused_and_drawn_empty_is_not_thrown_away_as_blank(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(hostile.pdf_with_a_form_in_itself())
    page = read(PageSource(path, FileKind.PDF))
    assert not page.blank
    assert set(page.reasons) == {ScanReason.REDRAWN, ScanReason.MAYBE_BLANK}


def test_codes_are_found_on_a_page_of_print(tmp_path: Path) -> None:
    path = tmp_path / "separator.pdf"
    path.write_bytes(separators.pdf("own"))
    page = read(PageSource(path, FileKind.PDF))
    assert page.barcodes
    assert page.paper == "A4"


@pytest.mark.slow
async def test_the_line_takes_them_within_the_limits_of_its_workers(verapdf: VeraPdf, tmp_path: Path) -> None:
    paths = [
        pdf_of(tmp_path / "a.pdf", PLACED, PLACED + WORDS, PLACED + VISIBLE).path,
        pdf_of(tmp_path / "b.pdf", *[PLACED + VISIBLE] * 3).path,
    ]
    before = [path.read_bytes() for path in paths]
    done = await scan_paths(paths, tmp_path / "out", clock=StillClock(NOW), workers=1)
    assert done.quarantine == ()
    (document,) = done.documents
    drawn = [ScanReason.REDRAWN in page.reasons for page in document.pages]
    assert drawn == [False, False, True, True, True, True]
    assert [str(page.conversion).partition(":")[0] for page in document.pages] == [
        "None",
        scanner_pdf.HIDDEN,
        *["drawn anew"] * 4,
    ]
    assert refusals(verapdf, document.path, "2b") == []
    assert [path.read_bytes() for path in paths] == before
