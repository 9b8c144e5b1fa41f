"""``POST /api/v1/scans``: scanned files come in by multipart and go into the hot folder as one batch.

aiohttp's own limit does not bound multipart streams, so every byte is counted here, per file and in all; compressed
bodies are refused, because their length says nothing. Files are spooled to the data disk first: the batch appears in
the hot folder by one rename, whole or not at all.
"""

import asyncio
import errno
import os
import re
import shutil
import uuid
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.accounts import Role, Session
from gateway.inbound.auth import CSRF_FIELD, CSRF_HEADER, compare_csrf, signed
from gateway.inbound.desks import ScanDesk
from gateway.inbound.forms.replies import ScanQueueReply, UploadReply, write
from gateway.inbound.problems import EdgeError, ForgedForm, TooLarge, TooSlow, UnsupportedType
from gateway.inbound.routes import Route, require
from gateway.sections import Limits
from scanning.feed import DUPLEX_MARK
from schemas.document import FeedOrder
from schemas.errors import StoreFull
from schemas.ids import MessageId
from schemas.ports.stores import Store

_CHUNK: Final = 262_144
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FIELD_BYTES: Final = 1_024
"""Longest form field beside the files."""
ORDER_FIELD: Final = "order"
"""Form field that says how the sheets were fed; its one word is ``stack``: all fronts, then all backs in reverse."""


class NoFiles(EdgeError):
    """The upload holds no file."""

    text = MessageId("request.no_files")


class BadMultipart(EdgeError):
    """The multipart body breaks off or cannot be read."""

    text = MessageId("request.multipart")


class Uploads:
    """Uploads of scanned files, and what the scan line could not decide."""

    def __init__(self, *, desk: ScanDesk, store: Store, folder: Path, limits: Limits) -> None:
        """``folder`` lies on the same disk as the hot folder."""
        self._desk = desk
        self._store = store
        self._folder = folder
        self._limits = limits

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route(
                "POST",
                "/api/v1/scans",
                self.post,
                require(Role.SCANNER, Role.CLERK),
                summary="Upload scanned files (images or PDFs, any part name) as one batch; a field `order=stack` says "
                "that the sheets lie as two stacks, all fronts and then all backs in reverse.",
                takes_type="multipart/form-data",
                answers={202: "UploadReply", 413: "ProblemReply", 415: "ProblemReply", 507: "ProblemReply"},
            ),
            Route(
                "GET",
                "/api/v1/scans",
                self.queue,
                require(Role.SCANNER, Role.OPERATOR),
                summary="Documents that wait for a person, and files set aside with their reason.",
                answers={200: "ScanQueueReply"},
            ),
        )

    async def post(self, request: web.Request) -> web.Response:
        """Spool, hand over, answer with the batch id."""
        reply = await self.take(request)
        return web.Response(status=202, body=write(reply), content_type="application/json")

    async def queue(self, request: web.Request) -> web.Response:
        """What waits."""
        reply = await self._store.read(lambda tx: ScanQueueReply(tx.documents.unassigned(), tx.documents.aside()))
        return web.Response(body=write(reply), content_type="application/json")

    async def take(self, request: web.Request, desk: ScanDesk | None = None) -> UploadReply:
        """Read the upload into a folder and give it to the desk; ``desk`` stands in for the hot folder's.

        Raises:
            UnsupportedType, TooLarge, TooSlow, NoFiles, BadMultipart, ForgedForm: the upload cannot be taken.
            StoreFull: the data disk has no room; nothing was accepted.
        """
        who = signed(request)
        if request.content_type != "multipart/form-data":
            raise UnsupportedType(f"multipart/form-data is wanted, not {request.content_type}")
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedType("Content-Encoding is not taken")
        if (request.content_length or 0) > self._limits.upload_bytes:
            raise TooLarge(f"at most {self._limits.upload_bytes} bytes in all")
        await asyncio.to_thread(self._check_room)
        spool = self._folder / uuid.uuid4().hex
        await asyncio.to_thread(spool.mkdir, parents=True)
        try:
            session = None if request.headers.get(CSRF_HEADER) else who.session
            files, total = await self._spool(request, spool, session)
            batch = await (desk or self._desk).take(spool, principal=who.principal)
        except OSError as error:
            if error.errno in _NO_ROOM:  # the disk filled up since it was looked at
                raise StoreFull(subject=str(self._folder)) from error
            raise
        finally:
            await asyncio.to_thread(shutil.rmtree, spool, ignore_errors=True)
        return UploadReply(batch, files, total)

    def _check_room(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < self._limits.disk_reserve_bytes:
            raise StoreFull(subject=str(self._folder))

    async def _spool(self, request: web.Request, spool: Path, session: Session | None) -> tuple[int, int]:
        """Write every file of the body, within the time allowed; returns how many and their bytes."""
        try:
            async with asyncio.timeout(self._limits.upload_s):
                files, total = await self._parts(await request.multipart(), spool, session)
        except TimeoutError:
            raise TooSlow from None
        except (ValueError, AssertionError, ConnectionResetError, HttpProcessingError) as broken:
            raise BadMultipart from broken
        if files == 0:
            raise NoFiles
        return files, total

    async def _parts(self, reader: MultipartReader, spool: Path, session: Session | None) -> tuple[int, int]:
        """Part by part; the token of a browser's session must come before the first file."""
        total = files = 0
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise UnsupportedType("multipart inside multipart is not taken")
            if part.filename is None:
                name, value = await _field(part)
                if name == CSRF_FIELD and session is not None:
                    compare_csrf(value, session)
                    session = None
                elif name == ORDER_FIELD and value == FeedOrder.STACK.value:
                    await asyncio.to_thread((spool / DUPLEX_MARK).touch)
                continue
            if session is not None:
                raise ForgedForm
            files += 1
            if files > self._limits.upload_parts:
                raise TooLarge(f"at most {self._limits.upload_parts} files")
            total += await self._file(part, spool / file_name(files, part.filename), total)
        return files, total

    async def _file(self, part: BodyPartReader, path: Path, before: int) -> int:
        """Write one file, counting; returns its size in bytes."""
        if part.headers.get("Content-Encoding") or part.headers.get("Content-Transfer-Encoding", "binary") != "binary":
            raise UnsupportedType("encoded parts are not taken")
        size = 0
        with await asyncio.to_thread(path.open, "xb") as out:
            while chunk := await part.read_chunk(_CHUNK):
                size += len(chunk)
                if size > self._limits.upload_part_bytes or before + size > self._limits.upload_bytes:
                    raise TooLarge(f"at most {self._limits.upload_part_bytes} bytes a file")
                await asyncio.to_thread(out.write, chunk)
            await asyncio.to_thread(_to_disk, out)
        return size


async def _field(part: BodyPartReader) -> tuple[str, str]:
    """Name and value of a form field, bounded."""
    value = bytearray()
    while chunk := await part.read_chunk(_FIELD_BYTES):
        value += chunk
        if len(value) > _FIELD_BYTES:
            raise TooLarge(f"at most {_FIELD_BYTES} bytes in a field")
    return part.name or "", value.decode("utf-8", "replace")


def _to_disk(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


def file_name(n: int, told: str) -> str:
    """A name of ours that still says which file it was: no path, no leading dot, the last 80 characters, 160 bytes.

    >>> file_name(3, "../../etc/Tờ bìa 1.pdf")
    '003-Tờ_bìa_1.pdf'
    """
    last = re.split(r"[/\\]", unquote(told))[-1]
    clean = re.sub(r"[^\w.-]+", "_", last).lstrip("._-")
    short = clean[-80:].encode()[-160:].decode("utf-8", "ignore")  # of CJK letters 80 are more than a name may have
    return f"{n:03d}-{short or 'file'}"
