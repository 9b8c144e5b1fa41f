"""Reading a document's bytes for somebody who may see its dossier."""

import asyncio
from typing import BinaryIO, Protocol

from schemas.ids import Sha256


class OpenBlobs(Protocol):
    """What reading needs of the blob store."""

    async def open(self, sha256: Sha256) -> BinaryIO:
        """The blob as a stream. Raises NotFound."""
        ...


class Papers:
    """Documents by digest, whole."""

    def __init__(self, blobs: OpenBlobs) -> None:
        """``blobs`` is the store's."""
        self._blobs = blobs

    async def read(self, sha256: Sha256) -> bytes:
        """The bytes. Raises NotFound."""
        stream = await self._blobs.open(sha256)
        with stream:
            return await asyncio.to_thread(stream.read)
