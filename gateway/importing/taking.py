"""Records into the store, in transactions of many; the same file twice changes nothing the second time.

A dossier is known by its code and an item by carrier, number and validity: one that is there is left as it is, and is
counted as *differing* where the line says something else. An item that we only knew as an orphan takes what the line
says and is folded again, so that its waiting events count. Events go through the ingest, whose natural key makes the
second copy silence. An import moves dossiers and tells no peer: what happened elsewhere was told elsewhere (ADR 111).
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.importing.lines import Line, Reject
from gateway.importing.records import ItemLine, Unreadable
from gateway.storage.codec import EPOCH
from gateway.storage.database import Database
from schemas.audit import Act
from schemas.dossier import Dossier
from schemas.ids import CarrierId, ItemId, PeerId
from schemas.message import Fact
from schemas.ports.stores import Tx
from schemas.shipment import Item, Packing, PollState, Purpose
from schemas.tracking import Fold, TrackingBatch, TrackingEvent
from tracking import claims, ingest
from tracking.rules.context import ContextSource

AT_ONCE: Final = {"dossiers": 500, "items": 500, "events": 5_000}
"""Lines in one transaction."""


class _DryRun(Exception):
    """Rolls a transaction back and carries what it would have done."""

    def __init__(self, taken: "Taken") -> None:
        super().__init__()
        self.taken = taken


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """What became of lines."""

    added: int = 0
    known: int = 0
    """They told what the store had."""
    claimed: int = 0
    """Orphans that are somebody's now."""
    waiting: int = 0
    """Events in quarantine."""
    moved: int = 0
    """Dossiers that moved."""
    rejects: tuple[Reject, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        names = [field.name for field in dataclasses.fields(self)]
        return Taken(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """A line and its record."""

    line: Line
    record: Dossier | ItemLine | TrackingEvent


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """One import."""

    database: Database
    context: ContextSource
    now: dt.datetime
    by: str
    dry: bool

    async def take(self, read: Sequence[Read]) -> Taken:
        """Put these records into the store, all in one transaction; a dry run rolls it back."""

        def fn(tx: Tx) -> Taken:
            taken = self._take(tx, read)
            if self.dry:
                raise _DryRun(taken)
            if taken != Taken(known=taken.known, rejects=taken.rejects):
                detail = f"lines {read[0].line.number} to {read[-1].line.number}: {taken.added} added"
                tx.audit.write(Act(self.now, self.by, "import", "file", type(read[0].record).__name__, None, detail))
            return taken

        try:
            return await self.database.write(fn)
        except _DryRun as done:
            return done.taken

    def _take(self, tx: Tx, read: Sequence[Read]) -> Taken:
        told = [one.record for one in read if isinstance(one.record, TrackingEvent)]
        taken = self._events(tx, told) if told else Taken()
        for one in read:
            try:
                if isinstance(one.record, Dossier):
                    taken += _dossier(tx, one.record)
                elif isinstance(one.record, ItemLine):
                    taken += self._item(tx, one.record)
            except Unreadable as error:
                taken += Taken(rejects=(Reject(one.line.number, error.detail, one.line.raw),))
        return taken

    def _events(self, tx: Tx, events: Iterable[TrackingEvent]) -> Taken:
        """Each source's events are a batch of their own."""
        said: dict[tuple[PeerId, CarrierId], list[TrackingEvent]] = {}
        for event in events:
            said.setdefault((event.source, event.carrier), []).append(event)
        taken = Taken()
        for (peer, carrier), told in said.items():
            batch = TrackingBatch(peer, carrier, tuple(told), (), (), self.now)
            done = ingest.ingest(tx, batch, tell=nobody, context_source=self.context, now=self.now, settle=False)
            waiting = sum(outcome.new and outcome.quarantine is not None for outcome in done.outcomes)
            taken += Taken(added=done.appended, known=done.repeated, waiting=waiting, moved=len(done.moved))
        return taken

    def _item(self, tx: Tx, told: ItemLine) -> Taken:
        inside = {one.dossier: _known_dossier(tx, one.dossier) for one in told.packed}
        name = told.item.number or told.item.reference or ""
        known = tx.items.find(told.item.carrier, name, told.item.valid_from)
        if known is not None and known.purpose is not Purpose.UNKNOWN:
            if _as_told(known) != _as_told(told.item):
                raise Unreadable("differs from the item that is in the store; it was left as it is")
            return Taken(known=1)
        stored = claims.register(tx, told.item)
        for one in told.packed:
            tx.items.pack(Packing(inside[one.dossier].id, stored.id, one.part, one.parts, (), one.since, one.until))
        if not stored.fold.events_n:
            return Taken(added=1)
        moved = ingest.refold_item(tx, stored.id, tell=nobody, context_source=self.context, now=self.now, by=self.by)
        return Taken(claimed=1, moved=len(moved.moved))


def nobody(tx: Tx, fact: Fact) -> None:
    """An import tells no peer."""


def _dossier(tx: Tx, told: Dossier) -> Taken:
    known = tx.dossiers.find(told.code)
    if known is None:
        tx.dossiers.add(told)
        return Taken(added=1)
    same = dataclasses.replace(known, id=told.id, version=told.version, created_at=told.created_at)
    if known.version == 1 and same != told:  # one that moved on since says something else of course
        raise Unreadable("differs from the dossier that is in the store; it was left as it is")
    return Taken(known=1)


def _known_dossier(tx: Tx, code: str) -> Dossier:
    found = tx.dossiers.find(code)
    if found is None:
        raise Unreadable(f"packing: no dossier {code}; import the dossiers first")
    return found


def _as_told(item: Item) -> Item:
    """Without what the gateway itself gives or learns: what a line can say."""
    return dataclasses.replace(
        item, id=ItemId(0), version=0, fold=Fold.empty(), polls=PollState(), valid_from=EPOCH, aliases=()
    )
