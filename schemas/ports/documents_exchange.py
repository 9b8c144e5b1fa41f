"""The axis on which offices exchange official documents. Async methods raise :class:`schemas.errors.CallError` only."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from schemas.official_document import (
    DocumentRef,
    DocumentStatus,
    ExchangeReceipt,
    FetchedFile,
    MessageKind,
    OfficialDocument,
)


@runtime_checkable
class DocumentExchange(Protocol):
    """Sends documents and statuses; lists, fetches, reads and acknowledges what waits.

    Taking a document out is two steps: ``fetch_document`` changes nothing, only ``acknowledge_document`` takes it off
    the list, so it is called after the bytes are safe.
    """

    async def send_document(self, document: OfficialDocument) -> ExchangeReceipt:
        """Send a document with its files. Raises Duplicate where the axis has it already (by its id)."""
        ...

    async def send_status(self, status: DocumentStatus) -> ExchangeReceipt:
        """Tell the sender of a document what became of it. Raises Duplicate where the axis has it already."""
        ...

    async def waiting_documents(self, kind: MessageKind) -> tuple[DocumentRef, ...]:
        """What waits for us, oldest first, each key once."""
        ...

    async def fetch_document(self, ref: DocumentRef, into: Path) -> FetchedFile:
        """Write the bytes to the new file ``into`` as they come; nothing of them is kept in memory."""
        ...

    def read_document(self, file: Path, folder: Path) -> OfficialDocument | DocumentStatus:
        """Verify and read a fetched file; its enclosed files are written to ``folder``. Blocking: call it in a thread.

        Raises:
            Misunderstood: not what the contract says, or not proven by a pinned certificate.
        """
        ...

    async def acknowledge_document(self, ref: DocumentRef, *, done: bool) -> None:
        """Say that it was taken (or could not be); it is then no longer listed."""
        ...
