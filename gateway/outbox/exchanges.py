"""Official documents on their way out: the message that holds one, and its files beside it in the blobs.

The body of a message names files by digest; where they lie is looked up when the message is sent.
"""

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.outbox import payload
from schemas.errors import NotFound
from schemas.ids import PeerId, Sha256, UnitId
from schemas.message import NewMessage, Operation
from schemas.official_document import DocumentStatus, OfficialDocument
from schemas.portal import PortalReceipt
from schemas.ports.documents_exchange import DocumentExchange

Locate = Callable[[Sha256], Awaitable[Path]]
"""Where the bytes of a digest lie on this machine. Raises NotFound."""


async def send(port: DocumentExchange, paper: OfficialDocument | DocumentStatus, locate: Locate) -> PortalReceipt:
    """Tell the axis. Raises what the port raises, and NotFound where a file's bytes are gone."""
    if isinstance(paper, DocumentStatus):
        receipt = await port.send_status(paper)
    else:
        files = [dataclasses.replace(file, path=str(await locate(file.sha256))) for file in paper.files]
        receipt = await port.send_document(dataclasses.replace(paper, files=tuple(files)))
    return PortalReceipt(created=True, peer_code=receipt.key, peer_text=receipt.text)


def message_of(
    paper: OfficialDocument | DocumentStatus, *, peer: PeerId, unit: UnitId, now: dt.datetime, correlation_id: str
) -> NewMessage:
    """The message that sends it; the same document or status twice gives one message."""
    if isinstance(paper, DocumentStatus):
        operation, state = Operation.EXCHANGE_STATUS, paper.code
        key = f"{paper.sender.id}/{paper.about_document}/{paper.code}/{paper.at.isoformat()}"
    else:
        operation, state = Operation.EXCHANGE_DOCUMENT, paper.business_code
        key = f"{paper.sender.id}/{paper.id}"
        paper = dataclasses.replace(paper, files=tuple(dataclasses.replace(file, path="") for file in paper.files))
    return NewMessage(
        peer=peer,
        operation=operation,
        business_key=key,
        dossier=None,
        item=None,
        unit=unit,
        asserted_state=state,
        as_of=now,
        body=payload.encode(paper),
        correlation_id=correlation_id,
    )


async def nowhere(sha256: Sha256) -> Path:
    """For a dispatcher that sends no documents."""
    raise NotFound("this dispatcher knows no files", subject=sha256)
