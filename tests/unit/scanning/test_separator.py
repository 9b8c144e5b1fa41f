from hypothesis import given
from hypothesis import strategies as st

from scanning.codes import CodeRules, near_misses
from scanning.separator import Split, split
from schemas.document import Barcode, PageRole, PageVerdict, Point, ScannedPage, ScanReason
from schemas.ids import Sha256

ONE, TWO = "000.00.14.H99-261120-0001", "000.00.14.H99-261120-0002"
ITEM = "EL000000005VN"
OWN = CodeRules(("000.00.14.H99",))
FOREIGN = "H57.132-260804-0583"
Box = tuple[Point, Point, Point, Point]
_numbers = iter(range(1, 10_000))


def box(long_mm: float) -> Box:
    """Where a symbol of this length lies on a page of 200 dpi."""
    side = round(long_mm / 25.4 * 200)
    return ((100, 100), (100 + side, 100), (100 + side, 160), (100, 160))


def printed(text: str, kind: str = "Code128", long_mm: float = 125.0) -> Barcode:
    """A symbol as large as our cover's, unless it is told otherwise."""
    return Barcode(kind, text, box(long_mm))


def page(*codes: str | Barcode, blank: bool = False) -> ScannedPage:
    """A measured page that carries these codes."""
    number = next(_numbers)
    symbols = tuple(code if isinstance(code, Barcode) else printed(code) for code in codes)
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
        barcodes=symbols,
        verdict=PageVerdict.GOOD,
        near_misses=near_misses(symbols),
    )


def quoting(code: str) -> ScannedPage:
    """The copy of an old receipt: another dossier's code in one small symbol."""
    return page(printed(code, "QRCode", 9.0))


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


def test_a_separator_with_a_code_parts_even_the_same_dossier() -> None:
    done = split([page(ONE), page(), page("PATCH-T", ONE), page()])
    assert codes_and_sizes(done) == [(ONE, 2), (ONE, 2)]
    assert done.left_out == ()


def test_only_t_of_the_patch_sheets_parts_documents() -> None:
    assert codes_and_sizes(split([page(ONE), *(page(f"PATCH{n}") for n in (1, 2, 3, 4, 6)), page()])) == [(ONE, 7)]
    for text in ("PATCHT", "patch t", "PATCH-T", "LIENTHONG-TACH-HO-SO"):
        assert codes_and_sizes(split([page(ONE), page(text), page()])) == [(ONE, 1), (None, 1)]


def test_an_old_receipt_opens_nothing_but_is_told() -> None:
    done = split([page(ONE), page(), quoting(TWO), page()])
    assert codes_and_sizes(done) == [(ONE, 4)]
    assert done.parts[0].reasons == (ScanReason.OTHER_CODE,)
    assert [p.role for p in done.parts[0].pages][1:] == [PageRole.CONTENT] * 3


def test_the_own_code_on_a_receipt_is_no_news() -> None:
    assert split([page(ONE), quoting(ONE), page()]).parts[0].reasons == ()


def test_a_lone_quoted_code_in_front_is_believed_only_by_a_person() -> None:
    done = split([quoting(ONE), page()])
    assert codes_and_sizes(done) == [(ONE, 2)]
    assert done.parts[0].reasons == (ScanReason.OTHER_CODE,)


def test_of_several_codes_the_one_in_two_symbols_speaks() -> None:
    cover = page(printed(TWO, "Code128"), printed(TWO, "QRCode", 43), printed(ONE, "Code128", 60))
    done = split([page(ONE), page(), cover, page()])
    assert codes_and_sizes(done) == [(ONE, 2), (TWO, 2)]
    assert done.parts[1].reasons == (ScanReason.OTHER_CODE,)


def test_a_small_symbol_in_two_kinds_is_a_cover_still() -> None:
    small = page(printed(TWO, "DataMatrix", 7.0), printed(TWO, "QRCode", 8.0))
    assert codes_and_sizes(split([page(ONE), small, page()])) == [(ONE, 1), (TWO, 2)]


def test_a_symbol_too_small_to_be_one_is_no_measure() -> None:
    assert codes_and_sizes(split([page(ONE), page(Barcode("QRCode", TWO, ((0, 0), (0, 0), (0, 0), (0, 0))))])) == [
        (ONE, 1),
        (TWO, 1),
    ]


def test_a_cover_out_of_range_waits_and_a_quoted_code_out_of_range_is_nothing() -> None:
    done = split([page(ONE), page(FOREIGN), page()], OWN)
    assert codes_and_sizes(done) == [(ONE, 1), (None, 2)]
    assert done.parts[1].reasons == (ScanReason.OTHER_CODE,)
    assert split([page(ONE), quoting(FOREIGN), page()], OWN).parts[0].reasons == ()
    assert codes_and_sizes(split([page(ONE, FOREIGN)], OWN)) == [(ONE, 1)]


def test_a_damaged_code_is_offered_and_never_used() -> None:
    done = split([page(TWO), page(), page("000.00.14.H99-26112O-0001"), page()])
    assert codes_and_sizes(done) == [(TWO, 2), (None, 2)]
    assert done.parts[1].reasons == (ScanReason.NEAR_MISS,)
    assert done.parts[1].pages[0].near_misses[0].candidates[0] == ONE


def test_a_damaged_symbol_beside_a_whole_one_costs_nothing() -> None:
    cover = page("000.00.14.H99-26112O-0001", printed(ONE, "QRCode", 43))
    assert cover.near_misses == ()
    assert split([cover, page()]).parts[0].reasons == ()


def test_a_damaged_item_number_opens_nothing() -> None:
    done = split([page(ONE, "EL000000000VN"), page()])
    assert (codes_and_sizes(done), done.parts[0].reasons) == ([(ONE, 2)], ())
    assert ITEM in done.parts[0].pages[0].near_misses[0].candidates


def test_the_item_is_what_the_cover_says_and_two_others_are_no_answer() -> None:
    other = "RR473124829VN"
    assert split([page(ONE, ITEM), page(other)]).parts[0].s10 == ITEM
    assert split([page(ONE), page(other), page()]).parts[0].s10 == other
    assert split([page(ONE), page(other), page(ITEM)]).parts[0].s10 is None


SYMBOLS = st.one_of(
    st.sampled_from([ONE, TWO, FOREIGN, ITEM, "PATCHT", "PATCH1", "LIENTHONG-TACH-HO-SO", "https://example.vn"]).map(
        printed
    ),
    st.builds(
        printed,
        st.sampled_from([ONE, TWO, FOREIGN, "000.00.14.H99-26112O-0001", "EL000000000VN"]),
        st.sampled_from(["Code128", "QRCode", "DataMatrix", "PDF417"]),
        st.sampled_from([0.0, 8.0, 30.0, 120.0]),
    ),
)
SHEETS = st.one_of(
    st.none(), st.builds(lambda codes, blank: page(*codes, blank=blank), st.lists(SYMBOLS, max_size=3), st.booleans())
)


@given(st.lists(SHEETS, max_size=25), st.sampled_from([CodeRules(), OWN]))
def test_no_page_is_lost_doubled_or_moved(pages: list[ScannedPage | None], rules: CodeRules) -> None:
    done = split(pages, rules)
    came = [p.source for p in pages if p is not None]
    in_parts = [p.source for part in done.parts for p in part.pages]
    left_out = [p.source for p, _ in done.left_out]
    assert sorted(in_parts + left_out, key=came.index) == came
    assert in_parts == [source for source in came if source not in left_out]
    assert all(part.pages for part in done.parts)
    assert all(part.dossier_code or part.reasons for part in done.parts)


@given(st.lists(SHEETS, max_size=25), st.sampled_from([CodeRules(), OWN]))
def test_no_part_mixes_two_covers_and_what_is_left_out_has_no_dossier(
    pages: list[ScannedPage | None], rules: CodeRules
) -> None:
    done = split(pages, rules)
    for part in done.parts:
        for sheet in part.pages:
            if sheet.role is PageRole.COVER:
                assert part.dossier_code in {code.text for code in sheet.barcodes}
        if part.dossier_code:
            assert rules.takes(part.dossier_code)
            assert any(part.dossier_code == code.text for code in part.pages[0].barcodes)
    for sheet, _ in done.left_out:
        assert not {ONE, TWO, FOREIGN} & {code.text for code in sheet.barcodes}


@given(st.lists(SHEETS, max_size=12), st.integers(min_value=1, max_value=3))
def test_a_run_of_separators_is_one_separator(pages: list[ScannedPage | None], run: int) -> None:
    def shape(done: Split) -> list[tuple[str | None, tuple[str, ...]]]:
        return [(part.dossier_code, tuple(p.source for p in part.pages)) for part in done.parts]

    one = split([*pages, page("PATCHT"), page(ONE), page()])
    many = split([*pages, *(page("PATCHT") for _ in range(run)), page("LIENTHONG-TACH-HO-SO"), page(ONE), page()])
    assert [code for code, _ in shape(one)] == [code for code, _ in shape(many)]
    assert shape(one)[:-1] == shape(many)[:-1]
    assert len(many.left_out) == len(one.left_out) + run


@given(st.lists(SHEETS, min_size=1, max_size=12), st.data())
def test_a_sheet_that_could_not_be_read_marks_the_part_it_lay_in(
    pages: list[ScannedPage | None], data: st.DataObject
) -> None:
    at = data.draw(st.integers(min_value=1, max_value=len(pages)))
    done = split([page(ONE), *pages[:at], None, page()])
    assert ScanReason.GAP in done.parts[-1].reasons


def test_a_sheet_that_could_not_be_read_may_have_been_the_cover_of_what_follows() -> None:
    assert split([None, page(), page(ONE)]).parts[0].reasons == (ScanReason.NO_COVER, ScanReason.GAP)
    assert split([page(TWO), page("PATCHT"), None, page(ONE)]).parts[1].reasons == ()
