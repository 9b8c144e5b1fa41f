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

    ``stated_dpi`` is what the file says of its width, ``None`` for nothing; ``aspect`` is the height's divided by it.
    ``rotate_deg`` is what EXIF or the PDF asks a viewer to turn clockwise; the pixels are as stored.
    """

    source: PageSource
    gray: Gray
    quarter: Gray
    eighth: Gray
    stated_dpi: float | None
    rotate_deg: int = 0
    aspect: float = 1.0


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
