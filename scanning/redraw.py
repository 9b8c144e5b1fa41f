"""A page of a PDF drawn anew, by PDFium: what a person sees of it, as pixels.

That is how the line looks at a page that is more than an image (codes, print, is it blank), and what becomes of such a
page when it cannot lie in a PDF/A as it is. Field values and visible annotations are drawn, hidden ones are not; no
script runs, for the wheel's PDFium has no engine for them. A form that only Adobe's programs draw is refused.

PDFium is a large decoder of hostile bytes: it works in the worker child, under its limits, and nowhere else.
"""

import contextlib
import dataclasses
import io
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw
from PIL import Image

from scanning.page import Gray
from scanning.streams import ImageStream
from scanning.structure import BadFile
from schemas.document import ScanReason

DPI = 300
"""What a scanner of the station would have delivered; archives ask for no more of print."""
PIXELS_MOST = 40_000_000
"""A2 at 300 dpi, 120 MB in colour; a larger sheet is drawn more coarsely."""
CONVERSION = "drawn anew"
JPEG_QUALITY = 90
LOSSLESS_SHARE = 0.15
"""Rows that deflate below this share are print and lines and are written without loss; above it they are a photograph,
which would take 10 to 20 MB a page: a page of print takes 0.01 to 0.05, a coloured scan 0.4."""
_SAMPLE_ROWS = 16
"""One row in so many tells how the page deflates."""

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3) uint8."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page before it is drawn: its sides in pixels as a viewer shows it, and the resolution that makes them."""

    path: Path
    page_no: int
    dpi: int
    scale: float
    width: int
    height: int

    def within(self, box_px: int) -> "Sheet":
        """The sheet drawn about as small as the box, never larger."""
        share = min(1.0, box_px / max(self.width, self.height))
        return dataclasses.replace(self, scale=self.scale * share)


def sheet_of(path: Path, page_no: int, user_unit: float) -> Sheet:
    """Size of a page (one-based) as it will be drawn; ``user_unit`` is what PDFium leaves out of it.

    Raises:
        BadFile: DAMAGED, ENCRYPTED, TOO_LARGE or UNSUPPORTED.
    """
    with _opened(path, page_no) as page:
        sides = page.get_size()
    wide, high = (side * user_unit / 72 for side in sides)
    if not (wide > 0 and high > 0 and math.isfinite(wide * high)):
        raise BadFile(ScanReason.DAMAGED, "The page has no size.")
    dpi = min(DPI, int(math.sqrt(PIXELS_MOST / (wide * high))))
    if dpi < 1 or max(wide, high) > 100 * min(wide, high):
        raise BadFile(ScanReason.TOO_LARGE, f"The page claims {wide:.0f} by {high:.0f} inches.")
    scale = dpi * user_unit / 72
    width, height = (math.ceil(side * scale) for side in sides)  # the renderer counts them just so
    return Sheet(path, page_no, dpi, scale, width, height)


def draw(sheet: Sheet, *, turn_deg: int = 0) -> Rgb:
    """The page as a viewer shows it, turned clockwise by quarter turns.

    Raises:
        BadFile: DAMAGED, ENCRYPTED or UNSUPPORTED.
    """
    with _opened(sheet.path, sheet.page_no) as page:
        bitmap = page.render(scale=sheet.scale, rotation=turn_deg % 360, rev_byteorder=True)
        return np.array(bitmap.to_numpy()[:, :, :3], np.uint8)


def gray_of(drawn: Rgb) -> Gray:
    """Luma of a drawing."""
    return np.asarray(cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY), np.uint8)


def stream_of(drawn: Rgb) -> ImageStream:
    """The drawing as it will lie in the PDF: gray when no pixel has a colour, without loss when it is print."""
    plain: npt.NDArray[np.uint8] = drawn
    if np.array_equal(drawn[:, :, 0], drawn[:, :, 1]) and np.array_equal(drawn[:, :, 1], drawn[:, :, 2]):
        plain = np.ascontiguousarray(drawn[:, :, 0])
    height, width = plain.shape[:2]
    channels = 1 if plain.ndim == 2 else 3
    sample = np.ascontiguousarray(plain[::_SAMPLE_ROWS])
    if len(zlib.compress(sample.tobytes(), 6)) <= LOSSLESS_SHARE * sample.size:
        rows = zlib.compress(plain.tobytes(), 6)
        return ImageStream(rows, "FlateDecode", width, height, 8, channels, conversion=CONVERSION)
    buffer = io.BytesIO()
    Image.fromarray(plain).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return ImageStream(buffer.getvalue(), "DCTDecode", width, height, 8, channels, conversion=CONVERSION)


@contextlib.contextmanager
def _opened(path: Path, page_no: int) -> Iterator[Any]:  # a PdfPage: the library ships no annotations
    try:
        with contextlib.closing(pypdfium2.PdfDocument(path)) as document:
            if document.get_formtype() == pypdfium2.raw.FORMTYPE_XFA_FULL:
                raise BadFile(ScanReason.UNSUPPORTED, "The PDF is an XFA form: please print it to a PDF.")
            document.init_forms()
            with contextlib.closing(document[page_no - 1]) as page:
                yield page
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:  # qpdf tries the empty one as the owner's too
            raise BadFile(ScanReason.ENCRYPTED) from error
        raise BadFile(ScanReason.DAMAGED, f"The page cannot be drawn: {error}") from error
    except IndexError as error:
        raise BadFile(ScanReason.DAMAGED, f"There is no page {page_no}.") from error
