"""Binding scanned papers to their dossier: the gateway's side of the port that scanning hands over through.

The bytes go into the blob store first (by digest, so a repetition is free), then one transaction binds them: dossier,
sheet counts, message to the portal. A document without a known dossier waits in the operator's queue, never elsewhere.
A newer version takes the place of older ones in one transaction too: at no moment do both count, or neither.
"""

import collections
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from gateway.accounts import Principal
from gateway.desk import texts
from schemas.attachment import AttachedDocument, KeptAside, SheetsOf
from schemas.audit import Act
from schemas.document import DocumentText, PageRole, ScannedDocument, ScanReason, SetAside
from schemas.dossier import Component, Dossier
from schemas.errors import NotAllowed, NotFound, Stale
from schemas.ids import DossierId, Sha256, UnitId
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


@dataclasses.dataclass(frozen=True, slots=True)
class Bearer:
    """A district station that hands over: who it is in the audit log, whose papers it scans, what it may bind to.

    A document whose cover names a dossier that the station has nothing to do with waits for a person.
    """

    who: str
    unit: UnitId | None
    may_bind: Callable[[Dossier], bool]


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

    async def deliver(self, document: ScannedDocument, *, bearer: Bearer | None = None) -> Delivered:
        """Copy the bytes, then bind. Raises Stale where the bytes are not those that were judged.

        ``bearer`` is the district station that hands it over; ``None`` for the gateway's own line.
        """
        await self._keep(document)
        if document.replaces:
            who, ended = f"station:{document.batch.station}", (document.replaces,)
            new = await self._store.write(lambda tx: self._exchange(tx, (document,), ended, who))
        else:
            new = await self._store.write(lambda tx: self._bind(tx, document, bearer))
        return Delivered(document.key, repeated=not new)

    async def exchange(self, documents: Sequence[ScannedDocument], *, replaced: Sequence[str], who: str) -> bool:
        """A person's documents take the place of older ones, all at once; False where they did so already.

        What the person accepted comes without reasons and is bound; the rest of the group says why it waits.

        Raises:
            NotFound, Stale: one of the older documents is not there, or another version took its place.
            NotAllowed: an older one is bound to its dossier, and a document says no reason for a new version.
        """
        for document in documents:
            await self._keep(document)
        return await self._store.write(lambda tx: self._exchange(tx, documents, replaced, who))

    async def _keep(self, document: ScannedDocument) -> None:
        sha256 = await self._blobs.put_path(document.path)
        if sha256 != document.sha256:
            raise Stale("the file changed after it was judged", subject=str(document.path))

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

    async def read(self, text: DocumentText) -> None:
        """Keep the words of a document that is here."""
        await self._store.write(lambda tx: texts.keep(tx, text, self._clock.now()))

    async def assign(self, key: str, code: str, *, principal: Principal) -> None:
        """A person says which dossier a waiting document belongs to. Raises NotFound, Stale."""

        def transact(tx: Tx) -> None:
            now = self._clock.now()
            dossier = tx.dossiers.find(code)
            if dossier is None:
                raise NotFound(subject=code)
            document = tx.documents.bind(key, dossier.id, at=now)
            self._papers_changed(tx, dossier.id, document.sha256, now)
            tx.audit.write(Act(now, principal.who, "document.assigned", "document", key, document.unit, dossier.code))

        await self._store.write(transact)

    def _bind(self, tx: Tx, document: ScannedDocument, bearer: Bearer | None) -> bool:
        now = self._clock.now()
        dossier = tx.dossiers.find(document.dossier_code) if document.dossier_code else None
        if bearer is not None and dossier is not None and not bearer.may_bind(dossier):
            row = self._row(document, document.doubts, None, now)
            row = dataclasses.replace(row, doubts=(*row.doubts[:-1], "foreign_dossier"))
            dossier = None
        else:
            row = self._row(document, document.doubts, dossier, now)
        if bearer is not None and bearer.unit is not None and dossier is None:
            row = dataclasses.replace(row, unit=bearer.unit)
        if not tx.documents.attach(row):
            return False
        if dossier is not None:
            self._papers_changed(tx, dossier.id, row.sha256, now)
        act = "document.attached" if dossier else "document.waiting"
        who = bearer.who if bearer else f"station:{row.station}"
        tx.audit.write(Act(now, who, act, "document", row.key, row.unit, row.told_code))
        return True

    def _exchange(self, tx: Tx, documents: Sequence[ScannedDocument], replaced: Sequence[str], who: str) -> bool:
        now = self._clock.now()
        if all(tx.documents.find(document.key) for document in documents):
            return False
        ended = [self._found(tx, key) for key in replaced]
        if any(old.dossier and not old.waits for old in ended) and not all(one.version_reason for one in documents):
            raise NotAllowed("a new version of a bound document needs a reason", subject=documents[0].key)
        news: dict[DossierId, Sha256] = {}
        for old in ended:
            tx.documents.supersede(old.key, documents[0].key, at=now)
            if old.dossier:
                news[old.dossier] = _absence(old)
            tx.audit.write(Act(now, who, "document.superseded", "document", old.key, old.unit, documents[0].key))
        for document in documents:
            dossier = tx.dossiers.find(document.dossier_code) if document.dossier_code else None
            row = self._row(document, document.reasons, dossier, now)
            row = dataclasses.replace(row, replaces=tuple(replaced))
            tx.documents.attach(row)
            if dossier is not None:
                news[dossier.id] = row.sha256
            told = f"v{row.version} {row.version_reason}".rstrip()
            tx.audit.write(Act(now, who, "document.accepted", "document", row.key, row.unit, told))
        for dossier_id, mark in news.items():
            self._papers_changed(tx, dossier_id, mark, now)
        return True

    @staticmethod
    def _found(tx: Tx, key: str) -> AttachedDocument:
        found = tx.documents.find(key)
        if found is None:
            raise NotFound("no scanned document with this key", subject=key)
        if found.superseded_by:
            raise Stale("another version took its place already", subject=key)
        return found

    def _row(
        self, document: ScannedDocument, reasons: Iterable[ScanReason], dossier: Dossier | None, now: dt.datetime
    ) -> AttachedDocument:
        doubts = [reason.value for reason in reasons]
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
            components=_sorted(document),
            version=document.version,
            version_reason=document.version_reason,
            replaces=(document.replaces,) if document.replaces else (),
            sealed=document.seal.level if document.seal else "",
        )

    def _papers_changed(self, tx: Tx, dossier_id: DossierId, mark: Sha256, now: dt.datetime) -> None:
        """Count the dossier's sheets anew from the documents that stand, and tell those who keep its papers."""
        dossier = tx.dossiers.get(dossier_id)
        if dossier.components:
            counted = _counted(dossier.components, tx.documents.of_dossier(dossier_id))
            if counted != dossier.components:
                dossier = tx.dossiers.put(dataclasses.replace(dossier, components=counted))
        self._tell(tx, PapersAttached(dossier, mark))
        self._reconciler.dossier(tx, dossier_id, now)


def _sorted(document: ScannedDocument) -> tuple[SheetsOf, ...]:
    """The citizen's sheets of a document by component."""
    counts = collections.Counter(page.component for page in document.pages if page.role is PageRole.CONTENT)
    return tuple(SheetsOf(no, counts[no]) for no in sorted(counts, key=lambda no: (no is not None, no)))


def _counted(components: tuple[Component, ...], documents: Iterable[AttachedDocument]) -> tuple[Component, ...]:
    """Sheets scanned of each component; the first one carries those that nobody sorted (yet).

    A component stays uncounted (``None``) until somebody sorted sheets of this dossier: then none is a finding.
    """
    known = {component.no for component in components}
    counts: collections.Counter[int | None] = collections.Counter()
    empty = True
    for document in documents:
        empty = False
        for each in document.components or (SheetsOf(None, document.pages),):
            counts[each.component if each.component in known else None] += each.sheets
    loose = counts.pop(None, 0)
    by_hand = bool(counts)
    if not empty:
        counts[components[0].no] += loose
    return tuple(
        dataclasses.replace(
            component, sheets_scanned=counts[component.no] if by_hand or component.no in counts else None
        )
        for component in components
    )


def _absence(old: AttachedDocument) -> Sha256:
    """What marks the news that a document is gone from a dossier; its own digest marked that it came."""
    return Sha256(hashlib.sha256(f"superseded {old.key}".encode()).hexdigest())
