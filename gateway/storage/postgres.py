"""PostgreSQL: the same functions in a small pool of threads, one connection each."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, Engine

from gateway import failpoints
from gateway.storage import faults
from gateway.storage.audit import ChainEnd
from gateway.storage.transaction import GatewayTx
from schemas.errors import StoreFull

T = TypeVar("T")

WRITERS: Final = 8
READERS: Final = 4
QUEUE: Final = 2_000
_TRIES: Final = 5

_log: Final = structlog.get_logger(__name__)


class PostgresBackend:
    """The store on a server; several processes may use it at the same time."""

    def __init__(
        self, url: sa.URL, *, writers: int = WRITERS, readers: int = READERS, queue_limit: int = QUEUE
    ) -> None:
        self._engine = engine_of(url, size=writers + readers)
        with self._engine.connect():
            pass
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._room = threading.BoundedSemaphore(queue_limit)

    async def write(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` in a transaction; returns when it is durable. Raises StoreFull where too many wait already."""
        if not self._room.acquire(blocking=False):
            raise StoreFull("too many writes wait for the database already")
        return await asyncio.get_running_loop().run_in_executor(self._writers, self._write, fn)

    async def read(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` on a snapshot, in a reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    def close(self) -> None:
        """Finish what is queued, then leave the server."""
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()

    def _write(self, fn: Callable[[GatewayTx], T]) -> T:
        try:
            return self._write_in_turns(fn)
        except Exception as error:
            if faults.is_full(error):
                raise StoreFull("make space on the disk of the database; it goes on by itself") from error
            raise
        finally:
            self._room.release()

    def _write_in_turns(self, fn: Callable[[GatewayTx], T]) -> T:
        for left in reversed(range(_TRIES)):
            with self._engine.connect() as connection:
                try:
                    value, bells = _run(connection, fn)
                except Exception as error:
                    if not left or not faults.may_run_again(error):
                        raise
                    _log.warning("store.transaction_run_again", error=str(error))
                    continue
                failpoints.hit("writer.before_commit")
                connection.commit()
                failpoints.hit("writer.after_commit")
            for bell in bells:
                _ring(bell)
            return value
        raise AssertionError("the last try returns or raises")

    def _read(self, fn: Callable[[GatewayTx], T]) -> T:
        with self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return fn(GatewayTx(connection, ChainEnd()))


def _run(connection: Connection, fn: Callable[[GatewayTx], T]) -> tuple[T, tuple[Callable[[], None], ...]]:
    """Everything before the commit: as long as this fails, nothing has happened."""
    connection.begin()
    tx = GatewayTx(connection, ChainEnd())
    value = fn(tx)
    return value, tx.finish()


def _ring(bell: Callable[[], None]) -> None:
    """It is durable, so a bell that fails must not undo the answer."""
    try:
        bell()
    except Exception:
        _log.exception("store.after_commit_failed")


def engine_of(url: sa.URL, *, size: int) -> Engine:
    """A pool of ``size`` connections; one that the server closed is noticed before it is used."""
    return sa.create_engine(url, pool_size=size, max_overflow=0, pool_pre_ping=True)
