"""What a person decides about a scanned batch, edit by edit. Pure.

The truth is the list of edits in the journal, not the plan: :func:`replay` folds them over the first plan, and undo is
an edit that drops the last one. An acceptance is a wall for undo, because its documents have left the house; after it
a change makes a new version.
"""

import dataclasses
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scanning.codes import codes_of
from scanning.review_plan import EditRefused, Live, Plan, Refusal, Sheet, Standing
from schemas.document import ScannedPage
from schemas.ids import DossierCode
from schemas.numbers import dossier_code


class Op(enum.StrEnum):
    """What one edit does. Names in the journal; never renamed."""

    ROTATE = "rotate"
    RESCAN = "rescan"
    BLANK = "blank"
    SPLIT = "split"
    MERGE = "merge"
    COMPONENT = "component"
    ASSIGN = "assign"
    INSERT = "insert"
    ACCEPT = "accept"
    UNDO = "undo"
    NOTHING = "nothing"
    """An acceptance that the store refused after it was written down."""


@dataclass(frozen=True, slots=True)
class Made:
    """A document that an acceptance makes: ``first`` names its paper, ``replaces`` the live documents it ends."""

    first: str
    key: str
    version: int
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """One decision of a person. ``sheet`` says where; ``value`` is a component number or a dossier code, or empty.

    ``added`` are pages to insert, ``instead`` whether they take the sheet's place, ``takes`` the waiting document of
    another batch whose pages they are. ``made`` and ``reason`` belong to an acceptance.
    """

    op: Op
    sheet: str = ""
    value: str = ""
    by: str = ""
    at: str = ""
    added: tuple[ScannedPage, ...] = ()
    instead: bool = False
    takes: str = ""
    made: tuple[Made, ...] = ()
    reason: str = ""


def replay(first: Plan, edits: Iterable[Edit]) -> Plan:
    """The plan after the edits. Raises EditRefused where one of them is not possible."""
    plan = first
    for edit in effective(edits):
        plan = apply(plan, edit)
    return plan


def effective(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits that count: each undo drops the one before it; an acceptance is never dropped."""
    done: list[Edit] = []
    for edit in edits:
        if edit.op is Op.NOTHING:
            continue
        if edit.op is not Op.UNDO:
            done.append(edit)
        elif done and done[-1].op is not Op.ACCEPT:
            done.pop()
    return tuple(done)


def can_undo(edits: Iterable[Edit]) -> bool:
    """Whether there is an edit since the last acceptance."""
    done = effective(edits)
    return bool(done) and done[-1].op is not Op.ACCEPT


def apply(plan: Plan, edit: Edit) -> Plan:
    """The plan after one edit (undo is :func:`replay`'s). Raises EditRefused."""
    return _EDITS[edit.op](plan, edit)


def _rotate(plan: Plan, edit: Edit) -> Plan:
    turn = int(edit.value or "90")
    if turn % 90:
        raise EditRefused(Refusal.BAD_VALUE, subject=edit.value)

    def turned(sheet: Sheet) -> Sheet:
        page = dataclasses.replace(sheet.page, rotate_deg=(sheet.page.rotate_deg + turn) % 360)
        return dataclasses.replace(sheet, page=page)

    return plan.with_sheet(edit.sheet, turned)


def _rescan(plan: Plan, edit: Edit) -> Plan:
    return plan.with_sheet(edit.sheet, lambda sheet: dataclasses.replace(sheet, wants_rescan=not sheet.wants_rescan))


def _blank(plan: Plan, edit: Edit) -> Plan:
    """Quarantine a kept sheet; restore one that is not, whatever it was left out for."""

    def toggled(sheet: Sheet) -> Sheet:
        return dataclasses.replace(sheet, standing=Standing.BLANK if sheet.kept else Standing.KEPT)

    return plan.with_sheet(edit.sheet, toggled)


def _split(plan: Plan, edit: Edit) -> Plan:
    sheet = plan.sheet(edit.sheet)
    if plan.paper_of(edit.sheet).first == edit.sheet:
        raise EditRefused(Refusal.BEGINS_ALREADY, subject=edit.sheet)
    return plan.with_sheet(
        edit.sheet, lambda here: dataclasses.replace(here, begins=True, code=sheet.code or _own_code(sheet.page))
    )


def _merge(plan: Plan, edit: Edit) -> Plan:
    """The document of the sheet goes on to the end of the one above; the code above stands."""
    paper = plan.paper_of(edit.sheet)
    if paper.no == 1:
        raise EditRefused(Refusal.NOTHING_ABOVE, subject=edit.sheet)
    return plan.with_sheet(paper.first, lambda sheet: dataclasses.replace(sheet, begins=False))


def _component(plan: Plan, edit: Edit) -> Plan:
    if edit.value and not edit.value.isdecimal():
        raise EditRefused(Refusal.BAD_VALUE, subject=edit.value)
    number = int(edit.value) if edit.value else None
    return plan.with_sheet(
        edit.sheet,
        lambda sheet: dataclasses.replace(sheet, page=dataclasses.replace(sheet.page, component=number)),
    )


def _assign(plan: Plan, edit: Edit) -> Plan:
    if edit.value and not dossier_code.is_valid(edit.value):
        raise EditRefused(Refusal.BAD_VALUE, subject=edit.value)
    code = DossierCode(dossier_code.compact(edit.value)) if edit.value else None
    first = plan.paper_of(edit.sheet).first
    return plan.with_sheet(first, lambda sheet: dataclasses.replace(sheet, code=code))


def _insert(plan: Plan, edit: Edit) -> Plan:
    here = plan.sheet(edit.sheet)
    component = here.page.component if edit.instead else None
    added = tuple(Sheet(dataclasses.replace(page, component=component)) for page in edit.added)
    ids = [sheet.id for sheet in (*plan.sheets, *added)]
    if not added or len(set(ids)) != len(ids):
        raise EditRefused(Refusal.TWICE, subject=edit.sheet)
    if edit.instead:
        plan = plan.with_sheet(
            edit.sheet, lambda sheet: dataclasses.replace(sheet, standing=Standing.REPLACED, wants_rescan=False)
        )
    place = plan.place(edit.sheet) + 1
    live = plan.live
    if edit.takes:
        live = (*live, Live(edit.takes, 1, frozenset(sheet.id for sheet in added), (None, ())))
    return Plan((*plan.sheets[:place], *added, *plan.sheets[place:]), live)


def _accept(plan: Plan, edit: Edit) -> Plan:
    ended = {key for made in edit.made for key in made.replaces}
    live = [each for each in plan.live if each.key not in ended]
    for made in edit.made:
        paper = plan.paper_of(made.first)
        kept = frozenset(sheet.id for sheet in paper.sheets if sheet.kept)
        live.append(Live(made.key, made.version, kept, paper.signature))
    return dataclasses.replace(plan, live=tuple(live))


_EDITS: dict[Op, Callable[[Plan, Edit], Plan]] = {
    Op.ROTATE: _rotate,
    Op.RESCAN: _rescan,
    Op.BLANK: _blank,
    Op.SPLIT: _split,
    Op.MERGE: _merge,
    Op.COMPONENT: _component,
    Op.ASSIGN: _assign,
    Op.INSERT: _insert,
    Op.ACCEPT: _accept,
}


def _own_code(page: ScannedPage) -> DossierCode | None:
    """The dossier code that a sheet carries, when it carries one and no other."""
    codes = codes_of(page)
    return codes[0] if len(codes) == 1 else None
