"""Notices a batch that a sender left out: `sequence` counts its batches from 1, a hole in it feeds D-36.

What is remembered stands in the cursor of the feed ``<peer>/push``: the highest number seen and the numbers missing
below it, ``17!12,15!``. A hole that is filled later (a batch that was retried) closes by itself. Pure.
"""

import dataclasses
import datetime as dt
from typing import Final

from schemas.ports.message_stores import FeedState

MOST_MISSING: Final = 200
"""Numbers remembered; a wider hole is a new beginning of the count, told as such."""


def after(state: FeedState, sequence: int | None, *, now: dt.datetime) -> FeedState:
    """The state after one more batch. A batch without a number only shows that the sender lives."""
    state = dataclasses.replace(state, last_ok_at=now)
    if sequence is None:
        return state
    count = _read(state.cursor)
    if count is None:  # the first number ever heard: what came before it was not for us
        return _state(state, _Count(sequence), "", now)
    count, told = _counted(count, sequence)
    return _state(state, count, told, now)


@dataclasses.dataclass(frozen=True, slots=True)
class _Count:
    """``late`` is a number far behind, which is either a batch from long ago or a sender that counts anew."""

    highest: int
    missing: frozenset[int] = frozenset()
    late: int | None = None


def _counted(count: _Count, sequence: int) -> tuple[_Count, str]:
    highest, missing, late = count.highest, count.missing, count.late
    if sequence in missing:
        return _Count(highest, missing - {sequence}), ""
    if sequence > highest:
        hole = range(highest + 1, sequence)
        if len(hole) + len(missing) > MOST_MISSING:
            return _Count(sequence, missing), f"the count jumps from {highest} to {sequence}"
        return _Count(sequence, missing | set(hole)), ""
    if late is not None and sequence == late + 1:  # two in a row from behind: nobody is that late twice
        return _Count(sequence), f"the count began again at {late}, after {highest}"
    return _Count(highest, missing, sequence), f"batch {sequence} came after {highest}"


def _state(state: FeedState, count: _Count, told: str, now: dt.datetime) -> FeedState:
    missing = ",".join(map(str, sorted(count.missing)))
    words = [f"missing batches: {missing.replace(',', ', ')}"] if missing else []
    return dataclasses.replace(
        state,
        cursor=f"{count.highest}!{missing}!{'' if count.late is None else count.late}",
        failing_since=(state.failing_since or now) if missing else None,
        failures=len(count.missing),
        last_error="; ".join([*words, *([told] if told else [])]),
    )


def _read(cursor: str | None) -> _Count | None:
    if cursor is None:
        return None
    highest, missing, late = cursor.split("!")
    return _Count(int(highest), frozenset(int(one) for one in missing.split(",") if one), int(late) if late else None)
