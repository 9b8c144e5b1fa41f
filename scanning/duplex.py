"""Puts the sides of a stack back into the order of its sheets. Pure: measured pages in, the same pages out.

A scanner without a duplex unit takes the stack twice: all fronts, then the turned stack, which gives all backs from the
last sheet to the first. So 1 3 5 6 4 2 becomes 1 2 3 4 5 6. It is done before blanks are judged, because a blank back
is a side like any other. Nothing is guessed: where the counts do not fit, or a cover sheet turns out to have a foreign
back (the commonest slip is a second pass that was not turned), the order stays as it was fed and a person looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scanning.codes import of_sheet, parts_documents
from schemas.document import FeedOrder, ScannedPage

Side = ScannedPage | None
"""One side of a sheet; ``None`` is a side that could not be read, at its place."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The sides in order. With a ``doubt`` (one English sentence) the order is that of the feed."""

    sides: tuple[Side, ...]
    doubt: str | None = None


def in_order(files: Sequence[Sequence[Side] | None], order: FeedOrder) -> Restored:
    """The sides of a batch as they belong together.

    Args:
        files: the sides of each file in the order of the feed; ``None`` for a file that was not opened, whose number of
            sides nobody knows.
        order: how the sheets were fed.

    Returns:
        Every side exactly once. A file that was not opened is one unreadable side in the order of the feed.
    """
    fed = tuple(side for file in files for side in ((None,) if file is None else file))
    if order is FeedOrder.AS_FED:
        return Restored(fed)
    doubt = _count_doubt(files, len(fed))
    if doubt is None:
        sides = unstacked(fed)
        doubt = _cover_doubt(sides)
        if doubt is None:
            return Restored(sides)
    return Restored(fed, doubt)


def unstacked(fed: Sequence[Side]) -> tuple[Side, ...]:
    """Fronts and reversed backs, dealt out sheet by sheet; an even number of sides."""
    half = len(fed) // 2
    return tuple(side for pair in zip(fed[:half], reversed(fed[half:]), strict=True) for side in pair)


def _count_doubt(files: Sequence[Sequence[Side] | None], total: int) -> str | None:
    """Why fronts and backs cannot be told apart by their number, or ``None``."""
    if any(file is None for file in files):
        return "A file of the stack could not be used, so the number of its sides is not known."
    if total % 2:
        return f"The stack has {total} sides, an odd number."
    lengths = [len(file) for file in files if file]
    if len(lengths) > 1 and total // 2 not in _running_sums(lengths):
        return f"The stack is turned in the middle, after {total // 2} sides; no file ends there."
    return None


def _running_sums(lengths: Sequence[int]) -> set[int]:
    return {sum(lengths[:end]) for end in range(1, len(lengths))}


def _cover_doubt(sides: Sequence[Side]) -> str | None:
    """A cover or separator sheet is printed on one side: its back is blank, or says the same; else the pass slipped.

    Only sheets that open a dossier are asked: inside it, a form of two sides may carry the code as well.
    """
    current: frozenset[str] = frozenset()
    for sheet, (front, back) in enumerate(zip(sides[::2], sides[1::2], strict=True), start=1):
        marks = _marks(front)
        opens, current = bool(marks) and marks != current, marks or current
        if opens and back is not None and not back.blank and _marks(back) != marks:
            return f"Sheet {sheet} is a cover or separator sheet, and its back shows something else."
    return None


def _marks(side: Side) -> frozenset[str]:
    """What makes a side a cover or separator: the dossiers that it is made for, and separator texts."""
    if side is None:
        return frozenset()
    parting = (code.text for code in side.barcodes if parts_documents(code.text))
    return frozenset(of_sheet(side).speaking).union(parting)
