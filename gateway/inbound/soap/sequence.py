"""Notices a batch that a sender left out: `sequence` counts its batches from 1, a hole in it feeds D-36.

What is remembered stands in the cursor of the feed ``<peer>/push``: the highest number seen and the numbers missing
below it, ``17!12,15``. A hole that is filled later (a batch that was retried) closes by itself. Pure.
"""

import dataclasses
import datetime as dt
from typing import Final

from schemas.ids import PeerId
from schemas.ports.message_stores import FeedState

MOST_MISSING: Final = 200
"""Numbers remembered; a wider hole is a new beginning of the count, told as such."""


def feed_of(peer: PeerId) -> PeerId:
    """Under which name the state of a peer's pushes is kept, apart from the feed that we read ourselves."""
    return PeerId(f"{peer}/push")


def after(state: FeedState, sequence: int | None, *, now: dt.datetime) -> FeedState:
    """The state after one more batch. A batch without a number only shows that the sender lives."""
    state = dataclasses.replace(state, last_ok_at=now)
    if sequence is None:
        return state
    highest, missing = _read(state.cursor)
    told = ""
    if sequence in missing:
        missing.discard(sequence)
    elif sequence > highest:
        hole = range(highest + 1, sequence)
        if state.cursor is None or len(hole) + len(missing) > MOST_MISSING:
            told = f"the count jumps from {highest} to {sequence}" if state.cursor is not None else ""
        else:
            missing |= set(hole)
        highest = sequence
    else:  # not a hole and not ahead: the sender began to count again
        told, highest, missing = f"the count begins again at {sequence}, after {highest}", sequence, set()
    return _state(state, highest, missing, told, now)


def _state(state: FeedState, highest: int, missing: set[int], told: str, now: dt.datetime) -> FeedState:
    words = [f"missing batches: {', '.join(map(str, sorted(missing)))}"] if missing else []
    return dataclasses.replace(
        state,
        cursor=f"{highest}!{','.join(map(str, sorted(missing)))}",
        failing_since=(state.failing_since or now) if missing else None,
        failures=len(missing),
        last_error="; ".join([*words, *([told] if told else [])]),
    )


def _read(cursor: str | None) -> tuple[int, set[int]]:
    highest, _, missing = (cursor or "0!").partition("!")
    return int(highest), {int(one) for one in missing.split(",") if one}
