"""Pixels, once: gray at full size, and two smaller copies by area.

Entropy decoding is two thirds of reading a JPEG (14 of 21 ms on an A4 page at 300 dpi), so a scaled decode saves little
and a second decode costs everything again: each page is decoded once, and every step works on these three arrays.
"""

import cv2
import numpy as np

from scanning import scanner_pdf
from scanning.page import Gray, PageImage, PageSource
from scanning.raster import open_image
from scanning.streams import OpenedPage
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
    quarter, eighth = smaller(gray)
    return PageImage(
        source=source,
        gray=gray,
        quarter=quarter,
        eighth=eighth,
        stated_dpi=page.dpi,
        rotate_deg=page.rotate_deg,
        aspect=page.aspect,
    )


def smaller(gray: Gray) -> tuple[Gray, Gray]:
    """Copies at a quarter and an eighth, by halving.

    A last odd row or column is left out, so that every factor is two: OpenCV halves three times in 0.6 ms and takes
    14 ms for a quarter that does not come out even.
    """
    quarter = halved(halved(gray))
    return quarter, halved(quarter)


def halved(gray: Gray) -> Gray:
    """Half the size, each pixel the mean of four."""
    height, width = (max(1, side // 2) for side in gray.shape)
    whole = gray[: height * 2, : width * 2]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
