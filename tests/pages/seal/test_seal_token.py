"""Sealing by a key that stays in a PKCS#11 token: SoftHSM through its own library."""

from pathlib import Path

import pytest

from scanning.approved import PdfA
from scanning.seal_check import Level, verify_sealed
from schemas.errors import BadSealKey, SealingWaits, TokenMissing, WrongPin
from tests.pages.seal.authority import UNIT, Kind, World, make_sealer, token_key

pytestmark = [pytest.mark.pages]
KIND = Kind(Level.B_B, visible=False, token=True)


async def test_the_key_in_the_token_seals(authority: World, token: Path, approved: PdfA, tmp_path: Path) -> None:
    sealer = make_sealer(authority, KIND, token_key(authority))
    await sealer.check()
    for name in ("one.pdf", "two.pdf"):
        sealed = await sealer.seal(approved, tmp_path / name)
        seal = await verify_sealed(sealed.path, authority.roots)
        assert (seal.note.signer, seal.approved_sha256) == (UNIT, approved.sha256)
    await sealer.aclose()


async def test_a_wrong_pin_is_sent_once_only(authority: World, token: Path, approved: PdfA, tmp_path: Path) -> None:
    sealer = make_sealer(authority, KIND, token_key(authority, pin="000000"))
    for _ in range(12):  # a token locks after ten
        with pytest.raises(WrongPin):
            await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    right = make_sealer(authority, KIND, token_key(authority))
    await right.check()
    await right.aclose()


async def test_a_token_that_is_not_plugged_in_lets_documents_wait(
    authority: World, token: Path, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, KIND, token_key(authority, token="another"))
    with pytest.raises(TokenMissing) as missing:
        await sealer.check()
    with pytest.raises(SealingWaits):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert not isinstance(missing.value, BadSealKey)  # nobody has to mend a setting
    assert "another" in str(missing.value)


async def test_a_library_that_cannot_be_loaded_is_named(authority: World, tmp_path: Path) -> None:
    module = tmp_path / "no-such-library.so"
    sealer = make_sealer(authority, KIND, token_key(authority, module=module))
    with pytest.raises(BadSealKey, match="no-such-library"):
        await sealer.check()
    await sealer.aclose()
