"""Binding scanned papers to their dossier: the gateway's side of the port that scanning hands over through.

The bytes go into the blob store first (by digest, so a repetition is free), then one transaction binds them: dossier,
sheet counts, message to the portal. A document without a known dossier waits in the operator's queue, never elsewhere.
"""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Protocol

from gateway.accounts import Principal
from schemas.attachment import AttachedDocument, KeptAside
from schemas.audit import Act
from schemas.document import ScannedDocument, SetAside
from schemas.dossier import Dossier
from schemas.errors import NotFound, Stale
from schemas.ids import Sha256, UnitId
from schemas.message import PapersAttached
from schemas.ports.clock import Clock
from schemas.ports.documents import Delivered
from schemas.ports.facts import Tell
from schemas.ports.stores import Store, Tx
from tracking.reconcile import Reconciler


class Blobs(Protocol):
    """What attaching needs of the blob store."""

    async def put_path(self, path: Path) -> Sha256:
        """Copy a file into the store; durable when it returns."""
        ...


class AttachDesk:
    """Implements :class:`schemas.ports.documents.DocumentInbox`."""

    def __init__(
        self, store: Store, *, blobs: Blobs, clock: Clock, tell: Tell, unit: UnitId, reconciler: Reconciler
    ) -> None:
        """``unit`` owns what a station without a unit of its own scans."""
        self._store = store
        self._blobs = blobs
        self._clock = clock
        self._tell = tell
        self._unit = unit
        self._reconciler = reconciler

    async def deliver(self, document: ScannedDocument) -> Delivered:
        """Copy the bytes, then bind. Raises Stale where the bytes are not those that were judged."""
        sha256 = await self._blobs.put_path(document.path)
        if sha256 != document.sha256:
            raise Stale("the file changed after it was judged", subject=str(document.path))
        new = await self._store.write(lambda tx: self._bind(tx, document))
        return Delivered(document.key, repeated=not new)

    async def set_aside(self, item: SetAside) -> None:
        """Show the operator what is in no document."""
        kept = KeptAside(
            key=item.key,
            batch=item.batch.id,
            station=item.batch.station,
            source=item.source,
            source_page=item.source_page,
            reason=item.reason.value,
            detail=item.detail,
            kept=str(item.kept),
            sha256=item.sha256,
            at=self._clock.now(),
        )
        await self._store.write(lambda tx: tx.documents.set_aside(kept))

    async def assign(self, key: str, code: str, *, principal: Principal) -> None:
        """A person says which dossier a waiting document belongs to. Raises NotFound, Stale."""

        def transact(tx: Tx) -> None:
            now = self._clock.now()
            dossier = tx.dossiers.find(code)
            if dossier is None:
                raise NotFound(subject=code)
            document = tx.documents.bind(key, dossier.id, at=now)
            self._count(tx, dossier, document, now)
            tx.audit.write(Act(now, principal.who, "document.assigned", "document", key, document.unit, dossier.code))

        await self._store.write(transact)

    def _bind(self, tx: Tx, document: ScannedDocument) -> bool:
        now = self._clock.now()
        dossier = tx.dossiers.find(document.dossier_code) if document.dossier_code else None
        row = self._row(document, dossier, now)
        if not tx.documents.attach(row):
            return False
        if dossier is not None:
            self._count(tx, dossier, row, now)
        act = "document.attached" if dossier else "document.waiting"
        tx.audit.write(Act(now, f"station:{row.station}", act, "document", row.key, row.unit, row.told_code))
        return True

    def _row(self, document: ScannedDocument, dossier: Dossier | None, now: dt.datetime) -> AttachedDocument:
        doubts = [reason.value for reason in document.reasons]
        if document.dossier_code and dossier is None:
            doubts.append("unknown_dossier")
        return AttachedDocument(
            key=document.key,
            dossier=dossier.id if dossier else None,
            told_code=document.dossier_code or "",
            sha256=document.sha256,
            size=document.size_bytes,
            pages=document.sheets,
            name=f"{document.dossier_code or 'chua-ro'}.{document.part_no:02d}.pdf",
            conformance=document.conformance,
            station=document.batch.station,
            operator=document.batch.operator or "",
            batch=document.batch.id,
            unit=dossier.receiving_unit if dossier else self._unit,
            scanned_at=document.batch.begun_at,
            attached_at=now,
            originals=tuple(source.sha256 for source in document.sources),
            doubts=tuple(doubts),
        )

    def _count(self, tx: Tx, dossier: Dossier, document: AttachedDocument, now: dt.datetime) -> None:
        """Sheets scanned are known for the dossier as a whole; the first component carries them until sorting comes."""
        if dossier.components:
            first, *rest = dossier.components
            scanned = (first.sheets_scanned or 0) + document.pages
            components = (dataclasses.replace(first, sheets_scanned=scanned), *rest)
            dossier = tx.dossiers.put(dataclasses.replace(dossier, components=components))
        self._tell(tx, PapersAttached(dossier, document.sha256))
        self._reconciler.dossier(tx, dossier.id, now)
