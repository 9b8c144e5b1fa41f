"""Every kind of sealed file is judged: veraPDF as PDF/A-2b, our own check of the seal by the roots."""

from pathlib import Path

import pytest

from scanning.approved import PdfA
from scanning.seal_check import Level, verify_sealed
from tests.judges import VeraPdf
from tests.pages.seal.authority import KINDS, Kind, Pair, World, file_key, make_sealer, sealed_kinds

pytestmark = [pytest.mark.pages, pytest.mark.slow]


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
