"""Seals with a time stamp: B-T and B-LTA against an authority on a real socket, in its good and bad moods."""

import dataclasses
from pathlib import Path

import pytest

from scanning.approved import PdfA
from scanning.seal_check import Level, verify_sealed
from scanning.structure import BadFile
from schemas.errors import BadSealKey, RevocationUnknown, SealingWaits, TimestampMissing
from tests.pages.seal.authority import NOW, Kind, Pair, World, asn1_of, file_key, make_sealer

pytestmark = [pytest.mark.pages]
STAMPED = Kind(Level.B_T, visible=False)
ARCHIVED = Kind(Level.B_LTA, visible=True)


@pytest.mark.parametrize("kind", [STAMPED, ARCHIVED], ids=str)
async def test_the_level_asked_for_is_reached_and_holds_by_the_roots_alone(
    kind: Kind, authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, kind, file_key(authority.p12(unit)))
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert sealed.note.level == kind.level
    assert sealed.note.at > NOW.replace(microsecond=0) or sealed.note.at.date() == NOW.date()
    assert sealed.path.read_bytes().startswith(approved.path.read_bytes())
    authority.away = True  # nothing is fetched to verify
    seal = await verify_sealed(sealed.path, authority.roots)
    assert (seal.note, seal.approved_sha256) == (sealed.note, approved.sha256)


async def test_an_authority_that_is_away_lets_the_document_wait_and_then_seals_it(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, STAMPED, file_key(authority.p12(unit)))
    await sealer.check()
    authority.away = True
    with pytest.raises(TimestampMissing, match="503"):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    assert list(tmp_path.iterdir()) == []
    authority.away = False
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    assert sealed.note.level == "B-T"


async def test_an_authority_that_talks_nonsense_lets_the_document_wait(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    authority.garbage = True
    sealer = make_sealer(authority, STAMPED, file_key(authority.p12(unit)))
    with pytest.raises(TimestampMissing):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()


async def test_an_authority_that_never_answers_costs_its_deadline_only(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, STAMPED, file_key(authority.p12(unit)), call_s=0.3)
    authority.hold.clear()
    with pytest.raises(TimestampMissing):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()


async def test_a_whole_sealing_has_a_deadline_and_leaves_nothing_behind(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, STAMPED, file_key(authority.p12(unit)), deadline_s=0.3)
    await sealer.check()
    authority.hold.clear()
    with pytest.raises(SealingWaits, match="within"):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    authority.hold.set()
    await sealer.aclose()  # the thread has finished now
    assert list(tmp_path.iterdir()) == []


async def test_a_nobody_as_authority_is_not_believed(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    right = authority.stamper
    authority.stamper = authority.issue("Đồng hồ tự xưng", None, stamps=True)
    try:
        for kind in (STAMPED, ARCHIVED):
            sealer = make_sealer(authority, kind, file_key(authority.p12(unit)))
            with pytest.raises(TimestampMissing, match="trusted"):
                await sealer.seal(approved, tmp_path / "sealed.pdf")
            await sealer.aclose()
    finally:
        authority.stamper = right


async def test_a_revoked_certificate_does_not_seal_for_the_archive(
    authority: World, approved: PdfA, tmp_path: Path
) -> None:
    pair = authority.issue("Đã thu hồi", authority.middle)
    authority.revoked.add(pair[1].serial_number)
    sealer = make_sealer(authority, ARCHIVED, file_key(authority.p12(pair, "revoked.p12")))
    with pytest.raises(BadSealKey, match="revoked"):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()


async def test_without_a_word_about_revocation_the_archive_waits(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    elsewhere = dataclasses.replace(authority, origin="http://127.0.0.1:9")  # discard: nobody listens
    elsewhere.root, elsewhere.middle, elsewhere.stamper = authority.root, authority.middle, authority.stamper
    pair = elsewhere.issue("Không ai biết", authority.middle)
    sealer = make_sealer(authority, ARCHIVED, file_key(authority.p12(pair, "unknown.p12")))
    with pytest.raises(RevocationUnknown):
        await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()


async def test_a_stamp_that_is_no_longer_trusted_breaks_a_foreign_seal(
    authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    sealer = make_sealer(authority, STAMPED, file_key(authority.p12(unit)))
    sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    await sealer.aclose()
    stranger = authority.issue("Gốc khác", None, authority=True)
    with pytest.raises(BadFile, match="not trusted"):
        await verify_sealed(sealed.path, [asn1_of(stranger[1])])
