"""The judge: nobody sees a PDF that this module did not approve.

Two houses must agree. `pikepdf.pdfa` is an allow-list of PDF/A-2b and 3b; what it cannot see is raw byte syntax, which
qpdf mends while parsing (13 of 608 bad files of the veraPDF corpus slip through it, all of that kind). So the bytes are
checked here by our own reading: header, comment of high bytes, a cross-reference table whose every offset is right,
every stream exactly as long as it says, the end. Level U asks for one thing more than B, a Unicode value for each glyph
that is shown; :mod:`scanning.textlayer` looks for it. We write one narrow profile, and only that profile is approved.
"""

import hashlib
import io
import itertools
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pikepdf.pdfa

from scanning.page import PageNote, PdfA
from scanning.pdfa import judged_as
from scanning.structure import BadFile
from scanning.textlayer import unmapped
from schemas.document import ScanReason

_HEADER = re.compile(rb"%PDF-1\.[4-7]\n%[\x80-\xff]{4,}\n")
_END = re.compile(rb"\nstartxref\n(\d{1,12})\n%%EOF\n?\Z")
_TABLE = re.compile(rb"xref\n0 (\d{1,7})\n")
_OBJECT = re.compile(rb"(\d+) (\d+) obj\n")
_LENGTH = re.compile(rb"/Length (\d{1,12})(?=[\s/>])")
_ENTRY_BYTES = 20
_LEVEL_U = b"<pdfaid:conformance>U</pdfaid:conformance>"
_DICTIONARY_MOST = 64 * 1024
"""A stream's dictionary is looked for in so many bytes; ours have a few hundred."""


def judge(path: Path, *, flavour: str, notes: tuple[PageNote, ...] = ()) -> PdfA:
    """Approve the file at ``path`` or refuse it.

    Raises:
        BadFile: NOT_CONFORMANT, with the first things that are wrong.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        wrong = list(byte_faults(data))
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # read, not mapped: a large file stays out of memory
        size = len(data)
    if wrong:
        raise BadFile(ScanReason.NOT_CONFORMANT, "; ".join(wrong[:3]))
    report = pikepdf.pdfa.validate_written(_with_level_b(path) if flavour == "2u" else path, judged_as(flavour))
    if not report.passed:
        raise BadFile(ScanReason.NOT_CONFORMANT, " ".join(report.summary().split())[:240])
    if flavour == "2u" and (silent := list(itertools.islice(_glyphs_without_unicode(path), 3))):
        raise BadFile(ScanReason.NOT_CONFORMANT, "; ".join(silent))
    return PdfA(path=path, sha256=digest, size_bytes=size, flavour=flavour, notes=notes)


def _with_level_b(path: Path) -> io.BytesIO:
    """The file in memory with its level changed from U to B, for the judge that knows no U; same length.

    Raises:
        BadFile: it does not declare level U.
    """
    before, found, after = path.read_bytes().partition(_LEVEL_U)
    if not found:
        raise BadFile(ScanReason.NOT_CONFORMANT, "6.6.4: it does not declare level U.")
    return io.BytesIO(before + _LEVEL_U.replace(b"U", b"B") + after)


def _glyphs_without_unicode(path: Path) -> Iterator[str]:
    with pikepdf.open(path) as pdf:
        yield from unmapped(pdf)


def byte_faults(data: bytes | mmap.mmap) -> Iterator[str]:
    """What is wrong with the file's raw syntax (ISO 19005-2, 6.1.2 to 6.1.7); nothing when it is in order."""
    if not _HEADER.match(data):
        yield "6.1.2: header or comment of high bytes"
    end = _END.search(data, max(0, len(data) - 1024))
    if end is None:
        yield "6.1.3: the file does not end with startxref and %%EOF"
        return
    table = _TABLE.match(data, int(end[1]))
    if table is None:
        yield "6.1.4: no cross-reference table where startxref points"
        return
    trailer = data[table.end() + int(table[1]) * _ENTRY_BYTES : end.start()]
    if not trailer.startswith(b"trailer") or b"/ID" not in trailer:
        yield "6.1.3: trailer without file identifier"
    if b"/Encrypt" in trailer or b"/Info" in trailer:
        yield "6.1.3: trailer names encryption or an information dictionary"
    yield from _object_faults(data, table.end(), int(table[1]))


def _object_faults(data: bytes | mmap.mmap, start: int, count: int) -> Iterator[str]:
    for number in range(count):
        entry = data[start + number * _ENTRY_BYTES : start + (number + 1) * _ENTRY_BYTES]
        if not re.fullmatch(rb"\d{10} \d{5} [fn]( \n|\r\n| \r)", entry):
            yield f"6.1.4: entry {number} of the cross-reference table"
            return
        if entry[17:18] == b"n":
            offset = int(entry[:10])
            head = _OBJECT.match(data, offset)
            if head is None or int(head[1]) != number:
                yield f"6.1.4: object {number} is not at byte {offset}"
            else:
                yield from _stream_faults(data, number, head.end())


def _stream_faults(data: bytes | mmap.mmap, number: int, begin: int) -> Iterator[str]:
    """The keyword's line end and the length, for an object that is a stream."""
    if data[begin : begin + 2] != b"<<":
        return
    finish = data.find(b"\nendobj\n", begin, begin + _DICTIONARY_MOST)
    keyword = data.find(b">>\nstream\n", begin, begin + _DICTIONARY_MOST)
    if keyword < 0 or 0 <= finish < keyword:
        if finish < 0:
            yield f"6.1.7: object {number} is no plain object and no stream"
        return
    length = _LENGTH.search(data[begin : keyword + 2])
    if length is None:
        yield f"6.1.7.1: stream {number} without a direct length"
        return
    after = keyword + len(b">>\nstream\n") + int(length[1])
    if data[after : after + 18] != b"\nendstream\nendobj\n":
        yield f"6.1.7.1: stream {number} is not as long as it says"
