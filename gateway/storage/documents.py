"""Scanned documents bound to dossiers, or waiting for a person; the bytes are blobs."""

import dataclasses
import datetime as dt
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.papers import document, kept_aside
from schemas.attachment import AttachedDocument, KeptAside
from schemas.errors import NotFound, Stale
from schemas.ids import DossierId

_DOC: Final = sa.select(document.c.doc)
_OLDEST: Final = (document.c.attached_at, document.c.key)
_FIND: Final = _DOC.where(document.c.key == sa.bindparam("of_key"))
_FIND_LOCKED: Final = sa.select(document.c.key).where(document.c.key == sa.bindparam("of_key")).with_for_update()
_OF_DOSSIER: Final = _DOC.where(document.c.dossier_id == sa.bindparam("dossier")).order_by(*_OLDEST)
_WAITING: Final = _DOC.where(document.c.waiting).order_by(*_OLDEST).limit(sa.bindparam("limit"))
_ASIDE: Final = (
    sa.select(kept_aside.c.doc).order_by(kept_aside.c.at.desc(), kept_aside.c.key).limit(sa.bindparam("limit"))
)


class Documents:
    """:class:`schemas.ports.dossier_stores.DocumentStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def attach(self, document: AttachedDocument) -> bool:
        """Bind; False where this document key is bound already."""
        return self._sql.insert_new(_TABLE, _row(document))

    def of_dossier(self, dossier: DossierId) -> tuple[AttachedDocument, ...]:
        """Those that stand, oldest first."""
        return tuple(document for document in self.history(dossier) if not document.superseded_by)

    def history(self, dossier: DossierId) -> tuple[AttachedDocument, ...]:
        """All that were ever bound to it, oldest first; those that a newer version superseded too."""
        return tuple(_attached(row) for row in self._sql.rows(_OF_DOSSIER, {"dossier": dossier}))

    def unassigned(self, *, limit: int = 100) -> tuple[AttachedDocument, ...]:
        """Documents in the operator's queue, longest waiting first: no dossier, or in doubt."""
        return tuple(_attached(row) for row in self._sql.rows(_WAITING, {"limit": limit}))

    def find(self, key: str) -> AttachedDocument | None:
        """By document key."""
        row = self._sql.row(_FIND, {"of_key": key})
        return None if row is None else _attached(row)

    def bind(self, key: str, dossier: DossierId, *, at: dt.datetime) -> AttachedDocument:
        """A person binds a waiting document, which ends its doubts. Raises NotFound; Stale where it is bound."""
        self._sql.lock_row(_FIND_LOCKED, {"of_key": key})
        known = self.find(key)
        if known is None:
            raise NotFound("no scanned document with this key", subject=key)
        if not known.waits:
            raise Stale("somebody bound or replaced this document already", subject=key)
        bound = dataclasses.replace(known, dossier=dossier, attached_at=at, doubts=())
        self._sql.put(document, _row(bound))
        return bound

    def supersede(self, key: str, by: str, *, at: dt.datetime) -> AttachedDocument:
        """A newer document takes its place; a second time by the same one is silence.

        Raises NotFound; Stale where another document took its place already.
        """
        self._sql.lock_row(_FIND_LOCKED, {"of_key": key})
        known = self.find(key)
        if known is None:
            raise NotFound("no scanned document with this key", subject=key)
        if known.superseded_by not in ("", by):
            raise Stale("another version took its place already", subject=key)
        ended = dataclasses.replace(known, superseded_by=by, superseded_at=known.superseded_at or at)
        self._sql.put(document, _row(ended))
        return ended

    def set_aside(self, kept: KeptAside) -> bool:
        """Remember a file or page that is in no document; False where this key is known."""
        row = {"key": kept.key, "at": kept.at, "batch": kept.batch, "doc": to_json(kept)}
        return self._sql.insert_new(kept_aside, row)

    def aside(self, *, limit: int = 100) -> tuple[KeptAside, ...]:
        """Newest first."""
        return tuple(from_json(row.doc, KeptAside) for row in self._sql.rows(_ASIDE, {"limit": limit}))


_TABLE: Final = document


def _row(document: AttachedDocument) -> dict[str, Any]:
    return {
        "key": document.key,
        "dossier_id": document.dossier,
        "unit": document.unit,
        "sha256": document.sha256,
        "attached_at": document.attached_at,
        "waiting": document.waits,
        "doc": to_json(document),
    }


def _attached(row: Any) -> AttachedDocument:
    return from_json(row.doc, AttachedDocument)
