"""Image bytes as a PDF can carry them, and how to make such bytes of pixels when those of the file will not do.

Whoever opens a file answers with an :class:`OpenedPage`, which decodes on demand (``gray``) and embeds on demand
(``stream``). What PDF/A cannot carry (CMYK, 16 bit, transparency) is converted; what a PDF reader cannot read as it
stands is written out without loss. Both are recorded in ``conversion``.
"""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from scanning.page import Gray
from scanning.structure import BadFile
from schemas.document import ScanReason

MAX_PIXELS = 150_000_000
"""A2 at 600 dpi. Above it a page is refused from its header: the gray copy alone would take as many bytes."""
MAX_PAGES = 2_000
"""Pages of one file; an automatic feeder holds some hundreds."""
JPEG_QUALITY = 92
"""For the one kind of JPEG that must be encoded again, CMYK; without chroma subsampling."""

SRGB = Path(__file__).with_name("srgb.icc")
Image.MAX_IMAGE_PIXELS = None  # our own limit is applied from the header, with a reason the operator can read

_DEEP = ("I;16", "I;16B", "I;16L", "I")


@dataclass(frozen=True, slots=True)
class ImageStream:
    """Image bytes as they will lie in the PDF.

    ``channels`` 1 is gray, 3 is RGB; ``icc`` a profile that fits them. With ``palette`` (RGB triples) the one channel
    counts its entries. ``parms`` are the filter's.
    """

    data: bytes
    filter: str
    width: int
    height: int
    bits: int
    channels: int
    parms: dict[str, int | bool] = field(default_factory=dict)
    icc: bytes | None = None
    conversion: str | None = None
    palette: bytes | None = None


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """A page whose header was read and whose pixels were not yet.

    ``rotate_deg`` is what the file asks a viewer to turn, clockwise. ``mirrored``: the stream's bytes show the page in
    a mirror (EXIF 2, 4, 5, 7); ``gray`` is turned over already, so that whatever is measured counts in the raster that
    a reader sees but for the quarter turns. ``dpi`` is that of the width, ``aspect`` what the height's is times it: a
    fax has fewer rows than columns to the inch. ``keep``: a page of a PDF that stays as it is where the judge lets it;
    ``stream`` is what it becomes where not. ``drawn``: the raster is a drawing of the page and no image that lies in
    it, at exactly ``dpi``; ``scan`` is false when what was drawn never was on a scanner.
    """

    width: int
    height: int
    dpi: float | None
    rotate_deg: int
    gray: Callable[[], Gray]
    stream: Callable[[], ImageStream]
    mirrored: bool = False
    aspect: float = 1.0
    keep: bool = False
    drawn: bool = False
    scan: bool = True


def check_size(width: int, height: int) -> None:
    """Refuse a raster that no sheet of paper needs.

    Raises:
        BadFile: TOO_LARGE, or DAMAGED when a side is zero.
    """
    if width <= 0 or height <= 0:
        raise BadFile(ScanReason.DAMAGED, f"It claims {width}x{height} pixels.")
    if width * height > MAX_PIXELS:
        raise BadFile(ScanReason.TOO_LARGE, f"It claims {width}x{height} pixels; the limit is {MAX_PIXELS}.")


def fitting_profile(icc: bytes | None, channels: int) -> bytes | None:
    """The profile if its own header says that it is whole and describes this many channels, else ``None``."""
    space = {1: b"GRAY", 3: b"RGB "}.get(channels)
    if not icc or len(icc) < 132 or icc[36:40] != b"acsp" or icc[16:20] != space:
        return None
    whole = int.from_bytes(icc[:4], "big") == len(icc)
    return icc if whole and icc[8] <= 4 and icc[12:16] in (b"scnr", b"mntr", b"prtr", b"spac") else None


def aspect_of(dpi: tuple[float, float] | None) -> float:
    """Rows to the inch divided by columns to the inch; 1 when they are alike or make no sense.

    >>> aspect_of((204, 98)) < 0.5, aspect_of((300, 300.5)), aspect_of((300, 1)), aspect_of(None)
    (True, 1.0, 1.0, 1.0)
    """
    if not dpi or min(dpi) <= 0:
        return 1.0
    aspect = float(dpi[1]) / float(dpi[0])
    return aspect if 0.4 <= aspect <= 2.5 and abs(aspect - 1) > 0.02 else 1.0


# --- pixels by way of Pillow -----------------------------------------------------------------------------------------


def pillow_gray(image: Image.Image) -> Gray:
    """Decode whatever Pillow reads to (H, W) uint8.

    Raises:
        BadFile: DAMAGED or UNSUPPORTED.
    """
    _load(image)
    if image.mode in _DEEP:
        return _eight_bit(image)
    if _is_transparent(image):
        image = _on_white(image)
    return np.asarray(_converted(image, "L"), np.uint8)


def written_out(image: Image.Image, from_format: str, *, deep: bool = False) -> ImageStream:
    """Decode and write without loss: bilevel as G4, gray and RGB as deflated rows; other colour becomes sRGB.

    Args:
        image: opened by Pillow.
        from_format: what it comes from, for the record.
        deep: the file has samples of more than 8 bits, which Pillow may have dropped while decoding.

    Raises:
        BadFile: DAMAGED or UNSUPPORTED.
    """
    _load(image)
    if image.mode == "1":
        return _as_fax(image, f"{from_format} rows rewritten as CCITT G4")
    changes = ["16-bit samples reduced to 8"] if deep or image.mode in _DEEP else []
    icc = image.info.get("icc_profile")
    if image.mode in _DEEP:
        image = Image.fromarray(_eight_bit(image))
    if _is_transparent(image):
        changes.append("transparency laid on white")
        image = _on_white(image)
    if image.mode == "P":
        image = image.convert("RGB")
    if image.mode not in ("L", "RGB"):
        changes.append(f"{image.mode} to sRGB")
        image, icc = in_srgb(image), None
    channels = len(image.getbands())
    return ImageStream(
        zlib.compress(image.tobytes(), 6),
        "FlateDecode",
        image.width,
        image.height,
        8,
        channels,
        icc=fitting_profile(icc, channels),
        conversion="; ".join(changes) or f"{from_format} rows rewritten without loss",
    )


def in_srgb(image: Image.Image) -> Image.Image:
    """RGB in the space of our output intent, by the image's own profile where it has a good one.

    Raises:
        BadFile: DAMAGED or UNSUPPORTED.
    """
    _load(image)
    icc = image.info.get("icc_profile")
    if icc and image.mode == "CMYK":
        try:
            own, ours = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.ImageCmsProfile(str(SRGB))
            made = ImageCms.profileToProfile(image, own, ours, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            made = None  # a profile that nobody can read: the plain rule then
        if made is not None:
            return made
    return _converted(image, "RGB")


def as_fax_strip(image: Image.Image) -> bytes:
    """A bilevel image as one strip of CCITT G4, white as zero."""
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression="group4", tiffinfo={262: 0, 278: image.height})
    with Image.open(buffer, formats=("TIFF",)) as again:
        tags = again.tag_v2  # type: ignore[attr-defined]  # TIFF only
        (start,), (count,) = tags[273], tags[279]
        if tags[262] != 0:
            raise BadFile(ScanReason.UNSUPPORTED, "The page could not be rewritten as CCITT.")
    return buffer.getvalue()[start : start + count]


def _as_fax(image: Image.Image, note: str) -> ImageStream:
    parms: dict[str, int | bool] = {"K": -1, "Columns": image.width, "Rows": image.height}
    strip = as_fax_strip(image)
    return ImageStream(strip, "CCITTFaxDecode", image.width, image.height, 1, 1, parms, conversion=note)


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error


def _converted(image: Image.Image, mode: str) -> Image.Image:
    try:
        return image.convert(mode)
    except ValueError as error:  # CIE Lab, floating point
        raise BadFile(ScanReason.UNSUPPORTED, f"Colour mode {image.mode}.") from error


def _is_transparent(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _eight_bit(image: Image.Image) -> Gray:
    return (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    """Opaque, on white paper; gray stays gray."""
    is_gray = image.mode in ("L", "LA")
    rgba = image.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(paper, rgba).convert("L" if is_gray else "RGB")
