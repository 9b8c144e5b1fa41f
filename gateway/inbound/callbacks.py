"""``POST /callbacks/{peer}``: a peer tells us something. Raw bytes first, answer second, belief later (DESIGN §4, T1).

A signature in a header, a secret in the address or an allowed network address proves the raw bytes before anything is
stored. What a peer signs inside the body is looked at here where its adapter can tell (BodyProof), and proven in any
case when the row is applied; until then it is stored under a quota (:mod:`gateway.inbound.unproven`). What a peer that
cannot prove itself says is stored under the same quota, as a hint: its items are asked about, nothing else follows.
The second copy of a delivery gets the first answer. What the peer wants to hear is its adapter's to say.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from adapters.manifest import AT_THE_DOOR
from adapters.registry import Registry
from gateway.accounts import GatewayStore
from gateway.inbound import bodies
from gateway.inbound.middleware import correlation_of, new_id
from gateway.inbound.problems import EdgeError, NoSuchPage
from gateway.inbound.routes import Parameter, Route, public
from gateway.inbound.unproven import Bounds, Quota
from gateway.log import logger
from gateway.metrics import Metrics
from schemas.ids import MessageId, PeerId, Sha256
from schemas.message import HINT, UNPROVEN, Inbound, NewInbound
from schemas.ports.carrier import BodyProof, TrackingPush
from schemas.ports.clock import Clock
from schemas.ports.portal import PortalPush
from schemas.ports.stores import Tx
from schemas.wire import Callback

_NOT_KEPT: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_LOG = logger(__name__)


class NotProven(EdgeError):
    """The delivery does not carry a valid signature of the peer; nothing was stored."""

    text = MessageId("request.signature")
    status = 401


class Pushing:
    """A peer that calls us: its port, whether its deliveries must be proven at the door, and what they are if not."""

    def __init__(self, port: TrackingPush | PortalPush, *, signed_header: bool, hints: bool = False) -> None:
        """``hints``: an unproven delivery is a hint; else it is proven inside the body when the row is applied."""
        self.port = port
        self.signed_header = signed_header
        self.hints = hints


def pushing_of(registry: Registry) -> dict[PeerId, Pushing]:
    """Who calls us, and how each proves itself."""
    found = {}
    for name in registry.with_port(TrackingPush):
        proof = registry.peer(name).webhook_proof
        port = registry.port(name, TrackingPush)
        found[name] = Pushing(port, signed_header=proof in AT_THE_DOOR, hints=proof == "none")
    for name in registry.with_port(PortalPush):
        # Always proven at the door: what a portal delivers begins a dossier, so a mere claim is never stored.
        found[name] = Pushing(registry.port(name, PortalPush), signed_header=True)
    return found


class Callbacks:
    """Deliveries of peers."""

    def __init__(
        self,
        *,
        store: GatewayStore,
        clock: Clock,
        peers: Mapping[PeerId, Pushing],
        metrics: Metrics,
        unproven: Bounds,
        arrived: Callable[[], None],
    ) -> None:
        """``arrived`` wakes the one who applies the inbox; it is called after the commit and must not block."""
        self._store = store
        self._clock = clock
        self._peers = peers
        self._metrics = metrics
        self._quota = Quota(store, unproven)
        self._arrived = arrived

    def routes(self) -> tuple[Route, ...]:
        """Its one address."""
        return (
            Route(
                "POST",
                "/callbacks/{peer}",
                self.post,
                public("the peer proves itself by its signature, over the raw bytes"),
                summary="A peer's delivery; the answer is in the peer's own format.",
                takes_type="*/*",
                answers={401: "ProblemReply", 404: "ProblemReply", 429: "ProblemReply"},
                parameters=(Parameter("peer", "path", "Folder name of the peer."),),
            ),
        )

    async def post(self, request: web.Request) -> web.Response:
        """Prove, store, answer."""
        peer = PeerId(request.match_info["peer"])
        pushing = self._peers.get(peer)
        if pushing is None:
            raise NoSuchPage(subject=peer)
        callback = Callback(
            peer=peer,
            headers=tuple((name.lower(), _text(value)) for name, value in request.headers.items()),
            query=tuple((_text(name), _text(value)) for name, value in request.query.items()),
            body=await bodies.raw(request),
            received_at=self._clock.now(),
            remote=request.remote or "",
        )
        kind = await self._admit(pushing, callback)
        row, new = await self._keep(pushing.port, callback, kind, correlation_of(request))
        self._metrics.inbox.labels(peer, row.kind, str(not new).lower()).inc()
        _LOG.debug("callback taken", peer=peer, inbox=row.id, act="new" if new else "repeated", sha256=row.sha256)
        answer = pushing.port.answer(callback, repeated=not new)
        return web.Response(
            status=answer.status, body=row.answer or answer.body, headers={"Content-Type": answer.content_type}
        )

    async def _admit(self, pushing: Pushing, callback: Callback) -> str:
        """The kind of the row that it becomes.

        Raises NotProven for a missing or wrong signature, TooMany where unproven deliveries flood us.
        """
        port = pushing.port
        if port.verify_header(callback) or (isinstance(port, BodyProof) and port.proves(callback)):
            return "callback"
        if pushing.signed_header:
            raise NotProven(subject=callback.peer)
        await self._quota.admit(callback)
        return HINT if pushing.hints else UNPROVEN

    async def _keep(
        self, port: TrackingPush | PortalPush, callback: Callback, kind: str, correlation_id: str
    ) -> tuple[Inbound, bool]:
        """T1: the raw row and its first answer in one transaction; durable when this returns."""
        new_row = NewInbound(
            peer=callback.peer,
            kind=kind,
            ext_id=port.event_key(callback),
            sha256=Sha256(hashlib.sha256(callback.body).hexdigest()),
            body=callback.body,
            headers=tuple((name, value) for name, value in callback.headers if name not in _NOT_KEPT),
            received_at=callback.received_at,
            receipt=new_id(),
            correlation_id=correlation_id,
            answer=port.answer(callback, repeated=False).body,
        )

        def put(tx: Tx) -> tuple[Inbound, bool]:
            row, new = tx.inbox.put(new_row)
            if new:
                tx.after_commit(self._arrived)
            return row, new

        return await self._store.write(put)


def _text(told: str) -> str:
    """Text that a store can keep: bytes of a header that are no UTF-8 come from aiohttp as halves of letters."""
    return told.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
