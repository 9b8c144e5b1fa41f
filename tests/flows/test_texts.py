"""Words of scanned pages: found and shown to whoever may see the document, and to nobody else."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.console.catalogue import sentence
from gateway.desk import texts
from schemas.attachment import AttachedDocument
from schemas.document import DocumentText, NearMiss, ScanReason, TextOfPage
from tests.flows.edge_house import NOW, OTHER_KEY, EdgeHouse, edge_house
from tests.flows.edge_rows import ID, attach, key_like

WORDS = f"Họ và tên: GIÀNG A TỦA <b>\nsố định danh {ID}, đất ở Nậm Sưa & Mường Khắt"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


def page(number: int, text: str, *codes: str) -> TextOfPage:
    return TextOfPage(number, text, codes, ("GIÀNG A TỦA",), ("2026-11-03",), ("EL000000005VN",), (), 93.4)


async def read(house: EdgeHouse, document: AttachedDocument, *codes: str) -> None:
    near = TextOfPage(3, "mã O00", near_misses=(NearMiss("O00", codes),), confidence=50.0)
    pages = (page(1, WORDS, *codes), TextOfPage(2, "", fault=ScanReason.DEADLINE), near)
    text = DocumentText(document.key, "tesseract 5.3.0 vie", pages)
    assert await house.store.write(lambda tx: texts.keep(tx, text, NOW))


async def test_the_api_finds_words_without_marks_and_masks_numbers(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, receipt["dossier"])
    await read(house, document)
    status, found = await house.json("GET", "/api/v1/documents?text=dat%20o%20nam")
    assert status == 200 and found["next_after"] is None
    (hit,) = found["documents"]
    assert (hit["document"], hit["dossier"], hit["page_no"]) == (document.key, receipt["code"], 1)
    assert hit["snippet"]["match"] == "đất ở Nậm" and ID not in str(found) and "0990••••••12" in str(found)
    status, found = await house.json("GET", f"/api/v1/documents?text={ID}")
    assert found["documents"][0]["snippet"]["match"] == ""
    status, text = await house.json("GET", f"/api/v1/documents/{document.key}/text")
    assert status == 200 and ID not in str(text)
    assert [told["fault"] for told in text["pages"]] == [None, "deadline", None]
    assert text["pages"][0]["names"] == ["GIÀNG A TỦA"]
    assert (await house.json("GET", "/api/v1/documents"))[1] == {"documents": [], "next_after": None}
    assert (await house.json("GET", "/api/v1/documents?text=x&after=y"))[0] == 400


async def test_another_unit_finds_nothing_and_may_not_read(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, receipt["dossier"])
    await read(house, document)
    waiting = await attach(house, None)
    await read(house, waiting)
    assert (await house.json("GET", "/api/v1/documents?text=dat", key=None))[0] == 401
    status, found = await house.json("GET", "/api/v1/documents?text=dat", key=OTHER_KEY)
    assert (status, found["documents"]) == (200, [])
    for key in (document.key, waiting.key):
        assert (await house.json("GET", f"/api/v1/documents/{key}/text", key=OTHER_KEY))[0] == 403
    assert (await house.json("GET", f"/api/v1/documents/{'0' * 64}/text"))[0] == 404


async def test_looks_are_in_the_audit_log_and_the_words_are_not(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, receipt["dossier"])
    await read(house, document)
    await house.json("GET", f"/api/v1/documents?text={ID}")
    await house.json("GET", f"/api/v1/documents/{document.key}/text")
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    acts = [row.act for row in rows if row.act.object_kind == "document"]
    assert [act.act for act in acts] == ["document.text", "document.searched", "document.text_read"]
    assert acts[0].detail == "3 pages, 1 not read, by tesseract 5.3.0 vie" and acts[1].detail == "1 pages"
    assert not any(ID in str(row) or "TỦA" in str(row) for row in acts)


async def test_the_console_shows_hits_escaped_and_marked(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, receipt["dossier"])
    await read(house, document)
    async with house.browser("gdv") as browser:
        found = await browser.get("/documents?text=giang a tua")
        assert found.status == 200 and found.has("hits") and not key_like(found)
        assert "<mark>GIÀNG A TỦA</mark> &lt;b&gt;" in found.text and ID not in found.text
        assert f'href="/documents/{document.key}/text#p1"' in found.text
        assert (await browser.get("/documents?text=khong co gi")).has("nothing")
        assert not (await browser.get("/documents")).has("nothing")
        english = await browser.get("/documents?text=giang&lang=en")
        assert "Search the text of scans" in english.text
    async with house.browser("khac") as browser:
        assert (await browser.get("/documents?text=giang a tua")).has("nothing")


async def test_the_console_offers_what_is_worth_indexing_and_applies_nothing(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, receipt["dossier"])
    async with house.browser("gdv") as browser:
        assert (await browser.get(f"/documents/{document.key}/text")).has("unread")
        await read(house, document, "000.00.14.H99-261120-0001")
        shown = await browser.get(f"/documents/{document.key}/text")
        assert shown.status == 200 and not key_like(shown) and ID not in shown.text
        assert 'href="/dossiers?q=000.00.14.H99-261120-0001"' in shown.text and "03/11/2026" in shown.text
        assert "O00 →" in shown.text and "&lt;b&gt;" in shown.text
        assert sentence("scan.deadline") in shown.text_of("page-fault")
        assert f"/documents/{document.key}/text" in (await browser.get(receipt["href"].replace("/api/v1", ""))).text
    async with house.browser("khac") as browser:
        assert (await browser.get(f"/documents/{document.key}/text")).status == 403
    found = await house.store.read(lambda tx: tx.documents.find(document.key))
    assert found == document


async def test_a_person_binds_a_waiting_document_by_the_code_that_was_read_on_it(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, None)
    await read(house, document, receipt["code"])
    async with house.browser("sohoa") as browser:
        queue = await browser.get("/scans")
        form = re.search(r'<form method="post" action="/scans/assign".*?</form>', queue.text, re.S)
        assert form and f'name="code" value="{receipt["code"]}"' in form[0]
        # In the order in which a browser sends a form whose first button was pressed; the empty field comes last.
        fields = [("csrf", queue.field("csrf")), ("key", document.key), ("code", receipt["code"]), ("code", "")]
        assert form[0].index("<button") < form[0].index('id="code-1"')
        assert (await browser.post("/scans/assign", fields)).status == 200
    bound = await house.store.read(lambda tx: tx.documents.find(document.key))
    assert bound is not None and bound.dossier == receipt["dossier"]
