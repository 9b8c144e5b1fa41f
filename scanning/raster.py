"""Image files: their page as pixels, and their page as bytes that a PDF can carry untouched.

JPEG bytes go over as they are (DCT); the compressed rows of a plain PNG are what a PDF reader's PNG predictor expects,
so they go over too; TIFF has its own module. What must be written anew is :mod:`scanning.streams`' work.
"""

import io
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from scanning.page import Gray
from scanning.streams import (
    JPEG_QUALITY,
    MAX_PAGES,
    ImageStream,
    OpenedPage,
    aspect_of,
    check_size,
    fitting_profile,
    in_srgb,
    pillow_gray,
    written_out,
)
from scanning.structure import BadFile, FileKind
from scanning.tiff import open_tiff
from schemas.document import ScanReason

_TURNS = {2: (0, True), 3: (180, False), 4: (180, True), 5: (270, True), 6: (90, False), 7: (90, True), 8: (270, False)}
"""EXIF orientation: mirror left and right first where it says so, then turn so many degrees clockwise."""


def open_image(path: Path, kind: FileKind, page_no: int) -> OpenedPage:
    """Open page ``page_no`` (one-based) of an image file.

    Raises:
        BadFile: the file cannot be used, with the reason.
    """
    data = path.read_bytes()
    if kind is FileKind.JPEG:
        return _open_jpeg(data)
    image = _header(data)
    return open_tiff(image, data, page_no) if kind is FileKind.TIFF else _open_png(image, data)


def count_frames(path: Path) -> int:
    """Number of pages of a TIFF file, from its chain of directories."""
    with _header(path.read_bytes()) as image:
        count = int(getattr(image, "n_frames", 1))
    if count > MAX_PAGES:
        raise BadFile(ScanReason.TOO_MANY_PAGES, f"{count} pages; the limit is {MAX_PAGES}.")
    return count


def _header(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "TIFF"))
    except UnidentifiedImageError as error:
        raise BadFile(ScanReason.DAMAGED, "Its header makes no sense.") from error
    except (OSError, ValueError, SyntaxError, struct.error) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error
    check_size(*image.size)
    return image


def _dpi(image: Image.Image) -> float | None:
    value = image.info.get("dpi")
    return float(value[0]) if value else None


# --- JPEG ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the marker segments before the first scan say. ``scan`` is where its coded bytes begin."""

    process: int
    bits: int
    components: bytes
    has_jfif: bool
    has_adobe: bool
    scan: int

    @property
    def is_rgb(self) -> bool:
        """Samples are RGB by the names of the components, where no marker says otherwise (the rule of libjpeg)."""
        return self.components == b"RGB" and not self.has_jfif and not self.has_adobe


_HUFFMAN_CODED = frozenset({0, 1, 2})
"""SOF markers a PDF reader decodes (ISO 32000-1, 7.4.8): baseline, extended, progressive."""
_ARITHMETIC = frozenset({9, 10})
_SEGMENTS_MOST = 2_000
"""Marker segments before the picture; a camera with its maker's notes has some dozens."""
_NO_SEGMENT = frozenset({0x01, *range(0xD0, 0xD9)})
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def _open_jpeg(data: bytes) -> OpenedPage:
    frame = _frame(data)
    if frame.bits != 8 or frame.process not in _HUFFMAN_CODED | _ARITHMETIC:
        raise BadFile(ScanReason.UNSUPPORTED, f"A JPEG of {frame.bits} bits a sample, process {frame.process}.")
    image = _header(data)
    rotate, mirrored = _TURNS.get(image.getexif().get(0x0112, 1), (0, False))
    is_plain = image.mode in ("L", "RGB") and frame.process in _HUFFMAN_CODED

    def gray() -> Gray:
        pixels = decode_gray(data) if is_plain else pillow_gray(image)
        return np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels

    return OpenedPage(
        width=image.width,
        height=image.height,
        dpi=_dpi(image),
        rotate_deg=rotate,
        gray=gray,
        stream=lambda: _jpeg_stream(image, data, frame),
        mirrored=mirrored,
        aspect=aspect_of(image.info.get("dpi")),
    )


def _frame(data: bytes) -> _Frame:
    """Walk the marker segments up to the first scan.

    Raises:
        BadFile: DAMAGED, when there is no frame before the scan.
    """
    at, sof, jfif, adobe = 2, (-1, 0, b""), False, False
    for _ in range(_SEGMENTS_MOST):
        marker = _NEXT_MARKER.match(data, at)
        if marker is None:
            break
        kind, at = marker[1][0], marker.end()
        if kind in _NO_SEGMENT:
            continue
        body = data[at + 2 : at + int.from_bytes(data[at : at + 2], "big")]
        at += 2 + len(body)
        if kind == 0xDA and sof[0] >= 0:
            return _Frame(*sof, has_jfif=jfif, has_adobe=adobe, scan=at)
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC) and len(body) > 6:
            sof = (kind - 0xC0, body[0], body[6::3])
        jfif |= kind == 0xE0 and body.startswith(b"JFIF\0")
        adobe |= kind == 0xEE and body.startswith(b"Adobe")
    raise BadFile(ScanReason.DAMAGED, "Its header makes no sense.")


def _picture(data: bytes, scan: int) -> bytes:
    """The file up to its end-of-image marker: what cameras hang behind it is no part of the page.

    The marker's two bytes cannot stand in coded pixels, so the first place that has them is the end, but for the tables
    between the scans of a progressive picture: only when something follows are those walked over.
    """
    end = data.find(b"\xff\xd9", scan) + 2
    if end in (1, len(data)):
        return data
    at = scan
    while marker := _NEXT_MARKER.search(data, at):
        if marker[1] == b"\xd9":
            return data[: marker.end()]
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return data


def decode_gray(data: bytes) -> Gray:
    """Luma of a JPEG or PNG as (H, W) uint8; the colour planes are never computed.

    Raises:
        BadFile: DAMAGED.
    """
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        gray = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error
    if gray is None:
        raise BadFile(ScanReason.DAMAGED, "Its pixels cannot be decoded.")
    return np.asarray(gray, np.uint8)


def _jpeg_stream(image: Image.Image, data: bytes, frame: _Frame) -> ImageStream:
    if image.mode not in ("L", "RGB"):
        buffer = io.BytesIO()
        in_srgb(image).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        changed = f"{image.mode} to sRGB"
        return ImageStream(buffer.getvalue(), "DCTDecode", image.width, image.height, 8, 3, conversion=changed)
    if frame.process in _ARITHMETIC:
        return written_out(image, "arithmetic JPEG")
    channels = len(image.getbands())
    parms: dict[str, int | bool] = {}
    if channels == 3 and (image.info.get("adobe_transform") == 0 or frame.is_rgb):
        parms["ColorTransform"] = 0  # stored as RGB; without it a reader would take the samples for YCbCr
    icc = fitting_profile(image.info.get("icc_profile"), channels)
    picture = _picture(data, frame.scan)
    extra = len(data) - len(picture)
    note = f"{extra} bytes behind the image left out" if extra else None
    return ImageStream(picture, "DCTDecode", image.width, image.height, 8, channels, parms, icc, note)


# --- PNG -------------------------------------------------------------------------------------------------------------


def _open_png(image: Image.Image, data: bytes) -> OpenedPage:
    bits = data[24]
    plain = _plain_png(image, data)
    return OpenedPage(
        width=image.width,
        height=image.height,
        dpi=_dpi(image),
        rotate_deg=0,
        gray=(lambda: decode_gray(data)) if plain else (lambda: pillow_gray(image)),
        stream=(lambda: plain) if plain else (lambda: written_out(image, "PNG", deep=bits > 8)),
        aspect=aspect_of(image.info.get("dpi")),
    )


def _plain_png(image: Image.Image, data: bytes) -> ImageStream | None:
    """The compressed rows as a PDF image, when the PNG is up to 8 bit a sample, not interlaced, not transparent."""
    width, height, bits, colour, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    channels = {0: 1, 2: 3, 3: 1}.get(colour)
    rows: list[bytes] = []
    palette = None
    offset = 8
    while offset + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[offset : offset + 8])
        if name == b"tRNS":
            return None
        if name == b"IDAT":
            rows.append(data[offset + 8 : offset + 8 + length])
        elif name == b"PLTE" and colour == 3:
            palette = data[offset + 8 : offset + 8 + length]
        offset += 12 + length
    if channels is None or bits > 8 or interlace or (colour == 3) != (palette is not None):
        return None
    parms: dict[str, int | bool] = {
        "Predictor": 15,
        "Colors": channels,
        "BitsPerComponent": bits,
        "Columns": width,
    }
    icc = fitting_profile(image.info.get("icc_profile"), 3 if palette else channels)
    return ImageStream(b"".join(rows), "FlateDecode", width, height, bits, channels, parms, icc, palette=palette)
