"""The review screen: a batch page by page, with a key and a button for every decision.

Without scripts every decision is a form that comes back to the same page; the script only makes keys of the buttons and
changes the page without loading it again. What cannot be done is told on the screen, in a sentence.
"""

import re
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.console import review_view
from gateway.console.render import Renderer, query, static_path
from gateway.desk.review import Desktop, ReviewDesk
from gateway.inbound import bodies, scope
from gateway.inbound.auth import MULTIPART, signed
from gateway.inbound.routes import Route, require
from gateway.inbound.uploads import Uploads
from gateway.inbound.views.whole import find
from scanning.pool import LineDown
from scanning.review import Edit, Op
from scanning.review_plan import EditRefused, Refusal
from scanning.structure import BadFile
from schemas.errors import NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

BY_FORM: Final = frozenset({Op.ROTATE, Op.RESCAN, Op.BLANK, Op.SPLIT, Op.MERGE, Op.COMPONENT, Op.ASSIGN, Op.UNDO})
_MOST: Final = 200
"""Characters of a sheet's name, a code or a reason that are read."""
_WHO: Final = require(Role.SCANNER, Role.OPERATOR)


class ReviewPages:
    """Looking through a batch."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, uploads: Uploads, desk: ReviewDesk) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._uploads = uploads
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/scans/{batch}/review", self.show, _WHO, page=True),
            Route("GET", "/scans/{batch}/picture", self.picture, _WHO, page=True),
            Route("POST", "/scans/{batch}/review", self.decide, _WHO, page=True),
            Route("POST", "/scans/{batch}/accept", self.accept, _WHO, page=True),
            Route("POST", "/scans/{batch}/insert", self.insert, _WHO, takes_type=MULTIPART, page=True),
            Route("POST", "/scans/{batch}/take", self.take, _WHO, page=True),
        )

    # --- looking -------------------------------------------------------------------------------------------------

    async def show(self, request: web.Request) -> web.Response:
        """The batch with the cursor on a sheet (``?at=``)."""
        desktop = await self._desktop(request)
        if not desktop.plan.sheets:
            raise NotFound("no page of this batch could be read", subject=desktop.batch.id)
        view = self._view(request, desktop, request.query.get("at", ""))
        fault = request.query.get("fault", "")
        return self._renderer.page(
            request,
            "review.html",
            view=view,
            fault=f"review.{fault}" if fault in set(Refusal) else "",
            why=_reason(request.query.get("why", "")),
            picture=review_view.picture,
            review_css=static_path("review.css"),
            review_js=static_path("review.js"),
        )

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """A page as JPEG. Its address holds the turn, so the browser may keep it; nobody between may."""
        sheet = request.query.get("sheet", "")[:_MOST]
        batch = await self._admit(request, sheet)
        try:
            path = await self._desk.picture(batch, sheet, large=request.query.get("size") == "large")
        except (EditRefused, BadFile) as refused:
            raise NotFound(subject=sheet) from refused
        headers = {"Content-Type": "image/jpeg", "Cache-Control": "private, max-age=86400, immutable"}
        return web.FileResponse(path, headers=headers)

    # --- deciding ------------------------------------------------------------------------------------------------

    async def decide(self, request: web.Request) -> web.Response:
        """One decision about a sheet: ``op`` is the decision, perhaps with its value (``component:2``)."""
        fields = await bodies.form(request)
        told, _, value = fields.get("op", "").partition(":")
        sheet = fields.get("sheet", "")[:_MOST]
        batch = await self._admit(request, sheet, above=told == Op.MERGE)
        try:
            if told not in BY_FORM:
                raise EditRefused(Refusal.BAD_VALUE, subject=told[:_MOST])
            edit = Edit(Op(told), sheet, (value or fields.get("value", "")).strip()[:_MOST])
            if edit.op is Op.ASSIGN and edit.value:
                edit = await self._with_known_code(request, edit)
            await self._desk.edit(batch, edit, expected=_expected(fields.get("expected", "")), principal=_who(request))
        except EditRefused as refused:
            return _back(batch, sheet, refused)
        return _back(batch, sheet)

    async def accept(self, request: web.Request) -> web.Response:
        """The document of the sheet is right."""
        fields = await bodies.form(request)
        sheet = fields.get("sheet", "")[:_MOST]
        batch = await self._admit(request, sheet, together=True)
        try:
            done = await self._desk.accept(
                batch,
                sheet,
                expected=_expected(fields.get("expected", "")),
                principal=_who(request),
                reason=fields.get("reason", "")[:_MOST],
            )
        except EditRefused as refused:
            return _back(batch, sheet, refused)
        except BadFile as bad:
            return _back(batch, sheet, EditRefused(Refusal.NOT_READ, detail=bad.reason.value))
        except LineDown:
            return _back(batch, sheet, EditRefused(Refusal.LINE_DOWN))
        after = self._view(request, await self._desktop(request), sheet)
        return _back(batch, review_view.next_paper(after), done="accepted" if done else "seal_waits")

    async def insert(self, request: web.Request) -> web.Response:
        """Rescanned pages by upload: the sheet stands in the address, because the files are the body."""
        sheet = request.query.get("sheet", "")[:_MOST]
        batch = await self._admit(request, sheet)
        into = _Into(self._desk, batch, sheet, request)
        try:
            await self._uploads.take(request, into)
        except EditRefused as refused:
            return _back(batch, sheet, refused)
        except LineDown:
            return _back(batch, sheet, EditRefused(Refusal.LINE_DOWN))
        return _back(batch, sheet, done="inserted")

    async def take(self, request: web.Request) -> web.Response:
        """Rescanned pages that came through the scanner as a batch of their own."""
        fields = await bodies.form(request)
        sheet = fields.get("sheet", "")[:_MOST]
        batch = await self._admit(request, sheet)
        try:
            await self._desk.take(
                batch,
                sheet,
                fields.get("key", "")[:_MOST],
                instead=fields.get("instead") == "1",
                expected=_expected(fields.get("expected", "")),
                principal=_who(request),
            )
        except EditRefused as refused:
            return _back(batch, sheet, refused)
        return _back(batch, sheet, done="inserted")

    # --- inside --------------------------------------------------------------------------------------------------

    async def _desktop(self, request: web.Request) -> Desktop:
        return await self._desk.look(request.match_info["batch"])

    def _view(self, request: web.Request, desktop: Desktop, at: str) -> review_view.View:
        principal = _who(request)
        return review_view.make(desktop, at, lambda dossier: scope.may_see(principal, dossier))

    async def _admit(self, request: web.Request, sheet: str, *, together: bool = False, above: bool = False) -> str:
        """Papers of a dossier that is not on the way of the person's unit stay closed; the try is written down.

        ``together`` and ``above``: as :meth:`ReviewDesk.dossiers_at`. Returns the id of the batch.
        """
        batch = request.match_info["batch"]
        try:
            dossiers = await self._desk.dossiers_at(batch, sheet, together=together, above=above)
        except EditRefused as none:
            raise NotFound(subject=sheet) from none
        for dossier in dossiers:
            if not scope.may_see(_who(request), dossier):
                raise await scope.turn_away(self._store, _who(request), "batch", batch, self._clock.now())
        return batch

    async def _with_known_code(self, request: web.Request, edit: Edit) -> Edit:
        """The code as the dossier has it now, of whatever form it was typed in."""
        dossier = await self._store.read(lambda tx: find(tx, edit.value))
        if dossier is None:
            raise EditRefused(Refusal.NO_DOSSIER, subject=edit.value)
        if not scope.may_see(_who(request), dossier):
            raise await scope.turn_away(self._store, _who(request), "dossier", dossier.code, self._clock.now())
        return Edit(edit.op, edit.sheet, dossier.code)


class _Into:
    """Stands where uploads go: the spooled files come into the batch under review."""

    def __init__(self, desk: ReviewDesk, batch: str, sheet: str, request: web.Request) -> None:
        self._desk = desk
        self._batch = batch
        self._sheet = sheet
        self._instead = request.query.get("instead") == "1"
        self._expected = _expected(request.query.get("expected", ""))

    async def take(self, folder: Path, *, principal: Principal) -> str:
        """Measure and insert them."""
        await self._desk.insert(
            self._batch,
            self._sheet,
            folder,
            instead=self._instead,
            expected=self._expected,
            principal=principal,
        )
        return self._batch


def _who(request: web.Request) -> Principal:
    return signed(request).principal


def _expected(told: str) -> int:
    """How many edits the person had seen; nonsense fits no batch."""
    return int(told) if re.fullmatch(r"[0-9]{1,6}", told) else -1


def _reason(told: str) -> str:
    """Id of the sentence that says what was wrong with a file."""
    return f"scan.{told}" if re.fullmatch(r"[a-z_]{1,40}", told) else ""


def _back(batch: str, sheet: str, refused: EditRefused | None = None, *, done: str = "") -> web.Response:
    """Back to the screen, with what could not be done."""
    fault = refused.why.value if refused else ""
    why = refused.detail if refused and refused.detail != fault else ""
    raise web.HTTPSeeOther(f"/scans/{batch}/review" + query(at=sheet, fault=fault, why=why, done=done))
