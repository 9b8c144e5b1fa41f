"""The envelope of SOAP 1.1 and 1.2: read from bytes, written around a body element."""

import dataclasses
from collections.abc import Iterable

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.soap.versions import BY_NAMESPACE, SOAP_11, VERSIONS, Version
from adapters._kit.xml import Element
from schemas.errors import Misunderstood

_ENCODINGS = frozenset({"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ASCII"})
VERSION_MISMATCH = "version"
"""``code`` of the Misunderstood that read_envelope raises for another version of SOAP."""


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """A whole envelope: header blocks in their order, and the one element of the body."""

    headers: tuple[Element, ...]
    body: Element
    version: Version = SOAP_11

    @property
    def message_id(self) -> str | None:
        """Text of wsa:MessageID, where there is one."""
        for block in self.headers:
            if xml.namespace(block) == names.WSA and xml.local(block) == "MessageID":
                return (block.text or "").strip() or None
        return None

    def header(self, ns: str, name: str) -> Element | None:
        """The first header block of this name."""
        return next((one for one in self.headers if xml.namespace(one) == ns and xml.local(one) == name), None)

    def must_understand(self, understood: Iterable[tuple[str, str]]) -> Element | None:
        """The first block for us that says mustUnderstand and is not among (namespace, name or ``*``)."""
        known = set(understood)
        for block in self.headers:
            ns, name = xml.namespace(block), xml.local(block)
            if self._insists(block) and (ns, name) not in known and (ns, "*") not in known:
                return block
        return None

    def _insists(self, block: Element) -> bool:
        told = self.version
        wanted = (block.get(f"{{{told.ns}}}mustUnderstand") or "").strip() in ("1", "true")
        return wanted and (block.get(f"{{{told.ns}}}{told.role}") or "").strip() in told.ours


def read_envelope(
    raw: bytes, *, max_bytes: int = xml.MAX_BYTES, subject: str = "", version: Version | None = None
) -> Envelope:
    """Read an Envelope with at most one Header and one Body that holds exactly one element.

    ``version`` None takes either version of SOAP.

    Raises:
        Misunderstood: anything else; ``code`` is ``size``, ``xml``, ``envelope`` or ``version``, ``raw`` is kept.
    """
    root = xml.parse(raw, max_bytes=max_bytes, subject=subject)
    written_in = xml.encoding(root)
    if written_in not in _ENCODINGS:  # HTTP says UTF-8, so one of the two is wrong, and letters would be lost
        raise Misunderstood(f"written in {written_in}, not in UTF-8", subject=subject, raw=raw, code="xml")
    ns, name = xml.namespace(root), xml.local(root)
    found = BY_NAMESPACE.get(ns) if name == "Envelope" else None
    if found is None or (version is not None and found is not version):
        other = name == "Envelope" and ns != ""
        wanted = f"SOAP {version.name}" if version is not None else "SOAP 1.1 or 1.2"
        told = f"the root is {{{ns}}}{name}, not an Envelope of {wanted}"
        raise Misunderstood(told, subject=subject, raw=raw, code=VERSION_MISMATCH if other else "envelope")
    header, body = _parts(root, raw, subject)
    inside = list(xml.children(body))
    if len(inside) != 1:
        raise _broken(raw, subject, f"the Body holds {len(inside)} elements, one is wanted")
    return Envelope(tuple(xml.children(header)) if header is not None else (), inside[0], found)


def _parts(root: Element, raw: bytes, subject: str) -> tuple[Element | None, Element]:
    parts = list(xml.children(root))
    shape = [xml.local(part) if xml.namespace(part) == xml.namespace(root) else "?" for part in parts]
    if shape == ["Body"]:
        return None, parts[0]
    if shape == ["Header", "Body"]:
        return parts[0], parts[1]
    raise _broken(raw, subject, f"an Envelope is an optional Header and a Body, not {', '.join(shape) or 'empty'}")


def _broken(raw: bytes, subject: str, reason: str) -> Misunderstood:
    return Misunderstood(reason, subject=subject, raw=raw, code="envelope")


def wrap(body: Element, headers: Iterable[Element] = (), *, version: Version = SOAP_11) -> bytes:
    """An envelope around ``body``, as UTF-8 bytes; the elements are moved into it."""
    root = xml.element("Envelope", version.ns, prefix="soap")
    blocks = list(headers)
    if blocks:
        xml.add(root, "Header").extend(blocks)
    xml.add(root, "Body").append(body)
    return xml.write(root)


def written(body: bytes, headers: bytes, *, version: Version) -> bytes:
    """The same from parts that are bytes already, each with its own namespaces: for calls, where microseconds count."""
    before, between, after = _FRAMES[version.name]
    return b"".join((before, headers, between, body, after))


def _frame(version: Version) -> tuple[bytes, bytes, bytes]:
    start = f"<?xml version='1.0' encoding='UTF-8'?>\n<soap:Envelope xmlns:soap=\"{version.ns}\"><soap:Header>"
    return start.encode(), b"</soap:Header><soap:Body>", b"</soap:Body></soap:Envelope>"


_FRAMES = {version.name: _frame(version) for version in VERSIONS}


def relates_to(message_id: str) -> Element:
    """The wsa:RelatesTo block that answers a wsa:MessageID."""
    block = xml.element("RelatesTo", names.WSA, prefix="wsa")
    block.text = message_id
    return block
