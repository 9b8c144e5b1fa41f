"""Holds a document against contract/shape.toml: order and number of elements, and the prefix rule.

No XSD of the rule is public, so this is a contract of ours: it knows what two public senders write, and lets through
what it does not know.
"""

import collections
import functools
import importlib.resources
import tomllib
from collections.abc import Mapping

from adapters._kit import xml
from schemas.errors import Misunderstood

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
PREFIX = "edXML"
_LEAST = {"1": 1, "+": 1, "?": 0, "*": 0}
_ONE = ("1", "?")
Table = Mapping[str, tuple[tuple[str, str], ...]]
"""Parent → (child, how often) in order."""


@functools.cache
def table(layout: str) -> Table:
    """The lists of ``vpcp``, ``java`` or ``status``, with what all share."""
    file = importlib.resources.files("adapters.edxml").joinpath("contract/shape.toml")
    told = tomllib.loads(file.read_text("utf-8"))
    merged = {**told["both"], **told[layout]}
    return {parent: tuple((name, often) for name, often in map(str.split, rows)) for parent, rows in merged.items()}


def order(layout: str, parent: str) -> tuple[str, ...]:
    """The names of the children of ``parent``, in order."""
    return tuple(name for name, _ in table(layout)[parent])


def check(element: xml.Element, layout: str) -> None:
    """Hold the element and all below it against the lists of ``layout``.

    Raises:
        Misunderstood: an element of another namespace where one of the rule must stand, missing, too often, or out of
            its order; the message names the path. ``code`` is ``shape``.
    """
    lists = table(layout)
    for parent in element.iter():
        above = parent.getparent()
        name = xml.local(parent)
        rows = lists.get(f"{xml.local(above)}/{name}" if above is not None else name, lists.get(name))
        if rows is not None and xml.namespace(parent) == NS:
            _check_children(parent, rows, element)


def check_prefix(envelope: xml.Element) -> None:
    """The envelope and all of the rule below it are written with the prefix ``edXML``; what is beside it is not.

    Raises:
        Misunderstood: ``code`` is ``prefix``.
    """
    for one in envelope.iter():
        if xml.namespace(one) == NS and one.prefix != PREFIX:
            raise Misunderstood(f"{xml.path_of(one)}: without the prefix {PREFIX}:", code="prefix")


def _check_children(parent: xml.Element, rows: tuple[tuple[str, str], ...], top: xml.Element) -> None:
    places = {name: n for n, (name, _) in enumerate(rows)}
    often = dict(rows)
    last, seen = 0, collections.Counter[str]()
    for child in parent:
        name = xml.local(child)
        if name not in places:
            continue
        if xml.namespace(child) != NS:
            raise _wrong(child, top, f"of the namespace {xml.namespace(child)!r}")
        seen[name] += 1
        if seen[name] > 1 and often[name] in _ONE:
            raise _wrong(child, top, "there twice")
        if places[name] < last:
            raise _wrong(child, top, "out of its order")
        last = places[name]
    for name, how in rows:
        if seen[name] < _LEAST[how]:
            raise _wrong(parent, top, f"without {name}")


def _wrong(element: xml.Element, top: xml.Element, what: str) -> Misunderstood:
    return Misunderstood(f"{xml.path_of(element, within=top)}: {what}", code="shape")
