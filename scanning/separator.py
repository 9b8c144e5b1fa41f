"""Which pages belong to which dossier. Pure: measured pages in, parts out; pixels are not looked at again.

A sheet that is made for a dossier (`codes`) opens a document, and its code holds until the next such sheet with another
code or until a separator; a second sheet with the same code right behind it opens nothing. A separator sheet ends a
document and names none; several in a row are one. Pages that no cover names are a document of the operator's queue,
with the reason: pages are never merged into a neighbour in silence. When a sheet could not be read at all, or its code
is damaged by one character, the document says so, because it may have been a cover.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from scanning import codes
from scanning.codes import CodeRules, Sheet, codes_of, item_of
from schemas.document import PageRole, ScannedPage, ScanReason
from schemas.ids import DossierCode


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
    pages: list[ScannedPage] = field(default_factory=list)
    reasons: list[ScanReason] = field(default_factory=list)

    def closed(self) -> Part:
        return Part(self.code, item_of(self.pages), tuple(self.pages), tuple(dict.fromkeys(self.reasons)))


def split(pages: Sequence[ScannedPage | None], rules: CodeRules = codes.ALL) -> Split:
    """Take a batch apart. ``None`` stands for a sheet that could not be read, at its place in the feed."""
    feed = _Feed(rules)
    for page in pages:
        feed.take(page)
    return Split(tuple(part.closed() for part in feed.parts), tuple(feed.left_out))


class _Feed:
    """What became of the sheets so far."""

    def __init__(self, rules: CodeRules) -> None:
        self.parts: list[_Open] = []
        self.left_out: list[tuple[ScannedPage, ScanReason]] = []
        self._rules = rules
        self._current: _Open | None = None
        self._gap = False
        """The last sheet could not be read."""

    def take(self, page: ScannedPage | None) -> None:
        """The next sheet: into the open part, into a new one, or left out."""
        if page is None:
            self._gap = True
            if self._current is not None:
                self._current.reasons.append(ScanReason.GAP)
        elif page.blank and not page.barcodes:
            self.left_out.append((page, ScanReason.BLANK))
        else:
            self._place(page, codes.of_sheet(page, self._rules))

    def _place(self, page: ScannedPage, says: Sheet) -> None:
        gap, self._gap = self._gap, False
        if says.parts:
            self._current = None
            if not codes_of(page):
                self.left_out.append((dataclasses.replace(page, role=PageRole.SEPARATOR), ScanReason.SEPARATOR))
                return
        opened = _opened_by(says, self._current)
        if opened is not None:
            self._current = opened
            self.parts.append(opened)
            if gap and opened.code is None:  # the sheet that could not be read may have been its cover
                opened.reasons.append(ScanReason.GAP)
        assert self._current is not None, "a page without a code opens a part when none is open"
        _add(self._current, page, says)


def _opened_by(says: Sheet, current: _Open | None) -> _Open | None:
    """The part that this page opens, or ``None`` when it continues the current one."""
    if len(says.speaking) > 1:
        return _Open(None, reasons=[ScanReason.SEVERAL_CODES])
    if says.speaking:
        return None if current is not None and current.code == says.speaking[0] else _Open(says.speaking[0])
    if says.foreign:
        return _Open(None, reasons=[ScanReason.OTHER_CODE])
    if says.nearly and not (current is not None and current.code in says.quoted):
        return _Open(None, reasons=[ScanReason.NEAR_MISS])
    return _first_sheet(says) if current is None else None


def _first_sheet(says: Sheet) -> _Open:
    """A part begun by a sheet that is no cover: a lone quoted code is told, and a person decides."""
    if len(says.quoted) == 1:
        return _Open(says.quoted[0], reasons=[ScanReason.OTHER_CODE])
    return _Open(None, reasons=[ScanReason.SEVERAL_CODES if says.quoted else ScanReason.NO_COVER])


def _add(part: _Open, page: ScannedPage, says: Sheet) -> None:
    """Add the page; a sheet with the part's code is a cover when it opens it or repeats its cover at once."""
    names_it = part.code is not None and part.code in says.speaking
    repeats = all(_texts(cover) == _texts(page) and cover.role is PageRole.COVER for cover in part.pages)
    if any(code != part.code for code in says.quoted):
        part.reasons.append(ScanReason.OTHER_CODE)
    role = PageRole.COVER if names_it and repeats else PageRole.CONTENT
    part.pages.append(dataclasses.replace(page, role=role))


def _texts(page: ScannedPage) -> frozenset[str]:
    return frozenset(code.text for code in page.barcodes)
