"""Column types that mean the same on SQLite and PostgreSQL, and short words to declare columns with."""

import datetime as dt
import enum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from gateway.storage import codec

Key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Codes and ids: compared byte by byte on both databases, so that a prefix is a range of the index."""

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64-bit row id; SQLite counts by itself only what is called INTEGER (its integers have 64 bits all the same)."""


class Micros(sa.TypeDecorator[dt.datetime]):
    """An aware time, kept as a 64-bit number of microseconds UTC."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:
        """To the database. Raises ValueError for a naive time."""
        return None if value is None else codec.to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:
        """From the database."""
        return None if value is None else codec.from_micros(value)


class Word(sa.TypeDecorator[str]):
    """A value of a string enum. Always the plain string: drivers differ in what they make of an enum member."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        plain: str | None = value.value if isinstance(value, enum.Enum) else value
        return plain


metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def row_id() -> "sa.Column[int]":
    """The counted row id."""
    return sa.Column("id", RowId, primary_key=True, autoincrement=True)


def key(name: str, **kwargs: Any) -> "sa.Column[str]":
    """A code or id, compared byte by byte."""
    return sa.Column(name, Key, nullable=kwargs.pop("nullable", False), **kwargs)


def word(name: str, **kwargs: Any) -> "sa.Column[str]":
    """A value of a string enum."""
    return sa.Column(name, Word, nullable=kwargs.pop("nullable", False), **kwargs)


def text(name: str, **kwargs: Any) -> "sa.Column[str]":
    """Text that nothing looks up."""
    return sa.Column(name, sa.Text, nullable=kwargs.pop("nullable", False), **kwargs)


def number(name: str, **kwargs: Any) -> "sa.Column[int]":
    """A 64-bit number."""
    return sa.Column(name, sa.BigInteger, nullable=kwargs.pop("nullable", False), **kwargs)


def when(name: str, **kwargs: Any) -> "sa.Column[Any]":
    """A time."""
    return sa.Column(name, Micros, nullable=kwargs.pop("nullable", False), **kwargs)


def maybe_when(name: str) -> "sa.Column[Any]":
    """A time that may be missing."""
    return when(name, nullable=True)


def flag(name: str) -> "sa.Column[bool]":
    """True or false."""
    return sa.Column(name, sa.Boolean, nullable=False)


def ref(name: str, target: str, **kwargs: Any) -> "sa.Column[int]":
    """The row id of another table."""
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(target), nullable=kwargs.pop("nullable", False), **kwargs)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of the rows that ``where`` picks: the work list of that state."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
