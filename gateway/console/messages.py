"""Integration messages: the list, one with its tries, the two buttons, and the masked raw view for operators."""

from aiohttp import web

from gateway.accounts import Role
from gateway.console.home import peer_cards
from gateway.console.render import Renderer
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.desks import SettleDesk
from gateway.inbound.forms.decisions import ReasonForm
from gateway.inbound.forms.faults import check
from gateway.inbound.messages import filter_of, look_up
from gateway.inbound.routes import Route, require
from gateway.log import redact
from schemas.audit import Act
from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ids import MessageNo
from schemas.message import Attempt, Message, MessageState
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx

_PAGE = 50
_RAW_CHARACTERS = 20_000
"""Characters of a raw body that a page shows."""


class MessagePages:
    """Messages for the operator on duty."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, desk: SettleDesk) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        operator = require(Role.OPERATOR)
        return (
            Route("GET", "/messages", self.list, operator, page=True),
            Route("GET", "/messages/{no}", self.show, operator, page=True),
            Route("GET", "/messages/{no}/attempts/{n}", self.raw, operator, page=True),
            Route("POST", "/messages/{no}/retry", self.retry, operator, page=True),
            Route("POST", "/messages/{no}/resolve", self.resolve, operator, page=True),
            Route("POST", "/messages/{no}/cancel", self.cancel, operator, page=True),
        )

    async def list(self, request: web.Request) -> web.Response:
        """The list, with the peers above it."""
        where, after = filter_of(request, signed(request).principal), bodies.after(request)
        now = self._clock.now()

        def read(tx: Tx) -> tuple[tuple[Message, ...], object, dict[int, Dossier]]:
            found = tx.messages.list(where, limit=_PAGE, after=None if after is None else MessageNo(after))
            keys = {message.dossier for message in found if message.dossier is not None}
            dossiers = {int(key): tx.dossiers.get(key) for key in keys}
            return found, peer_cards(tx, now), dossiers

        found, peers, dossiers = await self._store.read(read)
        return self._renderer.page(
            request,
            "messages.html",
            messages=found,
            peers=peers,
            dossiers=dossiers,
            states=list(MessageState),
            peer=request.query.get("peer", ""),
            state=request.query.get("state", ""),
            more=found[-1].id if len(found) == _PAGE else None,
        )

    async def show(self, request: web.Request) -> web.Response:
        """One message and its tries."""
        return await self._page(request)

    async def raw(self, request: web.Request) -> web.Response:
        """The raw requests and replies of one try, masked; the look is written down."""
        message, attempts = await look_up(self._store, self._clock, request)
        n = bodies.number(request.match_info["n"])
        attempt = next((each for each in attempts if each.n == n), None)
        if attempt is None:
            raise NotFound(subject=f"{message.id}/{n}")
        act = Act(
            self._clock.now(),
            signed(request).principal.who,
            "message.raw_read",
            "message",
            str(message.id),
            message.unit,
            f"attempt {n}",
        )
        await self._store.write(lambda tx: tx.audit.write(act))
        return self._renderer.page(request, "raw.html", message=message, attempt=attempt, exchanges=_shown(attempt))

    async def retry(self, request: web.Request) -> web.Response:
        """Send it again now."""
        message, _ = await look_up(self._store, self._clock, request)
        await self._desk.retry_message(message.id, signed(request).principal)
        raise web.HTTPSeeOther(f"/messages/{message.id}?done=retried")

    async def resolve(self, request: web.Request) -> web.Response:
        """Settled outside, with a reason."""
        return await self._decide(request, MessageState.RESOLVED)

    async def cancel(self, request: web.Request) -> web.Response:
        """Never to be sent, with a reason."""
        return await self._decide(request, MessageState.CANCELLED)

    async def _decide(self, request: web.Request, state: MessageState) -> web.Response:
        told = (await bodies.form(request)).get("reason", "")
        form, faults = check(ReasonForm, {"reason": told})
        if form is None:
            return await self._page(request, fault=faults[0], reason=told)
        message, _ = await look_up(self._store, self._clock, request)
        decide = self._desk.resolve_message if state is MessageState.RESOLVED else self._desk.cancel_message
        await decide(message.id, form.reason, signed(request).principal)
        raise web.HTTPSeeOther(f"/messages/{message.id}?done={state.value}")

    async def _page(self, request: web.Request, *, fault: object = None, reason: str = "") -> web.Response:
        message, attempts = await look_up(self._store, self._clock, request)
        of = message.dossier
        dossier = None if of is None else await self._store.read(lambda tx: tx.dossiers.get(of))
        return self._renderer.page(
            request,
            "message.html",
            status=422 if fault else 200,
            message=message,
            attempts=attempts,
            dossier=dossier,
            fault=fault,
            reason=reason,
            can_decide=message.state.open and message.state is not MessageState.SENDING,
        )


def _shown(attempt: Attempt) -> list[dict[str, object]]:
    """The exchanges of a try as masked text."""
    return [
        {
            "url": redact(exchange.url),
            "status": exchange.status,
            "started_at": exchange.started_at,
            "ended_at": exchange.ended_at,
            "request": _text(exchange.request),
            "reply": _text(exchange.reply),
        }
        for exchange in attempt.exchanges
    ]


def _text(raw: bytes) -> str:
    told = raw[: 3 * _RAW_CHARACTERS].decode("utf-8", "replace")
    shown = redact(told)[:_RAW_CHARACTERS]  # cut after masking, so that no half of a number is left at the end
    return f"{shown}…" if len(told) > _RAW_CHARACTERS else shown
