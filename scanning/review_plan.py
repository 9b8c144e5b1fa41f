"""The plan of a batch under review: one strip of sheets, cut into documents. Pure.

The strip is every page of the batch in its order, also the blank ones, the separators and those that were replaced;
they stay at their place, greyed, and can be restored. A document (:class:`Paper`) is a run of the strip from a sheet
that ``begins`` to the next one. So a page can neither be lost nor be in two documents: only what is said of a sheet
changes, and only inserting adds one. What changes it is :mod:`scanning.review`.
"""

import dataclasses
import enum
import functools
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scanning.codes import codes_of, item_of
from schemas.document import PageRole, PageVerdict, ScannedPage, ScanReason
from schemas.errors import Stale
from schemas.ids import DossierCode, MessageId

COVER: Final = 0
"""The component number that says "this is the cover": it stays in the document and is none of the citizen's sheets."""


class Standing(enum.StrEnum):
    """Whether a sheet goes into a PDF, and why not."""

    KEPT = "kept"
    BLANK = "blank"
    SEPARATOR = "separator"
    REPLACED = "replaced"
    """A rescanned page took its place."""
    ASIDE = "aside"
    """The line could not carry it over into a PDF."""


class Refusal(enum.StrEnum):
    """Why an edit is not possible. ``text`` names the sentence for the operator."""

    NO_SHEET = "no_sheet"
    NOTHING_ABOVE = "nothing_above"
    BEGINS_ALREADY = "begins_already"
    NOTHING_TO_UNDO = "nothing_to_undo"
    BAD_VALUE = "bad_value"
    TWICE = "twice"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    NO_DOSSIER = "no_dossier"
    RESCAN_OPEN = "rescan_open"
    NEEDS_REASON = "needs_reason"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NO_ORIGINAL = "no_original"
    NOT_READ = "not_read"
    TAKEN = "taken"
    SEAL_WAITS = "seal_waits"
    LINE_DOWN = "line_down"

    @property
    def text(self) -> MessageId:
        """Key of the sentence in the message catalogue."""
        return MessageId(f"review.{self.value}")


class EditRefused(Stale):
    """The review does not allow this edit now."""

    text = MessageId("review.refused")

    def __init__(self, why: Refusal, *, subject: str = "", detail: str = "") -> None:
        """``why`` is shown to the operator as a sentence, with ``detail`` where there is one."""
        super().__init__(detail or why.value, subject=subject)
        self.why = why


def sheet_id(source: str, page_no: int) -> str:
    """Name of a page in its batch.

    >>> sheet_id("scan.pdf", 3)
    'scan.pdf#3'
    """
    return f"{source}#{page_no}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page at its place in the strip. ``page`` has the turn and component as they are wanted now.

    ``code`` counts where the sheet ``begins`` a document; it is remembered over a merge, so that a split restores it.
    """

    page: ScannedPage
    standing: Standing = Standing.KEPT
    begins: bool = False
    code: DossierCode | None = None
    wants_rescan: bool = False

    @property
    def id(self) -> str:
        """Its name in the batch: ``scan.pdf#3``."""
        return sheet_id(self.page.source, self.page.source_page)

    @property
    def kept(self) -> bool:
        """Whether it goes into the PDF."""
        return self.standing is Standing.KEPT

    @property
    def doubtful(self) -> bool:
        """Whether a person ought to look at it."""
        page = self.page
        return self.kept and (
            self.wants_rescan or bool(page.reasons or page.near_misses) or page.verdict is not PageVerdict.GOOD
        )


@dataclass(frozen=True)  # no slots: what is derived is kept; a screen of 300 pages asks for it some thousand times
class Paper:
    """A document as it is planned: a run of the strip. ``no`` counts from one along the strip."""

    no: int
    code: DossierCode | None
    sheets: tuple[Sheet, ...]

    @property
    def first(self) -> str:
        """Id of the sheet it begins with: how an edit names the document."""
        return self.sheets[0].id

    @functools.cached_property
    def ids(self) -> frozenset[str]:
        """Ids of all its sheets, the greyed ones too."""
        return frozenset(sheet.id for sheet in self.sheets)

    @functools.cached_property
    def pages(self) -> tuple[ScannedPage, ...]:
        """The pages of its PDF with their roles."""
        return tuple(_with_roles((sheet.page for sheet in self.sheets if sheet.kept), self.code))

    @property
    def s10(self) -> str | None:
        """The postal item that its covers name, else the one that its other sheets do."""
        return item_of(self.pages)

    @functools.cached_property
    def sheet_count(self) -> int:
        """The citizen's own sheets (rule E-22 compares this number)."""
        return sum(page.role is PageRole.CONTENT for page in self.pages)

    @property
    def wants_rescan(self) -> bool:
        """Whether a kept page of it waits to be scanned again."""
        return any(sheet.kept and sheet.wants_rescan for sheet in self.sheets)

    @property
    def reasons(self) -> tuple[ScanReason, ...]:
        """Why nobody can be asked to take it as it is; what is in doubt on its pages comes on top."""
        return () if self.code else (ScanReason.NO_COVER,)

    @functools.cached_property
    def signature(self) -> "Signature":
        """What makes its PDF and its record; equal signatures, equal document."""
        told = tuple(
            (sheet_id(page.source, page.source_page), page.rotate_deg, page.role.value, page.component)
            for page in self.pages
        )
        return (self.code, told)


Signature = tuple[DossierCode | None, tuple[tuple[str, int, str, int | None], ...]]


@dataclass(frozen=True, slots=True)
class Live:
    """A document that stands in the store (or the queue) now, made from these sheets."""

    key: str
    version: int
    sheets: frozenset[str]
    signature: Signature


@dataclass(frozen=True)  # no slots: see Paper
class Plan:
    """The strip, and the documents that were made of it so far."""

    sheets: tuple[Sheet, ...]
    live: tuple[Live, ...] = ()

    def papers(self) -> tuple[Paper, ...]:
        """The documents as planned, in the order of the strip."""
        return self._papers

    @functools.cached_property
    def _papers(self) -> tuple[Paper, ...]:
        runs: list[list[Sheet]] = []
        for sheet in self.sheets:
            if sheet.begins or not runs:
                runs.append([])
            runs[-1].append(sheet)
        return tuple(Paper(no, run[0].code, tuple(run)) for no, run in enumerate(runs, start=1))

    def paper_of(self, sheet: str) -> Paper:
        """The document that a sheet lies in. Raises EditRefused for a sheet that is not in the batch."""
        for paper in self.papers():
            if sheet in paper.ids:
                return paper
        raise EditRefused(Refusal.NO_SHEET, subject=sheet)

    def sheet(self, wanted: str) -> Sheet:
        """By id. Raises EditRefused."""
        return self.sheets[self.place(wanted)]

    def live_as(self, paper: Paper) -> Live | None:
        """The live document that is exactly this paper, or ``None``: it was changed since, or never made."""
        return next((live for live in self.live if live.signature == paper.signature), None)

    def together(self, paper: Paper) -> tuple[tuple[Paper, ...], tuple[Live, ...]]:
        """What is accepted with a paper: every paper and live document that shares sheets with it, link by link.

        Were only one half of a split document accepted, the pages of the other half would be in no document.
        """
        papers, lives = {paper.no: paper}, dict[str, Live]()
        while True:
            ids = frozenset[str]().union(*(each.ids for each in papers.values()))
            more_lives = {live.key: live for live in self.live if live.sheets & ids}
            touched = frozenset[str]().union(*(live.sheets for live in more_lives.values()))
            more = {each.no: each for each in self.papers() if each.no == paper.no or each.ids & touched}
            if more.keys() == papers.keys() and more_lives.keys() == lives.keys():
                return tuple(papers[no] for no in sorted(papers)), tuple(lives.values())
            papers, lives = more, more_lives

    def place(self, wanted: str) -> int:
        """Where a sheet lies in the strip, from zero. Raises EditRefused."""
        for place, sheet in enumerate(self.sheets):
            if sheet.id == wanted:
                return place
        raise EditRefused(Refusal.NO_SHEET, subject=wanted)

    def with_sheet(self, wanted: str, change: Callable[[Sheet], Sheet]) -> "Plan":
        """The plan with one sheet changed. Raises EditRefused."""
        place = self.place(wanted)
        sheets = (*self.sheets[:place], change(self.sheets[place]), *self.sheets[place + 1 :])
        return dataclasses.replace(self, sheets=sheets)


def key_of(batch_id: str, edit_no: int, paper: Paper, version: int) -> str:
    """Key of a document that an acceptance makes: hex SHA-256 over all that makes the document, and which acceptance.

    The number of the edit is in it because the same pages may be accepted, changed, and accepted again as they were.
    """
    told = [f"lienthong-document-2\n{batch_id}\n{edit_no}\n{paper.code or ''}\n{version}\n"]
    told += [
        f"{page.sha256}#{page.source_page}/{page.rotate_deg}/{page.crop or ''}/{page.role}/{page.component}\n"
        for page in paper.pages
    ]
    return hashlib.sha256("".join(told).encode()).hexdigest()


def _with_roles(pages: Iterable[ScannedPage], code: DossierCode | None) -> Iterable[ScannedPage]:
    """Covers are the sheets in front that name the dossier, all with the same codes, and those a person calls so."""
    front: frozenset[str] | None = None
    in_front = True
    for page in pages:
        texts = frozenset(barcode.text for barcode in page.barcodes)
        named = code is not None and code in (*codes_of(page), *_nearly(page))
        cover = page.component == COVER or (
            in_front and named and not page.component and (front is None or front == texts)
        )
        in_front, front = in_front and cover, texts if front is None else front
        yield dataclasses.replace(page, role=PageRole.COVER if cover else PageRole.CONTENT)


def _nearly(page: ScannedPage) -> Sequence[str]:
    """Codes that a damaged code on the sheet may have been; a person chose among them."""
    return tuple(candidate for miss in page.near_misses for candidate in miss.candidates)
