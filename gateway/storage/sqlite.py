"""SQLite: one writer thread with group commit, readers on read-only connections."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from gateway.storage.audit import ChainEnd
from gateway.storage.transaction import GatewayTx
from gateway.storage.writer import QUEUE, Writer

T = TypeVar("T")

READERS: Final = 4
_BUSY_MS: Final = 30_000
_CACHE_KIB: Final = 64_000


class SqliteBackend:
    """The store in one file. ``close`` drains what was queued."""

    def __init__(self, path: Path, *, readers: int = READERS, queue_limit: int = QUEUE) -> None:
        self._write_engine = _engine(path, read_only=False)
        self._writer = Writer(self._write_engine.connect, limit=queue_limit)
        self._read_engine = _engine(path, read_only=True, size=readers)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")

    async def write(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` in the next group; returns when the group is durable."""
        return await self._writer.submit_from(fn, asyncio.get_running_loop())

    async def read(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` on a snapshot, in a reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    def close(self) -> None:
        """Finish what is queued, then let the file go."""
        self._writer.close()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _read(self, fn: Callable[[GatewayTx], T]) -> T:
        with self._read_engine.connect() as connection:
            driver = _driver(connection)
            driver.execute("BEGIN")
            try:
                return fn(GatewayTx(connection, ChainEnd()))
            finally:
                driver.execute("ROLLBACK")


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def _engine(path: Path, *, read_only: bool, size: int = 1) -> Engine:
    """AUTOCOMMIT here means that neither the driver nor SQLAlchemy opens transactions: BEGIN is written out above."""
    mode = "ro" if read_only else "rwc"

    def connect() -> sqlite3.Connection:
        driver = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
        driver.isolation_level = None
        prepare(driver, read_only=read_only)
        return driver

    return sa.create_engine(
        "sqlite://",
        creator=connect,
        poolclass=sa.pool.QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
    )


def prepare(driver: sqlite3.Connection, *, read_only: bool = False) -> None:
    """Set up a connection. ``busy_timeout`` comes first: even switching to WAL can meet a lock."""
    settings: list[tuple[str, Any]] = [("busy_timeout", _BUSY_MS)]
    if not read_only:
        settings += [("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "ON")]
    settings += [("cache_size", -_CACHE_KIB), ("temp_store", "MEMORY")]
    if read_only:
        settings += [("query_only", "ON")]
    for name, value in settings:
        driver.execute(f"PRAGMA {name}={value}")
