"""What a person tells a portal that is of no single dossier: answers, published questions, ratings of a month.

Each becomes one message in the outbox; the same one said twice is one message, and another one under the same key is
refused, because the portal would have both.
"""

import hashlib
import uuid
from typing import Final

from gateway.accounts import Principal
from gateway.outbox import payload as payloads
from schemas.audit import Act
from schemas.errors import KeyReused
from schemas.ids import MessageNo, PeerId, UnitId
from schemas.message import Message, NewMessage, Operation
from schemas.national import PortalAnswer, PortalRating, PublishedQuestion
from schemas.ports.clock import Clock
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx

Told = PortalAnswer | PortalRating | PublishedQuestion
_PAGE: Final = 500


def tell(tx: Tx, peer: PeerId, told: Told, *, unit: UnitId, principal: Principal, clock: Clock) -> Message:
    """Put the message.

    Raises:
        KeyReused: something else was told under this key before; nothing was written.
    """
    now = clock.now()
    operation, key = _named(told)
    message = tx.messages.put(
        NewMessage(
            peer=peer,
            operation=operation,
            business_key=key,
            dossier=None,
            item=None,
            unit=unit,
            asserted_state="",
            as_of=now,
            body=payloads.encode(told),
            correlation_id=uuid.uuid4().hex,
        ),
        now=now,
    )
    if message.digest != hashlib.sha256(payloads.encode(told)).hexdigest() and _words(told) != _words(
        _body(tx, message)
    ):
        raise KeyReused(f"{operation}: message {message.id} says something else", subject=key)
    tx.audit.write(Act(now, principal.who, "portal.told", "message", str(message.id), unit, f"{operation} {key}"))
    return message


def answered(tx: Tx, peer: PeerId) -> dict[str, Message]:
    """Our answers by the key of the question; of several tries of one, the newest that was not given up."""
    found: dict[str, Message] = {}
    after: MessageNo | None = None
    where = MessageFilter(peer=peer, operation=Operation.PORTAL_ANSWER)
    while page := tx.messages.list(where, limit=_PAGE, after=after):
        for message in page:
            found.setdefault(message.business_key, message)
        after = page[-1].id
    return found


def _named(told: Told) -> tuple[Operation, str]:
    match told:
        case PortalAnswer():
            return Operation.PORTAL_ANSWER, told.question
        case PublishedQuestion():
            return Operation.PORTAL_FAQ, told.key
        case PortalRating():
            return Operation.PORTAL_RATING, f"{told.unit_code}/{told.year}-{told.month:02}"


def _body(tx: Tx, message: Message) -> object:
    return payloads.decode(message.operation, tx.messages.body(message.id))


def _words(told: object) -> object:
    """What is said, without the moment at which it was typed."""
    return told.text if isinstance(told, PortalAnswer) else told
