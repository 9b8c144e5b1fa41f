"""The words of scanned pages, with a folded shadow that the search goes through.

A search reads the shadow column page by page, newest first, until it has enough: 4 ms where there are hits, 0.25 s for
20,000 pages without one on SQLite (docs/adr/0087). Words have no index of their own.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.folding import fold_words
from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.dossiers import dossier
from gateway.storage.tables.papers import document, document_text
from schemas.attachment import AttachedDocument
from schemas.document import DocumentText, TextOfPage
from schemas.ids import DossierCode, UnitId
from schemas.ports.text_stores import TextHit, TextHits

_KNOWN: Final = sa.select(document.c.key).where(document.c.key == sa.bindparam("of_key"))
_FORGET: Final = sa.delete(document_text).where(document_text.c.document_key == sa.bindparam("of_key"))
_OF_DOCUMENT: Final = (
    sa.select(document_text.c.engine, document_text.c.doc)
    .where(document_text.c.document_key == sa.bindparam("of_key"))
    .order_by(document_text.c.page_no)
)
_HITS: Final = (
    sa.select(
        document_text.c.id,
        document_text.c.page_no,
        document_text.c.doc.label("page"),
        document.c.doc.label("paper"),
        dossier.c.code,
    )
    .join(document, document.c.key == document_text.c.document_key)
    .outerjoin(dossier, dossier.c.id == document.c.dossier_id)
    .order_by(document_text.c.id.desc())
)
_UNIT_COLUMNS: Final = (
    dossier.c.receiving_unit,
    dossier.c.competent_unit,
    dossier.c.returning_unit,
    dossier.c.post_unit,
)


class Texts:
    """:class:`schemas.ports.text_stores.TextStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, text: DocumentText) -> bool:
        """Insert or replace; False where there is no such document, and then nothing is kept."""
        if self._sql.row(_KNOWN, {"of_key": text.key}) is None:
            return False
        self._sql.run(_FORGET, {"of_key": text.key})
        self._sql.insert_all(document_text, [_row(text, page) for page in text.pages])
        return True

    def of_document(self, key: str) -> DocumentText | None:
        """What was read of a document, None where nothing was (yet)."""
        rows = self._sql.rows(_OF_DOCUMENT, {"of_key": key})
        if not rows:
            return None
        return DocumentText(key, rows[0].engine, tuple(from_json(row.doc, TextOfPage) for row in rows))

    def search(
        self, words: str, *, units: Sequence[UnitId] | None, waiting: bool, limit: int = 50, after: int | None = None
    ) -> TextHits:
        """Pages that hold ``words`` side by side, newest first; see the port."""
        folded = fold_words(words)
        if not folded:
            return TextHits((), None)
        query = _HITS.where(document_text.c.folded.contains(f" {folded}", autoescape=True)).limit(limit)
        if units is not None:
            bound = sa.or_(*(column.in_(list(units)) for column in _UNIT_COLUMNS))
            query = query.where(sa.or_(bound, document.c.dossier_id.is_(None)) if waiting else bound)
        elif not waiting:
            query = query.where(document.c.dossier_id.is_not(None))
        if after is not None:
            query = query.where(document_text.c.id < after)
        rows = self._sql.rows(query)
        hits = tuple(hit for hit in map(_hit, rows) if not hit.document.superseded_by)
        return TextHits(hits, rows[-1].id if len(rows) == limit else None)


def _row(text: DocumentText, page: TextOfPage) -> dict[str, Any]:
    return {
        "document_key": text.key,
        "page_no": page.page_no,
        "engine": text.engine,
        "folded": f" {fold_words(page.text)}",
        "doc": to_json(page),
    }


def _hit(row: Any) -> TextHit:
    page = from_json(row.page, TextOfPage)
    return TextHit(
        row=row.id,
        document=from_json(row.paper, AttachedDocument),
        dossier=None if row.code is None else DossierCode(row.code),
        page_no=row.page_no,
        text=page.text,
    )
