"""Checks what a sandbox gets against the field tables of its peer's contract (``contract/*.toml``).

A table is ``[name]`` with one line for each field: ``kind`` (text, time, choice, whole, flag, list, object, texts),
``required``, ``when = { field, is }`` (required while another field of the row has one of these values), ``max``
(characters), ``most`` (rows), ``pattern``, ``values``, ``rows`` (the table of the rows below), ``sure`` and ``says``
for people. ``[formats] time`` is the pattern of a time. Every scalar but ``whole`` and ``flag`` is a JSON string; a
field that is in no table is a fault, so a slip in a name is found here and not at the real peer, which would let it
pass in silence.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Field = Mapping[str, Any]  # Any: TOML values, read key by key below


class FieldTables:
    """The tables of one contract file."""

    def __init__(self, file: Path) -> None:
        """Read the file. Raises OSError and tomllib.TOMLDecodeError: the sandbox must not start."""
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        self._time = str(tables.pop("formats")["time"])
        self._tables: dict[str, dict[str, Field]] = tables

    def names(self, table: str) -> tuple[str, ...]:
        """The field names of a table, in its order."""
        return tuple(self._tables[table])

    def faults(self, table: str, row: object, *more: str) -> list[str]:
        """Everything wrong with ``row``, as ``path: what``; ``more`` are tables whose fields may be there as well."""
        return list(self._row(table, row, "", more))

    def _row(self, table: str, row: object, path: str, more: tuple[str, ...] = ()) -> Iterator[str]:
        if not isinstance(row, dict):
            yield f"{path or 'body'}: must be an object"
            return
        fields: dict[str, Field] = {}
        for name in (table, *more):
            fields |= self._tables[name]
        for name in row:
            if name not in fields:
                yield f"{path}{name}: no such field"
        for name, field in fields.items():
            yield from self._field(field, row, name, f"{path}{name}")

    def _field(self, field: Field, row: Mapping[str, object], name: str, path: str) -> Iterator[str]:
        value = row.get(name)
        when = field.get("when")
        needed = field.get("required", False) or (when is not None and row.get(when["field"]) in when["is"])
        if value in (None, "", [], {}):
            if needed or (value is None and name in row):
                yield f"{path}: is required" if needed else f"{path}: null; what is absent is the empty string"
            return
        match field["kind"]:
            case "list":
                yield from self._list(field, value, path)
            case "object":
                yield from self._row(field["rows"], value, f"{path}.")
            case "texts":
                if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
                    yield f"{path}: must be a list of texts"
            case "whole" | "flag" as kind:
                yield from _number(field, kind, value, path)
            case kind:
                yield from self._scalar(field, kind, value, path)

    def _list(self, field: Field, value: object, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: must be a list"
            return
        if len(value) > field.get("most", len(value)):
            yield f"{path}: {len(value)} rows, at most {field['most']}"
        for place, row in enumerate(value):
            yield from self._row(field["rows"], row, f"{path}[{place}].")

    def _scalar(self, field: Field, kind: str, value: object, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path}: must be a string"
            return
        pattern = self._time if kind == "time" else field.get("pattern")
        if kind == "choice" and value not in field["values"]:
            yield f"{path}: {value!r} is none of {', '.join(field['values'])}"
        if pattern is not None and re.fullmatch(pattern, value) is None:
            yield f"{path}: {value!r} has not the form {pattern}"
        if len(value) > field.get("max", len(value)):
            yield f"{path}: {len(value)} characters, at most {field['max']}"


def _number(field: Field, kind: str, value: object, path: str) -> Iterator[str]:
    if kind == "flag":
        if not isinstance(value, bool):
            yield f"{path}: must be true or false"
    elif not isinstance(value, int) or isinstance(value, bool):
        yield f"{path}: must be a whole number"
    elif value not in field.get("values", (value,)):
        yield f"{path}: {value} is none of {', '.join(str(one) for one in field['values'])}"
