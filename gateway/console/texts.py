"""Looking for words on scanned pages, and the words of one document with what they offer for indexing."""

import datetime as dt

from aiohttp import web

from gateway.console.render import Renderer
from gateway.inbound import bodies, texts
from gateway.inbound.auth import signed
from gateway.inbound.routes import Route, require
from gateway.inbound.views import snippets
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

_PAGE = 30


class TextPages:
    """What was read on paper."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/documents", self.search, require(), page=True),
            Route("GET", "/documents/{key}/text", self.show, require(), page=True),
        )

    async def search(self, request: web.Request) -> web.Response:
        """Pages that hold the words, a few lines of each; without words only the form."""
        words, after = request.query.get("text", "").strip()[: texts.MOST_TEXT], bodies.after(request)
        hits, more = [], None
        if words:
            found = await texts.search(
                self._store, words, signed(request).principal, self._clock.now(), limit=_PAGE, after=after
            )
            hits = [(hit, snippets.around(hit.text, words)) for hit in found.hits]
            more = found.next_after
        return self._renderer.page(request, "documents.html", words=words, hits=hits, more=more)

    async def show(self, request: web.Request) -> web.Response:
        """The words of one document, and what in them looks worth indexing."""
        found, text = await texts.text_of(
            self._store, request.match_info["key"], signed(request).principal, self._clock.now()
        )
        return self._renderer.page(
            request,
            "text.html",
            document=found.document,
            dossier=found.dossier,
            text=text,
            as_written=_as_written,
        )


def _as_written(day: str) -> str:
    """An ISO day as papers write it.

    >>> _as_written("2026-11-03")
    '03/11/2026'
    """
    return f"{dt.date.fromisoformat(day):%d/%m/%Y}"
