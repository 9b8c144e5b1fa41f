"""What the check of a seal refuses: files changed after sealing, and updates that carry more than a seal."""

import asyncio
import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from scanning.approved import PdfA
from scanning.seal_check import Level, examine, verify_sealed
from scanning.seal_cms import Container
from scanning.seal_writer import Update
from scanning.stamp import Stamp
from scanning.structure import BadFile
from schemas.document import ScanReason
from tests.pages.seal.authority import FONT, NOW, UNIT, Kind, Pair, World, file_key, make_sealer

pytestmark = [pytest.mark.pages]


@pytest.fixture(scope="module")
def archived(world: World, unit: Pair, approved: PdfA, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with everything: stamp, time stamp, proofs, archive time stamp."""

    async def make() -> bytes:
        sealer = make_sealer(world, Kind(Level.B_LTA, visible=True), file_key(world.p12(unit)))
        sealed = await sealer.seal(approved, tmp_path_factory.mktemp("archived") / "sealed.pdf")
        await sealer.aclose()
        return sealed.path.read_bytes()

    return asyncio.run(make())


async def refusal(data: bytes, world: World) -> str:
    with pytest.raises(BadFile) as refused:
        await examine(data, world.roots)
    assert refused.value.reason is ScanReason.NOT_CONFORMANT
    return refused.value.detail


async def signed_with(spoil: tuple[bytes, bytes], world: World, unit: Pair, approved: PdfA) -> bytes:
    """A file whose signature is sound, but whose update says something else than ours would."""
    update = Update(approved.path.read_bytes())
    appearance = Stamp(FONT, form="SAO Y", unit=UNIT).place(update, NOW)
    container = Container(file_key(world.p12(unit))())
    await container.prepare()
    prepared = update.prepare(at=NOW, room=container.size_bytes, appearance=appearance)
    old, new = spoil
    assert len(old) == len(new)
    assert old in prepared.head + prepared.foot
    prepared = dataclasses.replace(prepared, head=prepared.head.replace(old, new), foot=prepared.foot.replace(old, new))
    return approved.path.read_bytes() + prepared.filled(container.sign(prepared.digest))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"/F 132", b"/F 134", "flags are 134"),
        (b"/F 132", b"/F 128", "flags are 128"),
        (b"/T (Seal)", b"/AA 1 0 R", "field has /AA"),
        (b"/SigFlags 3", b"/XFA 1 0 R ", "form has /XFA"),
        (b"/AP << /N", b"/AP << /D", "appearance has /D"),
        (b"/FontFile2", b"/FontFileX", "font has /FontFileX"),
        (b"q 0 g BT", b"q 1 g BT", "draws something else"),
        (b"/GTS_PDFA1", b"/GTS_PDFX1", "/OutputIntents of the catalogue was changed"),
        (b"/MediaBox [ 0 0", b"/MediaBox [ 9 9", "/MediaBox of page one was changed"),
    ],
)
async def test_an_update_that_carries_more_than_a_seal_is_refused_though_its_signature_is_sound(
    old: bytes, new: bytes, told: str, authority: World, unit: Pair, approved: PdfA
) -> None:
    assert told in await refusal(await signed_with((old, new), authority, unit, approved), authority)


async def test_the_same_update_unspoilt_holds(authority: World, unit: Pair, approved: PdfA) -> None:
    _, end = await examine(await signed_with((b"", b""), authority, unit, approved), authority.roots)
    assert end == approved.size_bytes


async def test_an_object_that_belongs_to_no_seal_is_refused(authority: World, unit: Pair, approved: PdfA) -> None:
    update = Update(approved.path.read_bytes())
    update.add(b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>")
    container = Container(file_key(authority.p12(unit))())
    await container.prepare()
    prepared = update.prepare(at=NOW, room=container.size_bytes, appearance=None)
    data = approved.path.read_bytes() + prepared.filled(container.sign(prepared.digest))
    assert "belongs to no seal" in await refusal(data, authority)


def opens_something(data: bytes, folder: Path) -> bytes:
    """An update after the seal that runs a script when the file is opened."""
    (folder / "in.pdf").write_bytes(data)
    with (folder / "in.pdf").open("rb+") as file:
        writer = IncrementalPdfFileWriter(file)
        action = {
            generic.pdf_name("/S"): generic.pdf_name("/JavaScript"),
            generic.pdf_name("/JS"): generic.pdf_string("1"),
        }
        writer.root["/OpenAction"] = generic.DictionaryObject(action)
        writer.update_root()
        writer.write_in_place()
    return (folder / "in.pdf").read_bytes()


def written_anew(data: bytes, folder: Path) -> bytes:
    (folder / "in.pdf").write_bytes(data)
    with pikepdf.open(folder / "in.pdf") as pdf:
        pdf.save(folder / "out.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return (folder / "out.pdf").read_bytes()


@pytest.mark.parametrize("change", [opens_something, written_anew], ids=lambda change: change.__name__)
async def test_a_file_changed_after_it_was_sealed_is_refused(
    change: Callable[[bytes, Path], bytes], archived: bytes, authority: World, tmp_path: Path
) -> None:
    assert await refusal(change(archived, tmp_path), authority)


async def test_a_file_without_a_seal_is_refused(authority: World, approved: PdfA, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is none"):
        await verify_sealed(approved.path, authority.roots)
    (tmp_path / "text").write_text("no PDF")
    with pytest.raises(BadFile):
        await verify_sealed(tmp_path / "text", authority.roots)


@pytest.mark.slow
async def test_whatever_bit_falls_over_the_seal_is_broken_or_the_same(
    archived: bytes, authority: World, approved: PdfA, tmp_path: Path
) -> None:
    chance = random.Random(8)
    broken = 0
    for _ in range(60):
        data = bytearray(archived)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (tmp_path / "changed.pdf").write_bytes(data)
        try:
            seal = await verify_sealed(tmp_path / "changed.pdf", authority.roots)
        except BadFile:
            broken += 1
        else:  # a letter's case in the hole of the signature, or its padding
            assert seal.approved_sha256 == approved.sha256
    assert broken > 30


async def test_a_sealed_file_cut_short_is_refused_at_every_length(archived: bytes, authority: World) -> None:
    for length in range(0, len(archived), len(archived) // 40):
        await refusal(archived[:length], authority)
