"""Moving a store to another database: every row, verified, in one transaction at the target (``lienthong migrate``).

While it runs nothing can be written at the source: what would be accepted there meanwhile would be left behind. The
source stays as it is; the blobs stay where they are, both stores name them by digest.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.storage import address, schema
from gateway.storage.audit import Head, read_head
from gateway.storage.audit import check as check_chain
from gateway.storage.sql import POSTGRES, Sql
from gateway.storage.sqlite import prepare
from gateway.storage.tables import dossiers, house, messages, papers, tickets, trade
from gateway.storage.tables.columns import metadata
from schemas.errors import BadConfiguration

_CHUNK: Final = 1_000
_MODULES: Final = (dossiers, messages, papers, house, tickets, trade)  # importing them is what fills the metadata


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """What was copied: rows by table, and the end of the audit chain, the same on both sides."""

    rows: tuple[tuple[str, int], ...]
    head: Head

    @property
    def total(self) -> int:
        """All rows together."""
        return sum(count for _, count in self.rows)


def move(source: str, target: str, *, progress: Callable[[str, int], None] = lambda _table, _rows: None) -> Moved:
    """Copy the whole store at ``source`` into the empty database ``target``.

    Args:
        source: address of a store of this version's schema; it is locked against writers meanwhile.
        target: address of a database without rows; its schema is made first.
        progress: is told each table and how many of its rows are there.

    Raises:
        BadConfiguration: the source's schema is another one, the target has rows, or the copy is not the same; then
            nothing was stored at the target.
    """
    schema.require(source)
    schema.upgrade(target)
    with _connected(source) as reading, _connected(target) as writing:
        _keep_still(reading)
        _must_be_empty(writing, target)
        counts = []
        for table in metadata.sorted_tables:
            counts.append((table.name, _copy(reading, writing, table)))
            progress(*counts[-1])
        _count_on(writing)
        head = _same_chain(reading, writing)
        writing.commit()
        reading.rollback()
    return Moved(tuple(counts), head)


def _copy(reading: Connection, writing: Connection, table: sa.Table) -> int:
    rows = reading.execution_options(yield_per=_CHUNK).execute(sa.select(table).order_by(*table.primary_key.columns))
    for chunk in rows.mappings().partitions():
        writing.execute(sa.insert(table), [dict(row) for row in chunk])
    here, there = (
        connection.scalar(sa.select(sa.func.count()).select_from(table)) for connection in (reading, writing)
    )
    if here != there:
        raise BadConfiguration(f"{here} rows became {there}; nothing was stored", subject=table.name)
    return int(here or 0)


def _keep_still(reading: Connection) -> None:
    if reading.dialect.name == POSTGRES:
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        reading.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")
    else:
        reading.exec_driver_sql("BEGIN IMMEDIATE")


def _must_be_empty(writing: Connection, target: str) -> None:
    full = [table.name for table in metadata.sorted_tables if writing.execute(sa.select(table).limit(1)).first()]
    if full:
        raise BadConfiguration(
            f"there are rows already ({', '.join(full)}); a store is moved into an empty database only",
            subject=str(address.parse(target)),
        )


def _count_on(writing: Connection) -> None:
    """New rows get numbers after the copied ones; SQLite sees to that by itself."""
    if writing.dialect.name != POSTGRES:
        return
    for table in metadata.sorted_tables:
        if table.autoincrement_column is not None:
            highest = writing.scalar(sa.select(sa.func.max(table.c.id)))
            sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
            if highest is not None:
                writing.execute(sa.select(sa.func.setval(sequence, highest)))


def _same_chain(reading: Connection, writing: Connection) -> Head:
    head = read_head(Sql(reading))
    copied = check_chain(Sql(writing), exported=head)
    if not copied.ok:
        raise BadConfiguration(f"the audit chain does not hold: {copied.faults[0].what}", subject=str(head.seq))
    return head


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    where = address.parse(url)
    engine = sa.create_engine(where.url, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            if where.path is not None:
                driver: Any = connection.connection.dbapi_connection
                prepare(driver)
            yield connection
    finally:
        engine.dispose()
