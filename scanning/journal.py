"""The line's own journal: one SQLite file beside the hot folder, so that a station without a gateway survives a crash.

Two tables, WAL, `synchronous=FULL`: a call that returned is on the disk. The connection belongs to one lock; calls run
in threads, so that a slow disk holds up a page and not the event loop.
"""

import asyncio
import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from scanning.stages import Stage
from schemas.document import FeedOrder, ScanBatch
from schemas.ports.journal import KnownBatch, StageRow

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
  id TEXT PRIMARY KEY, station TEXT NOT NULL, operator TEXT, begun_at TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0,
  feed_order TEXT
);
CREATE TABLE IF NOT EXISTS stage (
  no INTEGER PRIMARY KEY, batch_id TEXT NOT NULL, subject TEXT NOT NULL, stage TEXT NOT NULL, result TEXT NOT NULL,
  sha256 TEXT, UNIQUE (batch_id, subject, stage)
);
CREATE INDEX IF NOT EXISTS stage_by_bytes ON stage (sha256, stage) WHERE sha256 IS NOT NULL;
CREATE INDEX IF NOT EXISTS stage_by_name ON stage (stage, no);
CREATE INDEX IF NOT EXISTS batch_by_time ON batch (begun_at);
"""
_BATCH = "SELECT id, station, operator, begun_at, feed_order, closed FROM batch"
_ROW = "SELECT batch_id, subject, stage, result, sha256 FROM stage"
_SEEN = """
SELECT other.batch_id, other.subject, other.stage, other.result, other.sha256 FROM stage other
WHERE other.sha256 = :sha256 AND other.stage = :inspected
  AND NOT (other.batch_id = :batch_id AND other.subject = :subject)
  AND other.no < coalesce((SELECT own.no FROM stage own WHERE own.batch_id = :batch_id AND own.subject = :subject
                           AND own.stage = :inspected), 9223372036854775807)
  AND NOT EXISTS (SELECT 1 FROM stage aside WHERE aside.batch_id = other.batch_id AND aside.subject = other.subject
                  AND aside.stage = :set_aside)
ORDER BY other.no LIMIT 1
"""
_LACKING = """
SELECT no, batch_id, subject, stage, result, sha256 FROM stage reached WHERE stage = ? AND no >= ?
  AND NOT EXISTS (SELECT 1 FROM stage later WHERE later.batch_id = reached.batch_id
                  AND later.subject = reached.subject AND later.stage = ?)
ORDER BY no
"""


class FileJournal:
    """A :class:`schemas.ports.journal.ScanJournal` in one file; ``":memory:"`` lives as long as the object."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._floors: dict[tuple[str, str], int] = {}
        """Per question of :meth:`lacking`: rows below have their answer for good, because rows are never taken back."""
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript("PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._database.executescript(_SCHEMA)
        columns = {row[1] for row in self._database.execute("PRAGMA table_info(batch)")}
        if "feed_order" not in columns:  # a journal of the first version; the station goes on with it
            self._database.execute("ALTER TABLE batch ADD COLUMN feed_order TEXT")

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def locked() -> T:
            with self._lock:
                return work(self._database)

        return await asyncio.to_thread(locked)

    async def open_batch(self, batch: ScanBatch) -> ScanBatch:
        """Remember the batch; the first description of an id stands."""
        told = (batch.id, batch.station, batch.operator, _in_utc(batch.begun_at), batch.order)
        sql = (
            "INSERT INTO batch (id, station, operator, begun_at, feed_order) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING"
        )

        def work(database: sqlite3.Connection) -> ScanBatch:
            database.execute(sql, told)
            return _known(database.execute(f"{_BATCH} WHERE id = ?", (batch.id,)).fetchone()).batch

        return await self._do(work)

    async def record(self, row: StageRow) -> None:
        """Append the row once."""
        told = (row.batch_id, row.subject, row.stage, row.result, row.sha256)
        sql = "INSERT INTO stage (batch_id, subject, stage, result, sha256) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING"
        await self._do(lambda database: database.execute(sql, told))

    async def rows(self, batch_id: str) -> Sequence[StageRow]:
        """All rows of the batch, oldest first."""
        sql = f"{_ROW} WHERE batch_id = ? ORDER BY no"
        found = await self._do(lambda database: database.execute(sql, (batch_id,)).fetchall())
        return [StageRow(*row) for row in found]

    async def seen_before(self, sha256: str, *, batch_id: str, subject: str) -> StageRow | None:
        """The first other file with these bytes that was not set aside."""
        told = {
            "sha256": sha256,
            "batch_id": batch_id,
            "subject": subject,
            "inspected": Stage.INSPECTED.value,
            "set_aside": Stage.SET_ASIDE.value,
        }
        found = await self._do(lambda database: database.execute(_SEEN, told).fetchone())
        return StageRow(*found) if found else None

    async def close_batch(self, batch_id: str) -> None:
        """Mark the batch finished."""
        sql = "UPDATE batch SET closed = 1 WHERE id = ?"
        await self._do(lambda database: database.execute(sql, (batch_id,)))

    async def batch(self, batch_id: str) -> KnownBatch | None:
        """One batch."""
        sql = f"{_BATCH} WHERE id = ?"
        found = await self._do(lambda database: database.execute(sql, (batch_id,)).fetchone())
        return _known(found) if found else None

    async def recent(self, limit: int) -> Sequence[KnownBatch]:
        """The batches begun last."""
        sql = f"{_BATCH} ORDER BY begun_at DESC, id DESC LIMIT ?"
        return [_known(row) for row in await self._do(lambda database: database.execute(sql, (limit,)).fetchall())]

    async def lacking(self, stage: str, *, then: str) -> Sequence[StageRow]:
        """Rows of subjects that reached ``stage`` and not ``then``."""

        def work(database: sqlite3.Connection) -> list[StageRow]:
            floor = self._floors.get((stage, then), 0)
            (end,) = database.execute("SELECT coalesce(max(no), 0) + 1 FROM stage").fetchone()  # first: others write
            found = database.execute(_LACKING, (stage, floor, then)).fetchall()
            self._floors[stage, then] = found[0][0] if found else end
            return [StageRow(*row[1:]) for row in found]

        return await self._do(work)

    async def unfinished(self) -> Sequence[ScanBatch]:
        """Batches not closed, oldest first."""
        sql = f"{_BATCH} WHERE NOT closed ORDER BY begun_at, id"
        return [_known(row).batch for row in await self._do(lambda database: database.execute(sql).fetchall())]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()


def _in_utc(at: dt.datetime) -> str:
    """One zone for all, so that text sorts as time does."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _known(row: tuple[str, str, str | None, str, str | None, int]) -> KnownBatch:
    batch = ScanBatch(row[0], row[1], row[2], dt.datetime.fromisoformat(row[3]), FeedOrder(row[4]) if row[4] else None)
    return KnownBatch(batch, bool(row[5]))
