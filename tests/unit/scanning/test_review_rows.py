"""The review out of the journal's rows: the order of the line, what it left out, edits, acceptances refused or open."""

import dataclasses
import doctest
import importlib
import json

from scanning.protocol import page_to_json
from scanning.review import Edit, Made, Op
from scanning.review_plan import Standing
from scanning.review_rows import DONE, REFUSED, Review, edit_row, edit_subject, read
from schemas.ports.journal import StageRow
from tests.unit.scanning.test_review import ONE, TWO, page

BATCH = "b"


def row(subject: str, stage: str, **told: object) -> StageRow:
    return StageRow(BATCH, subject, stage, json.dumps(told))


def rows() -> list[StageRow]:
    """Fronts and backs of a stack, put in order by the line; a blank in front, one side unread, one file broken."""
    found = [row("file:s.pdf", "inspected", kind="pdf", pages=6, sha256="a" * 64, size_bytes=9, kept="/kept/s.pdf")]
    pages = {1: page(1, source="s.pdf"), 2: page(2, ONE, source="s.pdf"), 3: page(3, source="s.pdf")}
    pages |= {4: page(4, TWO, source="s.pdf"), 5: page(5, "PATCHT", source="s.pdf"), 6: page(6, source="s.pdf")}
    pages[1] = dataclasses.replace(pages[1], blank=True)
    for number, one in pages.items():
        found.append(StageRow(BATCH, f"page:s.pdf#{number}", "analysed", json.dumps(page_to_json(one))))
    sides = [["s.pdf", 1], ["s.pdf", 2], ["s.pdf", 6], None, ["s.pdf", 5], ["s.pdf", 4], ["s.pdf", 3]]
    found += [
        row("batch:", "ordered", order="stack", sides=sides, doubt=None),
        row("page:s.pdf#1", "set_aside", reason="blank", detail=""),
        row("page:s.pdf#5", "set_aside", reason="separator", detail=""),
        row("file:bad.jpg", "set_aside", reason="truncated", detail="at 3000"),
        row(
            "document:k2", "built", part_no=2, dossier_code=TWO, pages=[["s.pdf", 4, "cover"], ["s.pdf", 3, "content"]]
        ),
        row(
            "document:k1", "built", part_no=1, dossier_code=ONE, pages=[["s.pdf", 2, "cover"], ["s.pdf", 6, "content"]]
        ),
    ]
    return found


def test_the_strip_is_the_order_of_the_line_with_what_it_left_out_at_its_place() -> None:
    review = read(BATCH, rows())
    assert [(sheet.id, sheet.standing) for sheet in review.plan.sheets] == [
        ("s.pdf#1", Standing.BLANK),
        ("s.pdf#2", Standing.KEPT),
        ("s.pdf#6", Standing.KEPT),
        ("s.pdf#5", Standing.SEPARATOR),
        ("s.pdf#4", Standing.KEPT),
        ("s.pdf#3", Standing.KEPT),
    ]
    assert [(p.code, p.sheet_count, len(p.sheets)) for p in review.plan.papers()] == [(ONE, 1, 4), (TWO, 1, 2)]
    assert [live.key for live in review.plan.live] == ["k1", "k2"] == list(review.keys)
    assert all(review.plan.live_as(paper) for paper in review.plan.papers())
    (broken,) = review.troubles
    assert (broken.name, broken.page_no, broken.reason.value, broken.detail) == (
        "bad.jpg",
        None,
        "truncated",
        "at 3000",
    )


def test_what_the_line_could_not_carry_over_is_on_the_strip_and_in_no_document() -> None:
    review = read(BATCH, [each for each in rows() if each.subject != "document:k2"])
    standing = {sheet.id: sheet.standing for sheet in review.plan.sheets}
    assert standing["s.pdf#3"] is Standing.ASIDE and standing["s.pdf#4"] is Standing.ASIDE


def with_edits(*edits: Edit, after: list[StageRow] | None = None) -> Review:
    told = [edit_row(BATCH, number, edit) for number, edit in enumerate(edits, start=1)]
    return read(BATCH, [*rows(), *told, *(after or [])])


def test_every_edit_comes_back_as_it_was_written() -> None:
    added = (page(1, ONE, source="review-1/late.jpg", near=TWO),)
    edits = (
        Edit(Op.ROTATE, "s.pdf#6", "270", by="user:sohoa", at="2026-11-23T09:00:00+07:00"),
        Edit(Op.INSERT, "s.pdf#6", added=added, instead=True, takes="other"),
        Edit(Op.UNDO),
        Edit(Op.ACCEPT, "s.pdf#6", made=(Made("s.pdf#1", "new", 2, ("k1",)),), reason="quét ngược"),
    )
    review = with_edits(*edits)
    assert review.edits == edits
    assert [(number, edit.op) for number, edit in review.pending] == [(4, Op.ACCEPT)]
    assert review.keys == ("k1", "k2", "new")
    assert [live.key for live in review.plan.live] == ["k2", "new"]


def test_an_acceptance_is_open_until_it_is_done_and_counts_for_nothing_when_it_was_refused() -> None:
    accept = Edit(Op.ACCEPT, "s.pdf#6", made=(Made("s.pdf#1", "new", 2, ("k1",)),), reason="r")
    done = StageRow(BATCH, edit_subject(1), DONE)
    assert with_edits(accept, after=[done]).pending == ()
    refused = with_edits(accept, after=[StageRow(BATCH, edit_subject(1), REFUSED), done])
    assert refused.pending == () and len(refused.edits) == 1
    assert [live.key for live in refused.plan.live] == ["k1", "k2"]


def test_without_the_lines_order_pages_stand_as_they_came() -> None:
    review = read(BATCH, [each for each in rows() if each.subject != "batch:"])
    assert [sheet.id for sheet in review.plan.sheets] == [f"s.pdf#{number}" for number in range(1, 7)]


def test_the_examples_are_true() -> None:
    result = doctest.testmod(importlib.import_module("scanning.review_rows"))
    assert result.attempted and result.failed == 0
