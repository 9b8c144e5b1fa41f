from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanning import duplex
from scanning.separator import split
from schemas.document import Barcode, FeedOrder, PageVerdict, ScannedPage, ScanReason
from schemas.ids import Sha256

ONE, TWO = "000.00.14.H99-261120-0001", "000.00.14.H99-261120-0002"
CORNERS = ((0, 0), (9, 0), (9, 9), (0, 9))


def side(number: int, *texts: str, blank: bool = False) -> ScannedPage:
    """A side that says which one it is by its page number."""
    return ScannedPage(
        source="stack.pdf",
        source_page=number,
        sha256=Sha256("ab" * 32),
        width_px=1654,
        height_px=2339,
        dpi=200,
        skew_deg=0.0,
        blank=blank,
        sharpness=None if blank else 0.4,
        contrast=100.0,
        barcodes=tuple(Barcode("Code128", text, CORNERS) for text in texts),
        verdict=PageVerdict.GOOD,
    )


def stacked(sides: Sequence[ScannedPage | None]) -> list[ScannedPage | None]:
    """What a scanner without a duplex unit makes of sheets in order."""
    return [*sides[::2], *reversed(sides[1::2])]


def numbers(restored: duplex.Restored) -> list[int | None]:
    return [one.source_page if one is not None else None for one in restored.sides]


sheets = st.integers(1, 30).flatmap(
    lambda count: st.lists(st.booleans(), min_size=2 * count, max_size=2 * count).map(
        lambda readable: [side(number + 1) if ok else None for number, ok in enumerate(readable)]
    )
)


@given(sheets)
def test_a_stack_comes_back_in_the_order_of_its_sheets(sides: list[ScannedPage | None]) -> None:
    restored = duplex.in_order([stacked(sides)], FeedOrder.STACK)
    assert restored == duplex.Restored(tuple(sides))


@given(sheets)
def test_fronts_and_backs_may_be_two_files(sides: list[ScannedPage | None]) -> None:
    fed = stacked(sides)
    half = len(fed) // 2
    assert duplex.in_order([fed[:half], fed[half:]], FeedOrder.STACK).sides == tuple(sides)


@given(sheets)
def test_each_side_may_be_a_file(sides: list[ScannedPage | None]) -> None:
    assert duplex.in_order([[one] for one in stacked(sides)], FeedOrder.STACK).sides == tuple(sides)


files = st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=8)


@given(files, st.sampled_from(FeedOrder))
def test_no_side_is_lost_or_doubled_and_a_doubt_leaves_the_order_alone(
    counts: list[int | None], order: FeedOrder
) -> None:
    given_sides = iter(range(1, 100))
    fed = [None if count is None else [side(next(given_sides)) for _ in range(count)] for count in counts]
    as_fed = [one.source_page if one else None for file in fed for one in ([None] if file is None else file)]
    restored = duplex.in_order(fed, order)
    assert sorted(numbers(restored), key=str) == sorted(as_fed, key=str)
    if restored.doubt is not None or order is FeedOrder.AS_FED:
        assert numbers(restored) == as_fed
    if order is FeedOrder.AS_FED:
        assert restored.doubt is None


@given(st.integers(0, 20).map(lambda count: 2 * count + 1))
def test_an_odd_number_of_sides_is_not_guessed(count: int) -> None:
    restored = duplex.in_order([[side(number) for number in range(count)]], FeedOrder.STACK)
    assert restored.doubt == f"The stack has {count} sides, an odd number."
    assert numbers(restored) == list(range(count))


@pytest.mark.parametrize("lengths", [(3, 5), (1, 3), (2, 3, 1)])
def test_a_stack_turned_within_a_file_is_not_guessed(lengths: tuple[int, ...]) -> None:
    fed = [[side(10 * number + page) for page in range(length)] for number, length in enumerate(lengths)]
    restored = duplex.in_order(fed, FeedOrder.STACK)
    assert restored.doubt is not None
    assert "no file ends there" in restored.doubt
    assert list(restored.sides) == [page for file in fed for page in file]


def test_a_file_that_was_not_opened_may_hold_any_number_of_sides() -> None:
    restored = duplex.in_order([[side(1)], None, [side(2)]], FeedOrder.STACK)
    assert restored.doubt is not None
    assert numbers(restored) == [1, None, 2]


def test_backs_that_were_not_turned_are_noticed_by_the_cover() -> None:
    fronts = [side(1, ONE), side(3), side(5)]
    backs = [side(2, blank=True), side(4), side(6)]
    right = duplex.in_order([[*fronts, *reversed(backs)]], FeedOrder.STACK)
    assert right.doubt is None
    assert numbers(right) == [1, 2, 3, 4, 5, 6]
    slipped = duplex.in_order([[*fronts, *backs]], FeedOrder.STACK)
    assert slipped.doubt == "Sheet 1 is a cover or separator sheet, and its back shows something else."
    assert numbers(slipped) == [1, 3, 5, 2, 4, 6]


def test_a_separator_printed_on_both_sides_and_a_form_of_two_sides_are_no_doubt() -> None:
    sides = [
        *(side(1, ONE), side(2, blank=True)),
        *(side(3, ONE), side(4)),  # the dossier's own form, code on its front
        *(side(5, "PATCHT"), side(6, "PATCHT")),
        *(side(7, TWO), None),
    ]
    assert duplex.in_order([stacked(sides)], FeedOrder.STACK) == duplex.Restored(tuple(sides))


def test_blank_backs_are_set_aside_after_the_order_is_right() -> None:
    sides = [
        *(side(1, ONE), side(2, blank=True)),
        *(side(3), side(4)),
        *(side(5, TWO), side(6, blank=True)),
        *(side(7), side(8, blank=True)),
    ]
    divided = split(duplex.in_order([stacked(sides)], FeedOrder.STACK).sides)
    assert [[page.source_page for page in part.pages] for part in divided.parts] == [[1, 3, 4], [5, 7]]
    assert [(page.source_page, reason) for page, reason in divided.left_out] == [
        (2, ScanReason.BLANK),
        (6, ScanReason.BLANK),
        (8, ScanReason.BLANK),
    ]
