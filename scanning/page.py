"""The nouns of the line, in the order the types force: PageImage, PdfDraft, PdfA.

A :class:`PageImage` exists only inside a worker child; outside it a page is a :class:`schemas.document.ScannedPage`, a
few hundred bytes. Only :func:`scanning.pdfa.make` turns a draft into a candidate, and only
:func:`scanning.verify.judge` turns a candidate into a :class:`PdfA`.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf

from scanning.approved import PageNote as PageNote
from scanning.approved import PdfA as PdfA
from scanning.approved import SealedPdf as SealedPdf
from scanning.structure import FileKind

Gray = npt.NDArray[np.uint8]
"""(H, W) uint8, 0 is black."""


@dataclass(frozen=True, slots=True)
class PageSource:
    """One page of one file: enough to open it again. ``page_no`` is one-based."""

    path: Path
    kind: FileKind
    page_no: int = 1


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page decoded once, gray, full size, with its two smaller copies made by area.

    ``dpi`` is the plausible one: what the header says if a sheet of paper can be that large, else measured against A4.
    ``rotate_deg`` is what EXIF or the PDF asks a viewer to turn clockwise; the pixels are as stored.
    """

    source: PageSource
    gray: Gray
    quarter: Gray
    eighth: Gray
    dpi: int
    rotate_deg: int = 0


@dataclass(frozen=True, slots=True)
class PdfDraft:
    """Pages laid out, image bytes in place, not yet PDF/A. One note for each page, in order.

    ``keeps_pages`` tells that pages of other PDFs are in it as they were; ``files`` are those PDFs, which must stay
    open until the draft is saved.
    """

    pdf: pikepdf.Pdf
    notes: tuple[PageNote, ...]
    keeps_pages: bool
    files: contextlib.ExitStack


PAPER_LONG_SIDE_INCH = (3.0, 34.0)
"""A7 to A1: a header that makes the sheet smaller or larger than this is wrong."""
A4_LONG_SIDE_INCH = 11.693
MIN_DPI, MAX_DPI = 60, 1300


def plausible_dpi(header_dpi: float | None, width_px: int, height_px: int) -> int:
    """The header's resolution if a sheet can have it, else what A4 paper makes of the pixels.

    >>> plausible_dpi(300, 2481, 3507), plausible_dpi(72, 2481, 3507), plausible_dpi(None, 1654, 2339)
    (300, 300, 200)
    """
    long_px = max(width_px, height_px)
    if header_dpi and MIN_DPI <= header_dpi <= MAX_DPI:
        smallest, largest = PAPER_LONG_SIDE_INCH
        # 72 and 96 are what software writes when it does not know: believed only for a sheet up to A4.
        limit = A4_LONG_SIDE_INCH * 1.1 if header_dpi <= 96 else largest
        if smallest <= long_px / header_dpi <= limit:
            return round(header_dpi)
    return max(1, round(long_px / A4_LONG_SIDE_INCH))
