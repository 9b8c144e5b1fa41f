"""Text under the image: laid in, and judged for what PDF/A-2u promises, a Unicode value for every glyph.

The text comes from Tesseract as a PDF of one page (``text_pdf`` of a leaf). It is taken over as a form; its font, the
same on every page, is written once. What is shown is NFC, so that a search for "ồ" finds it: decomposed letters are put
together, and the width of the shorter word is kept. The font's map to Unicode is ours: Tesseract's is one range from
0000 to FFFF, which says U+0000 and crosses the rows of a CMap, and veraPDF reads nothing above U+00FF in it.
"""

import contextlib
import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

from scanning import scanner_pdf
from scanning.structure import BadFile
from schemas.document import ScanReason

_WORD = re.compile(rb"([\d.]+) Tz \[ <([0-9A-Fa-f]+)> \] TJ")
"""A word as Tesseract writes it: its width in percent, its UTF-16 units as codes of a font without shapes."""
_DEPTH_MOST = 10
"""Forms within forms that are looked into."""
_NO_UNICODE = frozenset({0x0000, 0xFEFF, 0xFFFE})
"""Values that PDF/A forbids as the Unicode of a glyph (ISO 19005-2, 6.2.11.7.2)."""
_SHAPELESS = "/GlyphLessFont"
"""Tesseract's font: a code is a UTF-16 unit, every shape is empty."""
_UNSAYABLE = re.compile("[\0\ud800-\udfff\ufeff\ufffe\uffff\U00010000-\U0010ffff]")
"""Letters that the font's map leaves out."""


class TextLayers:
    """Text forms of one PDF."""

    def __init__(self, pdf: pikepdf.Pdf, files: contextlib.ExitStack) -> None:
        """Lay into ``pdf``; the sources stay open in ``files`` until it is saved."""
        self._pdf = pdf
        self._files = files
        self._fonts: dict[bytes, pikepdf.Object] = {}

    def form(self, text_pdf: Path) -> tuple[pikepdf.Object, float, float]:
        """The text as a form XObject, and the sides of its page in points.

        Raises:
            BadFile: it is no PDF of one page.
        """
        source = self._files.enter_context(scanner_pdf.opened(text_pdf))
        if len(source.pages) != 1:
            raise BadFile(ScanReason.DAMAGED, f"The text layer has {len(source.pages)} pages.")
        page = source.pages[0]
        left, low, right, top = (float(side) for side in page.mediabox)
        if right <= left or top <= low:
            raise BadFile(ScanReason.DAMAGED, "The text layer's page has no size.")
        page.contents_coalesce()
        form = pikepdf.Stream(self._pdf, composed(page.obj.Contents.read_bytes()))
        form["/Type"], form["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
        form["/BBox"] = pikepdf.Array([left, low, right, top])
        form["/Matrix"] = pikepdf.Array([1, 0, 0, 1, -left, -low])
        fonts: Any = page.resources.get("/Font", pikepdf.Dictionary())
        shared = {name: self._font(source, font) for name, font in fonts.items()}
        form["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(shared))
        return self._pdf.make_indirect(form), right - left, top - low

    def _font(self, source: pikepdf.Pdf, font: pikepdf.Object) -> pikepdf.Object:
        digest = hashlib.sha256()
        _feed(digest, font, _DEPTH_MOST)
        key = digest.digest()
        if key not in self._fonts:
            ours = self._pdf.copy_foreign(font if font.is_indirect else source.make_indirect(font))
            if str(ours.get("/BaseFont")) == _SHAPELESS:
                ours["/ToUnicode"] = pikepdf.Stream(self._pdf, zlib.compress(identity_map()))
                ours["/ToUnicode"]["/Filter"] = pikepdf.Name.FlateDecode
            self._fonts[key] = ours
        return self._fonts[key]


def identity_map() -> bytes:
    """A CMap that maps every UTF-16 unit to itself, row by row, but for those that are no letter by themselves."""
    last = {0xFE: 0xFE, 0xFF: 0xFD}
    rows = [row for row in range(256) if not 0xD8 <= row <= 0xDF]
    ranges = [b"<%02X%02X> <%02X%02X> <%02X%02X>" % (r, not r, r, last.get(r, 0xFF), r, not r) for r in rows]
    blocks = [ranges[at : at + 100] for at in range(0, len(ranges), 100)]
    return b"\n".join(
        (
            b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap",
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            b"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def",
            b"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange",
            *(b"%d beginbfrange\n%s\nendbfrange" % (len(block), b"\n".join(block)) for block in blocks),
            b"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n",
        )
    )


def composed(content: bytes) -> bytes:
    """The content with every word in NFC, letters beyond the font's map as U+FFFD; nothing else is touched.

    >>> composed(b"90 Tz [ <0065030100200020> ] TJ")
    b'120 Tz [ <00E900200020> ] TJ'
    """

    def word(found: re.Match[bytes]) -> bytes:
        try:
            text = bytes.fromhex(found[2].decode()).decode("utf-16-be")
        except ValueError:
            return found[0]
        whole = _UNSAYABLE.sub("\ufffd", unicodedata.normalize("NFC", text))
        if whole == text:
            return found[0]
        codes = whole.encode("utf-16-be").hex().upper()
        width = float(found[1]) * len(found[2]) / len(codes)
        return f"{width:.3f}".rstrip("0").rstrip(".").encode() + b" Tz [ <" + codes.encode() + b"> ] TJ"

    return _WORD.sub(word, content)


# --- the judge's question --------------------------------------------------------------------------------------------


def unmapped(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Text without Unicode: what keeps the file from PDF/A-2u; nothing when every glyph shown has its value.

    Stricter than the standard: any font that shows something needs a map of its own, and what is not looked into
    (annotations, patterns) counts as a fault. Pages that we lay out have neither.
    """
    maps = _Maps()
    for number, page in enumerate(pdf.pages, start=1):
        if "/Annots" in page.obj or "/Pattern" in page.resources:
            yield f"6.2.11.7.2: page {number}: annotations and patterns are not looked into"
        for fault in _faults_of(page, maps, set(), _DEPTH_MOST):
            yield f"6.2.11.7.2: page {number}: {fault}"


class _Maps:
    """ToUnicode maps read once a font."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], frozenset[int] | None] = {}

    def of(self, font: Any) -> frozenset[int] | None:
        """Codes that the font's ToUnicode gives a value; ``None`` without such a map, or with a forbidden value."""
        key = font.objgen
        if key not in self._read or key == (0, 0):
            stream = font.get("/ToUnicode")
            self._read[key] = _mapped(stream.read_bytes()) if isinstance(stream, pikepdf.Stream) else None
        return self._read[key]


def _faults_of(holder: Any, maps: _Maps, seen: set[tuple[int, int]], depth: int) -> Iterator[str]:
    """Faults of a page or a form and of the forms it draws, each looked into once: they may draw one another often."""
    resources = holder.resources if isinstance(holder, pikepdf.Page) else holder.get("/Resources", pikepdf.Dictionary())
    fonts: Any = resources.get("/Font", {})
    forms: Any = resources.get("/XObject", {})
    font: Any = None
    for step in pikepdf.parse_content_stream(holder):
        operator = str(step.operator)
        if operator == "Tf":
            font = fonts.get(str(step.operands[0]))
        elif operator in ("Tj", "TJ", "'", '"'):
            yield from _faults_of_text(font, step.operands[-1], maps)
        elif operator == "Do":
            drawn = forms.get(str(step.operands[0]))
            if drawn is None or drawn.get("/Subtype") != pikepdf.Name.Form or drawn.objgen in seen:
                continue
            seen.add(drawn.objgen)
            if depth == 0:
                yield "forms lie too deep in one another"
            else:
                yield from _faults_of(drawn, maps, seen, depth - 1)


def _faults_of_text(font: Any, shown: Any, maps: _Maps) -> Iterator[str]:
    if font is None:
        yield "text without a font"
        return
    name = font.get("/BaseFont", "a font without a name")
    values = maps.of(font)
    if values is None:
        yield f"{name} has no lawful ToUnicode"
        return
    if font.get("/Subtype") == pikepdf.Name.Type0 and font.get("/Encoding") != pikepdf.Name("/Identity-H"):
        yield f"{name} has an encoding that is not looked into"
        return
    step = 2 if font.get("/Subtype") == pikepdf.Name.Type0 else 1
    parts = shown if isinstance(shown, pikepdf.Array) else [shown]
    for part in parts:
        codes = bytes(part) if isinstance(part, pikepdf.String) else b""
        missing = {int.from_bytes(codes[at : at + step], "big") for at in range(0, len(codes), step)} - values
        if missing:
            yield f"{name} has no Unicode for code {min(missing):#06x}"


_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)
_TOKEN = re.compile(rb"<([0-9A-Fa-f\s]*)>|([][])")
_Token = int | str
"""A code or a value; a bracket."""


def _mapped(cmap: bytes) -> frozenset[int] | None:
    """Codes with a value, of a ToUnicode CMap; ``None`` when a value is one that PDF/A forbids."""
    found: set[int] = set()
    for kind, body in _BLOCK.findall(cmap):
        tokens = [bracket.decode() or int(b"0" + b"".join(code.split()), 16) for code, bracket in _TOKEN.findall(body)]
        pairs = zip(tokens[::2], tokens[1::2], strict=False) if kind == b"bfchar" else _ranges(tokens)
        told = {code: value for code, value in pairs if isinstance(code, int)}
        if not _NO_UNICODE.isdisjoint(told.values()):
            return None
        found |= told.keys()
    return frozenset(found)


def _ranges(tokens: list[_Token]) -> Iterator[tuple[_Token, _Token]]:
    """Code and value, one by one. A range ends with its row: only its last byte counts up (ISO 32000-1, 9.10.3)."""
    at = 0
    while at + 2 < len(tokens):
        first, last, begin = tokens[at : at + 3]
        if not isinstance(first, int) or not isinstance(last, int):
            return
        if isinstance(begin, int):
            end_of_row = min(last, first | 0xFF)
            yield from ((code, begin + code - first) for code in range(first, end_of_row + 1))
            at += 3
        else:
            end = tokens.index("]", at) if "]" in tokens[at:] else len(tokens)
            yield from enumerate(tokens[at + 3 : end], start=first)
            at = end + 1


def _feed(digest: Any, thing: Any, depth: int) -> None:  # a hashlib object; any PDF object
    """Digest an object with all it leads to, so that equal fonts of different files are one."""
    if isinstance(thing, pikepdf.Stream):
        digest.update(thing.read_raw_bytes())
        thing = thing.stream_dict
    if isinstance(thing, pikepdf.Dictionary) and depth:
        for key, value in sorted(thing.items()):
            digest.update(key.encode() + b"(")
            _feed(digest, value, depth - 1)
            digest.update(b")")
    elif isinstance(thing, pikepdf.Array) and depth:
        for value in thing.as_list():
            _feed(digest, value, depth - 1)
    else:
        digest.update(f"{thing!r};".encode())
