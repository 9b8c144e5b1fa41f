"""How records become columns: JSON of nested parts, microseconds UTC, folded text for the search."""

import datetime as dt
import functools
import unicodedata
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_encoder: Final = msgspec.json.Encoder(order="deterministic")


def to_json(record: object) -> str:
    """Return ``record`` as JSON text with sorted keys; the same record always gives the same text."""
    return _encoder.encode(record).decode()


def from_json(text: str | bytes, kind: type[T]) -> T:
    """Read JSON written by :func:`to_json`. Raises ValueError where the text is not a ``kind``: types are strict."""
    decoded: T = _decoder(kind).decode(text)  # type: ignore[arg-type]  # a class is hashable; the cache's stub knows objects
    return decoded


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def to_micros(at: dt.datetime) -> int:
    """Return microseconds since 1970 UTC. Raises ValueError for a naive time: it says nothing about when."""
    if at.tzinfo is None:
        raise ValueError(f"a time without zone cannot be stored: {at.isoformat()}")
    return (at - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> dt.datetime:
    """Return the aware UTC time of ``micros``."""
    return EPOCH + dt.timedelta(microseconds=micros)


def fold_text(text: str) -> str:
    """Return ``text`` as the search compares it: đ→d, marks stripped, lower case, single spaces.

    SQLite's own ``remove_diacritics`` keeps đ, so the folding is ours on both databases (product facts §0.11).
    """
    plain = text.replace("đ", "d").replace("Đ", "D")
    letters = (c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    return " ".join("".join(letters).casefold().split())


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record as :func:`to_json` writes it."""
    return msgspec.json.schema(kind, schema_hook=_schema_of_path)


def _schema_of_path(kind: type) -> dict[str, Any]:
    """A path is written as text; anything else that msgspec does not know is a fault of the record."""
    if issubclass(kind, Path):
        return {"type": "string", "format": "path"}
    raise NotImplementedError(kind)
