"""How far each batch is, for whoever looks: the bar in the terminal, the console's live page.

In memory only; the journal is the truth after a restart. The line writes, any thread reads: what is handed out is a
frozen picture. ``changes`` counts up with every stroke, so that a reader that polls can tell "nothing new" for free.
"""

import collections
import dataclasses
import datetime as dt
import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.document import ScanBatch
from schemas.ports.clock import Clock

REMEMBERED: Final = 50
"""Ended batches that stay on the board: a day of a busy station."""


class Phase(enum.StrEnum):
    """What the line is doing with a batch."""

    INSPECTING = "inspecting"
    MEASURING = "measuring"
    BUILDING = "building"
    ENDED = "ended"
    WAITING = "waiting"
    """Stopped where it is: the line or the inbox is down, it will be tried again."""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """One batch as it stands. ``pages_total`` grows while files are inspected; pages of bad files never count."""

    batch: ScanBatch
    phase: Phase
    begun_at: dt.datetime
    files: int
    pages_total: int = 0
    pages_done: int = 0
    documents: int = 0
    documents_total: int = 0
    waiting: int = 0
    """Documents that are built and wait for their seal."""
    set_aside: int = 0
    ended_at: dt.datetime | None = None


class ProgressBoard:
    """The batches under way and those that ended last."""

    def __init__(self, clock: Clock, *, on_change: Callable[[BatchProgress], None] | None = None) -> None:
        """``on_change`` is told of every stroke, in the thread and at the moment of it: it must be quick."""
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._batches: collections.OrderedDict[str, BatchProgress] = collections.OrderedDict()
        self._changes = 0

    @property
    def changes(self) -> int:
        """Strokes so far."""
        return self._changes

    def look(self) -> tuple[BatchProgress, ...]:
        """All batches on the board, the one begun last first."""
        with self._lock:
            return tuple(reversed(self._batches.values()))

    def of(self, batch_id: str) -> BatchProgress | None:
        """One batch, or ``None`` when it is not on the board (any more)."""
        with self._lock:
            return self._batches.get(batch_id)

    # --- what the line writes ------------------------------------------------------------------------------------

    def begin(self, batch: ScanBatch, *, files: int) -> None:
        """A batch begins, or is taken up again: then it counts anew, because all of it passes by again."""
        now = self._clock.now()
        with self._lock:
            before = self._batches.pop(batch.id, None)
            begun = before.begun_at if before else now
            self._batches[batch.id] = BatchProgress(batch, Phase.INSPECTING, begun, files)
            ended = [key for key, told in self._batches.items() if told.phase is Phase.ENDED]
            for key in ended[: max(0, len(ended) - REMEMBERED)]:
                del self._batches[key]
        self._stroke(batch.id)

    def phase(self, batch_id: str, phase: Phase) -> None:
        """The batch enters a phase."""
        self._stroke(batch_id, phase=phase, ended_at=self._clock.now() if phase is Phase.ENDED else None)

    def add(
        self,
        batch_id: str,
        *,
        pages_total: int = 0,
        pages_done: int = 0,
        documents: int = 0,
        documents_total: int = 0,
        waiting: int = 0,
        set_aside: int = 0,
    ) -> None:
        """Count on; ``waiting`` also counts down."""
        counts = {
            "pages_total": pages_total,
            "pages_done": pages_done,
            "documents": documents,
            "documents_total": documents_total,
            "waiting": waiting,
            "set_aside": set_aside,
        }
        self._stroke(batch_id, counts)

    def _stroke(self, batch_id: str, counts: dict[str, int] | None = None, **values: object) -> None:
        with self._lock:
            told = self._batches.get(batch_id)
            if told is None:  # fell off the board, or a document of an earlier run
                return
            summed = {name: getattr(told, name) + more for name, more in (counts or {}).items() if more}
            told = dataclasses.replace(told, **summed, **values)  # type: ignore[arg-type]  # names are BatchProgress's
            self._batches[batch_id] = told
            self._changes += 1
        if self._on_change is not None:
            self._on_change(told)
