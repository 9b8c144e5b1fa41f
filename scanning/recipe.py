"""The recipe of a page: what is done, in order. The steps below know how; `building` makes the document.

Runs inside a worker child; a benchmark or a test may call it in its own process.
"""

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanning import redraw, scanner_pdf
from scanning.assemble import Leaf
from scanning.building import build
from scanning.carrying import Way, carried_source
from scanning.codes import near_misses
from scanning.page import Gray, PageImage, PageSource, PdfA
from scanning.raster import count_frames, open_image
from scanning.steps import barcodes, blank, crop, ink, orientation, paper, quality, skew
from scanning.steps.decode import decode
from scanning.structure import FileKind, check_complete
from schemas.document import PageVerdict, ScannedPage, ScanReason
from schemas.ids import Sha256

_PAPER_FROM = 250
"""Gray from which a drawing on white cannot be seen."""


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
        BadFile: the page cannot be read.
    """
    found = carried_source(source) if source.kind is FileKind.PDF else None
    as_scanned = found is None or found.way in (Way.PLACED, Way.IMAGE)
    page = decode(source)
    flat = ink.flatten(page.quarter)
    ink_mask = ink.mask(flat)
    codes = barcodes.find(page, flat, whole_page=whole_page)
    height, width = page.gray.shape
    size = paper.measure(page.stated_dpi, width, round(height / page.aspect))
    if found is not None and found.page.drawn:  # at a resolution of our own: nothing about it is to be guessed
        dpi = round(found.page.dpi or redraw.DPI)
        size = paper.Paper(dpi, paper.format_of(width, height, dpi), odd=False)
    sheet = crop.find(page.eighth, size.dpi) if as_scanned else None
    if sheet is not None:
        size = _sheets_size(size, page, sheet)
        page, ink_mask = crop.inside(page, ink_mask, sheet)
    record = ScannedPage(
        source=name,
        source_page=source.page_no,
        sha256=Sha256(sha256),
        width_px=width,
        height_px=height,
        dpi=size.dpi,
        skew_deg=0.0,
        blank=False,
        sharpness=None,
        contrast=quality.contrast(page.quarter if sheet is None else crop.middle(page.quarter)),
        barcodes=codes,
        near_misses=near_misses(codes),
        verdict=PageVerdict.GOOD,
        paper=size.format,
    )
    doubts = [ScanReason.REDRAWN] * (found is not None and found.way is Way.DRAWN)
    if found is not None and not found.page.scan:
        return _drawn_record(record, page, doubts)
    blankness = blank.Blankness.WRITTEN if codes else blank.judge(ink_mask)
    if blankness is blank.Blankness.BLANK:
        return dataclasses.replace(record, blank=True)
    doubts += [ScanReason.MAYBE_BLANK] * (blankness is not blank.Blankness.WRITTEN)
    doubts += [ScanReason.NEAR_MISS] * bool(record.near_misses)
    doubts += [ScanReason.ODD_SIZE] * (size.odd and as_scanned)
    return _measured(record, page, ink_mask, sheet, doubts)


def _drawn_record(record: ScannedPage, page: PageImage, doubts: list[ScanReason]) -> ScannedPage:
    """A page that no scanner saw: there is no focus and no exposure to judge, and the faintest drawing is meant.

    One that the judge refused and of which nothing is seen may show more to another program: a person looks.
    """
    is_empty = int(page.gray.min()) >= _PAPER_FROM
    doubts += [ScanReason.MAYBE_BLANK] * (is_empty and bool(doubts))
    doubts += [ScanReason.NEAR_MISS] * bool(record.near_misses)
    return dataclasses.replace(
        record,
        blank=is_empty and not doubts,
        verdict=PageVerdict.WARN if doubts else PageVerdict.GOOD,
        reasons=tuple(doubts),
    )


def _measured(
    record: ScannedPage, page: PageImage, ink_mask: Gray, sheet: crop.Sheet | None, doubts: list[ScanReason]
) -> ScannedPage:
    """What only a page that is written on can tell: its angle, its way up, its sharpness."""
    lines = skew.measure(ink_mask)
    way = orientation.judge(page.gray, ink_mask, lines, record.barcodes, dpi=record.dpi, stated_deg=page.rotate_deg)
    turn_deg = lines.turn_deg
    if lines.sideways is None and sheet is not None and sheet.alone:
        turn_deg = sheet.turn_deg  # a card without lines of print lies as its edges lie
    sharpness = quality.sharpness(page, ink_mask, record.contrast)
    verdict, reasons = quality.verdict(sharpness, record.contrast, round(record.dpi * min(1.0, page.aspect)))
    if not way.sure:
        doubts.append(ScanReason.UNSURE_WAY_UP)
    if doubts and verdict is PageVerdict.GOOD:
        verdict = PageVerdict.WARN
    return dataclasses.replace(
        record,
        skew_deg=_true_angle(turn_deg, page.aspect),
        sharpness=sharpness,
        verdict=verdict,
        reasons=(*reasons, *doubts),
        rotate_deg=(way.rotate_deg - page.rotate_deg) % 360,
        crop=None if sheet is None else sheet.crop(turn_deg),
    )


def _sheets_size(bed: paper.Paper, page: PageImage, sheet: crop.Sheet) -> paper.Paper:
    """Size of a sheet smaller than its bed; the bed's own format says nothing then."""
    width_px, height_px = sheet.width_px, sheet.height_px / page.aspect
    return paper.Paper(bed.dpi, paper.format_of(width_px, height_px, bed.dpi), odd=False)


def _true_angle(turn_deg: float, aspect: float) -> float:
    """The angle on paper of one measured in pixels that are not square.

    >>> _true_angle(2.0, 1.0), _true_angle(2.0, 0.5)
    (2.0, 4.0)
    """
    return turn_deg if aspect == 1.0 else round(math.degrees(math.atan(math.tan(math.radians(turn_deg)) / aspect)), 2)


def one_batch(paths: Sequence[Path], out: Path) -> tuple[tuple[ScannedPage, ...], PdfA]:
    """The whole line for a cover and its pages, in this process: what the benchmark measures.

    Codes are searched on all of the first page, as the line does it.

    Raises:
        BadFile: a file cannot be used.
    """
    pages: list[ScannedPage] = []
    leaves: list[Leaf] = []
    for path in paths:
        found = inspect(path)
        source = PageSource(path, found.kind)
        page = read_page(source, name=path.name, sha256=found.sha256, whole_page=not pages)
        pages.append(page)
        leaves.append(Leaf(source, dpi=page.dpi, skew_deg=page.skew_deg, rotate_deg=page.rotate_deg, crop=page.crop))
    return tuple(pages), build(leaves, out, identifier=pages[0].sha256, title=paths[0].stem)
