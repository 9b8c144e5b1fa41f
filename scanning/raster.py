"""Image files: their page as pixels, and their page as bytes that a PDF can carry untouched.

Three formats, one answer: an :class:`OpenedPage` that decodes on demand (``gray``) and embeds on demand (``stream``).
JPEG bytes go over as they are (DCT); one-strip CCITT G4 likewise; the compressed rows of a plain PNG are what a PDF
reader's PNG predictor expects, so they go over too. Everything else is written out without loss, and only what PDF/A
cannot carry (CMYK, 16 bit, transparency) is converted; both are recorded in ``conversion``.
"""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from scanning.page import Gray
from scanning.structure import BadFile, FileKind
from schemas.document import ScanReason

MAX_PIXELS = 150_000_000
"""A2 at 600 dpi. Above it a page is refused from its header: the gray copy alone would take as many bytes."""
MAX_PAGES = 2_000
"""Pages of one file; an automatic feeder holds some hundreds."""

Image.MAX_IMAGE_PIXELS = None  # our own limit is applied from the header, with a reason the operator can read

_ROTATION = {1: 0, 2: 0, 3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
"""EXIF orientation to degrees clockwise; the mirrored ones (2, 4, 5, 7) do not come from a scanner: the turn alone."""
_CCITT_G4 = 4


@dataclass(frozen=True, slots=True)
class ImageStream:
    """Image bytes as they will lie in the PDF. ``channels`` 1 is gray, 3 is RGB; ``icc`` a profile that fits them."""

    data: bytes
    filter: str
    width: int
    height: int
    bits: int
    channels: int
    parms: dict[str, int | bool] = field(default_factory=dict)
    icc: bytes | None = None
    conversion: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """A page whose header was read and whose pixels were not yet. ``stream`` ``None``: keep the PDF page as it is."""

    width: int
    height: int
    dpi: float | None
    rotate_deg: int
    gray: Callable[[], Gray]
    stream: Callable[[], ImageStream] | None


def check_size(width: int, height: int) -> None:
    """Refuse a raster that no sheet of paper needs.

    Raises:
        BadFile: TOO_LARGE, or DAMAGED when a side is zero.
    """
    if width <= 0 or height <= 0:
        raise BadFile(ScanReason.DAMAGED, f"It claims {width}x{height} pixels.")
    if width * height > MAX_PIXELS:
        raise BadFile(ScanReason.TOO_LARGE, f"It claims {width}x{height} pixels; the limit is {MAX_PIXELS}.")


def open_image(path: Path, kind: FileKind, page_no: int) -> OpenedPage:
    """Open page ``page_no`` (one-based) of an image file.

    Raises:
        BadFile: the file cannot be used, with the reason.
    """
    data = path.read_bytes()
    image = _header(data)
    if kind is FileKind.TIFF:
        return _open_tiff(image, data, page_no)
    return _open_jpeg(image, data) if kind is FileKind.JPEG else _open_png(image, data)


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


def _open_jpeg(image: Image.Image, data: bytes) -> OpenedPage:
    rotate = _ROTATION.get(image.getexif().get(0x0112, 1), 0)
    is_plain = image.mode in ("L", "RGB")
    return OpenedPage(
        width=image.width,
        height=image.height,
        dpi=_dpi(image),
        rotate_deg=rotate,
        gray=(lambda: decode_gray(data)) if is_plain else (lambda: _pillow_gray(image)),
        stream=lambda: _jpeg_stream(image, data),
    )


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


def _jpeg_stream(image: Image.Image, data: bytes) -> ImageStream:
    if image.mode not in ("L", "RGB"):
        buffer = io.BytesIO()
        _rgb(image).save(buffer, "JPEG", quality=92, subsampling=0)
        return ImageStream(
            buffer.getvalue(), "DCTDecode", image.width, image.height, 8, 3, conversion=f"{image.mode} to sRGB"
        )
    channels = len(image.getbands())
    parms: dict[str, int | bool] = {}
    if channels == 3 and image.info.get("adobe_transform") == 0:
        parms["ColorTransform"] = 0  # stored as RGB; without it a reader would take the samples for YCbCr
    icc = fitting_profile(image.info.get("icc_profile"), channels)
    return ImageStream(data, "DCTDecode", image.width, image.height, 8, channels, parms, icc)


def fitting_profile(icc: bytes | None, channels: int) -> bytes | None:
    """The profile if its own header says that it is whole and describes this many channels, else ``None``."""
    space = {1: b"GRAY", 3: b"RGB "}.get(channels)
    if not icc or len(icc) < 132 or icc[36:40] != b"acsp" or icc[16:20] != space:
        return None
    whole = int.from_bytes(icc[:4], "big") == len(icc)
    return icc if whole and icc[8] <= 4 and icc[12:16] in (b"scnr", b"mntr", b"prtr", b"spac") else None


# --- PNG -------------------------------------------------------------------------------------------------------------


def _open_png(image: Image.Image, data: bytes) -> OpenedPage:
    plain = _plain_png(data)
    return OpenedPage(
        width=image.width,
        height=image.height,
        dpi=_dpi(image),
        rotate_deg=0,
        gray=(lambda: decode_gray(data)) if plain else (lambda: _pillow_gray(image)),
        stream=(lambda: plain) if plain else (lambda: written_out(image, "PNG")),
    )


def _plain_png(data: bytes) -> ImageStream | None:
    """The compressed rows as a PDF image, when the PNG is gray or RGB, up to 8 bit, not interlaced, not transparent."""
    width, height, bits, colour, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    channels = {0: 1, 2: 3}.get(colour)
    rows: list[bytes] = []
    offset = 8
    while offset + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[offset : offset + 8])
        if name == b"tRNS":
            return None
        if name == b"IDAT":
            rows.append(data[offset + 8 : offset + 8 + length])
        offset += 12 + length
    if channels is None or bits > 8 or interlace:
        return None
    parms: dict[str, int | bool] = {
        "Predictor": 15,
        "Colors": channels,
        "BitsPerComponent": bits,
        "Columns": width,
    }
    return ImageStream(b"".join(rows), "FlateDecode", width, height, bits, channels, parms)


# --- TIFF ------------------------------------------------------------------------------------------------------------


def _open_tiff(image: Image.Image, data: bytes, page_no: int) -> OpenedPage:
    try:
        image.seek(page_no - 1)
    except (EOFError, OSError, ValueError, SyntaxError) as error:
        raise BadFile(ScanReason.DAMAGED, f"Page {page_no} cannot be opened.") from error
    check_size(*image.size)
    return OpenedPage(
        width=image.width,
        height=image.height,
        dpi=_dpi(image),
        rotate_deg=0,
        gray=lambda: _pillow_gray(image),
        stream=lambda: _fax_strip(image, data) or written_out(image, "TIFF"),
    )


def _fax_strip(image: Image.Image, data: bytes) -> ImageStream | None:
    """The one strip of a G4 page as it is, when bits run from the left (FillOrder 1)."""
    tags = {number: image.tag_v2.get(number) for number in (259, 262, 266, 273, 279)}  # type: ignore[attr-defined]  # TIFF only
    offsets, counts = tags[273], tags[279]
    if tags[259] != _CCITT_G4 or not offsets or len(offsets) != 1 or tags[266] not in (None, 1):
        return None
    strip = data[offsets[0] : offsets[0] + counts[0]]
    parms: dict[str, int | bool] = {"K": -1, "Columns": image.width, "Rows": image.height}
    if tags[262] == 1:  # BlackIsZero: the runs that the fax code calls black are white paper here
        parms["BlackIs1"] = True
    return ImageStream(strip, "CCITTFaxDecode", image.width, image.height, 1, 1, parms)


# --- anything else: without loss where PDF/A allows it ---------------------------------------------------------------


def written_out(image: Image.Image, from_format: str) -> ImageStream:
    """Decode and write without loss: bilevel as G4, gray and RGB as deflated rows; other colour becomes sRGB.

    Raises:
        BadFile: DAMAGED.
    """
    _load(image)
    if image.mode == "1":
        return _as_fax(image, f"{from_format} rows rewritten as CCITT G4")
    if image.mode in ("L", "RGB"):
        note = f"{from_format} rows rewritten without loss"
        plain = image
    elif image.mode in ("I;16", "I;16B", "I;16L", "I"):
        note, plain = "16-bit samples reduced to 8", Image.fromarray(_eight_bit(image))
    elif image.mode == "LA" or "A" in image.getbands():
        note, plain = "transparency laid on white", _on_white(image)
    else:
        note, plain = f"{image.mode} to sRGB", _rgb(image)
    channels = len(plain.getbands())
    data = zlib.compress(plain.tobytes(), 6)
    return ImageStream(data, "FlateDecode", plain.width, plain.height, 8, channels, conversion=note)


def _as_fax(image: Image.Image, note: str) -> ImageStream:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression="group4", tiffinfo={278: image.height})
    again = _header(buffer.getvalue())
    strip = _fax_strip(again, buffer.getvalue())
    if strip is None:
        raise BadFile(ScanReason.UNSUPPORTED, "The page could not be rewritten as one CCITT strip.")
    return ImageStream(strip.data, strip.filter, strip.width, strip.height, 1, 1, strip.parms, conversion=note)


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error


def _pillow_gray(image: Image.Image) -> Gray:
    _load(image)
    if image.mode.startswith("I"):
        return _eight_bit(image)
    if image.mode == "LA" or "A" in image.getbands() or "transparency" in image.info:
        image = _on_white(image)
    return np.asarray(image.convert("L"), np.uint8)


def _eight_bit(image: Image.Image) -> Gray:
    return (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(paper, rgba).convert("RGB")


def _rgb(image: Image.Image) -> Image.Image:
    _load(image)
    return _on_white(image) if "transparency" in image.info else image.convert("RGB")
