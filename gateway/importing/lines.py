"""The lines of a file, each by its number, and the file of those that could not be used.

A line that is wrong never hides its neighbours: it goes to ``FILE.rejects.jsonl`` as it was, with its number and the
reason, and can be mended there and imported again.
"""

import base64
import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gateway.importing.records import LONGEST_LINE


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line of the file as it stands there, without its end."""

    number: int
    """From 1."""
    raw: bytes
    end: int
    """How many bytes of the file are read with it, for the progress."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not be used, and why."""

    line: int
    why: str
    raw: bytes


def lines(path: Path) -> Iterator[Line]:
    """Lines that are not blank. A line without end is read to one byte past the longest that any record has."""
    with path.open("rb") as file:
        number = read = 0
        while raw := file.readline(LONGEST_LINE + 2):
            number += 1
            read += len(raw)
            rest = raw
            while rest and not rest.endswith(b"\n"):  # too long: its rest is skipped, not kept
                rest = file.readline(LONGEST_LINE)
                read += len(rest)
            told = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if told.strip():
                yield Line(number, told.strip(), read)


def rejects_of(path: Path) -> Path:
    """Where the lines go that could not be used."""
    return path.with_name(path.name + ".rejects.jsonl")


class Rejects:
    """Counts what could not be used, and writes it down unless this is a dry run."""

    def __init__(self, path: Path | None) -> None:
        """``path`` None: counted only."""
        self.path = path
        self.count = 0
        self.first: list[Reject] = []
        """The first few, to show."""
        self._file: IO[str] | None = None

    def add(self, reject: Reject) -> None:
        """Keep one. The file is made with the first one; an older file of the same name is replaced."""
        self.count += 1
        if len(self.first) < 10:
            self.first.append(reject)
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        kept = {"line": reject.line, "why": reject.why, **_text(reject.raw)}
        self._file.write(json.dumps(kept, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Nothing more will come."""
        if self._file is not None:
            with contextlib.closing(self._file):
                self._file.flush()


def _text(raw: bytes) -> dict[str, str]:
    try:
        return {"raw": raw.decode()}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(raw).decode()}
