"""Asking the document axis: the raw document and its files into the blobs, one row into the inbox, then acknowledge.

The row is committed with what became of it: a document that a pinned certificate proved and that could be read is kept
as APPLIED with its record; another one waits as QUARANTINED for a person, its bytes kept. Only then the axis is told,
so a crash in between costs a second look. The same bytes under two keys are one row.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import structlog

from adapters.registry import Registry
from gateway import failpoints
from gateway.storage import codec
from gateway.workers.questions import counted_as
from schemas.errors import CallError, Misunderstood, Refused, Unauthorised
from schemas.ids import PeerId, Sha256
from schemas.message import InboxState, NewInbound
from schemas.official_document import DocumentRef, DocumentStatus, FetchedFile, MessageKind, OfficialDocument
from schemas.ports.clock import Clock
from schemas.ports.documents_exchange import DocumentExchange
from schemas.ports.stores import Store, Tx

log = structlog.get_logger(__name__)
Paper = OfficialDocument | DocumentStatus


class Blobs(Protocol):
    """What keeping documents needs of the blob store."""

    async def put_path(self, path: Path) -> Sha256:
        """Keep a copy of the file; durable on return. Raises StoreFull."""
        ...


class Documents:
    """Fetches what waits for us at every document axis that is switched on."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, blobs: Blobs, spool: Path) -> None:
        """``spool`` is a folder for documents that are not safe yet; a start may clear it."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._blobs = blobs
        self._spool = spool

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Whom to ask; each gets a loop of its own."""
        return self._registry.with_port(DocumentExchange)

    async def ask(self, peer: PeerId) -> None:
        """Take out everything that waits, oldest first; an outage ends the look."""
        port = self._registry.port(peer, DocumentExchange)
        try:
            with counted_as("feed"):
                for kind in MessageKind:
                    await self._kind(peer, port, kind)
        except CallError as error:
            log.warning("documents.failed", peer=peer, error=type(error).__name__, detail=str(error))

    async def _kind(self, peer: PeerId, port: DocumentExchange, kind: MessageKind) -> None:
        for ref in await port.waiting_documents(kind):
            with _leaving(peer, ref.key):
                await self._take(peer, port, ref)

    async def _take(self, peer: PeerId, port: DocumentExchange, ref: DocumentRef) -> None:
        self._spool.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._spool) as folder:
            fetched = await port.fetch_document(ref, Path(folder) / "came.xml")
            await self._blobs.put_path(fetched.path)
            paper, fault = await _read(port, fetched, Path(folder))
            if isinstance(paper, OfficialDocument):
                paper = await self._keep_files(paper)
        failpoints.hit("t1.before_commit")
        await self._store.write(lambda tx: self._note(tx, peer, ref, fetched, paper, fault))
        failpoints.hit("t1.after_commit")
        await port.acknowledge_document(ref, done=paper is not None)

    async def _keep_files(self, document: OfficialDocument) -> OfficialDocument:
        for file in document.files:
            await self._blobs.put_path(Path(file.path))
        return dataclasses.replace(document, files=tuple(dataclasses.replace(file, path="") for file in document.files))

    def _note(
        self, tx: Tx, peer: PeerId, ref: DocumentRef, fetched: FetchedFile, paper: Paper | None, fault: str
    ) -> None:
        now = self._clock.now()
        told = codec.to_json(paper if paper is not None else ref).encode()
        row, new = tx.inbox.put(
            NewInbound(
                peer=peer,
                kind=f"exchange.{ref.kind}",
                ext_id=f"{ref.kind}:{fetched.sha256}",
                sha256=Sha256(hashlib.sha256(told).hexdigest()),
                body=told,
                headers=(("blob", fetched.sha256),),
                received_at=now,
                receipt=ref.key,
                correlation_id=uuid.uuid4().hex,
            )
        )
        if new:
            state = InboxState.APPLIED if paper is not None else InboxState.QUARANTINED
            tx.inbox.settle(row.id, state, detail=(_words(paper) or fault)[:2000], now=now)


async def _read(port: DocumentExchange, fetched: FetchedFile, folder: Path) -> tuple[Paper | None, str]:
    try:
        return await asyncio.to_thread(port.read_document, fetched.path, folder), ""
    except Misunderstood as error:
        log.warning("document.quarantined", sha256=fetched.sha256, code=error.code, detail=error.detail)
        return None, str(error)


def _words(paper: Paper | None) -> str:
    match paper:
        case OfficialDocument():
            signed = "signed" if paper.signed_by is not None else "not signed"
            return f"{paper.id} from {paper.sender.id}, {len(paper.files)} files, {signed}: {paper.subject}"
        case DocumentStatus():
            return f"{paper.about_document} is {paper.handling} ({paper.code}) at {paper.sender.id}"
        case None:
            return ""


@contextlib.contextmanager
def _leaving(peer: PeerId, key: str) -> Iterator[None]:
    """A document that the axis refuses to give is left there; it hides no other one."""
    try:
        yield
    except Unauthorised:
        raise  # it holds for every call that would follow
    except (Refused, Misunderstood) as error:
        log.warning("document.left", peer=peer, key=key, error=type(error).__name__, detail=str(error))
