"""What a district station still has to hand over: finished documents, news of what was set aside, texts.

One SQLite file and one folder of PDFs beside the journal. A call that returned is on the disk, so the line may forget
its own copy, and the station works on without a network for as long as the disk lasts. Each parcel has the key that the
gateway recognises it by: sending it again after a lost answer changes nothing there, which makes *exactly once* out of
*at least once*. A parcel is waiting, handed over, or parked: refused for what it is, shown to a person with the reason,
never in the way of the others.
"""

import asyncio
import dataclasses
import datetime as dt
import enum
import hashlib
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scanning.records import batch_to_json, document_to_json
from schemas.document import DocumentText, ScannedDocument, SetAside
from schemas.errors import Stale
from schemas.ports.clock import Clock
from schemas.ports.documents import Delivered

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parcel (
  no INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, file TEXT,
  state TEXT NOT NULL DEFAULT 'waiting', tries INTEGER NOT NULL DEFAULT 0, next_try_at TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT '', added_at TEXT NOT NULL, settled_at TEXT, UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS parcel_waiting ON parcel (next_try_at, no) WHERE state = 'waiting';
"""
_DUE = """
SELECT no, kind, key, body, file, state, tries, next_try_at, why FROM parcel one
WHERE state = 'waiting' AND next_try_at <= :now
  AND NOT (kind = 'text' AND EXISTS (SELECT 1 FROM parcel document WHERE document.kind = 'document'
                                     AND document.key = one.key AND document.state <> 'handed_over'))
ORDER BY no LIMIT 1
"""


class ParcelKind(enum.StrEnum):
    """What a parcel holds."""

    DOCUMENT = "document"
    ASIDE = "aside"
    TEXT = "text"


class ParcelState(enum.StrEnum):
    """Where a parcel stands."""

    WAITING = "waiting"
    HANDED_OVER = "handed_over"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to hand over. ``body`` is JSON text; ``file`` the PDF of a document; ``why`` what the last try met."""

    no: int
    kind: ParcelKind
    key: str
    body: str
    file: Path | None
    state: ParcelState
    tries: int
    next_try_at: dt.datetime
    why: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Parcels by state; ``documents`` are the documents among those handed over."""

    waiting: int
    handed_over: int
    parked: int
    documents: int


class OutboundQueue:
    """A :class:`schemas.ports.documents.DocumentInbox` that keeps everything until the gateway has it."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        """Use ``folder`` for the rows and the files; made if missing. Others may look at the same folder meanwhile."""
        self.arrived = asyncio.Event()
        """Set with each new parcel."""
        self._files = folder / "outbound"
        self._files.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.Lock()
        self._database = sqlite3.connect(folder / "outbound.sqlite", check_same_thread=False, isolation_level=None)
        self._database.executescript("PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._database.executescript(_SCHEMA)

    # --- what the line hands in ----------------------------------------------------------------------------------

    async def deliver(self, document: ScannedDocument) -> Delivered:
        """Copy the bytes, then remember the document. Raises Stale where the bytes are not those that were judged."""
        if await self._do(lambda database: _known(database, ParcelKind.DOCUMENT, document.key)):
            return Delivered(document.key, repeated=True)
        file = self._files / f"{document.key}.pdf"
        await asyncio.to_thread(_copy, document, file)
        body = document_to_json(document)
        del body["path"]
        new = await self._add(ParcelKind.DOCUMENT, document.key, body, file)
        return Delivered(document.key, repeated=not new)

    async def set_aside(self, item: SetAside) -> None:
        """Remember the news; the original stays here."""
        body = {
            "key": item.key,
            "batch": batch_to_json(item.batch),
            "source": item.source,
            "source_page": item.source_page,
            "reason": item.reason.value,
            "detail": item.detail,
            "kept": item.kept.as_posix(),
            "sha256": item.sha256,
        }
        await self._add(ParcelKind.ASIDE, item.key, body, None)

    async def read(self, text: DocumentText) -> None:
        """Remember the text of a document; it goes after its document, and a newer one replaces it."""
        await self._add(ParcelKind.TEXT, text.key, dataclasses.asdict(text), None)

    # --- what the sender takes out -------------------------------------------------------------------------------

    async def due(self) -> Parcel | None:
        """The oldest parcel whose time has come; a text never before its document."""
        row = await self._do(lambda database: database.execute(_DUE, {"now": self._now()}).fetchone())
        return self._parcel(row) if row else None

    async def next_try_at(self) -> dt.datetime | None:
        """When the next waiting parcel's time comes; None where none waits."""
        sql = "SELECT min(next_try_at) FROM parcel WHERE state = 'waiting'"
        (told,) = await self._do(lambda database: database.execute(sql).fetchone())
        return dt.datetime.fromisoformat(told) if told else None

    async def handed_over(self, parcel: Parcel) -> None:
        """The gateway has it: remember the key, let go of the file. A text that changed meanwhile waits on."""
        sql = "UPDATE parcel SET state = 'handed_over', why = '', settled_at = ? WHERE no = ? AND body = ?"
        await self._do(lambda database: database.execute(sql, (self._now(), parcel.no, parcel.body)))
        if parcel.file is not None:
            await asyncio.to_thread(parcel.file.unlink, missing_ok=True)

    async def postpone(self, parcel: Parcel, until: dt.datetime, why: str) -> None:
        """Try this one again later; the others go on."""
        sql = "UPDATE parcel SET tries = tries + 1, next_try_at = ?, why = ? WHERE no = ?"
        await self._do(lambda database: database.execute(sql, (_utc(until), why, parcel.no)))

    async def park(self, parcel: Parcel, why: str) -> None:
        """Refused for what it is: a person decides; its file stays."""
        sql = "UPDATE parcel SET state = 'parked', tries = tries + 1, why = ? WHERE no = ?"
        await self._do(lambda database: database.execute(sql, (why, parcel.no)))

    async def retry_parked(self) -> int:
        """A person wants the parked ones tried again now; returns how many."""
        sql = "UPDATE parcel SET state = 'waiting', next_try_at = ? WHERE state = 'parked'"
        count = await self._do(lambda database: database.execute(sql, (self._now(),)).rowcount)
        self.arrived.set()
        return count

    # --- what people look at -------------------------------------------------------------------------------------

    async def counts(self) -> Counts:
        """How many stand where."""
        sql = "SELECT state, kind, count(*) FROM parcel GROUP BY state, kind"
        rows = await self._do(lambda database: database.execute(sql).fetchall())

        def sum_of(state: ParcelState) -> int:
            return sum(count for told, _, count in rows if told == state.value)

        documents = sum(count for state, kind, count in rows if (state, kind) == ("handed_over", "document"))
        return Counts(
            sum_of(ParcelState.WAITING), sum_of(ParcelState.HANDED_OVER), sum_of(ParcelState.PARKED), documents
        )

    async def parked(self, limit: int = 100) -> list[Parcel]:
        """The parked ones, oldest first, with their reasons."""
        sql = (
            "SELECT no, kind, key, body, file, state, tries, next_try_at, why FROM parcel WHERE state = 'parked' "
            "ORDER BY no LIMIT ?"
        )
        rows = await self._do(lambda database: database.execute(sql, (limit,)).fetchall())
        return [self._parcel(row) for row in rows]

    def sweep(self) -> None:
        """Remove files that no open parcel names: half copies, and those that were handed over right before a crash.

        For the one process that delivers into this queue, before it does.
        """
        with self._lock:
            rows = self._database.execute("SELECT file FROM parcel WHERE state <> 'handed_over' AND file IS NOT NULL")
            wanted = {Path(file).name for (file,) in rows}
        for path in self._files.iterdir():
            if path.name not in wanted:
                path.unlink()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    # --- rows ----------------------------------------------------------------------------------------------------

    async def _add(self, kind: ParcelKind, key: str, body: dict[str, Any], file: Path | None) -> bool:
        """Insert; a text that is known with other words waits again. False where nothing changed."""
        told = json.dumps(body, ensure_ascii=False, sort_keys=True)
        sql = "INSERT INTO parcel (kind, key, body, file, next_try_at, added_at) VALUES (?, ?, ?, ?, ?, ?) "
        if kind is ParcelKind.TEXT:
            sql += (
                "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, state = 'waiting', tries = 0, why = '', "
                "next_try_at = excluded.next_try_at WHERE body <> excluded.body"
            )
        else:
            sql += "ON CONFLICT DO NOTHING"
        now = self._now()
        values = (kind.value, key, told, file.name if file else None, now, now)
        new = await self._do(lambda database: database.execute(sql, values).rowcount > 0)
        self.arrived.set()
        return new

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def locked() -> T:
            with self._lock:
                return work(self._database)

        return await asyncio.to_thread(locked)

    def _now(self) -> str:
        return _utc(self._clock.now())

    def _parcel(self, row: tuple[int, str, str, str, str | None, str, int, str, str]) -> Parcel:
        no, kind, key, body, file, state, tries, next_try_at, why = row
        return Parcel(
            no,
            ParcelKind(kind),
            key,
            body,
            self._files / file if file else None,
            ParcelState(state),
            tries,
            dt.datetime.fromisoformat(next_try_at),
            why,
        )


def _known(database: sqlite3.Connection, kind: ParcelKind, key: str) -> bool:
    sql = "SELECT 1 FROM parcel WHERE kind = ? AND key = ?"
    return database.execute(sql, (kind.value, key)).fetchone() is not None


def _copy(document: ScannedDocument, target: Path) -> None:
    """Copy the document's bytes, durable and whole, or raise."""
    draft = target.with_suffix(".draft")
    with document.path.open("rb") as source, draft.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    with draft.open("rb") as written:
        if hashlib.file_digest(written, "sha256").hexdigest() != document.sha256:
            raise Stale("the file changed after it was judged", subject=str(document.path))
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _utc(when: dt.datetime) -> str:
    """One form for all times, so that text compares as time."""
    return when.astimezone(dt.UTC).isoformat(timespec="microseconds")
