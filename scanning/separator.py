"""Which pages belong to which dossier. Pure: measured pages in, parts out; pixels are not looked at again.

A sheet with a dossier code opens a document and its code holds until the next sheet with another one; a second sheet
with the same code right behind it opens nothing. A separator sheet ends a document and names none. Pages that no cover
names are a document of the operator's queue, with the reason: pages are never merged into a neighbour in silence, and
when a sheet could not be read at all, the document it lay in says so, because it may have been a cover.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from schemas.document import PageRole, ScannedPage, ScanReason
from schemas.ids import DossierCode
from schemas.numbers import dossier_code, s10

SEPARATORS = frozenset({"PATCHT", "PATCH T", "PATCH-T", "LIENTHONG-TACH-HO-SO"})
"""Texts of sheets that only part documents: the common patch sheet as a Code 128 or 39, and our own."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pages of one document in order. Without a ``dossier_code`` the reasons say why."""

    dossier_code: DossierCode | None
    s10: str | None
    pages: tuple[ScannedPage, ...]
    reasons: tuple[ScanReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A batch taken apart: documents, and sheets that are in none of them, each with its reason."""

    parts: tuple[Part, ...]
    left_out: tuple[tuple[ScannedPage, ScanReason], ...]


@dataclass(slots=True)
class _Open:
    """The part that pages are being added to."""

    code: DossierCode | None
    item: str | None = None
    pages: list[ScannedPage] = field(default_factory=list)
    reasons: list[ScanReason] = field(default_factory=list)

    def closed(self) -> Part:
        return Part(self.code, self.item, tuple(self.pages), tuple(dict.fromkeys(self.reasons)))


def split(pages: Sequence[ScannedPage | None]) -> Split:
    """Take a batch apart. ``None`` stands for a sheet that could not be read, at its place in the feed."""
    parts: list[_Open] = []
    left_out: list[tuple[ScannedPage, ScanReason]] = []
    current: _Open | None = None
    for page in pages:
        if page is None:
            if current is not None:
                current.reasons.append(ScanReason.GAP)
        elif page.blank and not page.barcodes:
            left_out.append((page, ScanReason.BLANK))
        elif _is_separator(page):
            left_out.append((dataclasses.replace(page, role=PageRole.SEPARATOR), ScanReason.SEPARATOR))
            current = None
        else:
            opened = _opened_by(page, current)
            if opened is not None:
                current = opened
                parts.append(current)
            assert current is not None, "a page without a code opens a part when none is open"
            _add(current, page)
    return Split(tuple(part.closed() for part in parts if part.pages), tuple(left_out))


def codes_of(page: ScannedPage) -> tuple[DossierCode, ...]:
    """The distinct dossier codes printed on a page."""
    return tuple(DossierCode(text) for text in _valid(page, dossier_code.is_valid, dossier_code.compact))


def items_of(page: ScannedPage) -> tuple[str, ...]:
    """The distinct postal item numbers printed on a page, their check digits proven."""
    return tuple(_valid(page, s10.is_valid, s10.compact))


def _valid(page: ScannedPage, is_valid: Callable[[str], bool], compact: Callable[[str], str]) -> Iterable[str]:
    return dict.fromkeys(compact(code.text) for code in page.barcodes if is_valid(code.text))


def _opened_by(page: ScannedPage, current: _Open | None) -> _Open | None:
    """The part that this page opens, or ``None`` when it continues the current one."""
    codes = codes_of(page)
    if len(codes) > 1:
        return _Open(None, reasons=[ScanReason.SEVERAL_CODES])
    if codes:
        return None if current is not None and current.code == codes[0] else _Open(codes[0])
    return _Open(None, reasons=[ScanReason.NO_COVER]) if current is None else None


def _add(part: _Open, page: ScannedPage) -> None:
    """Add the page; a sheet with the part's code is a cover when it opens it or repeats its cover at once."""
    names_it = part.code is not None and part.code in codes_of(page)
    repeats = all(_texts(cover) == _texts(page) and cover.role is PageRole.COVER for cover in part.pages)
    role = PageRole.COVER if names_it and repeats else PageRole.CONTENT
    part.item = part.item or next(iter(items_of(page)), None)
    part.pages.append(dataclasses.replace(page, role=role))


def _texts(page: ScannedPage) -> frozenset[str]:
    return frozenset(code.text for code in page.barcodes)


def _is_separator(page: ScannedPage) -> bool:
    if codes_of(page):
        return False
    return any(code.text.strip().upper() in SEPARATORS for code in page.barcodes)
