"""The visible seal: three lines in the upper right of page one, as people see the page.

The form is that of electronic copies in Nghị định 30/2020/NĐ-CP, Phụ lục I: the kind of copy, the name of the unit and
the time of signing as ``dd/MM/yyyy HH:mm:ss +07:00``; Times New Roman, upright, 10 points, black. The face is Tinos,
which has the measures of Times New Roman, all Vietnamese letters and a free licence (SIL OFL; Debian: fonts-croscore).

Everything that does not change is made once: the subset of the font (digits and the letters of this unit, 12 KB
compressed; making it takes 150 ms), its widths, the lines. A seal then only writes its time. PDF/A asks for the font to
be embedded, a single normal appearance and the Print flag (ISO 19005-2, 6.2.11.4 and 6.3.3).
"""

import datetime as dt
import io
import unicodedata
import zlib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from schemas.errors import BadConfiguration

ZONE = dt.timezone(dt.timedelta(hours=7))
"""Viet Nam; the rule wants the zone written as +07:00."""
SIZE_PT = 10.0
LEADING_PT = 12.0
WIDEST_PT = 200.0
"""70 mm: longer names of units are broken between words."""
MARGIN_PT = 20.0
"""7 mm to the edges: less than that, office printers leave white."""
ROOM = 0.45
"""Most of the page's width and height that the stamp takes; on an ID card it is written smaller."""
_TIME = "0123456789/:+ "
_DROPPED = ["GSUB", "GPOS", "GDEF", "OS/2", "name", "post", "cmap", "DSIG", "gasp", "kern", "VDMX", "LTSH", "hdmx"]
_TURN = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""Matrices that turn what is drawn anticlockwise by as much as the viewer turns the page clockwise."""

Box = tuple[float, float, float, float]
"""(left, bottom, right, top) in the page's own units."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as a viewer shows it: ``box`` is what of it is seen, turned clockwise by ``rotate_deg``."""

    box: Box
    rotate_deg: int = 0
    unit: float = 1.0
    """Points in one unit of the page (/UserUnit)."""

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height as seen."""
        left, bottom, right, top = self.box
        wide, high = (right - left) * self.unit, (top - bottom) * self.unit
        return (high, wide) if self.rotate_deg in (90, 270) else (wide, high)

    def upper_right(self, width_pt: float, height_pt: float) -> Box:
        """The box, in the page's own units, that is seen that large in the upper right corner."""
        seen_width, seen_height = self.size_pt
        left, low = seen_width - MARGIN_PT - width_pt, seen_height - MARGIN_PT - height_pt
        xs, ys = zip(*(self._own(left, low), self._own(left + width_pt, low + height_pt)), strict=True)
        return (min(xs), min(ys), max(xs), max(ys))

    def _own(self, seen_x: float, seen_y: float) -> tuple[float, float]:
        x, y = seen_x / self.unit, seen_y / self.unit
        left, bottom, right, top = self.box
        corners = {
            0: (left + x, bottom + y),
            90: (right - y, bottom + x),
            180: (right - x, top - y),
            270: (left + y, top - x),
        }
        return corners[self.rotate_deg]


class Stamp:
    """The stamp of one unit: its lines and the part of the font that they need."""

    def __init__(self, font: Path, *, form: str, unit: str) -> None:
        """Make what every seal shares. ``form`` is the kind of copy ("SAO Y"), ``unit`` the name of the unit.

        Raises:
            BadConfiguration: the font cannot be read, may not be embedded, or lacks a letter.
        """
        self._font = font
        lines = [unicodedata.normalize("NFC", line) for line in (form, unit) if line]
        self._glyphs, self._widths, self._program = _subset(font, "".join(lines) + _TIME)
        self._lines = [part for line in lines for part in self._broken(line)]

    def place(self, writer: BasePdfFileWriter, sheet: Sheet, at: dt.datetime) -> tuple[generic.IndirectObject, Box]:
        """Add the appearance for this instant; give its reference and the rectangle it belongs into."""
        lines = [*self._lines, time_line(at)]
        wide, high = max(map(self._width, lines)), LEADING_PT * len(lines)
        seen_wide, seen_high = sheet.size_pt
        shrink = min(1.0, (seen_wide * ROOM) / wide, (seen_high * ROOM) / high)
        box = sheet.upper_right(wide * shrink, high * shrink)
        name = generic.pdf_name
        form = generic.StreamObject(
            {
                name("/Type"): name("/XObject"),
                name("/Subtype"): name("/Form"),
                name("/BBox"): _numbers(0, 0, wide, high),
                name("/Matrix"): _numbers(*_TURN[sheet.rotate_deg], 0, 0),
                name("/Resources"): generic.DictionaryObject(
                    {name("/Font"): generic.DictionaryObject({name("/F"): self._embed(writer)})}
                ),
            },
            stream_data=self._drawing(lines),
        )
        return writer.add_object(form), box

    def _drawing(self, lines: list[str]) -> bytes:
        first = LEADING_PT * len(lines) - SIZE_PT * 0.97  # as high as a capital with two marks (Ấ); 0.23 is left below
        shown = [f"<{''.join(f'{self._glyphs[letter]:04x}' for letter in line)}> Tj" for line in lines]
        text = f" 0 -{LEADING_PT:g} Td ".join(shown)
        return f"q 0 g BT /F {SIZE_PT:g} Tf 0 {first:g} Td {text} ET Q".encode()

    def _width(self, line: str) -> float:
        return sum(self._widths[self._glyphs[letter]] for letter in line) * SIZE_PT / 1000

    def _broken(self, line: str) -> list[str]:
        parts: list[str] = []
        for word in line.split():
            if parts and self._width(f"{parts[-1]} {word}") <= WIDEST_PT:
                parts[-1] += f" {word}"
            else:
                parts.append(word)
        return parts

    def _embed(self, writer: BasePdfFileWriter) -> generic.IndirectObject:
        name = generic.pdf_name
        base = name(f"/{_tag(self._program.data)}+{self._program.name}")
        file = generic.StreamObject(
            {name("/Length1"): generic.NumberObject(self._program.size), name("/Filter"): name("/FlateDecode")},
            encoded_data=self._program.data,
        )
        descriptor = generic.DictionaryObject(
            {
                name("/Type"): name("/FontDescriptor"),
                name("/FontName"): base,
                name("/Flags"): generic.NumberObject(4),
                name("/FontBBox"): _numbers(*self._program.box),
                name("/ItalicAngle"): generic.NumberObject(0),
                name("/Ascent"): generic.NumberObject(self._program.ascent),
                name("/Descent"): generic.NumberObject(self._program.descent),
                name("/CapHeight"): generic.NumberObject(self._program.ascent),
                name("/StemV"): generic.NumberObject(80),
                name("/FontFile2"): writer.add_object(file),
            }
        )
        descendant = generic.DictionaryObject(
            {
                name("/Type"): name("/Font"),
                name("/Subtype"): name("/CIDFontType2"),
                name("/BaseFont"): base,
                name("/CIDSystemInfo"): generic.DictionaryObject(
                    {
                        name("/Registry"): generic.pdf_string("Adobe"),
                        name("/Ordering"): generic.pdf_string("Identity"),
                        name("/Supplement"): generic.NumberObject(0),
                    }
                ),
                name("/CIDToGIDMap"): name("/Identity"),
                name("/FontDescriptor"): writer.add_object(descriptor),
                name("/W"): generic.ArrayObject([generic.NumberObject(0), _numbers(*self._widths)]),
            }
        )
        font = generic.DictionaryObject(
            {
                name("/Type"): name("/Font"),
                name("/Subtype"): name("/Type0"),
                name("/BaseFont"): base,
                name("/Encoding"): name("/Identity-H"),
                name("/DescendantFonts"): generic.ArrayObject([writer.add_object(descendant)]),
                name("/ToUnicode"): writer.add_object(generic.StreamObject(stream_data=_to_unicode(self._glyphs))),
            }
        )
        return writer.add_object(font)


def time_line(at: dt.datetime) -> str:
    """The time of signing as the rule writes it.

    >>> time_line(dt.datetime(2026, 11, 22, 18, 4, 5, tzinfo=dt.UTC))
    '23/11/2026 01:04:05 +07:00'
    """
    return f"{at.astimezone(ZONE):%d/%m/%Y %H:%M:%S} +07:00"


@dataclass(frozen=True, slots=True)
class _Program:
    """The subset's TrueType program, compressed (``size``: before), with its measures in thousandths of the size."""

    name: str
    data: bytes
    size: int
    box: tuple[int, int, int, int]
    ascent: int
    descent: int


def _subset(path: Path, letters: str) -> tuple[dict[str, int], list[int], _Program]:
    """Glyph number by letter, widths by glyph number, and the program."""
    try:
        font = TTFont(path, lazy=True)
        known = font.getBestCmap()
    except (OSError, TTLibError) as error:
        told = f"the font of the stamp cannot be read (Debian: fonts-croscore): {error}"
        raise BadConfiguration(told, subject=str(path)) from error
    missing = sorted({letter for letter in letters if ord(letter) not in known})
    if missing:
        raise BadConfiguration(f"the font of the stamp has no {' '.join(missing)}", subject=str(path))
    if font["OS/2"].fsType & 0x2:
        raise BadConfiguration("the font's licence forbids to embed it", subject=str(path))
    per_em = font["head"].unitsPerEm
    name = (font["name"].getDebugName(6) or path.stem).replace(" ", "")
    options = subset.Options(hinting=False, notdef_outline=True, layout_features=[], drop_tables=_DROPPED)
    options.drop_tables.remove("cmap")  # says which glyph is which letter; it goes after that
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    names = font.getGlyphOrder()
    number = {glyph: at for at, glyph in enumerate(names)}
    glyphs = {letter: number[font.getBestCmap()[ord(letter)]] for letter in letters}
    widths = [round(font["hmtx"][glyph][0] * 1000 / per_em) for glyph in names]
    del font["cmap"]
    head, hhea = font["head"], font["hhea"]
    edges = (head.xMin, head.yMin, head.xMax, head.yMax)
    box = tuple(round(edge * 1000 / per_em) for edge in edges)
    ascent, descent = (round(value * 1000 / per_em) for value in (hhea.ascent, hhea.descent))
    font["head"].modified = font["head"].created  # else the same subset has other bytes every second
    font.recalcTimestamp = False
    whole = io.BytesIO()
    font.save(whole)
    data = whole.getvalue()
    program = _Program(name, zlib.compress(data, 9), len(data), (box[0], box[1], box[2], box[3]), ascent, descent)
    return glyphs, widths, program


def _tag(data: bytes) -> str:
    """Six capitals that tell one subset from another (ISO 32000-1, 9.6.4).

    >>> _tag(b"")
    'UQSGDA'
    """
    return "".join(chr(ord("A") + byte % 26) for byte in sha256(data).digest()[:6])


def _to_unicode(glyphs: dict[str, int]) -> bytes:
    rows = [f"<{number:04x}> <{ord(letter):04x}>" for letter, number in sorted(glyphs.items(), key=lambda row: row[1])]
    blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode()


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(
        generic.NumberObject(value) if isinstance(value, int) else generic.FloatObject(round(value, 3))
        for value in values
    )
