"""A few hands to write XML with: elements by prefix, attributes by prefix, text that XML can hold."""

import re
from collections.abc import Mapping

from lxml import etree

SPACES: Mapping[str, str] = {
    "mets": "http://www.loc.gov/METS/",
    "csip": "https://DILCIS.eu/XML/METS/CSIPExtensionMETS",
    "xlink": "http://www.w3.org/1999/xlink",
    "premis": "http://www.loc.gov/premis/v3",
    "ead": "http://ead3.archivists.org/schema/",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(name: str, *prefixes: str, attributes: Mapping[str, str] | None = None) -> etree._Element:
    """A root element; its own prefix and the others are declared on it (types in attributes name them, too)."""
    declared = {prefix: SPACES[prefix] for prefix in (name.partition(":")[0], *prefixes)}
    return etree.Element(tag(name), _named(attributes or {}), nsmap=declared)


def add(
    parent: etree._Element, name: str, text: str | None = None, attributes: Mapping[str, str] | None = None
) -> etree._Element:
    """A child with text; characters that XML cannot hold become U+FFFD, so that no name makes a file unreadable."""
    child = etree.SubElement(parent, tag(name), _named(attributes or {}))
    if text is not None:
        child.text = clean(text)
    return child


def tag(name: str) -> str:
    """``mets:div`` as lxml wants it."""
    prefix, _, local = name.partition(":")
    return f"{{{SPACES[prefix]}}}{local}" if local else prefix


def clean(text: str) -> str:
    """The text without characters that XML 1.0 forbids."""
    return _NOT_XML.sub("\ufffd", text)


def written(element: etree._Element) -> bytes:
    """The document as bytes: declaration, UTF-8, indented, the same every time."""
    etree.indent(element, "  ")
    told: bytes = etree.tostring(element, xml_declaration=True, encoding="UTF-8")
    return told + b"\n"


def _named(attributes: Mapping[str, str]) -> dict[str, str]:
    return {tag(name): clean(value) for name, value in attributes.items()}
