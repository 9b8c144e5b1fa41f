"""The first sheet of an XLSX file as rows of text: enough for a carrier's report, and nothing of the rest.

An XLSX file is a ZIP of XML that somebody sent, so both are read with limits: sizes are those that really come out of
the archive, and the XML is read without entities, DTD or network.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapters._kit import xml
from gateway.importing.records import Unreadable
from schemas.errors import Misunderstood

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of one part of the archive, unpacked."""
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHEET: Final = re.compile(r"xl/worksheets/sheet[0-9]+\.xml")
_COLUMN: Final = re.compile(r"[A-Z]{1,3}")


def rows(path: Path) -> Iterator[list[str]]:
    """Rows of cells, gaps filled with empty text; a number is as the file has it. Raises Unreadable."""
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = sorted((name for name in archive.namelist() if _SHEET.fullmatch(name)), key=lambda n: (len(n), n))
            if not sheets:
                raise Unreadable("no sheet in it")
            shared = _shared(archive) if "xl/sharedStrings.xml" in archive.namelist() else []
            for row in _elements(archive, sheets[0], "row"):
                yield _cells(row, shared)
    except (zipfile.BadZipFile, Misunderstood, KeyError, IndexError, ValueError) as error:
        raise Unreadable(f"not a whole XLSX file: {error}"[:200]) from None


def _shared(archive: zipfile.ZipFile) -> list[str]:
    return [_words(one) for one in _elements(archive, "xl/sharedStrings.xml", "si")]


def _elements(archive: zipfile.ZipFile, name: str, tag: str) -> Iterator[xml.Element]:
    """Elements of one name, one after the other, each forgotten after its use."""
    yield from xml.each(_chunks(archive, name), _MAIN + tag, subject=name)


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part of the archive in pieces, no more of it than may be."""
    with archive.open(name) as part:
        read = 0
        while chunk := part.read(1 << 16):
            read += len(chunk)
            if read > MOST_BYTES:
                raise Unreadable(f"{name} is larger than {MOST_BYTES} bytes")
            yield chunk


def _cells(row: xml.Element, shared: list[str]) -> list[str]:
    found: dict[int, str] = {}
    for n, cell in enumerate(row.iter(_MAIN + "c")):
        place = _COLUMN.match(cell.get("r", ""))
        found[_number(place.group()) if place else n] = _text(cell, shared)
    return [found.get(n, "") for n in range(max(found, default=-1) + 1)]


def _text(cell: xml.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return _words(cell)
    value = cell.findtext(_MAIN + "v") or ""
    return shared[int(value)] if cell.get("t") == "s" and value else value


def _words(element: xml.Element) -> str:
    """Text without the readings that East Asian files keep beside it."""
    readings = {one for reading in element.iter(_MAIN + "rPh") for one in reading.iter(_MAIN + "t")}
    return "".join(one.text or "" for one in element.iter(_MAIN + "t") if one not in readings)


def _number(letters: str) -> int:
    """``A`` is 0, ``AA`` is 26."""
    n = 0
    for letter in letters:
        n = n * 26 + ord(letter) - ord("A") + 1
    return n - 1
