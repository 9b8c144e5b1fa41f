"""Sealing by a key in a file: what is appended, what is refused, what is told when the key is not usable."""

import asyncio
import dataclasses
import datetime as dt
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from scanning.approved import PdfA
from scanning.seal_check import Level, verify_sealed
from scanning.seal_keys import SealKey
from scanning.stamp import ZONE
from scanning.structure import BadFile
from scanning.verify import judge
from schemas.document import ScanReason
from schemas.errors import BadConfiguration, BadSealKey, CertificateNotValid, SealingWaits, WrongPin
from tests.pages.seal.authority import DAY, NOW, PASSPHRASE, UNIT, Kind, Pair, World, asn1_of, file_key, make_sealer

pytestmark = [pytest.mark.pages]
PLAIN = Kind(Level.B_B, visible=False)
SHOWN = Kind(Level.B_B, visible=True)


@pytest.mark.parametrize("kind", [PLAIN, SHOWN], ids=str)
async def test_the_approved_bytes_are_a_prefix_and_pyhanko_trusts_the_whole_file(
    kind: Kind, authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, kind, file_key(authority.p12(unit)))
    await sealer.check()
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()

    data = sealed.path.read_bytes()
    assert data.startswith(approved.path.read_bytes())
    assert (sealed.sha256, sealed.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert sealed.conformance == approved.conformance
    assert (sealed.note.level, sealed.note.signer) == ("B-B", UNIT)
    assert sealed.note.at == NOW.replace(microsecond=0)
    appended = data[approved.size_bytes :]
    assert b"/Info" not in appended[appended.rindex(b"trailer") :]
    assert f"/M (D:{NOW.astimezone(ZONE):%Y%m%d%H%M%S}+07'00')".encode() in appended
    assert b"pyHanko" not in appended
    assert [path.name for path in tmp_path.iterdir()] == ["sealed.pdf"]
    with sealed.path.open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        context = ValidationContext(trust_roots=authority.roots, allow_fetching=False)
        status = await async_validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.summary() == "INTACT:TRUSTED,UNTOUCHED"


async def test_a_seal_from_elsewhere_is_verified_and_tells_what_was_sealed(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, SHOWN, file_key(authority.p12(unit)))
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    seal = await verify_sealed(sealed.path, authority.roots)
    assert seal.note == sealed.note
    assert (seal.approved_bytes, seal.approved_sha256) == (approved.size_bytes, approved.sha256)
    assert seal.sha256 == sealed.sha256
    stranger = authority.issue("Gốc lạ", None, authority=True)
    with pytest.raises(BadFile, match="not trusted"):
        await verify_sealed(sealed.path, [asn1_of(stranger[1])])


async def test_a_sealed_document_is_not_sealed_again_and_is_no_approved_file(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, PLAIN, file_key(authority.p12(unit)))
    once = await sealer.seal(approved, tmp_path / "once.pdf")
    again = PdfA(once.path, once.sha256, once.size_bytes, once.flavour)
    with pytest.raises(BadFile) as refused:
        await sealer.seal(again, tmp_path / "twice.pdf")
    await sealer.aclose()
    assert refused.value.reason is ScanReason.SIGNED
    assert not (tmp_path / "twice.pdf").exists()
    with pytest.raises(BadFile):
        judge(once.path, flavour="2b")


async def test_a_file_that_changed_after_it_was_approved_is_not_sealed(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    data = approved.path.read_bytes()
    middle = len(data) // 2
    sealer = make_sealer(authority, PLAIN, file_key(authority.p12(unit)))
    for n, bytes_now in enumerate((data[:middle] + b"?" + data[middle + 1 :], data + b"\n")):
        changed = tmp_path / f"{n}.pdf"
        changed.write_bytes(bytes_now)
        with pytest.raises(BadFile, match="changed after") as refused:
            await sealer.seal(dataclasses.replace(approved, path=changed), tmp_path / "sealed.pdf")
        assert refused.value.reason is ScanReason.NOT_CONFORMANT
    await sealer.aclose()
    assert not (tmp_path / "sealed.pdf").exists()


async def test_several_documents_at_once(authority: World, unit: Pair, approved: PdfA, tmp_path: Path) -> None:
    sealer = make_sealer(authority, SHOWN, file_key(authority.p12(unit)))
    made = await asyncio.gather(*(sealer.seal(approved, tmp_path / f"{n}.pdf") for n in range(4)))
    await sealer.aclose()
    assert len({sealed.path for sealed in made}) == 4


@pytest.mark.parametrize(
    ("begin", "end"), [(NOW - 30 * DAY, NOW - DAY), (NOW + DAY, NOW + 30 * DAY)], ids=["expired", "not yet valid"]
)
async def test_a_certificate_out_of_its_time_lets_documents_wait(
    begin: dt.datetime, end: dt.datetime, authority: World, approved: PdfA, tmp_path: Path
) -> None:
    pair = authority.issue(UNIT, authority.middle, begin=begin, end=end)
    sealer = make_sealer(authority, PLAIN, file_key(authority.p12(pair, "old.p12")))
    with pytest.raises(CertificateNotValid, match="valid from"):
        await sealer.check()
    with pytest.raises(SealingWaits):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert list(tmp_path.iterdir()) == []


async def test_a_wrong_passphrase_is_named_and_not_tried_again(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    asked: list[int] = []
    opening = file_key(authority.p12(unit), "sai")

    def open_key() -> SealKey:
        asked.append(1)
        return opening()

    sealer = make_sealer(authority, PLAIN, open_key)
    for _ in range(2):
        with pytest.raises(WrongPin):
            await sealer.check()
    with pytest.raises(WrongPin):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert len(asked) == 1


@pytest.mark.parametrize("spoil", ["away", "cut", "rubbish", "weak"])
async def test_a_key_file_that_is_none_is_named(spoil: str, authority: World, unit: Pair, tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    whole = authority.p12(unit).read_bytes()
    if spoil == "weak":
        path.write_bytes(_weak_p12())
    elif spoil != "away":
        path.write_bytes(whole[: len(whole) // 2] if spoil == "cut" else b"no key at all")
    sealer = make_sealer(authority, PLAIN, file_key(path))
    with pytest.raises(BadSealKey) as named:
        await sealer.check()
    await sealer.aclose()
    assert not isinstance(named.value, WrongPin)
    assert isinstance(named.value, BadConfiguration)
    assert str(path) in str(named.value)


def _weak_p12() -> bytes:
    """A key of another kind, without a certificate."""
    key, encryption = ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(PASSPHRASE.encode())
    return pkcs12.serialize_key_and_certificates(b"k", key, None, None, encryption)


async def test_a_key_that_the_roots_do_not_trust_seals_nothing(
    authority: World, approved: PdfA, tmp_path: Path
) -> None:
    stranger = authority.issue("Người lạ", None)
    sealer = make_sealer(authority, PLAIN, file_key(authority.p12(stranger, "stranger.p12")))
    with pytest.raises(BadSealKey, match="not trusted"):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert list(tmp_path.iterdir()) == []
