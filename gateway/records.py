"""The records of :mod:`schemas` by name, and their JSON Schema: the one list of exact field names."""

import dataclasses
import importlib
import pkgutil
from typing import Any

import schemas
from gateway.storage.codec import schema_of


def _records() -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for module in pkgutil.iter_modules(schemas.__path__, "schemas."):
        if module.ispkg:
            continue
        names = vars(importlib.import_module(module.name))
        found |= {
            name: kind
            for name, kind in names.items()
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.name
        }
    return found


RECORDS = _records()
"""Every dataclass directly in ``schemas``."""


def json_schema(name: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of a record, with its parts. Raises KeyError."""
    return schema_of(RECORDS[name])
