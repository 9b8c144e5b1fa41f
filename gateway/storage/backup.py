"""One file that holds the whole store: the rows by SQLite's backup interface, the blobs, and their digests.

The archive is an ordinary tar: ``manifest.json`` first, then ``rows.db``, then ``blobs/<sha256>``. The rows are copied
first: a blob is written before the row that names it, so every document that the copied rows know has its bytes in the
archive, whatever arrives meanwhile. Copying goes on while the gateway runs.
"""

import dataclasses
import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from gateway.storage import address, schema
from gateway.storage.blobs import FolderBlobs, flush_folder
from gateway.storage.codec import from_json, to_json
from schemas.errors import BadConfiguration, NotFound
from schemas.ids import Sha256

_FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_ROWS: Final = "rows.db"
_BLOBS: Final = "blobs/"
_PAGES: Final = 1_000
_CHUNK: Final = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds; ``rows`` is the digest of the database file, ``blobs`` the names, which are digests."""

    format: int
    revision: str
    rows: Sha256
    blobs: tuple[Sha256, ...]


def backup(url: str, blobs: Path, file: Path) -> Manifest:
    """Copy the store at ``url`` and the blob folder into ``file``, which must not exist yet.

    Raises BadConfiguration for PostgreSQL (its own tools do that) and for an existing file; NotFound without a store.
    """
    path = _sqlite(url, "pg_dump --format=custom makes a whole copy; copy the blob folder beside it")
    if not path.is_file():
        raise NotFound("there is no store to copy", subject=str(path))
    if file.exists():
        raise BadConfiguration("this file exists already; a backup never replaces another", subject=str(file))
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".backup-") as folder:
        rows = Path(folder) / _ROWS
        _copy_rows(path, rows)
        kept = FolderBlobs(blobs)
        manifest = Manifest(_FORMAT, schema.current(f"sqlite:///{rows}"), digest_of(rows), tuple(kept.all()))
        fresh = Path(folder) / "archive"
        with tarfile.open(fresh, "w") as archive:
            _add_bytes(archive, _MANIFEST, to_json(manifest).encode())
            archive.add(rows, _ROWS, filter=_nobody)
            for sha256 in manifest.blobs:
                archive.add(kept.place(sha256), _BLOBS + sha256, filter=_nobody)
        _flush(fresh)
        fresh.rename(file)
        flush_folder(file.absolute().parent)
    return manifest


def restore(file: Path, url: str, blobs: Path) -> Manifest:
    """Bring back what :func:`backup` copied, to a place where there is nothing yet.

    Every digest is checked before the database appears under its name. Raises BadConfiguration where rows or blobs are
    there already, for PostgreSQL, and for a file that is not a whole archive.
    """
    path = _sqlite(url, "pg_restore brings back what pg_dump copied")
    if path.exists() or path.with_name(path.name + "-wal").exists():
        raise BadConfiguration("there is a store here; restore never replaces one", subject=str(path))
    if blobs.exists() and any(FolderBlobs(blobs).all()):
        raise BadConfiguration("there are blobs here; restore never mixes two stores", subject=str(blobs))
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".restore-") as folder:
        rows = Path(folder) / _ROWS
        try:
            with tarfile.open(file) as archive:
                manifest = _unpack(archive, rows, FolderBlobs(blobs))
        except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
            raise BadConfiguration(f"this is not a whole backup: {error}", subject=str(file)) from error
        _flush(rows)
        rows.rename(path)
        flush_folder(path.absolute().parent)
    return manifest


def digest_of(path: Path) -> Sha256:
    """SHA-256 of a file."""
    with path.open("rb") as opened:
        return Sha256(hashlib.file_digest(opened, "sha256").hexdigest())


def _sqlite(url: str, instead: str) -> Path:
    where = address.parse(url)
    if where.path is None:
        raise BadConfiguration(f"this store is on PostgreSQL: {instead}", subject=str(where))
    return where.path


def _copy_rows(source: Path, target: Path) -> None:
    """SQLite's backup interface: page by page, consistent, while others write."""
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    writing = sqlite3.connect(target)
    try:
        reading.backup(writing, pages=_PAGES)
        writing.execute("PRAGMA journal_mode=DELETE")
    finally:
        writing.close()
        reading.close()


def _unpack(archive: tarfile.TarFile, rows: Path, blobs: FolderBlobs) -> Manifest:
    """Members come in the order in which they were written; anything else is not our archive."""
    members = _members(archive)
    name, content = next(members)
    if name != _MANIFEST:
        raise ValueError(f"it begins with {name}, not with {_MANIFEST}")
    manifest = from_json(content.read(), Manifest)
    if manifest.format != _FORMAT:
        raise ValueError(f"its format is {manifest.format}, this program reads {_FORMAT}")
    missing = set(manifest.blobs)
    for name, content in members:
        if name == _ROWS:
            _write(content, rows)
        elif blobs.put_stream(content) != name.removeprefix(_BLOBS):
            raise ValueError(f"the bytes of {name} are not those of its name")
        missing.discard(Sha256(name.removeprefix(_BLOBS)))
    if missing or not rows.is_file() or digest_of(rows) != manifest.rows:
        raise ValueError("rows or documents are missing or damaged")
    return manifest


def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in archive:
        content = archive.extractfile(member) if member.isfile() else None
        if content is None:
            raise ValueError(f"{member.name} is not a file")
        yield member.name, content


def _write(content: IO[bytes], path: Path) -> None:
    with path.open("wb") as out:
        while chunk := content.read(_CHUNK):
            out.write(chunk)


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _nobody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Owners and times of this machine mean nothing on the next."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _flush(path: Path) -> None:
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
