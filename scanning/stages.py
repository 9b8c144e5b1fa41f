"""How far has each file, page and document come? Pure: rows in, what is left out.

A file is inspected, then its pages are analysed; pages become documents, which are built (judged and on disk) and
delivered. Anything may be set aside instead, once. A stage that is recorded is never done again; a stage that is not
recorded may be done again, because each one gives the same result for the same bytes.
"""

import enum
from collections.abc import Iterable, Mapping

from schemas.ports.journal import StageRow


class Stage(enum.StrEnum):
    """Names in the journal; never renamed, because old rows keep them."""

    INSPECTED = "inspected"
    ANALYSED = "analysed"
    BUILT = "built"
    DELIVERED = "delivered"
    SET_ASIDE = "set_aside"


_NEXT: Mapping[str, Mapping[frozenset[Stage], frozenset[Stage]]] = {
    "file": {
        frozenset(): frozenset({Stage.INSPECTED, Stage.SET_ASIDE}),
        frozenset({Stage.INSPECTED}): frozenset({Stage.SET_ASIDE}),
    },
    "page": {
        frozenset(): frozenset({Stage.ANALYSED, Stage.SET_ASIDE}),
        frozenset({Stage.ANALYSED}): frozenset({Stage.SET_ASIDE}),
    },
    "document": {
        frozenset(): frozenset({Stage.BUILT}),
        frozenset({Stage.BUILT}): frozenset({Stage.DELIVERED}),
    },
}


def file_subject(name: str) -> str:
    """Subject of a file's rows."""
    return f"file:{name}"


def page_subject(name: str, page_no: int) -> str:
    """Subject of a page's rows.

    >>> page_subject("a.pdf", 3)
    'page:a.pdf#3'
    """
    return f"page:{name}#{page_no}"


def document_subject(key: str) -> str:
    """Subject of a document's rows."""
    return f"document:{key}"


class OutOfOrder(Exception):
    """A stage was reported that cannot follow what the subject has reached: a fault of the line, not of a file."""


class Progress:
    """What the subjects of one batch have reached."""

    def __init__(self, rows: Iterable[StageRow] = ()) -> None:
        """Start from the journal's rows; rows of stages that this version does not know are left alone."""
        self._reached: dict[str, dict[Stage, StageRow]] = {}
        for row in rows:
            if row.stage in set(Stage):
                self._reached.setdefault(row.subject, {}).setdefault(Stage(row.stage), row)

    def row(self, subject: str, stage: Stage) -> StageRow | None:
        """The row of a stage that was reached."""
        return self._reached.get(subject, {}).get(stage)

    def note(self, row: StageRow) -> bool:
        """Take a stage in; ``False`` when it was reached before (then nothing is to be written).

        Raises:
            OutOfOrder: the stage cannot come now.
        """
        reached = self._reached.setdefault(row.subject, {})
        stage = Stage(row.stage)
        if stage in reached:
            return False
        kind = row.subject.partition(":")[0]
        if stage not in _NEXT[kind].get(frozenset(reached), frozenset()):
            raise OutOfOrder(f"{row.subject}: {stage} after {sorted(reached) or 'nothing'}")
        reached[stage] = row
        return True
