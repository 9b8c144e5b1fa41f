"""Who has the work of a unit today: mergers, splits and renamings, chained and dated (product facts §4.1).

A ``part`` succession moves some hamlets only. Who gets a dossier then depends on an address that a person must look
at: it is never guessed, it is answered as undecided.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable

from schemas.ids import UnitId
from schemas.organisation import Succession


@dataclasses.dataclass(frozen=True, slots=True)
class Heirs:
    """The units that have the work: one in ``sure``, or several in ``undecided`` among which a person chooses."""

    sure: UnitId | None
    undecided: tuple[UnitId, ...]
    way: tuple[Succession, ...]
    """The successions that led there, oldest first: what the screen shows as "nay là …"."""


def heirs(unit: UnitId, successions: Iterable[Succession], on: dt.date) -> Heirs:
    """Follow ``unit`` through every succession in force on the day ``on``.

    A unit that gave away only a part still has the rest: it stays among the candidates.
    """
    in_force = sorted((one for one in successions if one.on <= on), key=lambda one: (one.on, one.old, one.new))
    holders: set[UnitId] = {unit}
    way: list[Succession] = []
    for day in sorted({one.on for one in in_force}):
        steps = [one for one in in_force if one.on == day and one.old in holders]
        whole = {one.old for one in steps if not one.part}
        holders = (holders - whole) | {one.new for one in steps}
        way += steps
    if len(holders) == 1:
        return Heirs(next(iter(holders)), (), tuple(way))
    return Heirs(None, tuple(sorted(holders)), tuple(way))
