"""A TOML table read key by key, so that a mistyped key is found and named."""

import datetime as dt
from pathlib import Path

from schemas.errors import BadConfiguration


class Table:
    """A table that is read key by key; whatever stays unread at the end is an unknown key.

    Every getter raises BadConfiguration that names file and key.
    """

    def __init__(self, values: object, where: str, file: Path) -> None:
        self.where = where
        self.file = file
        if not isinstance(values, dict):
            raise self.wrong("", "must be a table")
        self._left: dict[str, object] = dict(values)

    def wrong(self, key: str, what: str) -> BadConfiguration:
        """The error for a key."""
        path = ".".join(part for part in (self.where, key) if part)
        return BadConfiguration(f"{path or 'file'}: {what}", subject=str(self.file))

    def has(self, key: str) -> bool:
        """True where the key is told and not read yet."""
        return key in self._left

    def raw(self, key: str) -> object:
        """Any value, None where it is missing."""
        return self._left.pop(key, None)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without ``default`` it may be neither missing nor empty."""
        value = self._left.pop(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong(key, "text is missing" if value is None else "must be text")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def integer(self, key: str, default: int) -> int:
        """A whole number from 1."""
        value = self._left.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(key, "must be a whole number from 1")
        return value

    def seconds(self, key: str) -> float | None:
        """A number above 0, None where it is missing."""
        value = self._left.pop(key, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self.wrong(key, "must be a number above 0")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where it is missing."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "must be a list of texts")
        return tuple(value)

    def date(self, key: str) -> dt.date | None:
        """A date, None where it is missing."""
        value = self._left.pop(key, None)
        if value is not None and (not isinstance(value, dt.date) or isinstance(value, dt.datetime)):
            raise self.wrong(key, "must be a date, YYYY-MM-DD without quotes")
        return value

    def table(self, key: str) -> dict[str, object]:
        """A table, empty where it is missing."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table")
        return value

    def tables(self, key: str) -> list[object]:
        """A list of tables, empty where it is missing."""
        value = self._left.pop(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list of tables")
        return value

    def child(self, key: str, values: object) -> "Table":
        """A table inside this one."""
        return Table(values, ".".join(part for part in (self.where, key) if part), self.file)

    def done(self) -> None:
        """Raise where a key was not read."""
        for key in self._left:
            raise self.wrong(key, "unknown key")
