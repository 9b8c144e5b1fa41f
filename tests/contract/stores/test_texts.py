import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.folding import fold_words, places
from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.document import DocumentText, NearMiss, ScanReason, TextOfPage
from schemas.ids import UnitId
from schemas.ports.text_stores import TextHits
from tests.contract.stores import records
from tests.contract.stores.records import COMMUNE, later

FIRST = TextOfPage(
    1,
    "Họ và tên: LÒ THỊ ƠI,\nđăng ký số 12/BK",
    codes=("000.00.14.H99-260302-0001",),
    names=("LÒ THỊ ƠI",),
    dates=("2026-11-03",),
    items=("EL000000005VN",),
    near_misses=(NearMiss("O1", ("01",)),),
    confidence=96.5,
)
UNREAD = TextOfPage(2, "", fault=ScanReason.DEADLINE)


def text_of(key: str, *pages: TextOfPage) -> DocumentText:
    return DocumentText(key, "tesseract 5.3.0 vie", pages)


def keys(found: TextHits) -> list[tuple[str, int]]:
    return [(hit.document.key, hit.page_no) for hit in found.hits]


async def look(
    database: Database,
    words: str,
    *,
    units: tuple[UnitId, ...] | None = None,
    waiting: bool = True,
    limit: int = 50,
    after: int | None = None,
) -> TextHits:
    return await database.read(
        lambda tx: tx.texts.search(words, units=units, waiting=waiting, limit=limit, after=after)
    )


async def test_a_text_comes_back_as_it_was_put_and_a_second_one_replaces_it(database: Database) -> None:
    await database.write(lambda tx: tx.documents.attach(records.attached("a")))
    told = text_of("a", FIRST, UNREAD)
    assert await database.write(lambda tx: tx.texts.put(told))
    assert await database.read(lambda tx: tx.texts.of_document("a")) == told
    shorter = text_of("a", dataclasses.replace(FIRST, text="khác"))
    assert await database.write(lambda tx: tx.texts.put(shorter))
    assert await database.read(lambda tx: tx.texts.of_document("a")) == shorter
    assert keys(await look(database, "lò thị")) == []


async def test_the_text_of_an_unknown_document_is_dropped(database: Database) -> None:
    assert not await database.write(lambda tx: tx.texts.put(text_of("nobody", FIRST)))
    assert await database.read(lambda tx: tx.texts.of_document("nobody")) is None


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("lo thi oi", True),
        ("Lò Thị Ơi", True),
        ("  ƠI đăng  ký", True),  # over the end of a line and a comma
        ("dang ky so 12 bk", True),
        ("so 12/B", True),  # the last word may be a beginning
        ("hi oi", False),  # but no other
        ("oi thi lo", False),
        ("%", False),
        ("_", False),
        ("", False),
    ],
)
async def test_words_are_found_without_marks_case_and_punctuation(database: Database, words: str, hit: bool) -> None:
    await database.write(lambda tx: tx.documents.attach(records.attached("a")))
    await database.write(lambda tx: tx.texts.put(text_of("a", FIRST, UNREAD)))
    assert keys(await look(database, words)) == ([("a", 1)] if hit else [])


async def test_only_documents_on_the_units_way_are_found_and_waiting_ones_where_asked(database: Database) -> None:
    def fill(tx: GatewayTx) -> None:
        mine = tx.dossiers.add(records.dossier()).id
        theirs = tx.dossiers.add(
            records.dossier(
                "000.00.15.H99-260302-0001",
                receiving_unit=UnitId("khac"),
                competent_unit=UnitId("khac"),
                returning_unit=UnitId("khac"),
                post_unit=None,
            )
        ).id
        for key, to in (("mine", mine), ("theirs", theirs), ("nobody", None)):
            tx.documents.attach(records.attached(key, to))
            tx.texts.put(text_of(key, FIRST))

    await database.write(fill)
    assert keys(await look(database, "lo thi")) == [("nobody", 1), ("theirs", 1), ("mine", 1)]
    assert keys(await look(database, "lo thi", waiting=False)) == [("theirs", 1), ("mine", 1)]
    assert keys(await look(database, "lo thi", units=(COMMUNE,))) == [("nobody", 1), ("mine", 1)]
    (hit,) = (await look(database, "lo thi", units=(COMMUNE,), waiting=False)).hits
    assert hit.dossier == "000.00.14.H99-260302-0001" and hit.text == FIRST.text
    assert keys(await look(database, "lo thi", units=(UnitId("elsewhere"),), waiting=False)) == []


async def test_hits_come_in_pages_and_superseded_documents_are_left_out(database: Database) -> None:
    def fill(tx: GatewayTx) -> None:
        for n in range(5):
            tx.documents.attach(records.attached(f"d{n}"))
            tx.texts.put(text_of(f"d{n}", FIRST))
        tx.documents.supersede("d3", "d4", at=later(1))

    await database.write(fill)
    first = await look(database, "dang ky", limit=2)
    assert keys(first) == [("d4", 1)] and first.next_after is not None
    second = await look(database, "dang ky", limit=2, after=first.next_after)
    assert keys(second) == [("d2", 1), ("d1", 1)]
    third = await look(database, "dang ky", limit=2, after=second.next_after)
    assert keys(third) == [("d0", 1)] and third.next_after is None


@given(st.text(max_size=80), st.text(max_size=20))
def test_places_are_exactly_where_the_folded_words_are(before: str, words: str) -> None:
    folded = fold_words(words)
    assert fold_words(folded) == folded
    text = f"{before} {words}"
    found = [text[start:end] for start, end in places(text, folded)]
    assert bool(found) == bool(folded)
    for hit in found:
        assert re.match(re.escape(folded.split()[0][:1]), fold_words(hit))
