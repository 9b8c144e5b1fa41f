"""What is true of the simulated world: written beside the store, in names that people use, never in row ids."""

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Iterable
from pathlib import Path


class Kind(enum.StrEnum):
    """What a plot is."""

    FAULT = "fault"
    MIMIC = "mimic"
    """Innocent, but it looks like the fault."""
    ORDINARY = "ordinary"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One plot of the world and what a perfect observer would say of it."""

    plot: str
    """``D-01/fault/7``."""
    rule: str
    kind: Kind
    since: dt.datetime
    """From when a perfect observer could know it; for an innocent plot, when it begins."""
    until: dt.datetime | None
    """When the cause was mended; only feeds need it, whose outages follow one another."""
    why: str
    """What happened, or why it is innocent."""
    subjects: tuple[tuple[str, str], ...]
    """(kind, name): dossier code, item number or reference, bag number, peer, number of an invoice."""
    entails: tuple[str, ...]
    """Other types that hold here too by their own definition: neither asked for nor held against a rule."""


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write the truth to ``path``, one JSON object a line."""
    lines = (json.dumps(_plain(entry), ensure_ascii=False) for entry in entries)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[Entry, ...]:
    """Read what :func:`write` wrote."""
    return tuple(_entry(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line)


def _plain(entry: Entry) -> dict[str, object]:
    return {
        **dataclasses.asdict(entry),
        "since": entry.since.isoformat(),
        "until": entry.until.isoformat() if entry.until else None,
    }


def _entry(row: dict[str, object]) -> Entry:
    until = row["until"]
    return Entry(
        plot=str(row["plot"]),
        rule=str(row["rule"]),
        kind=Kind(str(row["kind"])),
        since=dt.datetime.fromisoformat(str(row["since"])),
        until=dt.datetime.fromisoformat(str(until)) if until else None,
        why=str(row["why"]),
        subjects=tuple((str(kind), str(name)) for kind, name in _pairs(row["subjects"])),
        entails=tuple(str(one) for one in _list(row["entails"])),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _pairs(value: object) -> list[tuple[object, object]]:
    return [(one[0], one[1]) for one in _list(value) if isinstance(one, list)]
