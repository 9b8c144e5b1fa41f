"""Blobs through obstore; its store in memory answers as an S3 bucket does, conditional creation included."""

from pathlib import Path

import pytest

from gateway.storage.blobs import BlobStore
from gateway.storage.s3 import S3Blobs
from schemas.errors import BadConfiguration, NotFound
from schemas.ids import Sha256

NOBODY = Sha256("0" * 64)


async def test_bytes_come_back_under_their_digest(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"x" * 100_000)
    store: BlobStore = S3Blobs("memory:///", tmp_path / "copies")
    one, two = await store.put_bytes(b"one"), await store.put_path(tmp_path / "scan.pdf")
    assert await store.put_bytes(b"one") == one
    assert await store.has(one) and await store.has(two) and not await store.has(NOBODY)
    with await store.open(one) as opened:
        assert opened.read() == b"one"
    assert (await store.path(two)).read_bytes() == b"x" * 100_000
    for ask in (store.open, store.path):
        with pytest.raises(NotFound):
            await ask(NOBODY)


async def test_other_bytes_under_a_digest_are_not_believed(tmp_path: Path) -> None:
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    (bucket / NOBODY).write_bytes(b"forged")
    store = S3Blobs(bucket.as_uri(), tmp_path / "copies")
    with pytest.raises(NotFound, match="other bytes"):
        await store.open(NOBODY)


def test_a_bad_address_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration):
        S3Blobs("nonsense://", tmp_path)
