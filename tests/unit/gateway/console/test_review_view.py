"""What the review screen offers: where it begins, what comes next in doubt, codes nearly read, keys for components."""

import dataclasses
import datetime as dt

import pytest

from gateway.console import review_view
from gateway.desk.review import Desktop
from scanning.review import Edit, Op, apply
from scanning.review_plan import Plan, Sheet
from scanning.review_rows import Review
from schemas.document import PageVerdict, ScanBatch, ScanReason
from tests.unit.scanning.test_review import ONE, TWO, page

BATCH = ScanBatch("b", "station-1", None, dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC))


def desktop(plan: Plan) -> Desktop:
    """A batch of which nothing is in the store and no dossier is known."""
    return Desktop(BATCH, True, Review("b", plan, (), plan, {}, (), ()), {}, {}, {}, ())


def view(plan: Plan, at: str = "") -> review_view.View:
    return review_view.make(desktop(plan), at, lambda dossier: True)


def strip() -> Plan:
    """A document with a code that is damaged by one character, then one with a page that should be scanned again."""
    bad = dataclasses.replace(page(4), verdict=PageVerdict.RESCAN, reasons=(ScanReason.BLURRED,))
    return Plan(
        (
            Sheet(page(1, near=ONE), begins=True),
            Sheet(page(2)),
            Sheet(page(3, TWO), begins=True, code=TWO),
            Sheet(bad),
            Sheet(page(5)),
        )
    )


def test_it_begins_where_a_person_is_needed_and_n_goes_from_doubt_to_doubt_and_around() -> None:
    first = view(strip())
    assert (first.at.sheet.id, first.doubt) == ("scan.pdf#1", "scan.pdf#4")
    assert view(strip(), "scan.pdf#4").doubt == "scan.pdf#1"
    assert view(strip(), "scan.pdf#2").doubt == "scan.pdf#4"
    assert [tile.sheet.id for tile in first.tiles if tile.doubtful] == ["scan.pdf#1", "scan.pdf#4"]


def test_the_codes_that_a_damaged_one_may_have_been_are_offered_until_one_is_chosen() -> None:
    assert view(strip(), "scan.pdf#2").near == (ONE,)
    assert view(strip(), "scan.pdf#5").near == ()
    chosen = apply(strip(), Edit(Op.ASSIGN, "scan.pdf#2", ONE))
    assert view(chosen, "scan.pdf#2").near == ()
    assert view(chosen, "scan.pdf#1").page.role.value == "cover"


@pytest.mark.parametrize(("at", "around"), [("scan.pdf#1", ("", "scan.pdf#2")), ("scan.pdf#5", ("scan.pdf#4", ""))])
def test_next_and_previous_end_at_the_ends(at: str, around: tuple[str, str]) -> None:
    told = view(strip(), at)
    assert (told.previous, told.next) == around


def test_a_turned_page_has_another_picture_of_the_other_shape() -> None:
    turned = apply(strip(), Edit(Op.ROTATE, "scan.pdf#2"))
    sheet, was = turned.sheet("scan.pdf#2"), strip().sheet("scan.pdf#2")
    assert review_view.picture("b", sheet, large=True) != review_view.picture("b", was, large=True)
    width, height = review_view.shown_size(sheet.page, 1400)
    assert (width, height) == review_view.shown_size(was.page, 1400)[::-1]


@pytest.mark.parametrize(("expected", "scanned", "difference"), [(None, 3, None), (3, 3, 0), (3, 2, -1), (3, 4, 1)])
def test_a_difference_is_scanned_minus_expected(expected: int | None, scanned: int, difference: int | None) -> None:
    assert review_view.Count(expected, scanned).difference == difference
