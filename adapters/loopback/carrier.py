"""The loopback as a carrier: orders, feed, answers by number, push, outcome query."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence

from adapters._kit.signatures import hmac_matches
from adapters.loopback import wire
from adapters.loopback.switches import Switches
from adapters.loopback.world import CARRIER, PEER, World
from schemas.errors import Misunderstood
from schemas.message import Operation, Payload
from schemas.portal import OneStopDossier, OneStopStatus, PortalDossier, PortalProgress
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.shipment import BookingOrder, BookingReceipt
from schemas.tracking import Complaint, TrackingBatch, TrackingEvent
from schemas.wire import Callback, CallbackReply, Probe

PAGE = 100
"""Events of one page of the feed."""


class Carrier:
    """Booking, TrackingFeed, TrackingPull, TrackingPush, OutcomeQuery and Prober in memory."""

    def __init__(self, *, world: World, switches: Switches, clock: Clock, secret: str) -> None:
        self.world = world
        self.switches = switches
        self._clock = clock
        self._secret = secret

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """Take the order; a second one is taken again."""
        return await self._take("book", Operation.CARRIER_BOOK, order)

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """Take the order back."""
        return await self._take("cancel", Operation.CARRIER_CANCEL, order)

    async def _take(self, name: str, operation: Operation, order: BookingOrder) -> BookingReceipt:
        await self.switches.before(name, order.reference)
        if not self.switches.strikes("lie", name):
            self.world.apply(operation, key_of(order), order)
        self.switches.after(name, order.reference)
        return BookingReceipt(order.reference, order.number, "ok", "")

    async def read(self, cursor: str | None) -> TrackingBatch:
        """The next page of events; the cursor is how many were read."""
        await self.switches.before("read", PEER)
        if cursor is not None and not cursor.isdecimal():
            raise Misunderstood(f"stored cursor {cursor!r} is none of ours", subject=PEER)
        start = int(cursor or 0)
        page = self.world.events[start : start + PAGE]
        end = start + len(page)
        batch = self._batch("read", page)
        return dataclasses.replace(batch, next_cursor=str(end), more=end < len(self.world.events))

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """The full history of each number."""
        await self.switches.before("fetch", ",".join(numbers))
        wanted = [
            event
            for event in self.world.events
            if event.number in numbers and (since is None or event.occurred.utc_high >= since)
        ]
        complete = tuple(numbers) if since is None else ()
        return dataclasses.replace(self._batch("fetch", wanted), complete_for=complete)

    def _batch(self, name: str, events: Sequence[TrackingEvent]) -> TrackingBatch:
        told = list(events)
        if told and self.switches.strikes("unknown_code", name):
            told[0] = dataclasses.replace(told[0], code="loopback-unknown", mapped=None)
        if told and self.switches.strikes("duplicate", name):
            told += told
        return _batch(told, self._clock.now())

    # --- push -------------------------------------------------------------------------------------------------------

    def verify_header(self, callback: Callback) -> bool:
        """HMAC of the raw body in ``x-loopback-signature``."""
        signature = dict(callback.headers).get("x-loopback-signature", "")
        return hmac_matches(callback.body, signature, [self._secret.encode()])

    def event_key(self, callback: Callback) -> str:
        """A digest of the body."""
        return hashlib.sha256(callback.body).hexdigest()

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read a list of events. Raises Misunderstood."""
        return _batch(wire.events_from_json(callback.body), callback.received_at)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """Says whether it was heard before."""
        return CallbackReply(200, "application/json", b'{"repeated":true}' if repeated else b'{"repeated":false}')

    # --- outcome and probe ------------------------------------------------------------------------------------------

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Knows everything, but may be switched: ``lie`` says that it cannot tell."""
        await self.switches.before("ask", key_of(payload))
        if self.switches.strikes("lie", "ask"):
            return Answer.CANNOT_TELL
        done = any((operation, payload) == (applied.operation, applied.payload) for applied in self.world.applied)
        return Answer.APPLIED if done else Answer.NOT_APPLIED

    async def probe(self) -> Probe:
        """Always there, unless it is switched down."""
        if self.switches.strikes("down", "probe"):
            return Probe(ok=False, what="switched down", latency_ms=0.0)
        return Probe(ok=True, what="in memory", latency_ms=0.0, clock_skew_s=0.0)


def key_of(payload: Payload) -> str:
    """What a repetition could be recognised by."""
    if isinstance(payload, BookingOrder):
        return f"{payload.reference}/{payload.direction}/{payload.seq}"
    if isinstance(payload, PortalDossier | PortalProgress | OneStopDossier):
        return payload.code
    if isinstance(payload, OneStopStatus):
        return f"{payload.code}/{payload.national}"
    return hashlib.sha256(repr(payload).encode()).hexdigest()


def _batch(events: Sequence[TrackingEvent], received_at: dt.datetime) -> TrackingBatch:
    unknown = [event for event in events if event.mapped is None]
    return TrackingBatch(
        peer=PEER,
        carrier=CARRIER,
        events=tuple(events),
        complaints=tuple(Complaint("unknown_code", event.code, event.number, event.raw_sha256) for event in unknown),
        raw=(),
        received_at=received_at,
    )
