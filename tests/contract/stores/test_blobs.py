import asyncio
import hashlib
import multiprocessing
import os
import resource
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from gateway.storage.blobs import BlobStore, FolderBlobs
from schemas.errors import NotFound, StoreFull
from schemas.ids import Sha256

NOBODY = Sha256("0" * 64)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


async def test_bytes_come_back_under_their_digest(blobs: FolderBlobs, tmp_path: Path) -> None:
    store: BlobStore = blobs
    content = os.urandom(3 << 20)
    (tmp_path / "scan.pdf").write_bytes(content)
    sha256 = await store.put_bytes(content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert await store.put_path(tmp_path / "scan.pdf") == sha256
    assert await store.has(sha256)
    with await store.open(sha256) as opened:
        assert opened.read() == content
    assert (await store.path(sha256)).read_bytes() == content
    assert list(blobs.all()) == [sha256]


async def test_what_is_there_is_never_written_again(blobs: FolderBlobs) -> None:
    sha256 = await blobs.put_bytes(b"one")
    place = await blobs.path(sha256)
    before = place.stat()
    await asyncio.gather(*(blobs.put_bytes(b"one") for _ in range(16)))
    after = place.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not place.stat().st_mode & 0o222
    assert list((blobs.folder / "fresh").iterdir()) == []


async def test_sixteen_at_once_make_one_file(blobs: FolderBlobs) -> None:
    digests = await asyncio.gather(*(blobs.put_bytes(b"same") for _ in range(16)))
    assert len(set(digests)) == 1
    assert len(list(blobs.all())) == 1


async def test_missing_bytes_are_said(blobs: FolderBlobs) -> None:
    assert not await blobs.has(NOBODY)
    for ask in (blobs.open, blobs.path):
        with pytest.raises(NotFound):
            await ask(NOBODY)
    with pytest.raises(ValueError, match="SHA-256"):
        await blobs.path(Sha256("../../etc/passwd"))


def put_with_little_space(folder: Path, size: int) -> str:
    """In a process of its own: its files may not grow beyond 64 KiB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    try:
        asyncio.run(FolderBlobs(folder).put_bytes(b"x" * size))
    except StoreFull as error:
        return type(error).__name__
    return "kept"


@pytest.mark.parametrize(("size", "answer", "left"), [(1 << 20, "StoreFull", 0), (1 << 10, "kept", 1)])
def test_no_space_leaves_nothing(blobs: FolderBlobs, size: int, answer: str, left: int) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
        assert child.submit(put_with_little_space, blobs.folder, size).result(60) == answer
    assert list((blobs.folder / "fresh").iterdir()) == []
    assert len(list(blobs.all())) == left
