"""How far has each file, page and document come? Pure: rows in, what is left out.

A file is inspected, then its pages are analysed; the batch gets its order; pages are read where the text goes into the
PDF; pages become documents, which are built (judged and on disk), sealed where a sealer is at hand, and delivered.
Anything may be set aside instead, once. A stage that is recorded is never done again; a stage that is not recorded may
be done again, because each one gives the same result for the same bytes (a seal has its own time, but only the one that
was recorded is delivered).
"""

import enum
from collections.abc import Iterable, Mapping

from schemas.ports.journal import StageRow


class Stage(enum.StrEnum):
    """Names in the journal; never renamed, because old rows keep them. What the result of a row holds stands beside."""

    INSPECTED = "inspected"
    """Of a file: ``kind``, ``pages``, ``sha256``, ``size_bytes``, ``kept`` (where the original lies afterwards)."""
    ORDERED = "ordered"
    """Of the batch: ``order`` (a FeedOrder), ``sides`` ([file name, page number] in order), ``doubt`` (or null)."""
    THROUGH = "through"
    """Of the batch: every page is in a built document or set aside; at most seals are missing."""
    ANALYSED = "analysed"
    """Of a page: :func:`scanning.protocol.page_to_json`."""
    READ = "read"
    """Of a page: the reader's answer, when its text goes into the PDF. Of a document: its text is with the inbox."""
    BUILT = "built"
    """Of a document: the worker's answer, ``pages`` ([file name, page number]), ``dossier_code``, ``part_no``."""
    SEAL_WAITS = "seal_waits"
    """Of a document: the whole document as JSON; it is built and its seal could not be had yet."""
    SEALED = "sealed"
    """Of a document: ``sha256``, ``size_bytes``, ``level``, ``signer``, ``at``."""
    DELIVERED = "delivered"
    """Of a document: nothing more."""
    TEXT_WANTED = "text_wanted"
    """Of a document: the whole document as JSON; once it is delivered its text is to be read as a side-car."""
    SET_ASIDE = "set_aside"
    """Of a file or page: ``reason``, ``detail``, ``kept``."""


_FILE = {
    frozenset(): frozenset({Stage.INSPECTED, Stage.SET_ASIDE}),
    frozenset({Stage.INSPECTED}): frozenset({Stage.SET_ASIDE}),
}
_PAGE = {
    frozenset(): frozenset({Stage.ANALYSED, Stage.SET_ASIDE}),
    frozenset({Stage.ANALYSED}): frozenset({Stage.READ, Stage.SET_ASIDE}),
    frozenset({Stage.ANALYSED, Stage.READ}): frozenset({Stage.SET_ASIDE}),
}
_DOCUMENT_NEEDS: Mapping[Stage, frozenset[Stage]] = {
    Stage.BUILT: frozenset(),
    Stage.SEAL_WAITS: frozenset({Stage.BUILT}),
    Stage.SEALED: frozenset({Stage.BUILT}),
    Stage.DELIVERED: frozenset({Stage.BUILT}),
    Stage.TEXT_WANTED: frozenset({Stage.BUILT}),
    Stage.READ: frozenset({Stage.DELIVERED}),
}
"""A document's stages and what each needs. What is delivered is never sealed any more: its bytes are with the inbox."""
_DOCUMENT_BARS: Mapping[Stage, frozenset[Stage]] = {
    Stage.SEAL_WAITS: frozenset({Stage.SEALED, Stage.DELIVERED}),
    Stage.SEALED: frozenset({Stage.DELIVERED}),
    Stage.TEXT_WANTED: frozenset({Stage.DELIVERED}),
}


def may_follow(subject: str, reached: Iterable[Stage], stage: Stage) -> bool:
    """Whether the subject may reach the stage next.

    >>> may_follow("document:k", [Stage.BUILT], Stage.SEALED)
    True
    >>> may_follow("document:k", [Stage.BUILT, Stage.DELIVERED], Stage.SEALED)
    False
    """
    had = frozenset(reached)
    match subject.partition(":")[0]:
        case "batch":
            return stage in (Stage.ORDERED, Stage.THROUGH)
        case "file":
            return stage in _FILE.get(had, frozenset())
        case "page":
            return stage in _PAGE.get(had, frozenset())
        case _:
            needs = _DOCUMENT_NEEDS.get(stage)
            return needs is not None and needs <= had and not had & _DOCUMENT_BARS.get(stage, frozenset())


BATCH = "batch:"
"""Subject of what is said of the batch as a whole."""


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
        if not may_follow(row.subject, reached, stage):
            raise OutOfOrder(f"{row.subject}: {stage} after {sorted(reached) or 'nothing'}")
        reached[stage] = row
        return True
