"""A review as the journal keeps it: the batch as the line left it, and one row for each edit. Pure: rows in, rows out.

The row of edit ``n`` has the subject ``edit:<n>``. A row that is there is never written again, so of two people who
decide at the same moment one is first; the other finds a row that is not theirs.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scanning import stages
from scanning.protocol import Json, page_from_json, page_to_json
from scanning.review import Edit, Made, Op, effective, replay
from scanning.review_plan import Live, Plan, Sheet, Standing, sheet_id
from scanning.stages import Progress, Stage
from schemas.document import ScannedPage, ScanReason
from schemas.ids import DossierCode
from schemas.ports.journal import StageRow

EDITED: Final = "edited"
ACCEPTING: Final = "accepting"
"""Of an acceptance, in place of ``edited``; ``done`` follows."""
DONE: Final = "done"
"""Of an acceptance: its documents are delivered, or it is refused and never will be."""
REFUSED: Final = "refused"
"""Of an acceptance: the store did not take it, and nothing was changed."""
_STANDING: Final[Mapping[str, Standing]] = {
    ScanReason.BLANK: Standing.BLANK,
    ScanReason.SEPARATOR: Standing.SEPARATOR,
}


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file of the batch that was read: how to open it, and its digest."""

    name: str
    kind: str
    pages: int
    sha256: str
    size_bytes: int
    kept: Path
    """Where the original lies when the line is through with the batch."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file or page that could not be read: it is in no plan, because nothing of it was measured."""

    name: str
    page_no: int | None
    reason: ScanReason
    detail: str


@dataclass(frozen=True, slots=True)
class Review:
    """A batch under review. ``edits`` are all rows, undone ones too; ``pending`` are acceptances not yet delivered."""

    batch_id: str
    first: Plan
    edits: tuple[Edit, ...]
    plan: Plan
    files: Mapping[str, FileOf]
    troubles: tuple[Trouble, ...]
    pending: tuple[tuple[int, Edit], ...]

    @property
    def line_keys(self) -> tuple[str, ...]:
        """Keys of the documents that the line itself made."""
        return tuple(live.key for live in self.first.live)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all documents that were ever made of this batch, oldest first."""
        made = (each.key for edit in effective(self.edits) for each in edit.made)
        return (*self.line_keys, *made)


def edit_subject(number: int) -> str:
    """Subject of an edit's rows.

    >>> edit_subject(3)
    'edit:3'
    """
    return f"edit:{number}"


def edit_row(batch_id: str, number: int, edit: Edit) -> StageRow:
    """The journal's row of an edit."""
    told: Json = {name: value for name, value in dataclasses.asdict(edit).items() if value}
    if edit.added:
        told["added"] = [page_to_json(page) for page in edit.added]
    stage = ACCEPTING if edit.op is Op.ACCEPT else EDITED
    return StageRow(batch_id, edit_subject(number), stage, json.dumps(told, ensure_ascii=False, sort_keys=True))


def read(batch_id: str, rows: Sequence[StageRow]) -> Review:
    """The review as it stands. Raises EditRefused where the rows contradict one another."""
    edits = tuple(_edits(rows))
    made = {each.key for edit in edits for each in edit.made}
    files = dict(_files(rows))
    first = _first(rows, files, made)
    done = {row.subject for row in rows if row.stage == DONE}
    pending = tuple(
        (number, edit)
        for number, edit in enumerate(edits, start=1)
        if edit.op is Op.ACCEPT and edit_subject(number) not in done
    )
    plan = replay(first, edits)
    return Review(batch_id, first, edits, plan, files, tuple(_troubles(rows, first)), pending)


def _edits(rows: Iterable[StageRow]) -> Iterable[Edit]:
    told = {row.subject: row for row in rows if row.stage in (EDITED, ACCEPTING)}
    refused = {row.subject for row in rows if row.stage == REFUSED}
    for number in range(1, len(told) + 1):
        subject = edit_subject(number)
        edit = _edit(json.loads(told[subject].result))
        yield Edit(Op.NOTHING, edit.sheet, by=edit.by, at=edit.at) if subject in refused else edit


def _edit(told: Mapping[str, Any]) -> Edit:
    fields = dict(told)
    fields["op"] = Op(fields["op"])
    fields["added"] = tuple(page_from_json(page) for page in fields.get("added", ()))
    fields["made"] = tuple(
        Made(str(one["first"]), str(one["key"]), int(one["version"]), tuple(one["replaces"]))
        for one in fields.get("made", ())
    )
    return Edit(**fields)


def _files(rows: Iterable[StageRow]) -> Iterable[tuple[str, FileOf]]:
    for row in rows:
        if row.stage == Stage.INSPECTED and row.subject.startswith("file:"):
            name, told = row.subject.partition(":")[2], json.loads(row.result)
            kept = Path(str(told.get("kept", "")))
            yield name, FileOf(name, told["kind"], int(told["pages"]), told["sha256"], int(told["size_bytes"]), kept)


# --- the plan as the line left it ------------------------------------------------------------------------------------


def _first(rows: Sequence[StageRow], files: Mapping[str, FileOf], by_hand: set[str]) -> Plan:
    progress = Progress(rows)
    documents = sorted(_documents(rows, by_hand), key=lambda told: int(told["part_no"]))
    starts = {_id(told["pages"][0]): told["dossier_code"] for told in documents}
    inside = {_id(side) for told in documents for side in told["pages"]}
    sheets = []
    for name, page_no in _order(progress, files):
        analysed = progress.row(stages.page_subject(name, page_no), Stage.ANALYSED)
        if analysed is None:
            continue
        page = page_from_json(json.loads(analysed.result))
        here = sheet_id(name, page_no)
        code = starts.get(here)
        standing = Standing.KEPT if here in inside else _left_out(progress, page)
        sheets.append(Sheet(page, standing, here in starts, DossierCode(code) if code else None))
    plan = Plan(_from_the_start(sheets))
    return dataclasses.replace(plan, live=tuple(_live(plan, told) for told in documents))


def _documents(rows: Iterable[StageRow], by_hand: set[str]) -> Iterable[Json]:
    """What the line built; one that still waits for its seal comes to the inbox later."""
    for row in rows:
        key = row.subject.partition(":")[2]
        if row.stage != Stage.BUILT or key in by_hand:
            continue
        told = json.loads(row.result)
        if told.get("pages"):
            yield {**told, "key": key}


def _order(progress: Progress, files: Mapping[str, FileOf]) -> Iterable[tuple[str, int]]:
    """Sides as they belong; as they came where the line did not say."""
    ordered = progress.row(stages.BATCH, Stage.ORDERED)
    if ordered is not None:
        sides = (side for side in json.loads(ordered.result)["sides"] if side is not None)  # null: it was not read
        return [(str(side[0]), int(side[1])) for side in sides]
    return [(file.name, page_no) for file in files.values() for page_no in range(1, file.pages + 1)]


def _left_out(progress: Progress, page: ScannedPage) -> Standing:
    row = progress.row(stages.page_subject(page.source, page.source_page), Stage.SET_ASIDE)
    return _STANDING.get(json.loads(row.result)["reason"], Standing.ASIDE) if row else Standing.ASIDE


def _from_the_start(sheets: list[Sheet]) -> tuple[Sheet, ...]:
    """Sheets left out in front of the first document lie in it: a run always holds a document."""
    place = next((n for n, sheet in enumerate(sheets) if sheet.begins), None)
    if place:
        sheets[0] = dataclasses.replace(sheets[0], begins=True, code=sheets[place].code)
        sheets[place] = dataclasses.replace(sheets[place], begins=False)
    return tuple(sheets)


def _live(plan: Plan, told: Json) -> Live:
    ids = frozenset(_id(side) for side in told["pages"])
    return Live(str(told["key"]), 1, ids, plan.paper_of(_id(told["pages"][0])).signature)


def _id(side: Sequence[Any]) -> str:
    return sheet_id(str(side[0]), int(side[1]))


def _troubles(rows: Iterable[StageRow], first: Plan) -> Iterable[Trouble]:
    """What was set aside and is not on the strip."""
    there = {sheet.id for sheet in first.sheets}
    for row in rows:
        kind, _, name = row.subject.partition(":")
        if row.stage != Stage.SET_ASIDE or name in there:
            continue
        source, _, page_no = name.rpartition("#") if kind == "page" else (name, "", "")
        told = json.loads(row.result)
        yield Trouble(source, int(page_no) if page_no else None, ScanReason(told["reason"]), str(told["detail"]))
