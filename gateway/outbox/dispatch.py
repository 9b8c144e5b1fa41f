"""From a leased message to a port call: which operation is which method of which port. No transaction in here."""

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final, assert_never

from adapters.manifest import OnUnknown
from adapters.registry import Registry
from gateway.outbox import payload as payloads
from schemas.errors import Refused
from schemas.message import Message, Operation, Payload
from schemas.portal import OneStopDossier, OneStopStatus, PortalDossier, PortalProgress, PortalReceipt
from schemas.ports.carrier import Answer, Booking, OutcomeQuery
from schemas.ports.one_stop import DossierSink
from schemas.ports.portal import StatusSink
from schemas.shipment import BookingOrder, BookingReceipt

Receipt = BookingReceipt | PortalReceipt


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """The peer took the message; ``payload`` is what was told, for the domain change of T4."""

    receipt: Receipt
    payload: Payload


Checkpoint = Callable[[bytes], Awaitable[None]]
"""Makes durable what of a chunk is still to be told."""


class Dispatcher:
    """Makes port calls. Raises what the port raises."""

    def __init__(self, peers: Registry) -> None:
        """``peers`` hands out ports by capability."""
        self._peers = peers

    def on_unknown(self, message: Message) -> OnUnknown:
        """The manifest's word for an unknown outcome of this message's operation."""
        return self._peers.peer(message.peer).manifest.rule(message.operation).unknown

    async def send(self, message: Message, body: bytes, checkpoint: Checkpoint) -> Sent:
        """Tell the peer. A refused chunk is told again step by step; each accepted step is checkpointed."""
        payload = payloads.decode(message.operation, body)
        try:
            return Sent(await self._call(message, payload), payload)
        except Refused:
            if not isinstance(payload, PortalProgress) or len(payload.steps) < 2:
                raise
            return Sent(await self._one_by_one(message, payload, checkpoint), payload)

    async def ask(self, message: Message, body: bytes, since: dt.datetime) -> bool | None:
        """Ask the peer what became of an earlier try; None: it cannot tell."""
        payload = payloads.decode(message.operation, body)
        answer = await self._peers.port(message.peer, OutcomeQuery).ask(message.operation, payload, since=since)
        return _TOLD[answer]

    async def _one_by_one(self, message: Message, chunk: PortalProgress, checkpoint: Checkpoint) -> PortalReceipt:
        receipt: PortalReceipt | None = None
        for n, step in enumerate(chunk.steps, start=1):
            single = dataclasses.replace(chunk, steps=(step,))
            receipt = await self._peers.port(message.peer, StatusSink).progress(single)
            rest = chunk.steps[n:]
            if rest:
                await checkpoint(payloads.encode(dataclasses.replace(chunk, steps=rest)))
        if receipt is None:
            raise Refused("a chunk without steps", subject=chunk.code)
        return receipt

    async def _call(self, message: Message, payload: Payload) -> Receipt:
        peer = message.peer
        if isinstance(payload, BookingOrder):
            booking = self._peers.port(peer, Booking)
            call = booking.book if message.operation is Operation.CARRIER_BOOK else booking.cancel
            return await call(payload)
        if isinstance(payload, PortalDossier):
            return await self._peers.port(peer, StatusSink).register(payload)
        if isinstance(payload, PortalProgress):
            return await self._peers.port(peer, StatusSink).progress(payload)
        if isinstance(payload, OneStopDossier):
            return await self._peers.port(peer, DossierSink).submit(payload)
        if isinstance(payload, OneStopStatus):
            return await self._peers.port(peer, DossierSink).tell(payload)
        assert_never(payload)


_TOLD: Final[dict[Answer, bool | None]] = {
    Answer.APPLIED: True,
    Answer.NOT_APPLIED: False,
    Answer.CANNOT_TELL: None,
}
