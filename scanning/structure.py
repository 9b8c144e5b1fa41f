"""Is this file whole? What is it, by its bytes and not by its name?

Cheap, bounded looks at head and tail that never decode anything: the parent process may do them. A scanner that closes
and reopens its file between pages fools every size-and-time rule, so a file is whole only when its own structure says
so: JPEG has its end-of-image marker, every TIFF directory and strip lies inside the file, a PDF ends with %%EOF and its
cross-reference stands where startxref points, PNG ends with IEND.
"""

import enum
import re
import struct
from pathlib import Path
from typing import BinaryIO

from schemas.document import ScanReason

TAIL = 64 * 1024
"""Bytes looked at from the end; scanners pad, and PDF readers allow rubbish after %%EOF within the last kilobyte."""
MAX_DIRECTORIES = 5_000
"""TIFF directories walked before the chain counts as endless."""
_HEAD = 1024


class FileKind(enum.StrEnum):
    """What the first bytes say the file is."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    PDF = "pdf"


class BadFile(Exception):
    """The file cannot be used, for ``reason``; ``detail`` tells where, for whoever looks closer."""

    def __init__(self, reason: ScanReason, detail: str = "") -> None:
        super().__init__(f"{reason.sentence} {detail}".rstrip())
        self.reason = reason
        self.detail = detail


def kind_of(head: bytes) -> FileKind | None:
    """Kind by magic bytes; ``None`` for anything else (HTML named .jpg, an empty file, a text)."""
    if head.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if head.startswith((b"II*\0", b"MM\0*")):
        return FileKind.TIFF
    if b"%PDF-" in head[:_HEAD]:
        return FileKind.PDF
    return None


_OTHER_IMAGES = (
    (0, b"GIF8", "a GIF image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (4, b"JXL ", "a JPEG XL image"),
    (4, b"ftypavi", "an AVIF image"),
    (4, b"ftyphe", "a HEIC image, as telephones make them"),
    (4, b"ftypmif1", "a HEIC image, as telephones make them"),
    (0, b"II+\0", "a TIFF image of the large kind (BigTIFF)"),
    (0, b"MM\0+", "a TIFF image of the large kind (BigTIFF)"),
    (0, b"AT&TFORM", "a DjVu file"),
    (0, b"8BPS", "a Photoshop image"),
    (0, b"\x97JB2\r\n", "a JBIG2 image"),
)
"""Where and how images begin that the line does not take, and what they are called."""
_BITMAP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Sizes of the second header of a bitmap: "BM" alone may begin any text."""


def other_image(head: bytes) -> str | None:
    """Name of an image format that the line does not take; ``None`` for what is no image at all.

    >>> other_image(b"GIF89a"), other_image(b"BM, a letter of the alphabet, twice")
    ('a GIF image', None)
    """
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return "a BMP image"
    return next((name for at, magic, name in _OTHER_IMAGES if head[at : at + len(magic)] == magic), None)


def check_complete(path: Path) -> FileKind:
    """Return the kind of a structurally whole file.

    Raises:
        BadFile: with EMPTY, NOT_A_SCAN or TRUNCATED, all of which may heal while a scanner is still writing; with
            UNSUPPORTED for an image in a format that the line does not take.
        OSError: the file cannot be opened or read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size == 0:
            raise BadFile(ScanReason.EMPTY)
        head = _read(file, 0, _HEAD)
        kind = kind_of(head)
        if kind is None:
            if name := other_image(head):
                raise BadFile(ScanReason.UNSUPPORTED, f"It is {name}; please save it as JPEG, PNG, TIFF or PDF.")
            raise BadFile(ScanReason.NOT_A_SCAN)
        _CHECKS[kind](file, size)
        return kind


def _read(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def _check_jpeg(file: BinaryIO, size: int) -> None:
    """Walk the marker segments to the scan, then look for the end marker behind it (a thumbnail has one of its own)."""
    offset = 2
    while True:
        segment = _read(file, offset, 4)
        if len(segment) < 4 or segment[0] != 0xFF:
            raise BadFile(ScanReason.TRUNCATED, f"JPEG header stops at byte {offset}.")
        if segment[1] == 0xFF:  # fill byte
            offset += 1
            continue
        offset += 2 + int(struct.unpack(">H", segment[2:])[0])
        if segment[1] == 0xDA:
            break
    start = max(offset, size - TAIL)
    if _read(file, start, TAIL).rfind(b"\xff\xd9") < 0:
        raise BadFile(ScanReason.TRUNCATED, "JPEG without its end-of-image marker.")


def _check_png(file: BinaryIO, size: int) -> None:
    if b"IEND\xaeB`\x82" not in _read(file, max(0, size - TAIL), TAIL):
        raise BadFile(ScanReason.TRUNCATED, "PNG without its IEND chunk.")


_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_STRIPS = {273: 279, 324: 325}
"""Offsets tag to byte-counts tag: strips, tiles."""


def _check_tiff(file: BinaryIO, size: int) -> None:
    """Follow the chain of directories; every directory and every strip must lie inside the file."""
    order = "<" if _read(file, 0, 2) == b"II" else ">"
    offset = _number(order, "I", _read(file, 4, 4))
    seen: set[int] = set()
    while offset:
        if offset in seen or len(seen) > MAX_DIRECTORIES:
            raise BadFile(ScanReason.TRUNCATED, "TIFF directories run in a circle.")
        seen.add(offset)
        count = _number(order, "H", _read(file, offset, 2))
        table = _read(file, offset + 2, count * 12 + 4)
        if len(table) < count * 12 + 4:
            raise BadFile(ScanReason.TRUNCATED, f"TIFF directory at byte {offset} is cut off.")
        _check_strips(file, size, order, table[:-4])
        offset = _number(order, "I", table[-4:])
    if not seen:
        raise BadFile(ScanReason.TRUNCATED, "TIFF without a directory.")


def _check_strips(file: BinaryIO, size: int, order: str, table: bytes) -> None:
    tags: dict[int, tuple[int, ...]] = {}
    for at in range(0, len(table), 12):
        tag, kind, count = struct.unpack(f"{order}HHI", table[at : at + 8])
        if tag in _STRIPS or tag in _STRIPS.values():
            tags[tag] = _values(file, size, order, kind, count, table[at + 8 : at + 12])
    for offsets_tag, counts_tag in _STRIPS.items():
        for start, length in zip(tags.get(offsets_tag, ()), tags.get(counts_tag, ()), strict=False):
            if start + length > size:
                raise BadFile(ScanReason.TRUNCATED, f"TIFF strip at byte {start} reaches behind the end.")


def _values(file: BinaryIO, size: int, order: str, kind: int, count: int, inline: bytes) -> tuple[int, ...]:
    width = _TYPE_SIZES.get(kind, 0)
    if kind not in (3, 4) or count * width > size:
        raise BadFile(ScanReason.TRUNCATED, "TIFF directory entry points behind the end.")
    raw = inline if count * width <= 4 else _read(file, _number(order, "I", inline), count * width)
    if len(raw) < count * width:
        raise BadFile(ScanReason.TRUNCATED, "TIFF directory entry points behind the end.")
    return struct.unpack(f"{order}{count}{'H' if kind == 3 else 'I'}", raw[: count * width])


def _number(order: str, code: str, raw: bytes) -> int:
    if len(raw) < struct.calcsize(code):
        raise BadFile(ScanReason.TRUNCATED, "TIFF header is cut off.")
    return int(struct.unpack(f"{order}{code}", raw)[0])


def _check_pdf(file: BinaryIO, size: int) -> None:
    tail = _read(file, max(0, size - TAIL), TAIL)
    end = tail.rfind(b"%%EOF")
    found = re.findall(rb"startxref\s+(\d{1,12})\s", tail[:end]) if end >= 0 else []
    if not found:
        raise BadFile(ScanReason.TRUNCATED, "PDF without startxref and %%EOF at its end.")
    where = int(found[-1])
    if not re.match(rb"\s*(xref|\d+\s+\d+\s+obj)", _read(file, where, 32)):
        raise BadFile(ScanReason.TRUNCATED, f"PDF has no cross-reference at byte {where}.")


_CHECKS = {
    FileKind.JPEG: _check_jpeg,
    FileKind.PNG: _check_png,
    FileKind.TIFF: _check_tiff,
    FileKind.PDF: _check_pdf,
}
