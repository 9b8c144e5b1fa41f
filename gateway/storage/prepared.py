"""Statements compiled once and handed to SQLite's driver as text.

SQLAlchemy spends 50 to 100 µs on each execution of a statement that it has compiled before, the driver 5 to 10; with
ten statements a message that is most of what a message costs. So a statement that comes a second time, which makes it
one of a store's constants, is kept here: its text, the order of its values, and what converts them, both ways, by the
types of the tables. A statement put together for one call is never seen again and stays with SQLAlchemy.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

Values = Mapping[str, Any]
Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete
_Convert = Callable[[Any], Any]

_DIALECT: Final = sqlite.dialect()


class Prepared:
    """One statement for one set of value names."""

    __slots__ = ("_constants", "_convert", "_make", "_names", "_results", "text")

    def __init__(self, statement: Statement, names: Sequence[str]) -> None:
        """Raises ValueError for a statement whose text depends on its values (``IN`` a list)."""
        keys = None if isinstance(statement, sa.Select) else list(names)
        compiled = statement.compile(dialect=_DIALECT, column_keys=keys)
        if compiled.post_compile_params:
            raise ValueError("its text depends on its values")
        self.text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        binds = [compiled.binds[name] for name in self._names]
        self._convert: list[_Convert | None] = [_bound(bind.type) for bind in binds]
        self._constants = {
            name: bind.value
            for name, bind in zip(self._names, binds, strict=True)
            if not bind.required and name not in names
        }
        columns = () if isinstance(statement, sa.Delete) else tuple(statement.exported_columns)
        self._results = [(at, found) for at, column in enumerate(columns) if (found := _found(column.type)) is not None]
        row: Any = namedtuple("Row", [str(column.key) for column in columns], rename=True)  # type: ignore[misc]  # known here only
        self._make = row._make

    def bind(self, values: Values) -> list[Any]:
        """The values as the driver takes them, in the order of the text."""
        if self._constants:
            values = {**self._constants, **values}
        return [
            values[name] if convert is None else convert(values[name])
            for name, convert in zip(self._names, self._convert, strict=True)
        ]

    def rows(self, driver: sqlite3.Connection, values: Values) -> list[Any]:
        """Run it and return all rows, by name as SQLAlchemy gives them."""
        found = driver.execute(self.text, self.bind(values)).fetchall()
        if not self._results:
            return [self._make(row) for row in found]
        return [self._make(self._converted(row)) for row in found]

    def run(self, driver: sqlite3.Connection, values: Values | Sequence[Values]) -> int:
        """Run it, for each of several values where there are several; returns how many rows it touched."""
        if isinstance(values, Mapping):
            return driver.execute(self.text, self.bind(values)).rowcount
        return driver.executemany(self.text, [self.bind(each) for each in values]).rowcount

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        cells = list(row)
        for at, convert in self._results:
            cells[at] = convert(cells[at])
        return cells


class Kept:
    """The prepared statements of this process."""

    def __init__(self) -> None:
        self._by_statement: WeakKeyDictionary[Statement, dict[tuple[str, ...], Prepared | None]] = WeakKeyDictionary()

    def get(self, statement: Statement, values: Values | Sequence[Values] | None) -> Prepared | None:
        """The prepared statement; None where SQLAlchemy must run it: a first time, or a text that varies."""
        by_names = self._by_statement.get(statement)
        if by_names is None:
            self._by_statement[statement] = {}
            return None
        first = values if isinstance(values, Mapping) else values[0] if values else {}
        names = tuple(first)
        if names not in by_names:
            try:
                by_names[names] = Prepared(statement, names)
            except ValueError:
                by_names[names] = None
        return by_names[names]


KEPT: Final = Kept()
"""Threads share it: two that prepare the same statement at once only do the work twice."""


def _bound(kind: sa.types.TypeEngine[Any]) -> _Convert | None:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _found(kind: sa.types.TypeEngine[Any]) -> _Convert | None:
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
