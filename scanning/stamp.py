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
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError

from scanning.seal_writer import Box, Sheet, Update
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
_DROPPED = ["GSUB", "GPOS", "GDEF", "OS/2", "name", "post", "DSIG", "gasp", "kern", "VDMX", "LTSH", "hdmx"]
_TURN = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""Matrices that turn what is drawn anticlockwise by as much as the viewer turns the page clockwise."""


def seen_size_pt(sheet: Sheet) -> tuple[float, float]:
    """Width and height of the page as people see it."""
    left, bottom, right, top = sheet.box
    wide, high = (right - left) * sheet.unit, (top - bottom) * sheet.unit
    return (high, wide) if sheet.rotate_deg in (90, 270) else (wide, high)


def upper_right(sheet: Sheet, width_pt: float, height_pt: float) -> Box:
    """The rectangle, in the page's own units, that is seen that large in the upper right corner.

    >>> upper_right(Sheet((0, 0, 600, 800)), 100, 50)
    (480.0, 730.0, 580.0, 780.0)
    >>> upper_right(Sheet((0, 0, 600, 800), rotate_deg=90), 100, 50)
    (20.0, 680.0, 70.0, 780.0)
    """
    seen_width, seen_height = seen_size_pt(sheet)
    left, low = seen_width - MARGIN_PT - width_pt, seen_height - MARGIN_PT - height_pt
    xs, ys = zip(*(_own(sheet, left, low), _own(sheet, left + width_pt, low + height_pt)), strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def _own(sheet: Sheet, seen_x: float, seen_y: float) -> tuple[float, float]:
    """A point as seen, from the lower left corner in points, in the page's own units."""
    x, y = seen_x / sheet.unit, seen_y / sheet.unit
    left, bottom, right, top = sheet.box
    corners = {
        0: (left + x, bottom + y),
        90: (right - y, bottom + x),
        180: (right - x, top - y),
        270: (left + y, top - x),
    }
    return corners[sheet.rotate_deg]


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

    def place(self, update: Update, at: dt.datetime) -> tuple[str, Box]:
        """Add the appearance for this instant; give its reference and the rectangle it belongs into."""
        sheet = update.sheet
        lines = [*self._lines, time_line(at)]
        wide, high = max(map(self._width, lines)), LEADING_PT * len(lines)
        seen_wide, seen_high = seen_size_pt(sheet)
        shrink = min(1.0, (seen_wide * ROOM) / wide, (seen_high * ROOM) / high)
        turn = " ".join(str(value) for value in _TURN[sheet.rotate_deg])
        form = update.add_stream(
            f"/Type /XObject /Subtype /Form /BBox [0 0 {wide:.2f} {high:.2f}] /Matrix [{turn} 0 0] "
            f"/Resources << /Font << /F {self._embed(update)} >> >>",
            self._drawing(lines),
        )
        return form, upper_right(sheet, wide * shrink, high * shrink)

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

    def _embed(self, update: Update) -> str:
        font = self._program
        file = update.add_stream(f"/Length1 {font.size} /Filter /FlateDecode", font.data)
        descriptor = update.add(
            f"<< /Type /FontDescriptor /FontName /{font.name} /Flags 4 /FontBBox [{_numbers(font.box)}] /ItalicAngle 0 "
            f"/Ascent {font.ascent} /Descent {font.descent} /CapHeight {font.ascent} /StemV 80 "
            f"/FontFile2 {file} >>".encode()
        )
        descendant = update.add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{font.name} /CIDToGIDMap /Identity "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/FontDescriptor {descriptor} /W [0 [{_numbers(self._widths)}]] >>".encode()
        )
        letters = update.add_stream("", _to_unicode(self._glyphs))
        return update.add(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{font.name} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant}] /ToUnicode {letters} >>".encode()
        )


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
        font = TTFont(path, lazy=True, recalcTimestamp=False)
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
    options = subset.Options(hinting=False, notdef_outline=True, layout_features=[], drop_tables=[*_DROPPED])
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
    whole = io.BytesIO()
    font.save(whole)
    data = whole.getvalue()
    program = _Program(
        f"{_tag(data)}+{name}", zlib.compress(data, 9), len(data), (box[0], box[1], box[2], box[3]), ascent, descent
    )
    return glyphs, widths, program


def _tag(data: bytes) -> str:
    """Six capitals that tell one subset from another (ISO 32000-1, 9.6.4).

    >>> _tag(b"")
    'TUOOWS'
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


def _numbers(values: Iterable[int]) -> str:
    return " ".join(map(str, values))
