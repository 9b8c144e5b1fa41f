"""What scanning hands over: the gateway (or a station without a network) stands behind this port."""

from dataclasses import dataclass
from typing import Protocol

from schemas.document import DocumentText, ScannedDocument, SetAside


@dataclass(frozen=True, slots=True)
class Delivered:
    """The inbox has the document for good. ``repeated``: it had it already, and nothing was done again."""

    key: str
    repeated: bool


class DocumentInbox(Protocol):
    """Takes judged documents and the news of what was set aside.

    All calls are idempotent by ``key``: the line may call again after a crash between the answer and its own journal,
    and the second call must change nothing. Returning means durable. An exception means "not taken": the line leaves
    the batch open and offers the same document again later.
    """

    async def deliver(self, document: ScannedDocument) -> Delivered:
        """Take one document; copy the bytes at ``document.path`` before returning."""
        ...

    async def set_aside(self, item: SetAside) -> None:
        """Show the operator a file or page that is in no document; the original stays at ``item.kept``."""
        ...

    async def read(self, text: DocumentText) -> None:
        """Take the text of a document that was delivered, often long after it; a second copy replaces the first.

        The text of a document that the inbox does not have (any more) is dropped: what replaced it brings its own.
        """
        ...
