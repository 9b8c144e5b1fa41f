"""Official documents and statuses that a person sends to other offices: one message in the outbox each.

The same document said twice is one message; another one under the same id is refused, because its receivers would have
both.
"""

import dataclasses
import hashlib
import mimetypes
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from gateway.accounts import Principal
from gateway.outbox.exchanges import message_of
from schemas.audit import Act
from schemas.errors import KeyReused
from schemas.ids import PeerId, Sha256, UnitId
from schemas.message import Message
from schemas.official_document import DocumentStatus, EnclosedFile, OfficialDocument
from schemas.ports.clock import Clock
from schemas.ports.stores import Tx


async def enclose(
    document: OfficialDocument, files: Sequence[Path], *, keep: Callable[[Path], Awaitable[Sha256]]
) -> OfficialDocument:
    """The document with more files; ``keep`` puts the bytes into the blobs. Raises OSError and StoreFull."""
    enclosed = list(document.files)
    for n, file in enumerate(files, start=len(enclosed) + 1):
        sha256 = await keep(file)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        size = file.stat().st_size
        enclosed.append(EnclosedFile(file.name, kind, f"f{n}-{sha256[:12]}", sha256, size))
    return dataclasses.replace(document, files=tuple(enclosed))


def send(
    tx: Tx,
    peer: PeerId,
    paper: OfficialDocument | DocumentStatus,
    *,
    unit: UnitId,
    principal: Principal,
    clock: Clock,
) -> Message:
    """Put the message and write down who sent it.

    Raises:
        KeyReused: another document was sent under this id before; nothing was written.
    """
    now = clock.now()
    new = message_of(paper, peer=peer, unit=unit, now=now, correlation_id=uuid.uuid4().hex)
    message = tx.messages.put(new, now=now)
    if message.digest != hashlib.sha256(new.body).hexdigest():
        raise KeyReused(f"{new.operation}: message {message.id} says something else", subject=new.business_key)
    detail = f"{new.operation} {new.business_key}"
    tx.audit.write(Act(now, principal.who, "exchange.sent", "message", str(message.id), unit, detail))
    return message
