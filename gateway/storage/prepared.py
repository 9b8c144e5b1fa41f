"""Statements compiled once and handed to SQLite's driver as text.

SQLAlchemy spends 50 to 100 µs on each execution of a statement that it has compiled before, the driver 5 to 10; with
ten statements a message that is most of what a message costs. So a statement that comes a second time, which makes it
one of a store's constants, is kept here: its text, the order of its values, and what converts them, both ways, by the
types of the tables. A statement put together for one call is never seen again and stays with SQLAlchemy.

A list for ``IN`` is filled up to the next power of two with its last value, which changes no answer: so a dozen texts
serve lists of every length. One event asks 22 such queries, at 170 µs each by SQLAlchemy.
"""

import re
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
_LIST: Final = re.compile(r"__\[POSTCOMPILE_(\w+)\]")
"""Where SQLAlchemy leaves room for a list in the text."""
MOST_LISTED: Final = 1024
"""A longer list stays with SQLAlchemy: there its rows cost more than its statement."""


class Prepared:
    """One statement for one set of value names."""

    __slots__ = ("_constants", "_convert", "_lists", "_make", "_names", "_results", "_texts", "text")

    def __init__(self, statement: Statement, names: Sequence[str]) -> None:
        """Raises ValueError for a statement whose text depends on its values otherwise than by the length of lists."""
        keys = None if isinstance(statement, sa.Select) else list(names)
        compiled = statement.compile(dialect=_DIALECT, column_keys=keys)
        self.text = str(compiled)
        self._lists = frozenset(_LIST.findall(self.text))
        if "POSTCOMPILE" in _LIST.sub("", self.text):
            raise ValueError("its text depends on its values")
        self._texts: dict[tuple[int, ...], str] = {}
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

    def takes(self, values: Values | Sequence[Values]) -> bool:
        """False for a list that is empty or very long, and for several values of a statement with lists."""
        if not self._lists:
            return True
        if not isinstance(values, Mapping):
            return False
        return all(0 < len(values[name]) <= MOST_LISTED for name in self._lists if name not in self._constants)

    def told(self, values: Values) -> tuple[str, list[Any]]:
        """The text, and the values as the driver takes them, in its order."""
        if self._constants:
            values = {**self._constants, **values}
        if self._lists:
            return self._listed(values)
        return self.text, [
            values[name] if convert is None else convert(values[name])
            for name, convert in zip(self._names, self._convert, strict=True)
        ]

    def _listed(self, values: Values) -> tuple[str, list[Any]]:
        bound: list[Any] = []
        widths: list[int] = []
        for name, convert in zip(self._names, self._convert, strict=True):
            several = list(values[name]) if name in self._lists else [values[name]]
            if name in self._lists:
                widths.append(1 << (len(several) - 1).bit_length())
                several += several[-1:] * (widths[-1] - len(several))
            bound += several if convert is None else map(convert, several)
        key = tuple(widths)
        if key not in self._texts:
            width = iter(widths)
            self._texts[key] = _LIST.sub(lambda _: ", ".join("?" * next(width)), self.text)
        return self._texts[key], bound

    def rows(self, driver: sqlite3.Connection, values: Values) -> list[Any]:
        """Run it and return all rows, by name as SQLAlchemy gives them."""
        found = driver.execute(*self.told(values)).fetchall()
        if not self._results:
            return [self._make(row) for row in found]
        return [self._make(self._converted(row)) for row in found]

    def run(self, driver: sqlite3.Connection, values: Values | Sequence[Values]) -> int:
        """Run it, for each of several values where there are several; returns how many rows it touched."""
        if isinstance(values, Mapping):
            return driver.execute(*self.told(values)).rowcount
        return driver.executemany(self.text, [self.told(each)[1] for each in values]).rowcount

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
        """The prepared statement; None where SQLAlchemy must run it: a first time, a text that varies, no values."""
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
        prepared = by_names[names]
        return prepared if prepared is not None and prepared.takes(values or {}) else None


KEPT: Final = Kept()
"""Threads share it: two that prepare the same statement at once only do the work twice."""


def _bound(kind: sa.types.TypeEngine[Any]) -> _Convert | None:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _found(kind: sa.types.TypeEngine[Any]) -> _Convert | None:
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
