"""The judges: what they must refuse they refuse, and of all kinds of file that we write they refuse none."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from gateway.paper import separators
from gateway.sample.pages.batch import Kind
from scanning import building, pdfa
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.provenance import Origin, Provenance
from scanning.serverless import scan_paths
from scanning.structure import FileKind, check_complete
from tests.judges import VeraPdf, Word, all_words, ask_line, refusals
from tests.pages import kinds
from tests.pages.clock import StillClock
from tests.pages.conftest import NOW

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("verapdf")]


def built(folder: Path, flavour: str = "2b", name: str = "baseline.jpg") -> Path:
    """A small approved file of one image page."""
    path = folder / name
    path.write_bytes(kinds.KINDS[name][0]())
    told = Provenance("trạm", None, "lô", "lienthong", (Origin(name, 1, "ab" * 32),)) if flavour == "3b" else None
    out = folder / f"{name}-{flavour}.pdf"
    leaf = Leaf(PageSource(path, check_complete(path)), kinds.DPI)
    building.build([leaf], out, identifier="k", title="Hồ sơ mẫu", flavour=flavour, provenance=told)
    return out


def again(source: Path, out: Path, change: Callable[[pikepdf.Pdf], Any]) -> Path:
    """The file written anew with a change, in the syntax that our byte check knows."""
    with pikepdf.open(source) as pdf:
        change(pdf)
        pdf.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            compress_streams=False,
            deterministic_id=True,
            fix_metadata_version=False,  # else broken XMP is mended
        )
    return out


def another_xmp(pdf: pikepdf.Pdf, old: bytes, new: bytes) -> None:
    packet = pdf.Root.Metadata.read_bytes()
    assert old in packet
    pdf.Root.Metadata.write(packet.replace(old, new))


def with_text(pdf: pikepdf.Pdf) -> None:
    """A word in a font that is not embedded."""
    page = pdf.pages[0]
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.obj.Resources["/Font"] = pikepdf.Dictionary(F=pdf.make_indirect(font))
    page.contents_add(b"BT /F 12 Tf 20 20 Td (Xin) Tj ET")


def with_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root["/OpenAction"] = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def with_mask(pdf: pikepdf.Pdf) -> None:
    image = pdf.pages[0].Resources.XObject.Im
    image["/Interpolate"] = True


def in_cmyk(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].contents_add(b"0 1 1 0 k 0 0 9 9 re f")


def unnamed_file(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.AF[0]["/AFRelationship"]


BROKEN: dict[str, tuple[str, Callable[[pikepdf.Pdf], Any]]] = {
    "no output intent": ("2b", lambda pdf: pdf.Root.__delitem__("/OutputIntents")),
    "no XMP": ("2b", lambda pdf: pdf.Root.__delitem__("/Metadata")),
    "another part": ("2b", lambda pdf: another_xmp(pdf, b"part>2<", b"part>1<")),
    "no level": ("2b", lambda pdf: another_xmp(pdf, b"conformance>B<", b"conformance>X<")),
    "XMP that is no XML": ("2b", lambda pdf: another_xmp(pdf, b"</rdf:RDF>", b"</rdf:RDG>")),
    "a font that is not embedded": ("2b", with_text),
    "a script": ("2b", with_script),
    "interpolation": ("2b", with_mask),
    "CMYK without a profile": ("2b", in_cmyk),
    "an attachment without its relationship": ("3b", unnamed_file),
    "an attachment in part 2": ("3b", lambda pdf: another_xmp(pdf, b"part>3<", b"part>2<")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_judge_refuses_what_is_broken(name: str, verapdf: VeraPdf, tmp_path: Path) -> None:
    flavour, change = BROKEN[name]
    good = built(tmp_path, flavour)
    assert refusals(verapdf, good, flavour) == []
    asked = "2b" if name == "an attachment in part 2" else flavour
    bad = again(good, tmp_path / "bad.pdf", change)
    told = all_words(verapdf, bad, asked)
    assert [word.judge for word in told if word.passed] == KNOWN_BLIND.get(name, []), list(map(str, told))


KNOWN_BLIND = {"an attachment in part 2": ["pdfluent"]}
"""Judges that let a broken file pass; docs/judges.md says why."""


def test_an_encrypted_file_is_refused_by_every_judge(verapdf: VeraPdf, tmp_path: Path) -> None:
    with pikepdf.open(built(tmp_path)) as pdf:
        pdf.save(tmp_path / "bad.pdf", encryption=pikepdf.Encryption(owner="chu", user="", R=6))
    assert [word.judge for word in all_words(verapdf, tmp_path / "bad.pdf", "2b") if word.passed] == []


def test_what_is_no_pdf_is_refused_and_costs_the_judge_nothing(verapdf: VeraPdf, tmp_path: Path) -> None:
    (tmp_path / "no.pdf").write_bytes(b"no such thing")
    assert not verapdf.judge(tmp_path / "no.pdf", "2b").passed
    assert not verapdf.judge(tmp_path / "absent.pdf", "2b").passed
    assert not verapdf.judge(built(tmp_path), "9z").passed
    assert verapdf.judge(built(tmp_path), "2b").passed


def test_raw_faults_of_syntax_are_seen_by_our_own_byte_check(verapdf: VeraPdf, tmp_path: Path) -> None:
    """What qpdf mends while it parses, `pikepdf.pdfa` cannot see; the line's word is the stricter one."""
    data = built(tmp_path).read_bytes()
    bad = tmp_path / "bad.pdf"
    for name, spoiled in {
        "rubbish before the header": b"\n" + data,
        "no high bytes": data.replace(data[9:14], b"%abcd", 1),
        "rubbish at the end": data + b"\nmore",
    }.items():
        bad.write_bytes(spoiled)
        assert not ask_line(bad, "2b").passed, name
        assert not verapdf.judge(bad, "2b").passed, name


def test_pages_kept_from_a_scanners_pdf_are_judged_with_the_rest(verapdf: VeraPdf, tmp_path: Path) -> None:
    """Strips, an annotation, interpolation: lawful or mended, else the page is not in the document."""
    source = tmp_path / "kept.pdf"
    good = built(tmp_path)

    def strips(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.Resources.XObject["/Second"] = page.Resources.XObject.Im
        page.Resources.XObject.Im["/Interpolate"] = True
        page.contents_add(b"q 50 0 0 50 0 0 cm /Second Do Q")
        page.obj["/Rotate"] = 90

    again(good, source, strips)
    leaf = Leaf(PageSource(source, FileKind.PDF), kinds.DPI, rotate_deg=180)
    made = building.build([leaf], tmp_path / "out.pdf", identifier="k", title="t")
    assert refusals(verapdf, made.path, "2b") == []
    with pikepdf.open(made.path) as pdf:
        assert int(pdf.pages[0].obj.Rotate) == 270
    assert made.notes[0].conversion == "page kept as it was"


@pytest.mark.parametrize("kind", ["own", "patch-t"])
def test_printed_papers_are_pdfa_by_the_reference(kind: separators.Kind, verapdf: VeraPdf, tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(separators.pdf(kind))
    assert verapdf.judge(tmp_path / "paper.pdf", "2b") == Word("veraPDF", passed=True)


@pytest.mark.slow
def test_of_all_files_that_we_write_the_judges_refuse_none(
    verapdf: VeraPdf,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Every kind of image in every flavour that it can have, and whole feeds of each kind of scanner."""
    written: list[tuple[Path, str]] = []
    for name in kinds.KINDS:
        written += [(built(tmp_path, flavour, name), flavour) for flavour in pdfa.FLAVOURS]
    refused = {path.name: told for path, flavour in written if (told := refusals(verapdf, path, flavour))}
    line = f"files written: {len(written)}; refused by a judge responsible for their kind: {len(refused)}"
    record_property("judged", line)
    sys.stdout.write(line + "\n")
    assert refused == {}


@pytest.mark.slow
async def test_of_whole_feeds_the_judges_refuse_none(
    verapdf: VeraPdf, drawn: dict[Kind, list[Path]], tmp_path: Path
) -> None:
    for kind, paths in drawn.items():
        manifest = await scan_paths(paths, tmp_path / kind, clock=StillClock(NOW), workers=1)
        made = sorted((tmp_path / kind).glob("*.pdf"))
        assert len(made) == len(manifest.documents) == 2
        assert {path.name: refusals(verapdf, path, "2b") for path in made} == {path.name: [] for path in made}
