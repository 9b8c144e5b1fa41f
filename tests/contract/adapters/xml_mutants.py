"""Mutants of a reply in XML: of its form as a whole, and of each of its leaves once; made of the text, not parsed."""

import dataclasses
import re
from collections.abc import Iterator

from tests.contract.adapters.mutants import DEEP, SOAP_FAULT, Must, Mutant, Sort, broken_letter, of_bytes

_LEAF = re.compile(r"<((?:[\w.-]+:)?[\w.-]+)((?:\s[^<>]*)?)>([^<>]*)</\1>")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}.*|\d{8,14}")
ENTITIES = (
    '<!DOCTYPE a [<!ENTITY l "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n > 1 else "&l;" * 10}">' for n in range(1, 10))
    + "]>"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    """An element that holds text: where it stands, its name as written, its attributes, its text."""

    start: int
    end: int
    name: str
    attributes: str
    value: str

    @property
    def path(self) -> str:
        """The name without its prefix: so ``index.toml`` calls it."""
        return self.name.rpartition(":")[2]

    def written(self, value: str, attributes: str | None = None) -> str:
        """The same element with another content."""
        return f"<{self.name}{self.attributes if attributes is None else attributes}>{value}</{self.name}>"


def mutants(good: bytes) -> Iterator[Mutant]:
    """Every mutant of ``good``."""
    text = good.decode("utf-8")
    yield from of_bytes(good)
    yield from _forms(text)
    yield from _harmless(text)
    for leaf in leaves(text):
        yield from _of_leaf(text, leaf)


def leaves(text: str) -> list[Leaf]:
    """Of the elements with one name that hold text, the one in the middle."""
    found: dict[str, list[Leaf]] = {}
    for match in _LEAF.finditer(text):
        leaf = Leaf(match.start(), match.end(), match[1], match[2] or "", match[3])
        found.setdefault(leaf.name, []).append(leaf)
    return [same[len(same) // 2] for same in found.values()]


def _forms(text: str) -> Iterator[Mutant]:
    declaration, body = _parts(text)
    opening = re.search(r"<([\w.:-]+)", body)
    assert opening is not None
    name = opening[1]
    yield Mutant("JSON", Sort.FORM, Must.NAMED, b'{"error": "server_error"}')
    yield Mutant("no root", Sort.FORM, Must.NAMED, b'<?xml version="1.0"?>')
    yield Mutant("another root", Sort.FORM, Must.NAMED, b'<?xml version="1.0"?><ok/>')
    yield Mutant("two roots", Sort.FORM, Must.NAMED, f"{text}<{name}/>".encode())
    yield Mutant("fault with 200", Sort.FAULT, Must.NAMED, SOAP_FAULT)
    yield Mutant("entities in entities", Sort.FORM, Must.NAMED, f"{declaration}{ENTITIES}{body}".encode())
    outside = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/evil.dtd">'
    yield Mutant("a DTD from outside", Sort.FORM, Must.NAMED, f"{declaration}{outside}{body}".encode())
    yield Mutant("an entity nobody knows", Sort.FORM, Must.NAMED, _put(text, "&nbsp;"))
    yield Mutant("a control character", Sort.FORM, Must.NAMED, _put(text, "\x02"))
    yield Mutant("a zero", Sort.FORM, Must.NAMED, _put(text, "\x00"))
    yield Mutant("a prefix nobody bound", Sort.FORM, Must.NAMED, _put(text, "<zz:x/>"))
    yield Mutant("elements in elements", Sort.DEEP, Must.NAMED, _put(text, "<x>" * DEEP + "</x>" * DEEP))
    yield Mutant("an attribute twice", Sort.TWICE, Must.NAMED, _put(text, '<x a="1" a="2"/>'))
    wrong = f'<?xml version="1.0" encoding="no-such"?>{body}'
    yield Mutant("an encoding nobody knows", Sort.ENCODING, Must.SAME_OR_NAMED, wrong.encode())
    yield Mutant("declared as UTF-16", Sort.ENCODING, Must.SAME_OR_NAMED, _declared("UTF-16", body))
    if body.encode("latin-1", "replace") != body.encode():
        yield Mutant("declared as latin-1", Sort.ENCODING, Must.NOTICED, _declared("ISO-8859-1", body), path="*")
    first = leaves(text)
    if first:
        place = len(text[: first[0].end - len(first[0].name) - 3].encode())
        yield broken_letter(text.encode(), place)


def _harmless(text: str) -> Iterator[Mutant]:
    declaration, body = _parts(text)
    plain = "<?xml version='1.0' encoding='utf-8'?>\r\n"
    yield Mutant("another declaration", Sort.HARMLESS, Must.SAME, f"{plain}{body}".encode())
    yield Mutant("no declaration", Sort.HARMLESS, Must.SAME, body.encode())
    yield Mutant("a comment before it", Sort.HARMLESS, Must.SAME, f"{declaration}<!-- c -->{body}\n".encode())
    letters = "".join(letter if ord(letter) < 128 else f"&#{ord(letter)};" for letter in body)
    yield Mutant("letters as numbers", Sort.HARMLESS, Must.SAME, f"{declaration}{letters}".encode())
    yield Mutant("an extra element", Sort.EXTRA, Must.SAME_OR_NAMED, _put(text, "<truongMoi>mới</truongMoi>"))


def _of_leaf(text: str, leaf: Leaf) -> Iterator[Mutant]:
    def mutant(name: str, sort: Sort, written: str) -> Mutant:
        body = f"{text[: leaf.start]}{written}{text[leaf.end :]}".encode()
        return Mutant(f"{leaf.path}: {name}", sort, Must.NOTICED, body, path=leaf.path)

    yield mutant("missing", Sort.MISSING, "")
    yield mutant("empty", Sort.MISSING, leaf.written(""))
    yield mutant("twice", Sort.TWICE, leaf.written(leaf.value) + leaf.written(f"{leaf.value}9"))
    yield mutant("an element in it", Sort.WRONG_TYPE, leaf.written(f"<x>{leaf.value}</x>"))
    nil = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    yield mutant("nil", Sort.MISSING, leaf.written("", leaf.attributes + nil))
    if re.fullmatch(r"-?\d+", leaf.value):
        for bad in ("9" * 40, "-1", "1e400", "NaN", "٣", "không"):
            yield mutant(bad[:12], Sort.HUGE, leaf.written(bad))
    if _DATE.fullmatch(leaf.value):
        for bad in ("9999-99-99T99:99:99Z", "2026-02-30T00:00:00+07:00", "99999-01-01T00:00:00Z", "hôm qua"):
            yield mutant(bad, Sort.DATE, leaf.written(bad))
    if leaf.value in ("true", "false"):
        yield mutant("neither", Sort.WRONG_TYPE, leaf.written("có"))


def _parts(text: str) -> tuple[str, str]:
    told = _DECLARATION.match(text)
    return (told[0], text[told.end() :].lstrip()) if told is not None else ("", text)


def _declared(encoding: str, body: str) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode()


def _put(text: str, what: str) -> bytes:
    """``what`` just before the last element ends."""
    end = text.rstrip().rfind("</")
    return (text[:end] + what + text[end:]).encode()
