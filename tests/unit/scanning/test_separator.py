from hypothesis import given
from hypothesis import strategies as st

from scanning.separator import Split, split
from schemas.document import Barcode, PageRole, PageVerdict, ScannedPage, ScanReason
from schemas.ids import Sha256

ONE, TWO = "000.00.14.H99-261120-0001", "000.00.14.H99-261120-0002"
ITEM = "EL000000005VN"
BOX = ((0, 0), (9, 0), (9, 9), (0, 9))
_numbers = iter(range(1, 10_000))


def page(*codes: str, blank: bool = False) -> ScannedPage:
    """A measured page that carries these codes."""
    number = next(_numbers)
    return ScannedPage(
        source=f"{number}.jpg",
        source_page=1,
        sha256=Sha256(f"{number:064x}"),
        width_px=1654,
        height_px=2339,
        dpi=200,
        skew_deg=0.0,
        blank=blank,
        sharpness=0.5,
        contrast=190.0,
        barcodes=tuple(Barcode("Code128", code, BOX) for code in codes),
        verdict=PageVerdict.GOOD,
    )


def codes_and_sizes(done: Split) -> list[tuple[str | None, int]]:
    """Dossier code and number of pages of each part."""
    return [(part.dossier_code, len(part.pages)) for part in done.parts]


def test_a_cover_opens_a_document_that_lasts_until_the_next_cover() -> None:
    done = split([page(ONE, ONE, ITEM), page(), page(), page(TWO), page()])
    assert codes_and_sizes(done) == [(ONE, 3), (TWO, 2)]
    assert [part.s10 for part in done.parts] == [ITEM, None]
    assert [p.role for p in done.parts[0].pages] == [PageRole.COVER, PageRole.CONTENT, PageRole.CONTENT]


def test_a_second_cover_right_behind_the_first_opens_nothing() -> None:
    done = split([page(ONE), page(ONE), page()])
    assert codes_and_sizes(done) == [(ONE, 3)]
    assert sum(p.role is PageRole.CONTENT for p in done.parts[0].pages) == 1


def test_the_dossiers_own_code_on_an_inner_form_neither_splits_nor_makes_a_cover() -> None:
    done = split([page(ONE, ITEM), page(ONE), page(), page(ONE)])
    assert codes_and_sizes(done) == [(ONE, 4)]
    assert [p.role for p in done.parts[0].pages][1:] == [PageRole.CONTENT] * 3


def test_pages_without_a_cover_wait_for_the_operator_and_are_never_merged() -> None:
    done = split([page(), page(), page(ONE), page()])
    assert codes_and_sizes(done) == [(None, 2), (ONE, 2)]
    assert done.parts[0].reasons == (ScanReason.NO_COVER,)


def test_adjacent_separators_collapse_and_what_follows_belongs_to_nobody() -> None:
    done = split([page(ONE), page(), page("PATCHT"), page("PATCHT"), page()])
    assert codes_and_sizes(done) == [(ONE, 2), (None, 1)]
    assert [reason for _, reason in done.left_out] == [ScanReason.SEPARATOR] * 2


def test_a_blank_page_is_left_out_with_its_reason_but_one_with_a_code_is_kept() -> None:
    done = split([page(ONE, blank=True), page(blank=True), page()])
    assert codes_and_sizes(done) == [(ONE, 2)]
    assert [reason for _, reason in done.left_out] == [ScanReason.BLANK]


def test_a_sheet_with_the_codes_of_two_dossiers_is_nobodys() -> None:
    done = split([page(ONE), page(ONE, TWO), page()])
    assert codes_and_sizes(done) == [(ONE, 1), (None, 2)]
    assert done.parts[1].reasons == (ScanReason.SEVERAL_CODES,)


def test_an_unreadable_sheet_is_told_because_it_may_have_been_a_cover() -> None:
    done = split([page(ONE), page(), None, page(), page(TWO)])
    assert codes_and_sizes(done) == [(ONE, 3), (TWO, 1)]
    assert done.parts[0].reasons == (ScanReason.GAP,)
    assert done.parts[1].reasons == ()


def test_an_item_number_with_a_wrong_check_digit_is_not_taken() -> None:
    assert split([page(ONE, "EL000000000VN")]).parts[0].s10 is None


def test_nothing_in_nothing_out() -> None:
    assert split([]) == Split((), ())


KINDS = st.sampled_from([(), (ONE,), (TWO,), (ONE, ITEM), (ONE, TWO), ("PATCHT",), ("https://example.vn",), None])


@given(st.lists(st.tuples(KINDS, st.booleans()), max_size=30))
def test_no_page_is_lost_doubled_or_moved(feed: list[tuple[tuple[str, ...] | None, bool]]) -> None:
    pages = [None if codes is None else page(*codes, blank=blank) for codes, blank in feed]
    done = split(pages)
    came = [p.source for p in pages if p is not None]
    in_parts = [p.source for part in done.parts for p in part.pages]
    left_out = [p.source for p, _ in done.left_out]
    assert sorted(in_parts + left_out, key=came.index) == came
    assert in_parts == [source for source in came if source not in left_out]
    assert all(part.pages for part in done.parts)
    assert all(part.dossier_code or part.reasons for part in done.parts)
