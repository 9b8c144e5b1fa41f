"""TIFF pages: fax strips and JPEG strips as they are, everything else written out without loss.

A page goes over untouched when it is one strip that a PDF filter reads: CCITT G4, G3 in one or two dimensions, modified
Huffman; a JPEG whose tables stand in a tag of their own gets them back in front, its coded pixels as they are. Pillow
turns a page with an orientation tag while it decodes; such a page is written out upright.
"""

from typing import Any

from PIL import Image

from scanning.streams import ImageStream, OpenedPage, aspect_of, check_size, fitting_profile, pillow_gray, written_out
from scanning.structure import BadFile
from schemas.document import ScanReason

_BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _OFFSETS, _ORIENTATION = 258, 259, 262, 266, 273, 274
_COUNTS, _T4_OPTIONS, _JPEG_TABLES = 279, 292, 347
_HUFFMAN, _G3, _G4, _JPEG = 2, 3, 4, 7
_TWO_DIMENSIONS, _RAW_RUNS = 1, 2
"""Bits of the T4Options tag; raw runs ("uncompressed mode") are an extension that no PDF reader knows."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6


def open_tiff(image: Image.Image, data: bytes, page_no: int) -> OpenedPage:
    """Open page ``page_no`` (one-based) of a TIFF whose header Pillow has read.

    Raises:
        BadFile: the page cannot be used, with the reason.
    """
    try:
        image.seek(page_no - 1)
    except (EOFError, OSError, ValueError, SyntaxError) as error:
        raise BadFile(ScanReason.DAMAGED, f"Page {page_no} cannot be opened.") from error
    check_size(*image.size)
    dpi = image.info.get("dpi")
    return OpenedPage(
        width=image.width,
        height=image.height,
        dpi=float(dpi[0]) if dpi else None,
        rotate_deg=0,
        gray=lambda: pillow_gray(image),
        stream=lambda: _strip(image, data) or written_out(image, "TIFF", deep=_is_deep(image)),
        aspect=aspect_of(dpi),
    )


def _tags(image: Image.Image) -> Any:  # Pillow's directory of the current page
    return image.tag_v2  # type: ignore[attr-defined]  # TIFF only


def _is_deep(image: Image.Image) -> bool:
    bits = _tags(image).get(_BITS, 1)
    return any(int(depth) > 8 for depth in (bits if isinstance(bits, tuple) else (bits,)))


def _strip(image: Image.Image, data: bytes) -> ImageStream | None:
    """The page's bytes as they are, when they are one strip that a PDF reader understands."""
    tags = _tags(image)
    offsets, counts = tags.get(_OFFSETS), tags.get(_COUNTS)
    if not offsets or not counts or len(offsets) != 1 or tags.get(_ORIENTATION, 1) != 1:
        return None
    strip = data[offsets[0] : offsets[0] + counts[0]]
    if tags[_COMPRESSION] == _JPEG:
        return _jpeg_strip(image, tags, strip)
    return _fax_strip(image, tags, strip) if tags.get(_FILL_ORDER, 1) == 1 else None


def _fax_strip(image: Image.Image, tags: Any, strip: bytes) -> ImageStream | None:
    scheme = _fax_scheme(int(tags[_COMPRESSION]), int(tags.get(_T4_OPTIONS, 0)))
    if scheme is None or tags.get(_PHOTOMETRIC) not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO):
        return None
    parms: dict[str, int | bool] = {**scheme, "Columns": image.width, "Rows": image.height}
    if tags[_PHOTOMETRIC] == _BLACK_IS_ZERO:  # the runs that the fax code calls black are white paper here
        parms["BlackIs1"] = True
    return ImageStream(strip, "CCITTFaxDecode", image.width, image.height, 1, 1, parms)


def _fax_scheme(compression: int, t4_options: int) -> dict[str, int | bool] | None:
    """Parameters of the PDF filter (ISO 32000-1, table 11). Fill bits before a line's end need no word."""
    if compression == _G4:
        return {"K": -1}
    if compression == _HUFFMAN:
        return {"K": 0, "EncodedByteAlign": True, "EndOfBlock": False}
    if compression == _G3 and not t4_options & _RAW_RUNS:
        return {"K": 1 if t4_options & _TWO_DIMENSIONS else 0, "EndOfLine": True, "EndOfBlock": False}
    return None


def _jpeg_strip(image: Image.Image, tags: Any, strip: bytes) -> ImageStream | None:
    """The strip with its tables before it, when it is the whole page in gray or colour."""
    transform = {_BLACK_IS_ZERO: None, _RGB: 0, _YCBCR: 1}
    photometric = tags.get(_PHOTOMETRIC)
    if photometric not in transform or image.mode not in ("L", "RGB") or strip[:2] != b"\xff\xd8" or _is_deep(image):
        return None
    tables = bytes(tags.get(_JPEG_TABLES, b""))
    note = None
    if tables[:2] == b"\xff\xd8" and tables[-2:] == b"\xff\xd9":
        strip = tables[:-2] + strip[2:]
        note = "tables of the TIFF put back into its JPEG"
    elif tables:
        return None
    parms: dict[str, int | bool] = {}
    if (asked := transform[photometric]) is not None:
        parms["ColorTransform"] = asked
    channels = len(image.getbands())
    icc = fitting_profile(image.info.get("icc_profile"), channels)
    return ImageStream(strip, "DCTDecode", image.width, image.height, 8, channels, parms, icc, note)
