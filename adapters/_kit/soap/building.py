"""Request bodies of our own contract, written by lxml and held against the published schema before they are sent.

Arguments are mappings in the order of the contract: a nested mapping is a complex type, a list an element that repeats,
``#`` the text and ``@name`` an attribute of a type with simple content. Times are aware, True is ``true``.

Tests hold every operation against what zeep builds from the same WSDL. zeep itself is too slow for a call of its own
(docs/adr/0137).
"""

import datetime as dt
from collections.abc import Mapping

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element

TEXT = "#"
ATTRIBUTE = "@"


def body(operation: str, arguments: Mapping[str, object]) -> Element:
    """The body element of a request.

    Raises:
        ValueError: the arguments do not fit the contract (a slip of ours, nothing was sent).
    """
    made = xml.element(operation, names.CONTRACT)
    _fill(made, arguments)
    found = xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd").violations(made, limit=1)
    if found:
        raise ValueError(f"{operation}: {found[0].path}: {found[0].message}")
    return made


def _fill(parent: Element, arguments: Mapping[str, object]) -> None:
    for name, value in arguments.items():
        if name == TEXT:
            parent.text = str(value)
        elif name.startswith(ATTRIBUTE):
            parent.set(name[1:], str(value))
        elif isinstance(value, list | tuple):
            for one in value:
                _add(parent, name, one)
        else:
            _add(parent, name, value)


def _add(parent: Element, name: str, value: object) -> None:
    if isinstance(value, Mapping):
        _fill(xml.add(parent, name), value)
    elif isinstance(value, dt.datetime):
        xml.add(parent, name, written(value))
    else:
        xml.add(parent, name, value)


def written(at: dt.datetime) -> str:
    """An Instant of the contract. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no zone")
    return at.isoformat().replace("+00:00", "Z")
