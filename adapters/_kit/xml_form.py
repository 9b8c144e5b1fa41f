"""How elements are written where every byte counts: canonical forms, a prefix of one's own, cutting an element out.

For what is signed (XML signatures) and for peers that look at prefixes. Nothing is parsed in here.
"""

from lxml import etree

from adapters._kit.xml import Element


def exclusive_form(element: Element) -> bytes:
    """The element and all below it in Exclusive XML Canonicalization 1.0, without comments."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def add_under(parent: Element, name: str, ns: str, **prefixes: str) -> Element:
    """Append a child that declares ``prefixes``; it, and what ``xml.add`` puts below, use the nearest of ``ns``."""
    return etree.SubElement(parent, f"{{{ns}}}{name}", nsmap=prefixes)


def declare(name: str, ns: str, **prefixes: str) -> Element:
    """A new root in the default namespace ``ns`` that also declares ``prefixes``."""
    # The stubs forget that None names the default namespace.
    return etree.Element(f"{{{ns}}}{name}", nsmap={None: ns, **prefixes})  # type: ignore[dict-item]  # see above


def cut_out(element: Element) -> None:
    """Take the element out of its parent and leave the text behind it where it was."""
    parent = element.getparent()
    if parent is None:
        raise ValueError("the root cannot be cut out")
    before, tail = element.getprevious(), element.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def encoding_of(root: Element) -> str:
    """The encoding that the parser read the document in, upper case; UTF-8 where nothing was declared."""
    return (root.getroottree().docinfo.encoding or "UTF-8").upper()
