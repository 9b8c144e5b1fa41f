"""Files by digest: what was once written under a SHA-256 is never written again, and never changed."""

import asyncio
import contextlib
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

from gateway.storage import faults
from schemas.errors import NotFound, StoreFull
from schemas.ids import Sha256

_SHA256: Final = re.compile("[0-9a-f]{64}")
_CHUNK: Final = 1 << 20


class BlobStore(Protocol):
    """Where the bytes of scanned documents are. A put returns when the bytes are durable."""

    async def put_bytes(self, content: bytes) -> Sha256:
        """Keep ``content``; the same bytes again change nothing. Raises StoreFull."""
        ...

    async def put_path(self, path: Path) -> Sha256:
        """Keep a copy of the file. Raises StoreFull."""
        ...

    async def open(self, sha256: Sha256) -> BinaryIO:
        """The bytes, for reading. Raises NotFound."""
        ...

    async def path(self, sha256: Sha256) -> Path:
        """A local file with the bytes, not to be changed. Raises NotFound."""
        ...

    async def has(self, sha256: Sha256) -> bool:
        """True where the bytes are here."""
        ...


class FolderBlobs:
    """Blobs in a local folder, ``ab/cdef…``: written beside, flushed, renamed, the folder flushed."""

    def __init__(self, folder: Path) -> None:
        """Make ``folder`` where it is not there."""
        self.folder = folder
        self._fresh = folder / "fresh"
        self._fresh.mkdir(parents=True, exist_ok=True)

    async def put_bytes(self, content: bytes) -> Sha256:
        """Keep ``content``; the same bytes again change nothing. Raises StoreFull."""
        return await asyncio.to_thread(self._put, content)

    async def put_path(self, path: Path) -> Sha256:
        """Keep a copy of the file. Raises StoreFull."""
        return await asyncio.to_thread(self._put, path)

    async def open(self, sha256: Sha256) -> BinaryIO:
        """The bytes, for reading. Raises NotFound."""
        found = await self.path(sha256)
        return await asyncio.to_thread(found.open, "rb")

    async def path(self, sha256: Sha256) -> Path:
        """The file itself. Raises NotFound."""
        place = self.place(sha256)
        if not await asyncio.to_thread(place.is_file):
            raise NotFound("the bytes of this document are not in the blob folder", subject=sha256)
        return place

    async def has(self, sha256: Sha256) -> bool:
        """True where the bytes are here."""
        return await asyncio.to_thread(self.place(sha256).is_file)

    def place(self, sha256: str) -> Path:
        """Where these bytes are, or would be."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"not a SHA-256 in lower-case hex: {sha256!r}")
        return self.folder / sha256[:2] / sha256[2:]

    def all(self) -> Iterator[Sha256]:
        """Every digest in the folder, sorted."""
        for path in sorted(self.folder.glob("??/*")):
            if _SHA256.fullmatch(path.parent.name + path.name):
                yield Sha256(path.parent.name + path.name)

    def put_stream(self, source: IO[bytes]) -> Sha256:
        """Keep what ``source`` still has to read. Blocks. Raises StoreFull."""
        return self._put(source)

    def _put(self, source: bytes | Path | IO[bytes]) -> Sha256:
        handle, name = tempfile.mkstemp(dir=self._fresh)
        fresh = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                sha256 = _copy(source, out)
                out.flush()
                os.fsync(out.fileno())
            return self._place_fresh(fresh, sha256)
        except OSError as error:
            if faults.is_full(error):
                raise StoreFull("no space for the document's bytes; nothing of it was kept") from error
            raise
        finally:
            fresh.unlink(missing_ok=True)

    def _place_fresh(self, fresh: Path, sha256: Sha256) -> Sha256:
        place = self.place(sha256)
        if place.is_file():
            return sha256
        place.parent.mkdir(exist_ok=True)
        fresh.chmod(0o440)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, place)  # unlike a rename it cannot replace what another thread put there
        flush_folder(place.parent)
        flush_folder(self.folder)
        return sha256


def _copy(source: bytes | Path | IO[bytes], out: IO[bytes]) -> Sha256:
    if isinstance(source, Path):
        with source.open("rb") as opened:
            return _copy(opened, out)
    content = io.BytesIO(source) if isinstance(source, bytes) else source
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
        out.write(chunk)
    return Sha256(digest.hexdigest())


def flush_folder(folder: Path) -> None:
    """Make names in a folder durable: a renamed file is not, until its folder is flushed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
