"""The few statements that every store uses, built once per table and database.

A statement that SQLAlchemy has compiled before costs tens of microseconds, a fresh one ten times that: so the writing
statements are cached here by table, and stores keep their own queries in module constants.
"""

import functools
import operator
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect

from gateway.storage.prepared import KEPT, Prepared, Statement

Values = Mapping[str, Any]

SQLITE: Final = "sqlite"
POSTGRES: Final = "postgresql"


class Sql:
    """One open transaction's connection, with the house's verbs. Not thread-safe, like the transaction itself."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect: Final = connection.dialect.name

    def rows(self, query: sa.Select[Any] | sa.Insert, values: Values | None = None) -> Sequence[Any]:
        """All rows of a query, or what an insert returns."""
        prepared = self._prepared(query, values)
        if prepared is not None:
            return prepared.rows(self._driver, values or {})
        return self.connection.execute(query, values).all()

    def rows_in(self, query: sa.Select[Any], these: Sequence[Any]) -> Sequence[Any]:
        """All rows of a query that asks ``IN :these``; no query at all for none."""
        return self.rows(query, {"these": list(these)}) if these else ()

    def row(self, query: sa.Select[Any] | sa.Insert, values: Values | None = None) -> Any | None:
        """The first row, or None."""
        found = self.rows(query, values)
        return found[0] if found else None

    def scalar(self, query: sa.Select[Any] | sa.Insert, values: Values | None = None) -> Any:
        """The first column of the first row, or None."""
        found = self.rows(query, values)
        return found[0][0] if found else None

    def run(self, statement: sa.Update | sa.Delete | sa.Insert, values: Any = None) -> int:
        """Run a writing statement, for each of several values where there are several; returns how many rows."""
        prepared = self._prepared(statement, values)
        if prepared is not None:
            return prepared.run(self._driver, values or {})
        return self.connection.execute(statement, values).rowcount

    def put(self, table: sa.Table, values: Values) -> None:
        """Insert, or replace the row of the same primary key."""
        self.run(_put(self.dialect, table, tuple(values)), values)

    def put_all(self, table: sa.Table, rows: Sequence[Values]) -> None:
        """:meth:`put` for rows of the same columns."""
        if rows:
            self.run(_put(self.dialect, table, tuple(rows[0])), rows)

    def insert_all(self, table: sa.Table, rows: Sequence[Values]) -> None:
        """Plain inserts; a taken key raises the driver's IntegrityError."""
        if rows:
            self.run(_insert(table), rows)

    def insert(self, table: sa.Table, values: Values) -> int:
        """Insert; returns the counted row id."""
        return int(self.scalar(_insert_id(table), values))

    def insert_new(self, table: sa.Table, values: Values) -> bool:
        """Insert unless a unique key is taken; False where it is."""
        return self.run(_insert_new(self.dialect, table), values) > 0

    def insert_new_id(self, table: sa.Table, values: Values) -> int | None:
        """:meth:`insert_new` of a table with a counted id: the id, or None where a unique key is taken."""
        answer = self.scalar(_insert_new_id(self.dialect, table), values)
        return None if answer is None else int(answer)

    def _prepared(self, statement: Statement, values: Any) -> Prepared | None:
        return KEPT.get(statement, values) if self.dialect == SQLITE else None

    @functools.cached_property
    def _driver(self) -> sqlite3.Connection:
        return cast(sqlite3.Connection, self.connection.connection.dbapi_connection)

    def run_raw(self, statement: "Raw", rows: Sequence[Values]) -> int:
        """Run a prepared writing statement for each row; values are as the driver takes them. Returns how many rows."""
        if not rows:
            return 0
        text, names = statement.of(self.dialect)
        cursor = self._cursor()
        try:
            cursor.executemany(text, rows if names is None else list(map(operator.itemgetter(*names), rows)))
            touched: int = cursor.rowcount
            return touched
        finally:
            cursor.close()

    def rows_raw(self, statement: "Raw", values: Values) -> list[tuple[Any, ...]]:
        """All rows of a prepared query, as the driver gives them."""
        text, names = statement.of(self.dialect)
        cursor = self._cursor()
        try:
            cursor.execute(text, values if names is None else [values[name] for name in names])
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found
        finally:
            cursor.close()

    def _cursor(self) -> Any:
        """The driver's own cursor, inside the open transaction."""
        return self.connection.connection.cursor()

    def lock(self, *names: str) -> None:
        """Let no other transaction into the same section before this one ends.

        SQLite has one writer, so there is nothing to do. On PostgreSQL it is an advisory lock: it guards what no row
        lock can, the *next* number of a sequence that counts without gaps.
        """
        if self.dialect == POSTGRES:
            self.connection.execute(_LOCK, {"name": "/".join(names)})

    def lock_row(self, query: sa.Select[Any], values: Values) -> None:
        """Lock the rows of a ``FOR UPDATE`` query; SQLite has one writer, so there is nothing to do."""
        if self.dialect == POSTGRES:
            self.connection.execute(query, values)


@functools.cache
def _dialect(name: str) -> Dialect:
    """Made when it is first needed: a store on SQLite never loads PostgreSQL's driver."""
    return sa.make_url("sqlite://" if name == SQLITE else "postgresql+psycopg://").get_dialect()()


class Raw:
    """A statement compiled once for each database and then handed to the driver as text.

    SQLAlchemy spends 50 to 100 µs on each execution, the driver 10: it matters where every event passes. The price is
    that types are not converted, so times go in and come out as microseconds.
    """

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update, *columns: str) -> None:
        """``columns`` are those that an INSERT or UPDATE sets."""
        self._statement = statement
        self._columns = list(columns) or None
        self._known: dict[str, tuple[str, tuple[str, ...] | None]] = {}

    def of(self, dialect: str) -> tuple[str, tuple[str, ...] | None]:
        """The text, and the names of its values in their order; None where the driver takes them by name."""
        if dialect not in self._known:
            compiled = self._statement.compile(dialect=_dialect(dialect), column_keys=self._columns)
            names = tuple(compiled.positiontup or ()) if compiled.positional else None
            self._known[dialect] = (str(compiled), names)
        return self._known[dialect]


_LOCK: Final = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("name"), 0)))


@functools.cache
def _insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@functools.cache
def _insert_id(table: sa.Table) -> sa.Insert:
    return sa.insert(table).returning(table.c.id)


def _dialect_insert(dialect: str, table: sa.Table) -> Any:
    return sqlite.insert(table) if dialect == SQLITE else postgresql.insert(table)


@functools.cache
def _insert_new(dialect: str, table: sa.Table) -> sa.Insert:
    # Without the option SQLAlchemy forgets how many rows an INSERT touched.
    statement: sa.Insert = (
        _dialect_insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    )
    return statement


@functools.cache
def _insert_new_id(dialect: str, table: sa.Table) -> sa.Insert:
    statement: sa.Insert = _insert_new(dialect, table).returning(table.c.id)
    return statement


@functools.cache
def _put(dialect: str, table: sa.Table, columns: tuple[str, ...]) -> sa.Insert:
    statement = _dialect_insert(dialect, table)
    key = [column.name for column in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    conflict = {"index_elements": key}
    answer: sa.Insert = (
        statement.on_conflict_do_update(**conflict, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(**conflict)
    )
    return answer
