"""The words of scanned documents in the store: put once a document was read, found by whoever may see the document."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

from schemas.attachment import AttachedDocument
from schemas.document import DocumentText
from schemas.ids import DossierCode, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class TextHit:
    """A page whose words hold what was looked for; ``dossier`` is the code of the dossier it is bound to."""

    row: int
    document: AttachedDocument
    dossier: DossierCode | None
    page_no: int
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class TextHits:
    """A page of hits, newest first; ``next_after`` goes into ``after`` for the next one, None at the end."""

    hits: tuple[TextHit, ...]
    next_after: int | None


class TextStore(Protocol):
    """Text by document and page."""

    def put(self, text: DocumentText) -> bool:
        """Insert or replace; False where there is no such document, and then nothing is kept."""
        ...

    def of_document(self, key: str) -> DocumentText | None:
        """What was read of a document, None where nothing was (yet)."""
        ...

    def search(
        self, words: str, *, units: Sequence[UnitId] | None, waiting: bool, limit: int = 50, after: int | None = None
    ) -> TextHits:
        """Pages that hold ``words`` side by side, marks, case and punctuation left out; the last may be a beginning.

        ``units`` None: every unit; else documents of dossiers on their way. ``waiting``: also documents that are bound
        to no dossier. Documents that a newer version superseded are left out, so a page of hits may be short.
        """
        ...
