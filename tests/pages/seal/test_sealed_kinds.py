"""Every kind of sealed file is judged: veraPDF as PDF/A-2b, our own check of the seal by the roots."""

from pathlib import Path

import pytest
from PIL import Image

from scanning import building
from scanning.approved import PdfA
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.provenance import Origin, Provenance
from scanning.seal_check import Level, verify_sealed
from scanning.structure import FileKind
from tests.judges import VeraPdf
from tests.pages.seal.authority import KINDS, Kind, Pair, World, file_key, make_sealer, sealed_kinds

pytestmark = [pytest.mark.pages, pytest.mark.slow, pytest.mark.xdist_group("verapdf")]


async def test_verapdf_takes_every_kind_of_sealed_file_for_pdf_a(
    verapdf: VeraPdf, authority: World, unit: Pair, token: Path, approved: PdfA, tmp_path: Path
) -> None:
    made = await sealed_kinds(authority, approved, tmp_path, unit, token=True)
    assert set(made) == {str(kind) for kind in KINDS}
    words = {kind: verapdf.judge(sealed.path, "2b") for kind, sealed in made.items()}
    assert {kind: word.faults for kind, word in words.items() if not word.passed} == {}
    for kind, sealed in made.items():
        seal = await verify_sealed(sealed.path, authority.roots)
        assert kind.startswith(seal.note.level)


async def test_verapdf_refuses_a_stamp_whose_font_is_not_embedded(
    verapdf: VeraPdf, authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, Kind(Level.B_B, visible=True), file_key(authority.p12(unit)))
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    (tmp_path / "bare.pdf").write_bytes(sealed.path.read_bytes().replace(b"/FontFile2", b"/FontFileX"))
    assert not verapdf.judge(tmp_path / "bare.pdf", "2b").passed


async def test_a_document_with_its_provenance_stays_pdf_a_3b_under_its_seal(
    verapdf: VeraPdf, authority: World, unit: Pair, tmp_path: Path
) -> None:
    page = tmp_path / "page.jpg"
    Image.new("L", (620, 877), 210).save(page)
    told = Provenance("trạm", None, "lô", "lienthong", (Origin(page.name, 1, "ab" * 32),))
    leaf = Leaf(PageSource(page, FileKind.JPEG), dpi=75, rotate_deg=90)
    approved = building.build(
        [leaf], tmp_path / "document.pdf", identifier="k", title="Hồ sơ mẫu", flavour="3b", provenance=told
    )
    sealer = make_sealer(authority, Kind(Level.B_LTA, visible=True), file_key(authority.p12(unit)))
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert sealed.conformance == "PDF/A-3b"
    assert verapdf.judge(sealed.path, "3b").faults == ()
