"""Pixels, once: gray at full size, and two smaller copies by area.

Entropy decoding is two thirds of reading a JPEG (14 of 21 ms on an A4 page at 300 dpi), so a scaled decode saves little
and a second decode costs everything again: each page is decoded once, and every step works on these three arrays.
"""

import cv2
import numpy as np

from scanning import scanner_pdf
from scanning.page import PageImage, PageSource, plausible_dpi
from scanning.raster import OpenedPage, open_image
from scanning.structure import FileKind

cv2.setNumThreads(1)  # N workers on N cores: more threads in each only wait for one another


def decode(source: PageSource) -> PageImage:
    """Open the page and decode it.

    Raises:
        BadFile: the page cannot be read, with the reason.
    """
    if source.kind is FileKind.PDF:
        with scanner_pdf.opened(source.path) as pdf:
            return _pixels(source, scanner_pdf.open_page(pdf, source.page_no))
    return _pixels(source, open_image(source.path, source.kind, source.page_no))


def _pixels(source: PageSource, page: OpenedPage) -> PageImage:
    gray = page.gray()
    height, width = gray.shape
    quarter = cv2.resize(gray, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    eighth = cv2.resize(quarter, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    return PageImage(
        source=source,
        gray=gray,
        quarter=np.asarray(quarter, np.uint8),
        eighth=np.asarray(eighth, np.uint8),
        dpi=plausible_dpi(page.dpi, width, height),
        rotate_deg=page.rotate_deg,
    )
