"""What a seal may add to a file, object by object. An allow-list: whatever is not named here is a fault.

Validators of signatures look at what came after a signature, and validators of PDF/A at the file as it stands; neither
compares the sealed file with the one that was approved. This does: the catalogue and page one are the old ones but for
named entries, each added object hangs from them, and in none of them is an action, a script or a font that is not
embedded (ISO 19005-2, 6.2.11.4, 6.3, 6.4.3, 6.5). Read from the file itself, whoever wrote it.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf

from scanning.seal_writer import first_page

PRINT = 4
_UNSEEN = 1 | 2 | 32 | 256
"""Annotation flags Invisible, Hidden, NoView and ToggleNoView (ISO 19005-2, 6.3.2)."""
_CATALOGUE = {"/AcroForm", "/Extensions", "/DSS"}
_FORM = {"/Fields", "/SigFlags"}
_WIDGET = {"/FT", "/T", "/TU", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V", "/AP"}
_SIGNATURE = {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M"}
_APPEARANCE = {"/Type", "/Subtype", "/BBox", "/Matrix", "/Resources", "/Length"}
_FONT = {"/Type", "/Subtype", "/BaseFont", "/Encoding", "/DescendantFonts", "/ToUnicode"}
_DESCENDANT = {"/Type", "/Subtype", "/BaseFont", "/CIDSystemInfo", "/CIDToGIDMap", "/FontDescriptor", "/W"}
_DESCRIPTOR = {
    *("/Type", "/FontName", "/Flags", "/FontBBox", "/ItalicAngle", "/Ascent", "/Descent", "/CapHeight", "/StemV"),
    "/FontFile2",
}
_STORE = {"/Type", "/Certs", "/OCSPs", "/CRLs"}
_PLAIN_STREAM = {"/Length", "/Length1", "/Filter", "/Type"}
_EXTENSION = {"/ESIC", "/BaseVersion", "/ExtensionLevel", "/Type"}
_DRAWING = re.compile(rb"q 0 g BT /F 10 Tf [-0-9a-f<>. TdjD]+ ET Q")
"""All that an appearance does: black text."""
_START = re.compile(rb"startxref\r?\n(\d{1,12})\r?\n%%EOF\r?\n?\Z")
_SECTION = re.compile(rb"xref\r?\n((?:\d+ \d+\r?\n(?:\d{10} \d{5} [nf][ \r][\r\n])+)+)trailer\s")
_ROWS = re.compile(rb"(\d+) (\d+)\r?\n((?:\d{10} \d{5} [nf][ \r][\r\n])+)")
_ROW_BYTES = 20
_PREVIOUS = re.compile(rb"/Prev (\d{1,12})")
_MOST_UPDATES = 100
"""A B-LTA file gets a new time stamp every few years."""

Ref = tuple[int, int]
"""Number and generation of an object."""


class Fault(Exception):
    """Something that a seal may not add, or a file that cannot be read; the text tells which."""


@dataclass(frozen=True, slots=True)
class Layers:
    """A file's first revision, ``end`` bytes long, and the objects that updates wrote after it."""

    end: int
    added: frozenset[Ref]


def layers(data: bytes) -> Layers:
    """Take the file apart, newest update first.

    Raises:
        Fault: it is not one revision with updates after it, each with a plain table.
    """
    told = _START.search(data, max(0, len(data) - 1024))
    if told is None:
        raise Fault("the file does not end with startxref")
    at, added = int(told[1]), set[Ref]()
    for _ in range(_MOST_UPDATES):
        section = _SECTION.match(data, at)
        if section is None:
            raise Fault("a table of an update cannot be read")
        until = data.find(b"startxref", section.end())
        before = _PREVIOUS.search(data, section.end(), until)
        if before is None:
            mark = data.find(b"%%EOF", until) + len(b"%%EOF")
            return Layers(mark + 1 if data[mark : mark + 1] == b"\n" else mark, frozenset(added))
        added |= _listed(section[1], at)
        if int(before[1]) >= at:
            raise Fault("the updates go round in circles")
        at = int(before[1])
    raise Fault("too many updates")


def _listed(rows: bytes, before: int) -> set[Ref]:
    """The objects of one table; all lie before it."""
    found = set()
    for part in _ROWS.finditer(rows):
        for at in range(int(part[2])):
            row = part[3][at * _ROW_BYTES : (at + 1) * _ROW_BYTES]
            number = int(part[1]) + at
            if row[17:18] == b"n":
                found.add((number, int(row[11:16])))
                if int(row[:10]) >= before:
                    raise Fault(f"object {number} lies behind its table")
            elif number != 0:
                raise Fault(f"object {number} was taken away")
    return found


def faults(base: bytes, data: bytes, added: frozenset[Ref]) -> Iterator[str]:
    """What the updates of ``data`` add to ``base`` that they may not; nothing when the file is in order."""
    try:
        with pikepdf.open(io.BytesIO(data)) as now, pikepdf.open(io.BytesIO(base)) as before:
            _Walk(before, now).check(added)
    except Fault as fault:
        yield str(fault)
    except (pikepdf.PdfError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        yield f"the seal's objects cannot be read: {type(error).__name__} {error}"


class _Walk:
    """One pass over what was added; remembers what it reached."""

    def __init__(self, before: pikepdf.Pdf, now: pikepdf.Pdf) -> None:
        self._before, self._now = before, now
        self._seen: set[Ref] = set()

    def check(self, added: frozenset[Ref]) -> None:
        root = self._see(self._now.Root)
        _same(self._before.Root, root, _CATALOGUE, "the catalogue")
        if "/Extensions" in root:
            _only(self._see(root["/Extensions"]), _EXTENSION, "extensions")
        form = self._see(root["/AcroForm"])
        _only(form, _FORM, "form")
        fields = list(self._see(form["/Fields"]))
        self._first_page([field.objgen for field in fields])
        for field in fields:
            self._field(self._see(field))
        if "/DSS" in root:
            self._store(self._see(root["/DSS"]))
        astray = sorted(added - self._seen)
        if astray:
            raise Fault(f"object {astray[0][0]} was added and belongs to no seal")

    def _first_page(self, fields: list[Ref]) -> None:
        """Page one as it was before; only annotations may be new on it, and only seals."""
        old, page = first_page(self._before), self._see(first_page(self._now))
        if old.objgen != page.objgen:
            raise Fault("page one is another one")
        _same(old, page, {"/Annots"}, "page one")
        before = [one.objgen for one in old.get("/Annots", ())]
        now = [one.objgen for one in self._see(page["/Annots"])]
        if now[: len(before)] != before or not set(now[len(before) :]) <= set(fields):
            raise Fault("page one got an annotation that is no seal")

    def _field(self, widget: pikepdf.Object) -> None:
        _only(widget, _WIDGET, "seal's field")
        if widget["/FT"] != "/Sig" or widget["/Subtype"] != "/Widget":
            raise Fault("a field is no signature")
        flags = int(widget["/F"])
        if not flags & PRINT or flags & _UNSEEN:
            raise Fault(f"the seal's flags are {flags}")
        left, bottom, right, top = (float(edge) for edge in widget["/Rect"])
        if "/AP" in widget:
            self._appearance(self._see(widget["/AP"]))
        elif (left, bottom) != (right, top):
            raise Fault("a visible seal has no appearance")
        _only(self._see(widget["/V"]), _SIGNATURE, "signature")

    def _appearance(self, choices: pikepdf.Object) -> None:
        _only(choices, {"/N"}, "appearance")
        form = self._see(choices["/N"])
        if not isinstance(form, pikepdf.Stream):
            raise Fault("the appearance has states")
        _only(form, _APPEARANCE, "appearance")
        if not _DRAWING.fullmatch(form.read_raw_bytes()):
            raise Fault("the appearance draws something else than text")
        resources = self._see(form["/Resources"])
        _only(resources, {"/Font"}, "appearance's resources")
        fonts = self._see(resources["/Font"])
        _only(fonts, {"/F"}, "appearance's fonts")
        self._font(self._see(fonts["/F"]))

    def _font(self, font: pikepdf.Object) -> None:
        _only(font, _FONT, "font")
        self._plain(font["/ToUnicode"], "font's letters")
        (below,) = self._see(font["/DescendantFonts"])
        _only(self._see(below), _DESCENDANT, "font")
        descriptor = self._see(below["/FontDescriptor"])
        _only(descriptor, _DESCRIPTOR, "font")
        if "/FontFile2" not in descriptor:
            raise Fault("a font is not embedded")
        self._plain(descriptor["/FontFile2"], "font program")

    def _store(self, store: pikepdf.Object) -> None:
        """The document security store: certificates and what tells whether they are revoked, nothing else."""
        _only(store, _STORE, "security store")
        for kind in _STORE & set(store.keys()) - {"/Type"}:
            for one in self._see(store[kind]):
                self._plain(one, "security store")

    def _plain(self, stream: pikepdf.Object, what: str) -> None:
        if not isinstance(self._see(stream), pikepdf.Stream):
            raise Fault(f"the {what} is no stream")
        _only(stream, _PLAIN_STREAM, what)

    def _see(self, found: pikepdf.Object) -> pikepdf.Object:
        if found.is_indirect:
            self._seen.add(found.objgen)
        return found


def _same(old: pikepdf.Object, new: pikepdf.Object, may: set[str], what: str) -> None:
    """Every entry is as it was but for the named ones; references are compared, not followed."""
    for key in sorted({*old.keys(), *new.keys()} - may):
        if key not in old or key not in new:
            raise Fault(f"{key} of {what} came or went")
        if _written(old[key]) != _written(new[key]):
            raise Fault(f"{key} of {what} was changed")


def _only(found: pikepdf.Object, may: set[str], what: str) -> None:
    more = sorted(set(found.keys()) - may)
    if more:
        raise Fault(f"the {what} has {more[0]}")


def _written(value: object) -> bytes:
    return value.unparse() if isinstance(value, pikepdf.Object) else repr(value).encode()
