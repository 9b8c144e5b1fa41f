"""The only XML parser of the house, and the few verbs that build and read elements.

Bytes from outside become an element here or nowhere (a house test looks for other parsers). No DTD, no entity of
anybody's own, no network; size, depth, attributes and nodes are bounded; comments and processing instructions are
dropped, so that a text is never cut in two by a comment in its middle.

Other rooms hold elements, but write ``from adapters._kit import xml`` instead of importing lxml.
"""

import dataclasses
import functools
import importlib.resources
import itertools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from schemas.errors import Misunderstood

Element = etree._Element
"""An element. Text outside of elements is not kept in mixed content that we read, only in what we write."""

MAX_BYTES = 8 * 1024 * 1024
"""Twice the largest lawful push (500 events of 4 KiB with ten pieces of evidence each come to about 4 MiB)."""
MAX_DEPTH = 40
"""Our contract nests 8 deep with its envelope, QCVN 102 documents about 15."""
MAX_ATTRIBUTES = 32
"""Of one element."""
MAX_NODES = 400_000

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_TOO_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*[count(@*) > {MAX_ATTRIBUTES}])")
_TOO_MANY_NODES = etree.XPath(f"boolean(count(//*) > {MAX_NODES})")


@dataclasses.dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema. ``path`` names elements, ``/PushEvents/events/event[3]/code``; ``line`` counts from 1."""

    path: str
    line: int
    code: str
    """The validator's own name of the broken rule, e.g. ``CVC_PATTERN_VALID``."""
    message: str


def parse(raw: bytes, *, max_bytes: int = MAX_BYTES, subject: str = "") -> Element:
    """Read a whole document and return its root.

    Raises:
        Misunderstood: too long, not well-formed, with a DOCTYPE, too deep, too many attributes or nodes; ``raw`` and
            the reason are kept, ``code`` is ``size`` or ``xml``.
    """
    if len(raw) > max_bytes:
        raise Misunderstood(f"XML of {len(raw)} bytes, at most {max_bytes} are read", subject=subject, code="size")
    try:
        root = etree.fromstring(raw, _own_parser())
    except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: text with an encoding declaration of its own
        raise _broken(raw, subject, f"not well-formed: {error}") from error
    if root is None:
        raise _broken(raw, subject, "no element at all")
    if root.getroottree().docinfo.internalDTD is not None:
        raise _broken(raw, subject, "a DOCTYPE is not allowed")
    reason = _out_of_bounds(root, raw)
    if reason:
        raise _broken(raw, subject, reason)
    return root


def each(chunks: Iterable[bytes], tag: str, *, subject: str = "") -> Iterator[Element]:
    """Elements of one name out of a long document, one after the other, each forgotten after its use.

    The caller bounds the bytes. ``tag`` is written ``{namespace}name``.

    Raises:
        Misunderstood: not well-formed, or with a DOCTYPE.
    """
    parser = etree.XMLPullParser(
        events=("end",), tag=tag, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        for number, chunk in enumerate(chunks):
            if number == 0 and b"<!DOCTYPE" in chunk:
                raise _broken(chunk[:200], subject, "a DOCTYPE is not allowed")
            parser.feed(chunk)
            for _, element in parser.read_events():
                if isinstance(element, etree._Element):
                    yield element
                    element.clear()
    except etree.XMLSyntaxError as error:
        raise _broken(b"", subject, f"not well-formed: {error}") from error


_parsers = threading.local()


def _own_parser() -> etree.XMLParser:
    """This thread's parser: parsers are not to be shared between threads, and a new one costs as much as a parse."""
    parser: etree.XMLParser | None = getattr(_parsers, "mine", None)
    if parser is None:
        parser = _parsers.mine = _parser()
    return parser


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )


def _out_of_bounds(root: Element, raw: bytes) -> str:
    # Each element has a "<" and each attribute a "=", whatever the encoding: few of them need no walk.
    begun = raw.count(b"<")
    try:
        if begun > MAX_DEPTH and _TOO_DEEP(root):
            return f"nested more than {MAX_DEPTH} deep"
        if begun > MAX_NODES and _TOO_MANY_NODES(root):
            return f"more than {MAX_NODES} elements"
        if raw.count(b"=") > MAX_ATTRIBUTES and _TOO_MANY_ATTRIBUTES(root):
            return f"an element with more than {MAX_ATTRIBUTES} attributes"
    except etree.XPathError as error:
        return f"too large to be measured: {error}"
    return ""


def _broken(raw: bytes, subject: str, reason: str) -> Misunderstood:
    return Misunderstood(reason, subject=subject, raw=raw, code="xml")


# --- reading ---------------------------------------------------------------------------------------------------------


def local(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """The namespace, empty where there is none."""
    return str(element.tag).rpartition("}")[0][1:]


def encoding(root: Element) -> str:
    """In which encoding the document was written, in capitals; UTF-8 where nothing says so."""
    return (root.getroottree().docinfo.encoding or "UTF-8").upper()


def children(element: Element, name: str | None = None) -> Iterator[Element]:
    """Child elements, or those with this local name, in order."""
    for child in element:
        if name is None or local(child) == name:
            yield child


def parts(element: Element) -> dict[str, Element]:
    """The first child of each local name: one walk for whoever reads many of them."""
    found: dict[str, Element] = {}
    for one in element:
        found.setdefault(str(one.tag).rpartition("}")[2], one)
    return found


def child(element: Element, *names: str) -> Element | None:
    """The first child along a way of local names, or None."""
    found: Element | None = element
    for name in names:
        found = next(children(found, name), None) if found is not None else None
    return found


def text(element: Element, *names: str) -> str | None:
    """The text along a way of local names, white space around it removed; None where an element of it is missing."""
    found = child(element, *names)
    return None if found is None else "".join(map(str, found.itertext())).strip()


def path_of(element: Element, *, within: Element | None = None) -> str:
    """Way from ``within`` (default: the root) in local names, with a place from 1 where siblings share the name."""
    steps: list[str] = []
    here: Element | None = element
    while here is not None:
        steps.append(_step(here))
        here = None if here is within else here.getparent()
    return "/" + "/".join(reversed(steps))


def _step(element: Element) -> str:
    # Looks at no more siblings than it must: a stranger's body may have 400,000 of them, and a hundred faults are told.
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return local(element) if alone else f"{local(element)}[{before + 1}]"


# --- writing ---------------------------------------------------------------------------------------------------------


def element(name: str, ns: str, *, prefix: str | None = None, also: Mapping[str | None, str] | None = None) -> Element:
    """A new element; ``prefix`` None makes ``ns`` the default namespace, ``also`` declares more prefixes on it."""
    declared: dict[str | None, str] = {prefix: ns, **(also or {})}
    return etree.Element(f"{{{ns}}}{name}", nsmap=declared)  # type: ignore[arg-type]  # the stubs forget that None names the default namespace


def add(parent: Element, name: str, value: object = None, *, ns: str | None = None, **attributes: str) -> Element:
    """Append a child in the parent's namespace (or ``ns``) with ``value`` as its text; True is written ``true``.

    Raises:
        ValueError: the text has characters that XML cannot carry.
    """
    made = etree.SubElement(parent, f"{{{namespace(parent) if ns is None else ns}}}{name}", attributes)
    if value is not None:
        made.text = str(value).lower() if isinstance(value, bool) else str(value)
    return made


def add_some(parent: Element, name: str, value: object) -> None:
    """Append a child unless ``value`` is None or empty text."""
    if value is not None and value != "":
        add(parent, name, value)


def printable(text: str) -> str:
    """``text`` with the characters that XML cannot carry replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def copy(element: Element) -> Element:
    """A copy without the rest of its document."""
    return etree.fromstring(write(element, declaration=False), _parser())


def write(element: Element, *, declaration: bool = True) -> bytes:
    """UTF-8, with the XML declaration unless told otherwise."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=declaration, with_tail=False)


def canonical(element: Element) -> bytes:
    """Canonical XML 2.0 with prefixes rewritten and white space around texts dropped.

    Equal content gives equal bytes, whatever prefixes, declarations and indentation the writer used.
    """
    return str(etree.canonicalize(element, rewrite_prefixes=True, strip_text=True)).encode()


# --- schemas ---------------------------------------------------------------------------------------------------------


class Schema:
    """A compiled XSD from our own files; never from the network."""

    def __init__(self, package: str, name: str) -> None:
        """Load ``name`` and what it includes from the data files of ``package``."""
        folder = importlib.resources.files(package)
        parser = _parser()
        parser.resolvers.add(_Pinned(package))
        tree = etree.fromstring(folder.joinpath(name).read_bytes(), parser, base_url=name)
        self._schema = etree.XMLSchema(tree)
        # lxml keeps the findings on the schema object, so two threads would read each other's.
        self._lock = threading.Lock()

    def holds(self, element: Element) -> bool:
        """Whether the element and all below it follow the schema; cheaper than asking what is wrong."""
        with self._lock:
            return bool(self._schema.validate(element))

    def violations(self, element: Element, *, limit: int = 100) -> tuple[Violation, ...]:
        """What is wrong with the element and all below it, in document order; empty where nothing is.

        The validator says some breaches twice (the facet, then the type); the first word on an element stands.
        """
        with self._lock:
            if self._schema.validate(element):
                return ()
            log: Iterable[etree._LogEntry] = self._schema.error_log  # type: ignore[assignment]  # stubs lack __iter__
            entries = list(log)
        found: dict[tuple[int, ...], tuple[Element, etree._LogEntry]] = {}
        for entry in entries[: 4 * limit]:
            where = _found(element, entry.path)
            found.setdefault(_places(element, where), (where, entry))
        told = [found[places] for places in sorted(found)[:limit]]
        return tuple(_violation(path_of(where, within=element), entry) for where, entry in told)


def _violation(path: str, entry: etree._LogEntry) -> Violation:
    rule = str(entry.type_name).removeprefix("SCHEMAV_")
    message = entry.message.replace("{urn:x-lienthong:postal-tracking:1}", "")
    return Violation(path=path, line=entry.line, code=rule, message=message[:500])


_STEP = re.compile(r"([^\[]+)(?:\[([0-9]+)\])?")


def _found(element: Element, path: str | None) -> Element:
    """The element that the validator means by ``/*/*[2]/p:at``: its path begins at ``element``.

    A step is ``*`` with a place among all siblings where the namespace is the default one, else a name as written.
    """
    here = element
    for step in (path or "").split("/")[2:]:
        told = _STEP.fullmatch(step)
        name, place = (told[1], int(told[2] or 1)) if told is not None else ("", 1)
        fitting = (one for one in here if name in ("*", _written(one)))
        found = next(itertools.islice(fitting, place - 1, None), None)
        if found is None:
            break
        here = found
    return here


def _written(element: Element) -> str:
    return f"{element.prefix}:{local(element)}" if element.prefix else local(element)


def _places(element: Element, where: Element) -> tuple[int, ...]:
    """The way from ``element`` down to ``where`` as places among siblings; sorts as the document."""
    places: list[int] = []
    here: Element | None = where
    while here is not None and here is not element:
        parent = here.getparent()
        places.append(0 if parent is None else parent.index(here))
        here = parent
    return tuple(reversed(places))


class _Pinned(etree.Resolver):
    """Answers every include with one of our own files, and nothing else."""

    def __init__(self, package: str) -> None:
        super().__init__()
        self._folder = importlib.resources.files(package)

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stubs forget the third argument
        """Only the last part of the address counts: the files lie side by side."""
        name = system_url.rpartition("/")[2]
        return self.resolve_string(self._folder.joinpath(name).read_bytes(), context, base_url=name)


@functools.cache
def load_schema(package: str, name: str) -> Schema:
    """The schema, compiled once per process.

    Raises:
        lxml.etree.XMLSchemaParseError: our own file is broken; the program must not start.
    """
    return Schema(package, name)
