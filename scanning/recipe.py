"""The recipe of a page: what is done, in order. The steps below know how; `building` makes the document.

Runs inside a worker child; a benchmark or a test may call it in its own process.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scanning import pdfa, scanner_pdf, verify
from scanning.assemble import Leaf, assemble
from scanning.building import build
from scanning.page import PageImage, PageSource, PdfA
from scanning.raster import count_frames, open_image
from scanning.steps import barcodes, blank, ink, quality, skew
from scanning.steps.decode import decode
from scanning.structure import BadFile, FileKind, check_complete
from schemas.document import PageVerdict, ScannedPage, ScanReason
from schemas.ids import Sha256


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file is, before any page of it is decoded."""

    kind: FileKind
    pages: int
    sha256: str
    size_bytes: int


def inspect(path: Path) -> Inspection:
    """Check structure, count pages, take the digest.

    Raises:
        BadFile: the file cannot be used, with the reason.
    """
    kind = check_complete(path)
    if kind is FileKind.PDF:
        pages = scanner_pdf.count_pages(path)
    elif kind is FileKind.TIFF:
        pages = count_frames(path)
    else:
        open_image(path, kind, 1)  # the header must make sense and claim a sane size
        pages = 1
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Inspection(kind, pages, digest, path.stat().st_size)


def read_page(source: PageSource, *, name: str, sha256: str, whole_page: bool) -> ScannedPage:
    """Decode one page and measure it.

    Args:
        source: where the page is.
        name: the original's name, for the record.
        sha256: the original's digest, for the record.
        whole_page: search codes on all of the page, not only in regions that look like one.

    Raises:
        BadFile: the page cannot be read, or cannot become PDF/A.
    """
    if source.kind is FileKind.PDF:
        _check_kept_page(source)
    page = decode(source)
    flat = ink.flatten(page.quarter)
    ink_mask = ink.mask(flat)
    codes = barcodes.find(page, flat, whole_page=whole_page)
    blankness = blank.Blankness.WRITTEN if codes else blank.judge(ink_mask)
    if blankness is blank.Blankness.BLANK:
        return _record(page, name, sha256, blank=True)
    sharpness = quality.sharpness(page, ink_mask)
    contrast = quality.contrast(page.quarter)
    verdict, reasons = quality.verdict(sharpness, contrast, page.dpi)
    if blankness is blank.Blankness.DOUBT:
        verdict, reasons = max(verdict, PageVerdict.WARN, key=_RANK.index), (*reasons, ScanReason.MAYBE_BLANK)
    return ScannedPage(
        source=name,
        source_page=source.page_no,
        sha256=Sha256(sha256),
        width_px=page.gray.shape[1],
        height_px=page.gray.shape[0],
        dpi=page.dpi,
        skew_deg=skew.angle_deg(page),
        blank=False,
        sharpness=sharpness,
        contrast=contrast,
        barcodes=codes,
        verdict=verdict,
        reasons=reasons,
    )


_RANK = (PageVerdict.GOOD, PageVerdict.WARN, PageVerdict.RESCAN)


def _record(page: PageImage, name: str, sha256: str, *, blank: bool) -> ScannedPage:
    """Record of a page on which there is nothing to measure."""
    height, width = page.gray.shape
    return ScannedPage(
        source=name,
        source_page=page.source.page_no,
        sha256=Sha256(sha256),
        width_px=width,
        height_px=height,
        dpi=page.dpi,
        skew_deg=0.0,
        blank=blank,
        sharpness=None,
        contrast=quality.contrast(page.quarter),
        barcodes=(),
        verdict=PageVerdict.GOOD,
    )


def _check_kept_page(source: PageSource) -> None:
    """A page that must be kept as it is has to pass the judge alone, so that it cannot spoil its document later."""
    with scanner_pdf.opened(source.path) as pdf:
        if scanner_pdf.open_page(pdf, source.page_no).stream is not None:
            return
    with tempfile.TemporaryDirectory() as folder:
        draft = assemble([Leaf(source, dpi=300)])
        candidate = pdfa.make(draft, Path(folder) / "page.pdf", identifier="page", title="page")
        verify.judge(candidate.path, flavour=pdfa.FLAVOUR)


def one_page(path: Path, out: Path, *, whole_page: bool = True) -> tuple[ScannedPage, PdfA]:
    """The whole line for one image file, in this process: what the benchmark measures.

    Raises:
        BadFile: the file cannot be used.
    """
    found = inspect(path)
    source = PageSource(path, found.kind)
    page = read_page(source, name=path.name, sha256=found.sha256, whole_page=whole_page)
    leaf = Leaf(source, dpi=page.dpi, skew_deg=page.skew_deg)
    return page, build([leaf], out, identifier=found.sha256, title=path.stem)


__all__ = ["BadFile", "Inspection", "inspect", "one_page", "read_page"]
