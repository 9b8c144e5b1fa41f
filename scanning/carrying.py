"""How a page of a PDF comes into our document: placed, kept, its image alone, or drawn anew; in this order.

A page that only places an image is placed, and nobody is asked. Any other page must pass the judge alone to be kept, so
that it cannot spoil its document later. What the judge refuses gives its image where it shows nothing else, and is
drawn where it shows more. The answer depends on the page's bytes only, so whoever asks again gets the same.
"""

import contextlib
import enum
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from scanning import pdfa, scanner_pdf, verify
from scanning.page import PageSource, PdfDraft
from scanning.streams import OpenedPage
from scanning.structure import BadFile
from schemas.document import ScanReason

_WHY_MOST = 160


class Way(enum.StrEnum):
    """How a page is carried over."""

    PLACED = "placed"
    KEPT = "kept"
    IMAGE = "image"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Carried:
    """A page's way, why the judge would not keep it (empty: kept, or not asked), and what is placed instead."""

    way: Way
    why: str
    page: OpenedPage


def carried(pdf: pikepdf.Pdf, page_no: int) -> Carried:
    """The way of page ``page_no`` (one-based) of a file opened by its path.

    Raises:
        BadFile: the page cannot be used at all.
    """
    page = scanner_pdf.open_page(pdf, page_no)
    if not page.keep:
        return Carried(Way.PLACED, "", page)
    why = _refusal(pdf, page_no)
    if why is None:
        return Carried(Way.KEPT, "", page)
    return Carried(Way.DRAWN if page.drawn else Way.IMAGE, why, page)


def carried_source(source: PageSource) -> Carried:
    """The same of a file that is not open yet; the page's pixels cannot be asked for afterwards."""
    with scanner_pdf.opened(source.path) as pdf:
        return carried(pdf, source.page_no)


def _refusal(pdf: pikepdf.Pdf, page_no: int) -> str | None:
    """Why the judge refuses the page alone; ``None`` when it does not."""
    with tempfile.TemporaryDirectory() as folder, pikepdf.Pdf.new() as alone:
        try:
            alone.pages.append(pdf.pages[page_no - 1])
            draft = PdfDraft(alone, (), keeps_pages=True, files=contextlib.ExitStack())
            candidate = pdfa.make(draft, Path(folder) / "page.pdf", identifier="page", title="page")
            verify.judge(candidate.path, flavour=pdfa.FLAVOUR)
        except BadFile as bad:
            if bad.reason is not ScanReason.NOT_CONFORMANT:
                raise
            return bad.detail[:_WHY_MOST].rstrip()
    return None
