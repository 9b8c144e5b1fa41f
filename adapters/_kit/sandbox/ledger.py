"""Everything a sandbox was asked and everything it did, one JSON object a line, fsynced before the reply.

The memory of a sandbox changes by ledger lines and by nothing else, so reading the file again gives the same peer:
a sandbox that was killed forgets nothing. Tests count effects here, not in what our own client believes.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REQUEST = "request"
"""Somebody called; nothing is said yet about an effect."""
APPLIED = "applied"
"""A call changed something."""
EVENT = "event"
"""Something happened at the peer by itself: the item moved."""
STRIKE = "strike"
"""Chaos struck."""
PUSHED = "pushed"
"""News went out and was acknowledged."""
CLOCK = "clock"
"""The sandbox was told another time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line. ``n`` counts from 1; ``key`` is what the peer knows the thing by; ``data`` is the peer's own JSON."""

    n: int
    at: dt.datetime
    kind: str
    operation: str
    key: str
    data: Mapping[str, Any]  # Any: whatever JSON the peer writes and reads back by itself

    def as_json(self) -> dict[str, object]:
        """The line as it stands in the file."""
        return {**dataclasses.asdict(self), "at": self.at.isoformat(), "data": dict(self.data)}


class Ledger:
    """An append-only file and its lines in memory."""

    def __init__(self, file: Path) -> None:
        """Open ``file``, made where it is missing; a last line without its end (a crash while writing) is cut off."""
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        whole = file.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end != len(whole):
            os.ftruncate(self._fd, end)
        self.lines = [_line(text) for text in whole[:end].splitlines()]
        self._written = self._durable = len(self.lines)
        self._syncing = asyncio.Lock()

    def next(self, kind: str, operation: str, key: str, data: Mapping[str, Any], *, at: dt.datetime) -> Line:
        """The line that would come next; nothing is written."""
        return Line(len(self.lines) + 1, at, kind, operation, key, data)

    def write(self, line: Line) -> None:
        """Write the next line. It is safe on disk when :meth:`durable` has returned."""
        text = json.dumps(line.as_json(), ensure_ascii=False, separators=(",", ":")) + "\n"
        os.write(self._fd, text.encode())
        self.lines.append(line)
        self._written = line.n

    def append(self, kind: str, operation: str, key: str, data: Mapping[str, Any], *, at: dt.datetime) -> Line:
        """Make the next line and write it."""
        line = self.next(kind, operation, key, data, at=at)
        self.write(line)
        return line

    async def durable(self) -> None:
        """Return when every line written so far is on disk; callers at the same time share one fsync."""
        wanted = self._written
        async with self._syncing:
            if self._durable >= wanted:
                return
            written = self._written
            await asyncio.to_thread(os.fsync, self._fd)
            self._durable = written

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _line(text: bytes) -> Line:
    told = json.loads(text)
    return Line(
        told["n"], dt.datetime.fromisoformat(told["at"]), told["kind"], told["operation"], told["key"], told["data"]
    )
