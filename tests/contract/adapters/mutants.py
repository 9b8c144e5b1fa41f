"""What a broken peer may send instead of a good reply: mutants of one recording, and what each must end as.

Nothing here knows a peer. A mutant of the whole body (cut, empty, a web page) must end as a named error; a mutant of
one field must be noticed (a named error, a complaint, or a field that nobody reads); a harmless one changes nothing.
"""

import dataclasses
import enum
from collections.abc import Collection, Iterator

HTML = b"<!DOCTYPE html><html><head><title>502</title></head><body>Bad Gateway &copy; proxy</body></html>"
SOAP_FAULT = (
    b'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    b"<faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>"
)
DEEP = 100_000
"""Levels of nesting: far beyond what a parser that calls itself can stand."""


class Must(enum.Enum):
    """What a mutant must end as."""

    SAME = "the same records as the good reply"
    SAME_OR_NAMED = "the same records as the good reply, or a named error"
    NAMED = "a named error"
    NOTICED = "a named error, a complaint that costs no neighbour, or the same records"


class Sort(enum.StrEnum):
    """The kinds that every peer must be shown."""

    WRONG_TYPE = "wrong type"
    MISSING = "missing"
    EXTRA = "extra unknown"
    ENCODING = "wrong encoding"
    BOM = "byte order mark"
    TWICE = "duplicate key"
    HUGE = "huge number"
    DATE = "date out of range"
    EMPTY = "empty body with 200"
    FAULT = "fault or page with 200"
    CUT = "truncated"
    DEEP = "nested too deep"
    FORM = "another document"
    HARMLESS = "the same thing written otherwise"


@dataclasses.dataclass(frozen=True, slots=True)
class Mutant:
    """One broken reply. ``path`` is the field it breaks (``rows[].code``), empty for the body as a whole."""

    name: str
    sort: Sort
    must: Must
    body: bytes
    path: str = ""
    content_type: str | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


def of_bytes(good: bytes) -> Iterator[Mutant]:
    """Mutants of any body, whatever it is written in."""
    trimmed = good.rstrip()
    yield Mutant("empty", Sort.EMPTY, Must.NAMED, b"")
    yield Mutant("blanks", Sort.EMPTY, Must.NAMED, b" \r\n ")
    yield Mutant("no content", Sort.EMPTY, Must.NAMED, b"", status=204)
    yield Mutant("page", Sort.FAULT, Must.NAMED, HTML)
    yield Mutant("page as such", Sort.FAULT, Must.NAMED, HTML, content_type="text/html")
    yield Mutant("half", Sort.CUT, Must.NAMED, trimmed[: len(trimmed) // 2])
    yield Mutant("all but the end", Sort.CUT, Must.NAMED, trimmed[:-1])
    yield Mutant("the end only", Sort.CUT, Must.NAMED, trimmed[len(trimmed) // 3 :])
    yield Mutant("twice", Sort.FORM, Must.NAMED, trimmed + trimmed)
    yield Mutant("and more", Sort.FORM, Must.NAMED, trimmed + b"}>")
    yield Mutant("zeros after it", Sort.FORM, Must.NAMED, trimmed + b"\0" * 16)
    yield Mutant("only zeros", Sort.FORM, Must.NAMED, b"\0" * 64)
    yield Mutant("not gzip", Sort.ENCODING, Must.NAMED, trimmed, headers=(("Content-Encoding", "gzip"),))
    yield Mutant("byte order mark", Sort.BOM, Must.SAME_OR_NAMED, b"\xef\xbb\xbf" + good)
    yield Mutant("two byte order marks", Sort.BOM, Must.SAME_OR_NAMED, b"\xef\xbb\xbf" * 2 + good)
    yield from _encodings(good)


def _encodings(good: bytes) -> Iterator[Mutant]:
    text = good.decode("utf-8")
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield Mutant(name, Sort.ENCODING, Must.SAME_OR_NAMED, text.encode(name))
    latin = text.encode("latin-1", "replace")
    if not _is_utf8(latin):  # where only question marks are left of the letters, nobody can know
        yield Mutant("latin-1", Sort.ENCODING, Must.NOTICED, latin, path="*")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def broken_letter(good: bytes, place: int) -> Mutant:
    """A byte in the middle of a text that is no UTF-8."""
    return Mutant("broken letter", Sort.ENCODING, Must.NAMED, good[:place] + b"\xe9\xff" + good[place:])


def sample(mutants: list[Mutant], most: int, always: Collection[str] = ()) -> list[Mutant]:
    """About so many, spread evenly, each sort and those in ``always`` kept: a hundred fields must not take a minute."""
    if len(mutants) <= most:
        return mutants
    step = len(mutants) / most
    kept = {int(n * step) for n in range(most)}
    first = {sort: next((n for n, one in enumerate(mutants) if one.sort is sort), 0) for sort in Sort}
    return [one for n, one in enumerate(mutants) if n in kept or n in first.values() or one.name in always]
