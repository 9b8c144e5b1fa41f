"""Integration messages: the list, one with its tries, and a person's decisions (retry, resolve, cancel)."""

from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.desks import SettleDesk
from gateway.inbound.forms.decisions import ReasonForm
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.replies import AttemptReply, DecisionReply, MessageListReply, MessageReply, write
from gateway.inbound.problems import EdgeError
from gateway.inbound.routes import AFTER, LIMIT, Parameter, Route, require
from gateway.inbound.views import masking
from schemas.ids import MessageId, MessageNo, PeerId
from schemas.message import Attempt, Message, MessageState
from schemas.ports.clock import Clock
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Store, Tx

_PEER = Parameter("peer", about="Only messages to this peer.")
_STATE = Parameter("state", about="Only messages in this state; several by comma.")


class NoSuchState(EdgeError):
    """The filter names a state that messages do not have."""

    text = MessageId("request.state")


class Messages:
    """Messages for systems."""

    def __init__(self, *, store: Store, clock: Clock, desk: SettleDesk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        decision = {200: "DecisionReply", 404: "ProblemReply", 409: "ProblemReply"}
        at = "/api/v1/messages/{no}"
        operator = require(Role.OPERATOR)
        return (
            Route(
                "GET",
                "/api/v1/messages",
                self.list,
                operator,
                summary="Messages, newest first.",
                answers={200: "MessageListReply"},
                parameters=(_PEER, _STATE, LIMIT, AFTER),
            ),
            Route(
                "GET", at, self.get, operator, summary="One message and its tries.", answers={200: "MessageReply"}
            ),
            Route("POST", f"{at}/retry", self.retry, operator, summary="Send it again now.", answers=decision),
            Route(
                "POST", f"{at}/resolve", self.resolve, operator, summary="Settled outside, with a reason.",
                takes="ReasonForm", answers=decision,
            ),
            Route(
                "POST", f"{at}/cancel", self.cancel, operator, summary="Never to be sent, with a reason.",
                takes="ReasonForm", answers=decision,
            ),
        )  # fmt: skip

    async def list(self, request: web.Request) -> web.Response:
        """A page of messages."""
        limit, after = bodies.limit(request), bodies.after(request)
        where = filter_of(request, signed(request).principal)
        found = await self._store.read(
            lambda tx: tx.messages.list(where, limit=limit, after=None if after is None else MessageNo(after))
        )
        more = found[-1].id if len(found) == limit else None
        return web.Response(
            body=write(MessageListReply(tuple(masking.message(each) for each in found), more)),
            content_type="application/json",
        )

    async def get(self, request: web.Request) -> web.Response:
        """One message; the raw bytes of its tries are not in it."""
        message, attempts = await look_up(self._store, self._clock, request)
        reply = MessageReply(masking.message(message), tuple(AttemptReply.of(attempt) for attempt in attempts))
        return web.Response(body=write(reply), content_type="application/json")

    async def retry(self, request: web.Request) -> web.Response:
        """Due now."""
        message, _ = await look_up(self._store, self._clock, request)
        return _decided(await self._desk.retry_message(message.id, signed(request).principal))

    async def resolve(self, request: web.Request) -> web.Response:
        """Settled by a person."""
        reason = parse(ReasonForm, await bodies.json(request)).reason
        message, _ = await look_up(self._store, self._clock, request)
        return _decided(await self._desk.resolve_message(message.id, reason, signed(request).principal))

    async def cancel(self, request: web.Request) -> web.Response:
        """Withdrawn by a person."""
        reason = parse(ReasonForm, await bodies.json(request)).reason
        message, _ = await look_up(self._store, self._clock, request)
        return _decided(await self._desk.cancel_message(message.id, reason, signed(request).principal))


def filter_of(request: web.Request, principal: Principal) -> MessageFilter:
    """The filter of the query, within the sender's units. Raises NoSuchState."""
    told = [state for state in request.query.get("state", "").split(",") if state]
    try:
        states = tuple(MessageState(state) for state in told)
    except ValueError:
        raise NoSuchState(", ".join(told)) from None
    peer = request.query.get("peer")
    return MessageFilter(peer=PeerId(peer) if peer else None, states=states or None, units=principal.units)


async def look_up(store: Store, clock: Clock, request: web.Request) -> tuple[Message, tuple[Attempt, ...]]:
    """The message of the address and its tries. Raises NotFound, NotAllowed."""
    no = MessageNo(bodies.number(request.match_info["no"]))

    def read(tx: Tx) -> tuple[Message, tuple[Attempt, ...]]:
        return tx.messages.get(no), tx.messages.attempts(no)

    message, attempts = await store.read(read)
    principal = signed(request).principal
    if not scope.shares(principal, (message.unit,)):
        raise await scope.turn_away(store, principal, "message", str(no), clock.now())
    return message, attempts


def _decided(message: Message) -> web.Response:
    reply = DecisionReply(message.id, message.state.value)
    return web.Response(body=write(reply), content_type="application/json")
