"""From a leased message to a port call: which operation is which method of which port. No transaction in here."""

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final, assert_never

import structlog

from adapters.manifest import OnUnknown
from adapters.registry import Registry
from gateway.outbox import exchanges, registrations
from gateway.outbox import payload as payloads
from schemas.calendar import VIETNAM
from schemas.errors import Duplicate, NotFound, Refused, Unauthorised
from schemas.ids import PeerId, Sha256
from schemas.message import Message, Operation, Payload
from schemas.national import Judgement, PortalAnswer, PortalRating, PortalStatus, PublishedQuestion
from schemas.official_document import DocumentStatus, OfficialDocument
from schemas.portal import (
    OneStopDossier,
    OneStopRequest,
    OneStopStatus,
    PortalDossier,
    PortalProgress,
    PortalReceipt,
    ProgressStep,
)
from schemas.ports.carrier import Answer, Booking, Instructing, OutcomeQuery, Registering
from schemas.ports.documents_exchange import DocumentExchange
from schemas.ports.one_stop import DossierSink, RequestSink
from schemas.ports.portal import Answers, IndicatorCheck, Ratings, StatusBack, StatusSink
from schemas.ports.registration import RegistrationInSteps
from schemas.ports.stores import Tx
from schemas.shipment import BookingOrder, BookingReceipt, OrderInstruction, PostalRegistration

log = structlog.get_logger(__name__)

Receipt = BookingReceipt | PortalReceipt
ForPortal = PortalDossier | PortalProgress | PortalStatus | PortalRating | PortalAnswer | PublishedQuestion


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """The peer took the message; ``payload`` is what was told, for the domain change of T4."""

    receipt: Receipt
    payload: Payload
    warning: str = ""
    """What the peer will hold against it though it took it, for the record of the try."""


Checkpoint = Callable[[bytes], Awaitable[None]]
"""Makes durable what of a chunk is still to be told."""


class Dispatcher:
    """Makes port calls. Raises what the port raises."""

    def __init__(
        self, peers: Registry, *, files: registrations.ReadFile | None = None, locate: exchanges.Locate | None = None
    ) -> None:
        """``peers`` hands out ports by capability.

        ``files`` reads documents for portals that want their bytes; ``locate`` says where the files of an official
        document lie.
        """
        self._peers = peers
        self._locate = locate or exchanges.nowhere
        self._files = files or _no_file

    def on_unknown(self, message: Message) -> OnUnknown:
        """The manifest's word for an unknown outcome of this message's operation."""
        return self._peers.peer(message.peer).manifest.rule(message.operation).unknown

    def body(self, tx: Tx, message: Message) -> bytes:
        """What is to be sent: the body, with what a portal in several calls has given us so far."""
        if self._peers.offers(message.peer, RegistrationInSteps):
            return registrations.body(tx, message)
        return tx.messages.body(message.id)

    async def send(self, message: Message, body: bytes, checkpoint: Checkpoint) -> Sent:
        """Tell the peer. A refused chunk is told again step by step; each accepted step is checkpointed."""
        payload = payloads.decode(message.operation, body)
        if isinstance(payload, PortalDossier) and self._peers.offers(message.peer, RegistrationInSteps):
            return await self._in_steps(message, payload, checkpoint)
        try:
            return Sent(await self._call(message, payload), payload, self._foretell(message, payload))
        except Refused as error:
            if isinstance(error, Unauthorised):
                raise
            if not isinstance(payload, PortalProgress) or len(payload.steps) < 2:
                raise
            return Sent(await self._one_by_one(message, payload, checkpoint), payload)

    async def ask(self, message: Message, body: bytes, since: dt.datetime) -> bool | None:
        """Ask the peer what became of an earlier try; None: it cannot tell."""
        payload = payloads.decode(message.operation, body)
        answer = await self._peers.port(message.peer, OutcomeQuery).ask(message.operation, payload, since=since)
        return _TOLD[answer]

    async def _in_steps(self, message: Message, dossier: PortalDossier, checkpoint: Checkpoint) -> Sent:
        desk = registrations.Desk(dossier, keep=checkpoint, read=self._files)
        port = self._peers.port(message.peer, RegistrationInSteps)
        receipt = await port.register_in_steps(dossier, desk)
        return Sent(receipt, desk.dossier, self._foretell(message, dossier))

    async def _one_by_one(self, message: Message, chunk: PortalProgress, checkpoint: Checkpoint) -> PortalReceipt:
        receipt = PortalReceipt(created=True, peer_code="", peer_text="")
        for n, step in enumerate(chunk.steps, start=1):
            single = dataclasses.replace(chunk, steps=(step,))
            try:
                receipt = await self._peers.port(message.peer, StatusSink).progress(single)
            except Duplicate as error:  # this step is there; the others are still to be told
                receipt = PortalReceipt(created=False, peer_code=error.code, peer_text=error.detail)
            except Refused as error:
                raise _naming(error, step, n, len(chunk.steps)) from error
            rest = chunk.steps[n:]
            if rest:
                await checkpoint(payloads.encode(dataclasses.replace(chunk, steps=rest)))
        return receipt

    async def _call(self, message: Message, payload: Payload) -> Receipt:
        peer = message.peer
        if isinstance(payload, BookingOrder | OrderInstruction | PostalRegistration):
            return await self._carrier(message, payload)
        if isinstance(payload, OfficialDocument | DocumentStatus):
            return await exchanges.send(self._peers.port(peer, DocumentExchange), payload, self._locate)
        if isinstance(payload, OneStopDossier):
            return await self._peers.port(peer, DossierSink).submit(payload)
        if isinstance(payload, OneStopStatus):
            return await self._peers.port(peer, DossierSink).tell(payload)
        if isinstance(payload, OneStopRequest):
            return await self._peers.port(peer, RequestSink).request(payload)
        return await self._portal(peer, payload)

    async def _portal(self, peer: PeerId, payload: ForPortal) -> PortalReceipt:
        if isinstance(payload, PortalDossier):
            return await self._peers.port(peer, StatusSink).register(payload)
        if isinstance(payload, PortalProgress):
            return await self._peers.port(peer, StatusSink).progress(payload)
        if isinstance(payload, PortalStatus):
            return await self._peers.port(peer, StatusBack).tell_status(payload)
        if isinstance(payload, PortalRating):
            return await self._peers.port(peer, Ratings).rate(payload)
        if isinstance(payload, PortalAnswer):
            return await self._peers.port(peer, Answers).answer_question(payload)
        if isinstance(payload, PublishedQuestion):
            return await self._peers.port(peer, Answers).publish(payload)
        assert_never(payload)

    def _foretell(self, message: Message, payload: Payload) -> str:
        """Which national indicators the snapshot will fail; it is sent all the same, since the portal takes it."""
        if not isinstance(payload, PortalDossier) or not self._peers.offers(message.peer, IndicatorCheck):
            return ""
        judged = self._peers.port(message.peer, IndicatorCheck).indicators(payload)
        failing = [one.number for one in judged if one.judgement is Judgement.FAILS]
        if not failing:
            return ""
        log.info("portal.indicators", peer=message.peer, message=message.id, failing=failing)
        return f"national indicators not met: {', '.join(failing)}"

    async def _carrier(
        self, message: Message, payload: BookingOrder | OrderInstruction | PostalRegistration
    ) -> BookingReceipt:
        peer = message.peer
        if isinstance(payload, OrderInstruction):
            return await self._peers.port(peer, Instructing).instruct(payload)
        if isinstance(payload, PostalRegistration):
            return await self._peers.port(peer, Registering).register_dossier(payload)
        booking = self._peers.port(peer, Booking)
        call = booking.book if message.operation is Operation.CARRIER_BOOK else booking.cancel
        return await call(payload)


async def _no_file(sha256: Sha256) -> bytes:
    raise NotFound("this dispatcher reads no documents", subject=sha256)


def _naming(error: Refused, step: ProgressStep, n: int, of: int) -> Refused:
    """The same refusal, saying which step of the chunk it is about: the person who settles it must know."""
    where = f"step {n} of {of} ({step.national}, {step.at.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}, {step.what})"
    return type(error)(
        f"{where}: {error.detail}",
        subject=error.subject,
        raw=error.raw,
        status=error.status,
        code=error.code,
        retry_after_s=error.retry_after_s,
    )


_TOLD: Final[dict[Answer, bool | None]] = {
    Answer.APPLIED: True,
    Answer.NOT_APPLIED: False,
    Answer.CANNOT_TELL: None,
}
