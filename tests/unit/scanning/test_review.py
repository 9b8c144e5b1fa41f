"""The plan of a review: no edits lose or double a page, undo is exact, a merge takes a split back."""

import dataclasses
import doctest
import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanning.review import Edit, Made, Op, apply, can_undo, effective, replay
from scanning.review_plan import COVER, EditRefused, Plan, Refusal, Sheet, Standing, key_of
from schemas.document import Barcode, NearMiss, PageRole, PageVerdict, ScannedPage, ScanReason
from schemas.ids import DossierCode, Sha256

ONE, TWO = DossierCode("000.00.14.H99-261120-0001"), DossierCode("000.00.14.H99-261120-0002")
BOX = ((0, 0), (9, 0), (9, 9), (0, 9))


def page(number: int, code: str = "", *, source: str = "scan.pdf", near: str = "") -> ScannedPage:
    """A page of a scan, with a code on it or nearly one."""
    return ScannedPage(
        source=source,
        source_page=number,
        sha256=Sha256("a" * 64),
        width_px=1654,
        height_px=2339,
        dpi=200,
        skew_deg=0.0,
        blank=False,
        sharpness=90.0,
        contrast=0.8,
        barcodes=(Barcode("Code128", code, BOX),) if code else (),
        verdict=PageVerdict.GOOD,
        near_misses=(NearMiss("damaged", (near,)),) if near else (),
    )


def strip() -> Plan:
    """Two dossiers, a separator between them, a blank back in the second."""
    return Plan(
        (
            Sheet(page(1, ONE), begins=True, code=ONE),
            Sheet(page(2)),
            Sheet(page(3)),
            Sheet(page(4, "PATCHT"), Standing.SEPARATOR),
            Sheet(page(5, TWO), begins=True, code=TWO),
            Sheet(page(6), Standing.BLANK),
            Sheet(page(7)),
        )
    )


IDS = tuple(sheet.id for sheet in strip().sheets)


def edits() -> st.SearchStrategy[Edit]:
    """Any edit of any sheet, also impossible ones; each inserted page is a new one."""
    sheet = st.sampled_from(IDS)
    added = st.integers(1, 10_000).map(lambda n: (page(1, source=f"late-{n}.jpg"),))
    return st.one_of(
        st.builds(Edit, st.sampled_from((Op.ROTATE, Op.RESCAN, Op.BLANK, Op.SPLIT, Op.MERGE)), sheet),
        st.builds(Edit, st.just(Op.COMPONENT), sheet, st.sampled_from(("", "0", "1", "9"))),
        st.builds(Edit, st.just(Op.ASSIGN), sheet, st.sampled_from(("", ONE, TWO))),
        st.builds(Edit, st.just(Op.INSERT), sheet, added=added, instead=st.booleans()),
        st.just(Edit(Op.UNDO)),
    )


def possible(first: Plan, wanted: list[Edit]) -> list[Edit]:
    """The edits that the desk would have let through, in order."""
    done: list[Edit] = []
    for edit in wanted:
        try:
            if edit.op is Op.UNDO:
                if can_undo(done):
                    done.append(edit)
                continue
            apply(replay(first, done), edit)
        except EditRefused:
            continue
        done.append(edit)
    return done


@settings(max_examples=150, deadline=None)
@given(st.lists(edits(), max_size=25))
def test_no_sequence_of_edits_loses_or_doubles_a_page(wanted: list[Edit]) -> None:
    done = possible(strip(), wanted)
    plan = replay(strip(), done)
    added = [f"{late.source}#1" for edit in effective(done) for late in edit.added]
    there = [sheet.id for sheet in plan.sheets]
    assert sorted(there) == sorted([*IDS, *added])
    assert [known for known in there if known in IDS] == list(IDS), "pages of the feed keep their order"
    papers = plan.papers()
    assert [sheet.id for paper in papers for sheet in paper.sheets] == there
    in_documents = [f"{p.source}#{p.source_page}" for paper in papers for p in paper.pages]
    assert in_documents == [sheet.id for sheet in plan.sheets if sheet.kept]


@settings(max_examples=100, deadline=None)
@given(st.lists(edits(), max_size=15), st.integers(1, 15))
def test_undo_is_the_exact_inverse(wanted: list[Edit], times: int) -> None:
    done = possible(strip(), [edit for edit in wanted if edit.op is not Op.UNDO])
    back = min(times, len(done))
    assert replay(strip(), [*done, *[Edit(Op.UNDO)] * back]) == replay(strip(), done[: len(done) - back])


@settings(max_examples=100, deadline=None)
@given(st.lists(edits(), max_size=12), st.sampled_from(IDS))
def test_a_merge_takes_a_split_back(wanted: list[Edit], sheet: str) -> None:
    plan = replay(strip(), possible(strip(), wanted))
    if plan.paper_of(sheet).first == sheet:
        with pytest.raises(EditRefused):
            apply(plan, Edit(Op.SPLIT, sheet))
        return
    again = apply(apply(plan, Edit(Op.SPLIT, sheet)), Edit(Op.MERGE, sheet))
    assert again.papers() == _without_memory(again, plan).papers()
    assert [(p.first, p.code, p.pages) for p in again.papers()] == [(p.first, p.code, p.pages) for p in plan.papers()]


def _without_memory(again: Plan, plan: Plan) -> Plan:
    """A split remembers its code on the sheet; nothing else may differ."""
    sheets = tuple(dataclasses.replace(was, code=now.code) for was, now in zip(plan.sheets, again.sheets, strict=True))
    return Plan(sheets, plan.live)


def test_merging_and_splitting_again_restores_the_code_below() -> None:
    merged = apply(strip(), Edit(Op.MERGE, "scan.pdf#7"))
    assert [(p.code, len(p.sheets)) for p in merged.papers()] == [(ONE, 7)]
    assert apply(merged, Edit(Op.SPLIT, "scan.pdf#5")) == strip()


def test_a_split_at_a_plain_sheet_belongs_to_nobody_until_a_person_says_so() -> None:
    plan = apply(strip(), Edit(Op.SPLIT, "scan.pdf#3"))
    assert [(p.code, p.reasons) for p in plan.papers()] == [(ONE, ()), (None, (ScanReason.NO_COVER,)), (TWO, ())]
    plan = apply(plan, Edit(Op.ASSIGN, "scan.pdf#4", TWO))
    assert [p.code for p in plan.papers()] == [ONE, TWO, TWO]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Edit(Op.SPLIT, "scan.pdf#1"), Refusal.BEGINS_ALREADY),
        (Edit(Op.MERGE, "scan.pdf#2"), Refusal.NOTHING_ABOVE),
        (Edit(Op.ROTATE, "scan.pdf#9"), Refusal.NO_SHEET),
        (Edit(Op.ROTATE, "scan.pdf#2", "45"), Refusal.BAD_VALUE),
        (Edit(Op.ASSIGN, "scan.pdf#2", "not a code"), Refusal.BAD_VALUE),
        (Edit(Op.COMPONENT, "scan.pdf#2", "x"), Refusal.BAD_VALUE),
        (Edit(Op.INSERT, "scan.pdf#2", added=(page(3),)), Refusal.TWICE),
        (Edit(Op.INSERT, "scan.pdf#2"), Refusal.TWICE),
    ],
)
def test_what_is_not_possible_is_refused_with_its_reason(edit: Edit, why: Refusal) -> None:
    with pytest.raises(EditRefused) as refused:
        apply(strip(), edit)
    assert refused.value.why is why


def test_sheets_are_turned_by_quarters_restored_and_replaced_at_their_place() -> None:
    plan = strip()
    for _ in range(3):
        plan = apply(plan, Edit(Op.ROTATE, "scan.pdf#2"))
    assert plan.sheet("scan.pdf#2").page.rotate_deg == 270
    plan = apply(plan, Edit(Op.BLANK, "scan.pdf#6"))
    assert [p.sheet_count for p in plan.papers()] == [2, 2]
    plan = apply(apply(plan, Edit(Op.RESCAN, "scan.pdf#7")), Edit(Op.COMPONENT, "scan.pdf#7", "2"))
    assert plan.papers()[1].wants_rescan
    plan = apply(plan, Edit(Op.INSERT, "scan.pdf#7", added=(page(1, source="again.jpg"),), instead=True))
    second = plan.papers()[1]
    assert [(sheet.id, sheet.standing.value) for sheet in second.sheets[2:]] == [
        ("scan.pdf#7", "replaced"),
        ("again.jpg#1", "kept"),
    ]
    assert (second.pages[-1].component, second.sheet_count, second.wants_rescan) == (2, 2, False)


def test_covers_are_those_in_front_that_name_the_dossier_those_nearly_read_and_those_a_person_says() -> None:
    near = Plan((Sheet(page(1, near=ONE), begins=True), Sheet(page(2)), Sheet(page(3, ONE))))
    assert near.papers()[0].sheet_count == 3
    named = apply(near, Edit(Op.ASSIGN, "scan.pdf#1", ONE))
    assert [p.role for p in named.papers()[0].pages] == [PageRole.COVER, PageRole.CONTENT, PageRole.CONTENT]
    said = apply(near, Edit(Op.COMPONENT, "scan.pdf#2", str(COVER)))
    assert said.papers()[0].sheet_count == 2


def accepted(plan: Plan, first: str, key: str, *, version: int = 1) -> Edit:
    """The acceptance that the desk would write."""
    papers, lives = plan.together(plan.paper_of(first))
    ended = tuple(live.key for live in lives)
    made = tuple(Made(paper.first, f"{key}{n}", version, ended if n == 0 else ()) for n, paper in enumerate(papers))
    return Edit(Op.ACCEPT, first, made=made)


def test_both_halves_of_a_split_document_are_accepted_together() -> None:
    plan = apply(strip(), accepted(strip(), "scan.pdf#1", "old"))
    assert plan.live_as(plan.papers()[0]) is not None and plan.live_as(plan.papers()[1]) is None
    plan = apply(plan, Edit(Op.SPLIT, "scan.pdf#3"))
    papers, lives = plan.together(plan.papers()[1])
    assert ([p.first for p in papers], [live.key for live in lives]) == (["scan.pdf#1", "scan.pdf#3"], ["old0"])
    alone, none = plan.together(plan.papers()[2])
    assert ([p.first for p in alone], none) == (["scan.pdf#5"], ())
    after = apply(plan, accepted(plan, "scan.pdf#3", "new", version=2))
    assert {live.key for live in after.live} == {"new0", "new1"}
    assert {sheet for live in after.live for sheet in live.sheets} == {"scan.pdf#1", "scan.pdf#2", "scan.pdf#3"}


def test_an_acceptance_is_a_wall_for_undo() -> None:
    done = [Edit(Op.ROTATE, "scan.pdf#2"), accepted(strip(), "scan.pdf#1", "k")]
    assert not can_undo(done) and effective([*done, Edit(Op.UNDO)]) == tuple(done)
    assert can_undo([*done, Edit(Op.BLANK, "scan.pdf#2")])


def test_a_document_knows_that_it_was_changed_and_changed_back() -> None:
    plan = apply(strip(), accepted(strip(), "scan.pdf#1", "k"))
    turned = apply(plan, Edit(Op.ROTATE, "scan.pdf#2"))
    assert turned.live_as(turned.papers()[0]) is None
    back = apply(turned, Edit(Op.ROTATE, "scan.pdf#2", "270"))
    assert back.live_as(back.papers()[0]) is not None


def test_the_key_says_all_that_makes_the_document() -> None:
    plan = strip()
    keys = {key_of("b", 1, plan.papers()[0], 1)}
    for edit in (
        Edit(Op.ROTATE, "scan.pdf#2"),
        Edit(Op.BLANK, "scan.pdf#2"),
        Edit(Op.COMPONENT, "scan.pdf#2", "1"),
        Edit(Op.ASSIGN, "scan.pdf#2", TWO),
        Edit(Op.SPLIT, "scan.pdf#3"),
    ):
        keys.add(key_of("b", 1, apply(plan, edit).papers()[0], 1))
    keys |= {key_of("b", 1, plan.papers()[0], 2), key_of("b", 2, plan.papers()[0], 1)}
    assert len(keys) == 8
    assert key_of("b", 1, plan.papers()[0], 1) == key_of("b", 1, strip().papers()[0], 1)


@pytest.mark.parametrize("name", ["scanning.review_plan", "scanning.rendering"])
def test_the_examples_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and result.failed == 0
