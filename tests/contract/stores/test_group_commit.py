"""What only the SQLite writer has: groups."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.storage import schema
from gateway.storage.sqlite import prepare
from gateway.storage.transaction import GatewayTx
from gateway.storage.writer import Writer
from schemas.errors import StoreFull
from tests.contract.stores.records import T0


class Gate(sqlite3.Connection):
    """A connection that counts its commits, and refuses as many as it is told."""

    commits = 0
    refuse = 0

    def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            if self.refuse:
                self.refuse -= 1
                raise sqlite3.OperationalError("the disk said no")
            self.commits += 1
        return super().execute(sql, *args)  # type: ignore[arg-type]  # passed on as it came


@contextmanager
def writer_of(path: Path, *, limit: int = 2_000) -> Iterator[tuple[Writer, Gate]]:
    schema.upgrade(f"sqlite:///{path}")
    gate = sqlite3.connect(path, factory=Gate, check_same_thread=False)
    gate.isolation_level = None
    prepare(gate)
    engine = sa.create_engine(
        "sqlite://", creator=lambda: gate, isolation_level="AUTOCOMMIT", poolclass=sa.pool.StaticPool
    )
    writer = Writer(engine.connect, limit=limit)
    try:
        yield writer, gate
    finally:
        writer.close()
        engine.dispose()


def grant(scope: str) -> Callable[[GatewayTx], str]:
    def fn(tx: GatewayTx) -> str:
        tx.numbers.grant(scope, 1, 1, now=T0)
        return scope

    return fn


def fail(tx: GatewayTx) -> None:
    tx.numbers.grant("failed", 1, 1, now=T0)
    raise LookupError("mine")


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """Keep the writer busy, so that whatever is queued inside the block becomes one group."""
    started, go = threading.Event(), threading.Event()

    def wait(_tx: GatewayTx) -> None:
        started.set()
        assert go.wait(30)

    waiting = writer.submit(wait)
    assert started.wait(30)
    try:
        yield
    finally:
        go.set()
    waiting.result(30)


def scopes(path: Path) -> set[str]:
    with sqlite3.connect(path) as reader:
        return {row[0] for row in reader.execute("SELECT scope FROM number_block")}


def test_a_group_has_one_commit_and_a_failing_member_does_not_touch_its_neighbours(tmp_path: Path) -> None:
    with writer_of(tmp_path / "rows.db") as (writer, gate):
        with held(writer):
            futures = [writer.submit(grant(f"a{n}")) for n in range(5)]
            failing = writer.submit(fail)
            futures += [writer.submit(grant(f"b{n}")) for n in range(5)]
        assert [future.result(30) for future in futures] == [f"{c}{n}" for c in "ab" for n in range(5)]
        with pytest.raises(LookupError, match="mine"):
            failing.result(30)
        assert gate.commits == 2
    assert scopes(tmp_path / "rows.db") == {f"{c}{n}" for c in "ab" for n in range(5)}


def test_when_the_commit_fails_the_members_are_run_again_one_by_one(tmp_path: Path) -> None:
    runs: list[str] = []
    rung: list[str] = []

    def counted(scope: str) -> Callable[[GatewayTx], str]:
        def fn(tx: GatewayTx) -> str:
            runs.append(scope)
            tx.after_commit(lambda: rung.append(scope))
            return grant(scope)(tx)

        return fn

    with writer_of(tmp_path / "rows.db") as (writer, gate):
        with held(writer):
            futures = [writer.submit(counted(scope)) for scope in "abc"]
            gate.refuse = 0
            refusing = writer.submit(lambda _tx: setattr(gate, "refuse", 1))
        assert [future.result(30) for future in futures] == ["a", "b", "c"]
        with pytest.raises(sqlite3.OperationalError, match="said no"):
            refusing.result(30)
    assert runs == [*"abc", *"abc"]
    assert rung == [*"abc"]
    assert scopes(tmp_path / "rows.db") == {"a", "b", "c"}


def test_one_whose_own_commit_fails_is_told_and_the_next_goes_through(tmp_path: Path) -> None:
    with writer_of(tmp_path / "rows.db") as (writer, gate):
        gate.refuse = 1
        with pytest.raises(sqlite3.OperationalError, match="said no"):
            writer.submit(grant("a")).result(30)
        assert writer.submit(grant("b")).result(30) == "b"
    assert scopes(tmp_path / "rows.db") == {"b"}


def test_a_full_queue_answers_at_once(tmp_path: Path) -> None:
    with writer_of(tmp_path / "rows.db", limit=3) as (writer, _gate):
        with held(writer):
            futures = [writer.submit(grant(f"{n}")) for n in range(3)]
            with pytest.raises(StoreFull, match="3 writes wait"):
                writer.submit(grant("too many"))
        assert [future.result(30) for future in futures] == ["0", "1", "2"]
    assert scopes(tmp_path / "rows.db") == {"0", "1", "2"}


def test_closing_finishes_what_is_queued(tmp_path: Path) -> None:
    with writer_of(tmp_path / "rows.db") as (writer, _gate):
        with held(writer):
            futures = [writer.submit(grant(f"{n}")) for n in range(50)]
        writer.close()
        assert all(future.done() for future in futures)
        with pytest.raises(StoreFull):
            writer.submit(grant("late"))
    assert len(scopes(tmp_path / "rows.db")) == 50


async def test_a_caller_that_stops_waiting_does_not_stop_the_writer(tmp_path: Path) -> None:
    with writer_of(tmp_path / "rows.db") as (writer, _gate):
        with held(writer):
            assert asyncio.wrap_future(writer.submit(grant("gone"))).cancel()
            stays = writer.submit(grant("stays"))
        assert stays.result(30) == "stays"
    assert scopes(tmp_path / "rows.db") == {"gone", "stays"}


def test_a_function_may_not_end_the_writer(tmp_path: Path) -> None:
    def leave(_tx: GatewayTx) -> None:
        raise SystemExit(3)

    with writer_of(tmp_path / "rows.db") as (writer, _gate):
        with pytest.raises(SystemExit):
            writer.submit(leave).result(30)
        assert writer.submit(grant("a")).result(30) == "a"


def test_the_settings_that_make_a_commit_durable(tmp_path: Path) -> None:
    def settings(tx: GatewayTx) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    with writer_of(tmp_path / "rows.db") as (writer, _gate):
        full = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
        assert writer.submit(settings).result(30) == full
