"""A figure: rounds of ours, the same rounds of what it is held against, and the aim."""

import dataclasses
import datetime as dt
import json
import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path

LATEST = Path(__file__).with_name("latest.json")


@dataclasses.dataclass(frozen=True, slots=True)
class Extent:
    """How long to measure. ``quick`` proves that everything runs; its figures mean nothing."""

    quick: bool

    @property
    def rounds(self) -> int:
        """Turns of ours and its floor."""
        return 1 if self.quick else 3

    def of(self, whole: int, quick: int) -> int:
        """A count or a number of seconds."""
        return quick if self.quick else whole


@dataclasses.dataclass(frozen=True, slots=True)
class Aim:
    """What the figure should be; ``at_most``: less is better."""

    value: float
    at_most: bool = False

    def reached(self, figure: float) -> bool:
        """Whether the figure is good enough."""
        return figure <= self.value if self.at_most else figure >= self.value

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.value:g}"


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    With ``floor`` the figure is the ratio ours ÷ floor, round by round; without it the figure is ``ours`` itself.
    ``unit`` is that of ours and of the floor.
    """

    name: str
    says: str
    unit: str
    ours: Sequence[float]
    floor: Sequence[float] = ()
    aim: Aim | None = None
    note: str = ""

    @property
    def rounds(self) -> list[float]:
        """The figure of each round."""
        if not self.floor:
            return list(self.ours)
        return [ours / floor for ours, floor in zip(self.ours, self.floor, strict=True)]

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.rounds)

    def line(self) -> str:
        """For the screen: the figure, its spread, the aim, and the two sides in their unit."""
        low, high = min(self.rounds), max(self.rounds)
        spread = f"{_short(low)}–{_short(high)}" if len(self.rounds) > 1 else "1 round"
        verdict = "" if self.aim is None else f"aim {self.aim}  {'ok' if self.aim.reached(self.median) else 'MISSED'}"
        ours = _short(statistics.median(self.ours))
        sides = f"{ours} ÷ {_short(statistics.median(self.floor))} {self.unit}" if self.floor else self.unit
        head = f"  {self.name:<24} {_short(self.median):>8}  ({spread})"
        return (
            f"{head:<58} {sides:<30} {verdict}".rstrip()
            + f"\n{'':<27}{self.says}"
            + (f"\n{'':<27}{self.note}" if self.note else "")
        )

    def as_json(self) -> dict[str, object]:
        """For ``latest.json``."""
        return {
            "name": self.name,
            "says": self.says,
            "unit": self.unit,
            "median": self.median,
            "rounds": self.rounds,
            "ours": list(self.ours),
            "floor": list(self.floor),
            "aim": None if self.aim is None else str(self.aim),
            "reached": None if self.aim is None else self.aim.reached(self.median),
            "note": self.note,
        }


def write(figures: Sequence[Figure], extent: Extent, at: dt.datetime, path: Path) -> None:
    """Keep the run: figures, rounds and what they were measured on."""
    told = {
        "at": at.isoformat(timespec="seconds"),
        "quick": extent.quick,
        "machine": machine(),
        "figures": [figure.as_json() for figure in figures],
    }
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")


def machine() -> dict[str, object]:
    """What the figures were measured on; without it an absolute figure says nothing."""
    return {
        "cpus": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
    }


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
