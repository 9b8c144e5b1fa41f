"""What the review screen shows, made of the desk's picture of the batch: no look-ups, no decisions."""

import collections
import dataclasses
from collections.abc import Callable
from typing import Final

from gateway.console.render import query
from gateway.desk.review import LARGE_PX, SMALL_PX, Desktop
from scanning.review import can_undo
from scanning.review_plan import Paper, Sheet
from schemas.attachment import AttachedDocument
from schemas.document import PageRole, ScannedPage
from schemas.dossier import Dossier
from schemas.numbers import dossier_code

KEYS: Final = 9
"""Components that have a key of their own."""


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """Sheets expected and scanned; ``difference`` None where nothing is expected."""

    expected: int | None
    scanned: int

    @property
    def difference(self) -> int | None:
        """Scanned minus expected (rule E-22 compares these)."""
        return None if self.expected is None else self.scanned - self.expected


@dataclasses.dataclass(frozen=True, slots=True)
class ComponentLine:
    """A component of the dossier, the key that assigns it, and its sheets."""

    no: int
    name: str
    key: str
    count: Count


@dataclasses.dataclass(frozen=True, slots=True)
class PaperLine:
    """A planned document in the list. ``standing``: accepted, waiting, changed or pending."""

    paper: Paper
    standing: str
    dossier: Dossier | None
    document: AttachedDocument | None
    count: Count
    locked: bool
    go: str
    """The sheet that its link leads to."""


@dataclasses.dataclass(frozen=True, slots=True)
class Tile:
    """A page in the strip."""

    sheet: Sheet
    number: int
    paper: PaperLine
    current: bool
    doubtful: bool
    width: int
    height: int

    @property
    def opens(self) -> bool:
        """Whether a document begins here."""
        return self.sheet.id == self.paper.paper.first


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """Everything for the template."""

    desktop: Desktop
    papers: tuple[PaperLine, ...]
    tiles: tuple[Tile, ...]
    at: Tile
    page: ScannedPage
    """The current page with its role."""
    large: tuple[int, int]
    components: tuple[ComponentLine, ...]
    loose: int
    """Sheets of the current dossier that nobody sorted."""
    is_sorted: bool
    """Whether somebody sorted at least one: before, a component without sheets is no finding."""
    near: tuple[str, ...]
    history: tuple[AttachedDocument, ...]
    needs_reason: bool
    together: int
    """Documents that are accepted with one stroke."""
    previous: str
    next: str
    doubt: str
    """The next sheet in doubt, empty for none."""
    can_undo: bool
    expected_edits: int

    @property
    def accepted(self) -> int:
        """Documents that are through."""
        return sum(line.standing == "accepted" for line in self.papers)


def make(desktop: Desktop, at: str, may_see: Callable[[Dossier], bool]) -> View:
    """The view with the cursor on sheet ``at``; on what needs a person first where that is none."""
    papers = tuple(_paper_line(desktop, paper, may_see) for paper in desktop.plan.papers())
    of_sheet = {sheet.id: line for line in papers for sheet in line.paper.sheets}
    doubts = [sheet.id for line in papers for sheet in line.paper.sheets if _in_doubt(line, sheet)]
    ids = [sheet.id for sheet in desktop.plan.sheets]
    here = at if at in of_sheet else (doubts or ids)[0]
    tiles = tuple(
        Tile(sheet, number, of_sheet[sheet.id], sheet.id == here, sheet.id in doubts, *shown_size(sheet.page, SMALL_PX))
        for number, sheet in enumerate(desktop.plan.sheets, start=1)
    )
    place = ids.index(here)
    tile = tiles[place]
    after = [each for each in doubts if ids.index(each) > place] or [each for each in doubts if each != here]
    line = tile.paper
    components, loose = _components(desktop, line)
    return View(
        desktop=desktop,
        papers=papers,
        tiles=tiles,
        at=tile,
        page=_with_role(line.paper, tile.sheet),
        large=shown_size(tile.sheet.page, LARGE_PX),
        components=components,
        loose=loose,
        is_sorted=any(each.count.scanned for each in components),
        near=_near(tile.sheet, line.paper),
        history=_history(desktop, line.paper),
        needs_reason=bool(desktop.sent(line.paper)) and line.standing != "accepted",
        together=len(desktop.plan.together(line.paper)[0]),
        previous=ids[place - 1] if place else "",
        next=ids[place + 1] if place + 1 < len(ids) else "",
        doubt=after[0] if after else "",
        can_undo=can_undo(desktop.review.edits),
        expected_edits=len(desktop.review.edits),
    )


def next_paper(view: View) -> str:
    """Where to go when the current document is accepted: the next one that is not, else stay."""
    number = view.at.paper.paper.no
    waiting = [line for line in view.papers if line.standing not in ("accepted", "pending")]
    later = [line for line in waiting if line.paper.no > number] or [
        line for line in waiting if line.paper.no != number
    ]
    return later[0].go if later else view.at.sheet.id


def shown_size(page: ScannedPage, box: int) -> tuple[int, int]:
    """Sides of the picture of a page, about; a file that asks for a turn of its own is shown turned once more."""
    width, height = page.width_px, page.height_px
    if page.rotate_deg % 180:
        width, height = height, width
    scale = min(1.0, box / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def picture(batch: str, sheet: Sheet, *, large: bool) -> str:
    """Address of a page's picture; the turn is in it, so that a turned page is not taken from the browser's store."""
    return f"/scans/{batch}/picture" + query(sheet=sheet.id, size="large" if large else "", turn=sheet.page.rotate_deg)


def _paper_line(desktop: Desktop, paper: Paper, may_see: Callable[[Dossier], bool]) -> PaperLine:
    document = desktop.document_of(paper)
    dossier = desktop.dossier_of(paper)
    touched = [sheet.id for sheet in paper.sheets if sheet.doubtful]
    kept = [sheet.id for sheet in paper.sheets if sheet.kept]
    return PaperLine(
        paper=paper,
        standing=_standing(desktop, paper, document),
        dossier=dossier,
        document=document,
        count=_count(desktop, dossier, paper),
        locked=dossier is not None and not may_see(dossier),
        go=(touched or kept or [paper.first])[0],
    )


def _standing(desktop: Desktop, paper: Paper, document: AttachedDocument | None) -> str:
    if desktop.is_accepted(paper):
        return "accepted"
    live = desktop.plan.live_as(paper)
    pending = {made.key for _, edit in desktop.review.pending for made in edit.made}
    if live is not None and live.key in pending:
        return "pending"
    return "waiting" if document is not None or not desktop.plan.together(paper)[1] else "changed"


def _count(desktop: Desktop, dossier: Dossier | None, paper: Paper) -> Count:
    if dossier is None:
        return Count(None, paper.sheet_count)
    here = sum(each.sheet_count for each in desktop.plan.papers() if each.code == paper.code)
    there = sum(document.pages for document in desktop.elsewhere.get(dossier.code, ()))
    return Count(sum(component.sheets_counted for component in dossier.components), here + there)


def _in_doubt(line: PaperLine, sheet: Sheet) -> bool:
    """A page in doubt, or the place to begin with a document that is: accepted ones are through."""
    if line.standing in ("accepted", "pending") or line.locked:
        return False
    nobody_knows = line.dossier is None or bool(line.document and line.document.doubts) or line.standing == "changed"
    return sheet.doubtful or (nobody_knows and sheet.id == line.go)


def _components(desktop: Desktop, line: PaperLine) -> tuple[tuple[ComponentLine, ...], int]:
    if line.dossier is None:
        return (), 0
    counts: collections.Counter[int | None] = collections.Counter()
    for paper in desktop.plan.papers():
        if paper.code == line.paper.code:
            counts.update(page.component for page in paper.pages if page.role is PageRole.CONTENT)
    for document in desktop.elsewhere.get(line.dossier.code, ()):
        for each in document.components:
            counts[each.component] += each.sheets
    lines = tuple(
        ComponentLine(
            component.no,
            component.name,
            str(component.no) if component.no <= KEYS else "",
            Count(component.sheets_counted, counts[component.no]),
        )
        for component in line.dossier.components
    )
    known = {component.no for component in line.dossier.components}
    return lines, sum(count for number, count in counts.items() if number not in known)


def _near(sheet: Sheet, paper: Paper) -> tuple[str, ...]:
    """Dossier codes that a damaged code in the document may have been; those of the current page first."""
    pages = (sheet.page, *(each.page for each in paper.sheets))
    told = (candidate for page in pages for miss in page.near_misses for candidate in miss.candidates)
    return tuple(code for code in dict.fromkeys(told) if dossier_code.is_valid(code) and code != paper.code)


def _history(desktop: Desktop, paper: Paper) -> tuple[AttachedDocument, ...]:
    """The versions that led to the paper, newest first: those that stand with it, and all that they replaced."""
    _, lives = desktop.plan.together(paper)
    found: dict[str, AttachedDocument] = {}
    todo = [live.key for live in lives]
    while todo:
        key = todo.pop()
        document = desktop.documents.get(key)
        if document is not None and key not in found:
            found[key] = document
            todo += document.replaces
    return tuple(sorted(found.values(), key=lambda one: (one.version, one.attached_at), reverse=True))


def _with_role(paper: Paper, sheet: Sheet) -> ScannedPage:
    wanted = (sheet.page.source, sheet.page.source_page)
    return next((page for page in paper.pages if (page.source, page.source_page) == wanted), sheet.page)
