import asyncio
import io
import tarfile
from pathlib import Path

import pytest

from gateway.storage import chain
from gateway.storage.backup import backup, restore
from gateway.storage.blobs import FolderBlobs
from gateway.storage.database import Database, open_database
from gateway.storage.transaction import GatewayTx
from schemas.document import DocumentText, TextOfPage
from schemas.errors import BadConfiguration, NotFound
from tests.contract.stores import records

TEXT = DocumentText("doc", "reader 1", (TextOfPage(1, "Đăng ký"),))


def put(n: int) -> "records.Adds":
    return records.add_dossier(f"A-{n}")


async def filled(url: str, folder: Path) -> Database:
    database = open_database(url, blobs=folder / "blobs")
    sha256 = await database.blobs.put_bytes(b"%PDF-1.7 one")
    await database.blobs.put_bytes(b"%PDF-1.7 two")

    def store(tx: GatewayTx) -> None:
        to = tx.dossiers.add(records.dossier()).id
        tx.documents.attach(records.attached("doc", to, sha256=sha256))
        tx.texts.put(TEXT)
        tx.audit.write(records.act())

    await database.write(store)
    return database


async def test_a_copy_made_while_others_write_comes_back_whole(sqlite_url: str, tmp_path: Path) -> None:
    database = await filled(sqlite_url, tmp_path)
    writing = asyncio.gather(*(database.write(put(n)) for n in range(200)))
    made = await asyncio.to_thread(backup, sqlite_url, tmp_path / "blobs", tmp_path / "copy.tar")
    await writing
    await database.close()

    url, blobs = f"sqlite:///{tmp_path}/new/rows.db", tmp_path / "new" / "blobs"
    assert restore(tmp_path / "copy.tar", url, blobs) == made
    assert chain.verify(url).ok
    again = open_database(url, blobs=blobs, upgrade=False)
    assert await again.read(lambda tx: tx.texts.of_document("doc")) == TEXT
    document = await again.read(lambda tx: tx.documents.find("doc"))
    assert document is not None
    with await again.blobs.open(document.sha256) as opened:
        assert opened.read() == b"%PDF-1.7 one"
    assert sorted(made.blobs) == sorted(FolderBlobs(blobs).all()) and len(made.blobs) == 2
    assert (await again.write(records.add_dossier("Z-1"))).version == 1
    await again.close()


async def test_nothing_that_lives_is_replaced(sqlite_url: str, tmp_path: Path) -> None:
    database = await filled(sqlite_url, tmp_path)
    file = tmp_path / "copy.tar"
    backup(sqlite_url, tmp_path / "blobs", file)
    with pytest.raises(BadConfiguration, match="exists already"):
        backup(sqlite_url, tmp_path / "blobs", file)
    with pytest.raises(BadConfiguration, match="store here"):
        restore(file, sqlite_url, tmp_path / "elsewhere")
    with pytest.raises(BadConfiguration, match="blobs here"):
        restore(file, f"sqlite:///{tmp_path}/other.db", tmp_path / "blobs")
    await database.close()


def changed(file: Path, name: str, content: bytes | None) -> Path:
    """A copy of the archive in which a member has other bytes, or is missing."""
    target = file.with_name("changed.tar")
    with tarfile.open(file) as old, tarfile.open(target, "w") as new:
        for member in old:
            told = old.extractfile(member)
            assert told is not None
            if not member.name.startswith(name):
                new.addfile(member, told)
            elif content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


@pytest.mark.parametrize(
    ("name", "content"),
    [("blobs/", b"forged"), ("blobs/", None), ("rows.db", b"forged"), ("rows.db", None), ("manifest.json", None)],
)
async def test_a_damaged_archive_brings_nothing_back(
    sqlite_url: str, tmp_path: Path, name: str, content: bytes | None
) -> None:
    await (await filled(sqlite_url, tmp_path)).close()
    backup(sqlite_url, tmp_path / "blobs", tmp_path / "copy.tar")
    forged = changed(tmp_path / "copy.tar", name, content)
    with pytest.raises(BadConfiguration, match="whole backup"):
        restore(forged, f"sqlite:///{tmp_path}/new/rows.db", tmp_path / "new" / "blobs")
    assert not (tmp_path / "new" / "rows.db").exists()


def test_an_archive_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short.tar").write_bytes(b"\0" * 100)
    with pytest.raises(BadConfiguration, match="whole backup"):
        restore(tmp_path / "short.tar", f"sqlite:///{tmp_path}/rows.db", tmp_path / "blobs")


def test_postgresql_has_its_own_tools_and_an_absent_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="pg_dump"):
        backup("postgresql://u:secret@h/d", tmp_path, tmp_path / "copy.tar")
    with pytest.raises(BadConfiguration, match="pg_restore") as told:
        restore(tmp_path / "copy.tar", "postgresql://u:secret@h/d", tmp_path)
    assert "secret" not in str(told.value)
    with pytest.raises(NotFound):
        backup(f"sqlite:///{tmp_path}/none.db", tmp_path, tmp_path / "copy.tar")
