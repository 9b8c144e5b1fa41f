"""Portals that take a dossier in several calls: what they gave us stays in the message, and then with the dossier.

While a message is on its way its own body holds the registration, so that whoever leases it next goes on from there.
When it is settled, the portal's number becomes an alias of the dossier (it finds the dossier for ever) and its own id
one of another scheme; later messages get both from there, in the moment in which they are sent.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from gateway import failpoints
from gateway.outbox import payload as payloads
from schemas.dossier import CodeAlias, Dossier
from schemas.errors import NotFound, Refused
from schemas.ids import DossierCode, DossierId, PeerId, Sha256
from schemas.message import Message
from schemas.portal import PortalDossier, PortalProgress, Registration
from schemas.ports.stores import Tx

NUMBER: Final = "peer"
PEER_ID: Final = "peer-id"
"""Schemes of aliases, followed by a colon and the peer."""

ReadFile = Callable[[Sha256], Awaitable[bytes]]


def files_of(path: Callable[[Sha256], Awaitable[Path]]) -> ReadFile:
    """Reads documents out of the house's blobs."""

    async def read(sha256: Sha256) -> bytes:
        file = await path(sha256)
        return await asyncio.to_thread(file.read_bytes)

    return read


class Desk:
    """Implements :class:`schemas.ports.registration.RegistrationDesk` for one message that is being sent."""

    def __init__(self, dossier: PortalDossier, *, keep: Callable[[bytes], Awaitable[None]], read: ReadFile) -> None:
        """``keep`` replaces the message's body; ``read`` finds the bytes of a document."""
        self.dossier = dossier
        self._keep = keep
        self._read = read

    async def keep(self, registration: Registration) -> None:
        """Durable in the message's own body when this returns."""
        failpoints.hit("step.before_keep")
        self.dossier = dataclasses.replace(self.dossier, registration=registration)
        await self._keep(payloads.encode(self.dossier))
        failpoints.hit("step.after_keep")

    async def file(self, sha256: Sha256) -> bytes:
        """The bytes of a document of the dossier. Raises Refused where they are gone: nothing was sent."""
        try:
            return await self._read(sha256)
        except NotFound as error:
            raise Refused(f"document {sha256[:12]}… is not in the store; nothing was sent", subject=sha256) from error


def body(tx: Tx, message: Message) -> bytes:
    """The body to send, with what the portal gave the dossier earlier."""
    stored = tx.messages.body(message.id)
    payload = payloads.decode(message.operation, stored)
    if not isinstance(payload, PortalDossier | PortalProgress) or payload.registration is not None:
        return stored
    known = registration_of(tx.dossiers.get(payload.dossier), message.peer)
    return payloads.encode(dataclasses.replace(payload, registration=known or Registration()))


def registration_of(dossier: Dossier, peer: PeerId) -> Registration | None:
    """What a portal gave the dossier, out of its aliases; None where it never took it."""
    number = _alias(dossier, f"{NUMBER}:{peer}")
    if not number:
        return None
    return Registration(number=number, peer_id=_alias(dossier, f"{PEER_ID}:{peer}"), created=True)


def remember(tx: Tx, dossier_id: DossierId, peer: PeerId, registration: Registration, at: dt.datetime) -> None:
    """Keep number and id as aliases; a second time changes nothing."""
    dossier = tx.dossiers.get(dossier_id)
    told = ((NUMBER, registration.number), (PEER_ID, registration.peer_id))
    new = tuple(
        CodeAlias(DossierCode(code), f"{scheme}:{peer}", at, None)
        for scheme, code in told
        if code and _alias(dossier, f"{scheme}:{peer}") != code
    )
    if new:
        tx.dossiers.put(dataclasses.replace(dossier, aliases=(*dossier.aliases, *new)))


def _alias(dossier: Dossier, scheme: str) -> str:
    return next((alias.code for alias in reversed(dossier.aliases) if alias.scheme == scheme), "")
