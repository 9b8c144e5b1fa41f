"""Blobs in an S3-compatible store, through the optional library obstore (``pip install lienthong[s3]``).

Keys are ``<sha256>``. A put asks the server to create, never to replace. Readers get a local copy: what looks at a
document (the browser's download, pikepdf) wants a file.
"""

import asyncio
import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO

from gateway.storage.blobs import FolderBlobs
from schemas.errors import BadConfiguration, NotFound
from schemas.ids import Sha256


class S3Blobs:
    """:class:`gateway.storage.blobs.BlobStore` in a bucket, with a local folder of copies."""

    def __init__(self, url: str, copies: Path, **settings: Any) -> None:
        """Open ``s3://bucket/prefix``; ``settings`` are obstore's (endpoint, region, keys).

        Raises BadConfiguration where the library is not installed or refuses the settings.
        """
        try:
            import obstore.exceptions
            import obstore.store
        except ImportError as error:
            raise BadConfiguration("blobs in S3 need the extra: pip install lienthong[s3]") from error
        self._obstore = obstore
        try:
            self._store = obstore.store.from_url(url, **settings)
        except (obstore.exceptions.BaseError, ValueError, TypeError) as error:
            raise BadConfiguration(f"the blob store cannot be opened: {error}", subject=url) from error
        self._copies = FolderBlobs(copies)

    async def put_bytes(self, content: bytes) -> Sha256:
        """Keep ``content``; the same bytes again change nothing."""
        sha256 = Sha256(hashlib.sha256(content).hexdigest())
        await self._create(sha256, content)
        return sha256

    async def put_path(self, path: Path) -> Sha256:
        """Keep a copy of the file."""
        sha256 = await asyncio.to_thread(_digest_of, path)
        await self._create(sha256, path)
        return sha256

    async def open(self, sha256: Sha256) -> BinaryIO:
        """The bytes, for reading. Raises NotFound."""
        if await self._copies.has(sha256):
            return await self._copies.open(sha256)
        return io.BytesIO(await self._get(sha256))

    async def path(self, sha256: Sha256) -> Path:
        """A local copy, not to be changed. Raises NotFound."""
        if not await self._copies.has(sha256):
            await self._copies.put_bytes(await self._get(sha256))
        return await self._copies.path(sha256)

    async def has(self, sha256: Sha256) -> bool:
        """True where the bucket has the bytes."""
        try:
            await self._obstore.head_async(self._store, sha256)
        except FileNotFoundError:
            return False
        return True

    async def _create(self, sha256: Sha256, content: bytes | Path) -> None:
        try:
            await self._obstore.put_async(self._store, sha256, content, mode="create", use_multipart=False)
        except self._obstore.exceptions.AlreadyExistsError:
            return

    async def _get(self, sha256: Sha256) -> bytes:
        try:
            answer = await self._obstore.get_async(self._store, sha256)
        except FileNotFoundError as error:
            raise NotFound("the bytes of this document are not in the bucket", subject=sha256) from error
        content = bytes(await answer.bytes_async())
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound("the bucket has other bytes under this digest; they are not used", subject=sha256)
        return content


def _digest_of(path: Path) -> Sha256:
    with path.open("rb") as opened:
        return Sha256(hashlib.file_digest(opened, "sha256").hexdigest())
