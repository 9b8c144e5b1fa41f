"""The words of scanned documents: ``GET /api/v1/documents?text=`` and ``/api/v1/documents/{key}/text``.

The rights are those of the documents themselves, and whoever looks is written down: papers name people. The words that
were looked for are in no log and no audit row, for they may be somebody's number.
"""

import dataclasses
import datetime as dt

from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.forms.replies import DocumentHitReply, DocumentListReply, DocumentTextReply, write
from gateway.inbound.routes import AFTER, LIMIT, Parameter, Route, require
from gateway.inbound.views import masking, snippets
from schemas.attachment import AttachedDocument
from schemas.audit import Act
from schemas.document import DocumentText
from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx
from schemas.ports.text_stores import TextHits

_TEXT = Parameter("text", about="Words that stand side by side on a page; marks, case and punctuation may be left out.")
MOST_TEXT = 200
"""Longest words to look for; what is longer is cut."""
_QUEUE = frozenset({Role.SCANNER, Role.OPERATOR, Role.ADMIN})
"""Who works on documents that are bound to no dossier yet."""


@dataclasses.dataclass(frozen=True, slots=True)
class Readable:
    """A document that the principal may read, and the dossier it is bound to."""

    document: AttachedDocument
    dossier: Dossier | None


class Texts:
    """Reading and searching what was read."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route(
                "GET",
                "/api/v1/documents",
                self.search,
                require(),
                summary="Pages of scanned documents that hold these words, newest first.",
                answers={200: "DocumentListReply"},
                parameters=(_TEXT, LIMIT, AFTER),
            ),
            Route(
                "GET",
                "/api/v1/documents/{key}/text",
                self.get,
                require(),
                summary="What was read on the pages of a document, and what in it looks worth indexing.",
                answers={200: "DocumentTextReply", 403: "ProblemReply", 404: "ProblemReply"},
            ),
        )

    async def search(self, request: web.Request) -> web.Response:
        """A page of hits."""
        words = request.query.get("text", "").strip()[:MOST_TEXT]
        found = await search(
            self._store,
            words,
            signed(request).principal,
            self._clock.now(),
            limit=bodies.limit(request),
            after=bodies.after(request),
        )
        hits = tuple(
            DocumentHitReply(
                document=hit.document.key,
                name=hit.document.name,
                dossier=hit.dossier,
                page_no=hit.page_no,
                scanned_at=hit.document.scanned_at,
                snippet=snippets.around(hit.text, words),
            )
            for hit in found.hits
        )
        return web.Response(body=write(DocumentListReply(hits, found.next_after)), content_type="application/json")

    async def get(self, request: web.Request) -> web.Response:
        """The text of one document."""
        principal, now = signed(request).principal, self._clock.now()
        readable, text = await text_of(self._store, request.match_info["key"], principal, now)
        if text is None:
            raise NotFound(subject=readable.document.key)
        reply = DocumentTextReply(readable.document.key, text.engine, text.pages)
        return web.Response(body=write(reply), content_type="application/json")


async def search(
    store: Store, words: str, principal: Principal, now: dt.datetime, *, limit: int, after: int | None = None
) -> TextHits:
    """Pages that the principal may see with these words; the search is in the audit log, its words are not."""
    waiting = bool(principal.roles & _QUEUE)
    found = await store.read(
        lambda tx: tx.texts.search(words, units=principal.units, waiting=waiting, limit=limit, after=after)
    )
    unit = principal.units[0] if principal.units else None
    act = Act(now, principal.who, "document.searched", "document", "text", unit, f"{len(found.hits)} pages")
    await store.write(lambda tx: tx.audit.write(act))
    return found


async def readable(store: Store, key: str, principal: Principal, now: dt.datetime) -> Readable:
    """A document, if the principal may read it.

    Raises:
        NotFound: no document has this key.
        NotAllowed: it is not on the way of the principal's units; the look is in the audit log.
    """

    def read(tx: Tx) -> Readable:
        document = tx.documents.find(key)
        if document is None:
            raise NotFound(subject=key[:64])
        return Readable(document, tx.dossiers.get(document.dossier) if document.dossier else None)

    found = await store.read(read)
    waiting = found.dossier is None and bool(principal.roles & _QUEUE)
    if not (scope.may_see(principal, found.dossier) if found.dossier else waiting):
        raise await scope.turn_away(store, principal, "document", key, now)
    return found


async def note_read(store: Store, found: Readable, principal: Principal, now: dt.datetime, *, act: str) -> None:
    """Write down who looked at a document, before it is shown."""
    code = found.dossier.code if found.dossier else ""
    told = Act(now, principal.who, act, "document", found.document.key, found.document.unit, code)
    await store.write(lambda tx: tx.audit.write(told))


async def text_of(
    store: Store, key: str, principal: Principal, now: dt.datetime
) -> tuple[Readable, DocumentText | None]:
    """The text of a document with numbers of persons masked, None where nothing was read (yet).

    Raises:
        NotFound, NotAllowed: as `readable`.
    """
    found = await readable(store, key, principal, now)
    text = await store.read(lambda tx: tx.texts.of_document(key))
    await note_read(store, found, principal, now, act="document.text_read")
    return found, masking.document_text(text) if text else None
