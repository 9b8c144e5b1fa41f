"""The one writer of SQLite: a thread, a connection, and group commit.

A durable commit costs a disk flush; a function costs microseconds. So the thread takes whatever is queued, up to
``GROUP`` members, without waiting for more: BEGIN IMMEDIATE, a SAVEPOINT for each member, one COMMIT, and only then
the answers. When the disk is slow the queue grows while it flushes, and the next group is larger: no timer is needed.

* A member that raises is rolled back to its savepoint; its neighbours do not notice.
* When the commit fails, or SQLite has rolled the whole transaction back by itself (disk full), the members are run
  again one by one, each in a transaction of its own. That is why ``fn`` may run twice.
* A full queue or a full disk answers StoreFull: nothing of it was stored.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar, cast

import structlog
from sqlalchemy.engine import Connection

from gateway import failpoints
from gateway.storage import faults
from gateway.storage.audit import ChainEnd
from gateway.storage.transaction import GatewayTx
from schemas.errors import StoreFull

T = TypeVar("T")

GROUP: Final = 500
QUEUE: Final = 2_000

_log: Final = structlog.get_logger(__name__)


class _Member:
    """A function in the queue, and what became of it. The future belongs to a loop where ``loop`` is set."""

    __slots__ = ("bells", "error", "fn", "future", "loop", "value")

    def __init__(self, fn: Callable[[GatewayTx], Any], loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.fn = fn
        self.loop = loop
        self.future: Future[Any] | asyncio.Future[Any] = Future() if loop is None else loop.create_future()
        self.value: Any = None
        self.error: BaseException | None = None
        self.bells: tuple[Callable[[], None], ...] = ()

    def answer(self) -> None:
        """Tell the waiting caller, in its own thread; it may be gone."""
        future = self.future
        gone = future.done() if isinstance(future, asyncio.Future) else not future.set_running_or_notify_cancel()
        if gone:
            return
        if self.error is not None:
            future.set_exception(self.error)
        else:
            future.set_result(self.value)


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself."""


class Writer:
    """Owns the writing connection. ``submit`` from any thread; ``close`` drains the queue."""

    def __init__(self, connect: Callable[[], Connection], *, limit: int = QUEUE) -> None:
        """``connect`` is called once, in the writer's thread; its failure is raised here."""
        self._connect = connect
        self._queue: queue.SimpleQueue[_Member | None] = queue.SimpleQueue()  # written in C: 1 µs instead of 6
        self._limit = limit
        self._ready: Future[None] = Future()
        self._closed = False
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()
        self._ready.result()

    def submit(self, fn: Callable[[GatewayTx], T]) -> "Future[T]":
        """Queue ``fn``; the future is done when it is durable. Raises StoreFull where too many wait already."""
        member = _Member(fn)
        self._enqueue(member)
        return cast("Future[T]", member.future)

    def submit_from(self, fn: Callable[[GatewayTx], T], loop: asyncio.AbstractEventLoop) -> "asyncio.Future[T]":
        """:meth:`submit` from ``loop``, which is woken once for a whole group: waking costs more than answering."""
        member = _Member(fn, loop)
        self._enqueue(member)
        return cast("asyncio.Future[T]", member.future)

    def _enqueue(self, member: _Member) -> None:
        with self._gate:
            if self._closed:
                raise StoreFull("the store is being closed")
            if self._queue.qsize() >= self._limit:
                raise StoreFull(f"{self._limit} writes wait for the disk already")
            self._queue.put(member)

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            connection = self._connect()
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        with connection:
            session = _Session(connection)
            while (first := self._queue.get()) is not None:
                group, last = self._take(first)
                session.run(group)
                if last:
                    break

    def _take(self, first: _Member) -> tuple[list[_Member], bool]:
        """Whatever is queued now; True when the end of the queue was among it."""
        group = [first]
        while len(group) < GROUP:
            try:
                member = self._queue.get_nowait()
            except queue.Empty:
                break
            if member is None:
                return group, True
            group.append(member)
        return group, False


class _Session:
    """Runs groups on the writing connection. SQLAlchemy builds the statements; the transaction is ours."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)

    def run(self, group: list[_Member]) -> None:
        """Run and commit the group, then answer every member."""
        try:
            self._commit(group)
        except Exception as error:
            if len(group) > 1:
                _log.warning("store.group_replayed", members=len(group), error=str(error))
                for member in group:
                    self.run([member])
                return
            group[0].error = _explained(error)
        failpoints.hit("writer.after_commit")
        _ring(group)
        _answer(group)

    def _commit(self, group: list[_Member]) -> None:
        self._driver.execute("BEGIN IMMEDIATE")
        try:
            end = ChainEnd()
            for member in group:
                self._run_member(member, end)
            failpoints.hit("writer.before_commit")
            self._driver.execute("COMMIT")
        except BaseException:
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
            raise

    def _run_member(self, member: _Member, end: ChainEnd) -> None:
        member.value, member.error, member.bells = None, None, ()
        self._driver.execute("SAVEPOINT member")
        tx = GatewayTx(self._connection, end)
        try:
            member.value = member.fn(tx)
            member.bells = tx.finish()
        except BaseException as error:  # whatever it raised is the caller's, and must not end the writer
            if not self._driver.in_transaction:
                raise _TransactionLost(str(error)) from error
            if faults.is_full(error):
                raise
            self._driver.execute("ROLLBACK TO member")
            member.error = error
            end.head = None
        self._driver.execute("RELEASE member")


def _explained(error: BaseException) -> BaseException:
    cause = error.__cause__ if isinstance(error, _TransactionLost) and error.__cause__ is not None else error
    if faults.is_full(cause):
        full = StoreFull("make space on the disk of the data folder; it goes on by itself")
        full.__cause__ = cause
        return full
    return cause


def _ring(group: list[_Member]) -> None:
    """Call what was to be called after the commit; it is durable, so a bell that fails must not undo the answer.

    The same bell rung by several members rings once for all of them.
    """
    for bell in dict.fromkeys(bell for member in group if member.error is None for bell in member.bells):
        try:
            bell()
        except Exception:
            _log.exception("store.after_commit_failed")


def _answer(group: list[_Member]) -> None:
    waiting: dict[asyncio.AbstractEventLoop, list[_Member]] = {}
    for member in group:
        if member.loop is None:
            member.answer()
        else:
            waiting.setdefault(member.loop, []).append(member)
    for loop, members in waiting.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_answer_all, members)


def _answer_all(members: list[_Member]) -> None:
    for member in members:
        member.answer()
