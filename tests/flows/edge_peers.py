"""Peers that call the door of :mod:`tests.flows.edge_house`: one signs, one does not, one proves itself inside."""

import hashlib
import hmac

from gateway.inbound.callbacks import Pushing
from schemas.ids import PeerId
from schemas.tracking import TrackingBatch
from schemas.wire import Callback, CallbackReply

SIGNED, UNSIGNED, INSIDE = PeerId("signing_post"), PeerId("plain_post"), PeerId("sealing_post")
SECRET = b"shared with the peer"


class Peer:
    """A port of a peer that pushes: signs its raw bytes in a header, or not at all."""

    def __init__(self, *, signs: bool) -> None:
        self.signs = signs

    def verify_header(self, callback: Callback) -> bool:
        told = dict(callback.headers).get("x-signature", "")
        return self.signs and hmac.compare_digest(told.encode(), signature(callback.body).encode())

    def event_key(self, callback: Callback) -> str:
        return dict(callback.query).get("id") or hashlib.sha256(callback.body).hexdigest()

    def parse(self, callback: Callback) -> TrackingBatch:
        raise AssertionError("T2 is not the door's business")

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        return CallbackReply(
            200, "application/json; charset=utf-8", b'{"code":"again"}' if repeated else b'{"code":"ok"}'
        )


class InsideProof(Peer):
    """A port of a peer whose proof stands inside the body."""

    def proves(self, callback: Callback) -> bool:
        return callback.body.startswith(b"proven")


PUSHING = {
    INSIDE: Pushing(InsideProof(signs=False), signed_header=False),
    SIGNED: Pushing(Peer(signs=True), signed_header=True),
    UNSIGNED: Pushing(Peer(signs=False), signed_header=False),
}


def signature(body: bytes) -> str:
    """What the peer puts into its header."""
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()
