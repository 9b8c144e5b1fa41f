"""The door for district stations: finished documents, what was set aside, texts, and how a station stands.

Every parcel has a key, and a second copy changes nothing (a document is answered 201 the first time, 200 from then on):
a station sends again whatever it has no answer to. A document comes as multipart, ``metadata`` (JSON) and then ``file``
(the PDF); it is counted and hashed while it comes in, judged anew in a worker child, and only then given to the desk.
What is refused with 4xx is refused for what it is; 503 and 507 mean "later".
"""

import asyncio
import dataclasses
import errno
import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Final, Protocol

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.accounts import AccountTx, GatewayStore, Principal, Role
from gateway.desk.attach import Bearer
from gateway.inbound import bodies, scope
from gateway.inbound.auth import CSRF_HEADER, MULTIPART, signed
from gateway.inbound.forms.documents import AsideForm, DocumentForm, StationForm, TextForm
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.replies import TakenReply, write
from gateway.inbound.problems import EdgeError, ForgedForm, TooLarge, TooSlow, UnsupportedType
from gateway.inbound.routes import Route, require
from gateway.sections import Limits
from gateway.stations import StationReport
from schemas.audit import Act
from schemas.document import DocumentText, ScannedDocument, SealNote, SetAside
from schemas.errors import StoreFull
from schemas.ids import MessageId
from schemas.ports.clock import Clock
from schemas.ports.documents import Delivered

_CHUNK: Final = 262_144
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_METADATA_BYTES: Final = 16 * 1024 * 1024
"""A document of 5,000 pages with its codes tells about 5 MB; the text of a long one is as large."""
_NEW, _REPEATED = 201, 200


class Desk(Protocol):
    """Who binds papers to dossiers."""

    async def deliver(self, document: ScannedDocument, *, bearer: Bearer | None = None) -> Delivered:
        """Take a judged document."""
        ...

    async def set_aside(self, item: SetAside) -> None:
        """Show what is in no document."""
        ...

    async def read(self, text: DocumentText) -> None:
        """Take the text of a document."""
        ...


class Judge(Protocol):
    """Who looks at the bytes of a document that came from elsewhere."""

    async def __call__(self, document: ScannedDocument) -> SealNote | None:
        """What its seal says of itself, ``None`` for a document without one.

        Raises:
            EdgeError: it is refused, with the reason; or it cannot be judged now.
        """
        ...


class Changed(EdgeError):
    """The bytes that came are not those that the metadata name."""

    text = MessageId("handed.changed")
    status = 422


class BadParts(EdgeError):
    """The body is not the two parts that are wanted."""

    text = MessageId("handed.parts")


class StationDocuments:
    """What district stations hand over."""

    def __init__(
        self, *, store: GatewayStore, clock: Clock, desk: Desk, judge: Judge, folder: Path, limits: Limits
    ) -> None:
        """``folder`` lies on the disk of the blobs: a document is spooled there while it comes in."""
        self._store = store
        self._clock = clock
        self._desk = desk
        self._judge = judge
        self._folder = folder
        self._limits = limits

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        problems = dict.fromkeys((409, 413, 422, 503, 507), "ProblemReply")
        return (
            Route(
                "POST",
                "/api/v1/documents",
                self.document,
                require(Role.SCANNER),
                summary="Hand over a finished document: part `metadata` (a DocumentForm), then part `file` (the PDF).",
                takes_type=MULTIPART,
                answers={_NEW: "TakenReply", _REPEATED: "TakenReply", **problems},
            ),
            Route(
                "POST",
                "/api/v1/documents/aside",
                self.aside,
                require(Role.SCANNER),
                summary="Tell of a file or page that a station set aside; the original stays there.",
                takes="AsideForm",
                answers={_REPEATED: "TakenReply", 422: "ProblemReply"},
            ),
            Route(
                "POST",
                "/api/v1/documents/texts",
                self.text,
                require(Role.SCANNER),
                summary="Hand over the text of a document that was handed over before.",
                takes="TextForm",
                answers={_REPEATED: "TakenReply", 422: "ProblemReply"},
            ),
            Route(
                "POST",
                "/api/v1/stations",
                self.station,
                require(Role.SCANNER),
                summary="Tell how a station stands.",
                takes="StationForm",
                answers={_REPEATED: "TakenReply", 422: "ProblemReply"},
            ),
        )

    async def document(self, request: web.Request) -> web.Response:
        """Spool, check, judge, bind."""
        principal = self._only_keys(request)
        await asyncio.to_thread(self._check_room)
        spool = self._folder / f"{uuid.uuid4().hex}.pdf"
        try:
            async with asyncio.timeout(self._limits.upload_s):
                form = await self._parts(await request.multipart(), spool)
            reply = await self._take(form, spool, principal)
        except TimeoutError:
            raise TooSlow from None
        except (ValueError, AssertionError, ConnectionResetError, HttpProcessingError) as broken:
            raise BadParts from broken
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise StoreFull(subject=str(self._folder)) from error
            raise
        finally:
            await asyncio.to_thread(spool.unlink, missing_ok=True)
        return _answer(reply)

    async def aside(self, request: web.Request) -> web.Response:
        """Remember the news; the original is at the station."""
        item = parse(AsideForm, await _body(request)).record()
        await self._desk.set_aside(item)
        return _answer(TakenReply(item.key, repeated=True))

    async def text(self, request: web.Request) -> web.Response:
        """Keep the text beside its document."""
        told = parse(TextForm, await _body(request)).record()
        await self._desk.read(told)
        return _answer(TakenReply(told.key, repeated=True))

    async def station(self, request: web.Request) -> web.Response:
        """Remember how it stands."""
        form = parse(StationForm, await bodies.json(request))
        account = signed(request).principal.who
        now = self._clock.now()

        def note(tx: AccountTx) -> None:
            before = tx.stations.station(account, form.name)
            handed_at = before.handed_at if before else None
            if form.documents > (before.documents if before else 0):
                handed_at = now
            tx.stations.put_station(
                StationReport(
                    *(account, form.name, now, handed_at, form.documents, form.waiting, form.parked, form.trouble)
                )
            )
            if before is None:
                tx.audit.write(Act(now, account, "station.heard", "station", form.name, None))

        await self._store.write(note)
        return _answer(TakenReply(form.name, repeated=True))

    async def _take(self, form: DocumentForm, spool: Path, principal: Principal) -> TakenReply:
        """A known key changes nothing, whatever came with it: the same sheets are the same document."""
        if await self._store.read(lambda tx: tx.documents.find(form.key)) is not None:
            return TakenReply(form.key, repeated=True)
        document = form.record(spool)
        document = dataclasses.replace(document, seal=await self._judge(document))
        bearer = Bearer(
            who=principal.who,
            unit=principal.units[0] if principal.units else None,
            may_bind=lambda dossier: scope.may_see(principal, dossier),
        )
        delivered = await self._desk.deliver(document, bearer=bearer)
        return TakenReply(form.key, delivered.repeated)

    @staticmethod
    def _only_keys(request: web.Request) -> Principal:
        """Who asks. A browser's session must prove itself in a header: no form of ours comes here."""
        who = signed(request)
        if who.session is not None and CSRF_HEADER not in request.headers:
            raise ForgedForm
        if request.content_type != MULTIPART:
            raise UnsupportedType(f"{MULTIPART} is wanted, not {request.content_type}")
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedType("Content-Encoding is not taken")
        return who.principal

    def _check_room(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < self._limits.disk_reserve_bytes:
            raise StoreFull(subject=str(self._folder))

    async def _parts(self, reader: MultipartReader, spool: Path) -> DocumentForm:
        form = parse(DocumentForm, await _metadata(await reader.next()))
        if form.size_bytes > self._limits.upload_part_bytes:
            raise TooLarge(f"at most {self._limits.upload_part_bytes} bytes a document")
        part = await reader.next()
        if not isinstance(part, BodyPartReader) or part.name != "file" or _is_encoded(part):
            raise BadParts
        await self._file(part, spool, form)
        if await reader.next() is not None:
            raise BadParts
        return form

    async def _file(self, part: BodyPartReader, spool: Path, form: DocumentForm) -> None:
        """Write the PDF down, counting; no byte more than was said is taken."""
        digest, size = hashlib.sha256(), 0
        with await asyncio.to_thread(spool.open, "xb") as out:
            while chunk := await part.read_chunk(_CHUNK):
                size += len(chunk)
                if size > form.size_bytes:
                    raise TooLarge("more bytes came than the metadata say", subject=form.key)
                digest.update(chunk)
                await asyncio.to_thread(out.write, chunk)
            await asyncio.to_thread(os.fsync, out.fileno())
        if (size, digest.hexdigest()) != (form.size_bytes, form.sha256):
            raise Changed(f"{size} bytes, {digest.hexdigest()}", subject=form.key)


async def _metadata(part: object) -> bytes:
    if not isinstance(part, BodyPartReader) or part.name != "metadata" or _is_encoded(part):
        raise BadParts
    told = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        told += chunk
        if len(told) > _METADATA_BYTES:
            raise TooLarge(f"at most {_METADATA_BYTES} bytes of metadata")
    return bytes(told)


def _is_encoded(part: BodyPartReader) -> bool:
    return bool(part.headers.get("Content-Encoding")) or part.headers.get("Content-Transfer-Encoding") is not None


async def _body(request: web.Request) -> bytes:
    """A JSON body counted by us: the text of a long document is larger than other requests may be."""
    if request.content_type != "application/json":
        raise UnsupportedType(f"application/json is wanted, not {request.content_type}")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedType("Content-Encoding is not taken")
    told = bytearray()
    async for chunk in request.content.iter_chunked(_CHUNK):
        told += chunk
        if len(told) > _METADATA_BYTES:
            raise TooLarge(f"at most {_METADATA_BYTES} bytes")
    return bytes(told)


def _answer(reply: TakenReply) -> web.Response:
    status = _REPEATED if reply.repeated else _NEW
    return web.Response(status=status, body=write(reply), content_type="application/json")
