"""Where the scan line remembers how far each file, page and document has come, so that kill -9 costs one step.

Rows are append-only and keyed by (batch, subject, stage): writing a row again is silence, so every stage may be
repeated. A subject is written ``batch:``, ``file:<name>``, ``page:<name>#<n>`` or ``document:<key>``; which stages
exist, what their results hold and which may follow which is :mod:`scanning.stages`, not the journal's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.document import ScanBatch


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage reached. ``result`` is its answer as JSON text; ``sha256`` is set where bytes were named."""

    batch_id: str
    subject: str
    stage: str
    result: str = "{}"
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class KnownBatch:
    """A batch that the journal remembers. ``closed``: every page is in a delivered document or set aside."""

    batch: ScanBatch
    closed: bool


class ScanJournal(Protocol):
    """Durable when a call returns; safe to call from several tasks at once."""

    async def open_batch(self, batch: ScanBatch) -> ScanBatch:
        """Remember the batch, or return it as first remembered (same id: the first station and time stand)."""
        ...

    async def record(self, row: StageRow) -> None:
        """Append the row; a row with the same batch, subject and stage stays as it was first written."""
        ...

    async def rows(self, batch_id: str) -> Sequence[StageRow]:
        """All rows of the batch, oldest first; also those of a closed one."""
        ...

    async def batch(self, batch_id: str) -> KnownBatch | None:
        """One batch, or ``None`` when it was never opened here."""
        ...

    async def recent(self, limit: int) -> Sequence[KnownBatch]:
        """The batches begun last, newest first, at most ``limit``; open and closed ones."""
        ...

    async def lacking(self, stage: str, *, then: str) -> Sequence[StageRow]:
        """Rows of subjects, of any batch, that reached ``stage`` and not yet ``then``; oldest first."""
        ...

    async def seen_before(self, sha256: str, *, batch_id: str, subject: str) -> StageRow | None:
        """The first *other* file with these bytes that was not set aside, or ``None``."""
        ...

    async def close_batch(self, batch_id: str) -> None:
        """The batch is finished: every page is in a delivered document or set aside."""
        ...

    async def unfinished(self) -> Sequence[ScanBatch]:
        """Batches opened and not closed, oldest first."""
        ...
