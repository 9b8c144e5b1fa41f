"""Looking through a batch by forms alone: the real door, the real line's journal, a real worker, the real store."""

import dataclasses
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pikepdf
import pytest
from aiohttp import FormData
from PIL import Image

from gateway.sample import province
from schemas.ids import UnitId
from schemas.message import Operation
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx
from tests.flows.edge_house import Browser, Page, edge_house
from tests.flows.review_house import BATCH, Scanned, drawn, feed, scan, two_dossiers, white

pytestmark = [pytest.mark.pages, pytest.mark.slow]
REVIEW = f"/scans/{BATCH}/review"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Scanned]:
    async with edge_house(tmp_path) as house:
        yield await two_dossiers(house)


async def act(browser: Browser, page: Page, op: str, sheet: str, **more: str) -> Page:
    """Press a button of the page."""
    fields = {"csrf": page.field("csrf"), "expected": page.field("expected"), "op": op, "sheet": sheet, **more}
    return await browser.post(REVIEW, fields)


async def accept(browser: Browser, page: Page, sheet: str, reason: str = "") -> Page:
    """Press Enter."""
    fields = {"csrf": page.field("csrf"), "expected": page.field("expected"), "sheet": sheet, "reason": reason}
    return await browser.post(f"/scans/{BATCH}/accept", fields)


async def send(browser: Browser, page: Page, sheet: str, files: list[Path], *, instead: bool) -> Page:
    """Upload rescanned pages."""
    form = FormData()
    form.add_field("csrf", page.field("csrf"))
    for path in files:
        form.add_field("files", path.read_bytes(), filename=path.name, content_type="image/jpeg")
    query = f"sheet={sheet.replace('#', '%23')}&expected={page.field('expected')}&instead={int(instead)}"
    return await browser.post(f"/scans/{BATCH}/insert?{query}", form)


def papers(page: Page) -> list[str]:
    """What the list says of each document."""
    listed = re.findall(r'<li class="paper.*?</li>', page.text, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in listed]


async def test_the_screen_shows_every_measure_the_counts_in_red_and_the_way_from_the_queue(desk: Scanned) -> None:
    async with desk.house.browser("sohoa") as browser:
        queue = await browser.get("/scans")
        assert f'href="{REVIEW}"' in queue.text
        page = await browser.get(f"{REVIEW}?at=lo-01.jpg%231")
        for shown in ("1240 × 1754 px", "150 dpi", "Độ nghiêng", "Độ nét", "Tương phản", "Trang trắng", "lo-01.jpg#1"):
            assert shown in page.text, shown
        assert page.has("verdict") and f"Code128: {desk.codes[0]}" in re.sub(r"<[^>]+>", "", page.text)
        assert "Độ phân giải dưới 200 dpi." in page.text
        assert papers(page) == [f"{code} Đã nhận 2/3 · THIẾU 1" for code in desk.codes]
        assert page.text_of("sum") == "Số tờ: 2/3 · THIẾU 1"
        assert 'class="differs-by"' in page.text
        assert 'class="tile blank' in page.text, "the blank back stays in the strip"
        for key in (*"JKNRBXSMU12?0GI", "Enter"):
            assert f"<kbd>{key}</kbd>" in page.text, key
        assert not re.search(r"<script>|\son\w+=|\sstyle=|https?://", page.text)


async def test_pictures_are_upright_bounded_jpegs_of_a_worker_and_no_strangers(desk: Scanned) -> None:
    async with desk.house.browser("sohoa") as browser:
        page = await browser.get(REVIEW)
        sizes = []
        for turn, more in ((0, ""), (0, "&size=large"), (90, "")):
            async with browser.session.get(
                f"{desk.house.url}/scans/{BATCH}/picture?sheet=lo-02.jpg%231&turn={turn}{more}"
            ) as reply:
                assert (reply.status, reply.content_type) == (200, "image/jpeg")
                assert "private" in reply.headers["Cache-Control"]
                sizes.append(Image.open(io.BytesIO(await reply.read())).size)
            page = await act(browser, page, "rotate", "lo-02.jpg#1") if more else page
        assert sizes == [(113, 160), (990, 1400), (160, 113)]
        assert (await browser.get(f"/scans/{BATCH}/picture?sheet=../../etc/passwd%231")).status == 404
        assert (await browser.get("/scans/nowhere/picture?sheet=lo-02.jpg%231")).status == 404
    async with desk.house.browser("gdv") as browser:
        assert (await browser.get(REVIEW)).status == 403, "a counter clerk scans nothing"


async def test_a_document_that_was_sent_becomes_a_new_version_with_a_reason(desk: Scanned) -> None:
    (before,) = await desk.standing(0)
    async with desk.house.browser("sohoa") as browser:
        page = await browser.get(REVIEW)
        page = await act(browser, page, "rotate", "lo-02.jpg#1")
        page = await act(browser, page, "blank", "lo-04.jpg#1")
        page = await act(browser, page, "component:1", "lo-02.jpg#1")
        page = await act(browser, page, "component:2", "lo-03.jpg#1")
        assert papers(page)[0] == f"{desk.codes[0]} Đã sửa, chưa nhận 3/3 tờ"
        refused = await accept(browser, page, "lo-02.jpg#1", " ")
        assert refused.text_of("review-fault") == "Tài liệu đã gửi đi; phiên bản mới phải có lý do."
        assert await desk.standing(0) == (before,)
        page = await accept(browser, refused, "lo-02.jpg#1", "trang 2 quét ngược")
        assert page.text_of("notice") == "Đã nhận tài liệu."
        assert papers(page)[0] == f"{desk.codes[0]} Đã nhận 3/3 tờ"
        history = (await browser.get(f"{REVIEW}?at=lo-02.jpg%231")).text
        assert "Các phiên bản (2)" in history and "trang 2 quét ngược" in history
        async with browser.session.get(f"{desk.house.url}/documents/{before.key}.pdf") as old:
            assert old.status == 200, "the old version can still be fetched"
        dossier = await browser.get(f"/dossiers/{desk.codes[0]}")
        assert dossier.has("superseded") and "Bản 2: trang 2 quét ngược" in dossier.text
    (after,) = await desk.standing(0)
    assert (after.version, after.version_reason, after.pages) == (2, "trang 2 quét ngược", 3)
    assert after.replaces == (before.key,)
    assert [each.sheets_scanned for each in (await desk.dossier(0)).components] == [2, 1]
    old_row = await desk.house.store.read(lambda tx: tx.documents.find(before.key))
    assert old_row is not None and old_row.superseded_by == after.key
    path = await desk.house.store.blobs.path(after.sha256)
    with pikepdf.open(path) as pdf:
        assert [int(each.obj.get("/Rotate", 0)) for each in pdf.pages] == [0, 90, 0, 0]
    assert await desk.acts("document.accepted") == [("user:sohoa", "v2 trang 2 quét ngược")]
    assert await desk.acts("document.superseded") == [("user:sohoa", after.key)]
    assert len(await desk.acts("review.component")) == 2


async def test_the_portal_hears_of_the_new_version_and_no_more_of_the_old_one(desk: Scanned) -> None:
    dossier = await desk.dossier(0)
    official = dataclasses.replace(dossier, national=2)
    await desk.house.store.write(lambda tx: tx.dossiers.put(official))
    (before,) = await desk.standing(0)
    async with desk.house.browser("sohoa") as browser:
        page = await act(browser, await browser.get(REVIEW), "rotate", "lo-02.jpg#1")
        await accept(browser, page, "lo-02.jpg#1", "quét ngược")
    (after,) = await desk.standing(0)

    def told(tx: Tx) -> list[bytes]:
        found = tx.messages.list(MessageFilter(dossier=dossier.id), limit=50)
        return [tx.messages.body(each.id) for each in found if each.operation is Operation.PORTAL_DOSSIER]

    bodies = await desk.house.store.read(told)
    assert bodies and after.sha256.encode() in bodies[0] and before.sha256.encode() not in bodies[0]


async def test_a_split_is_accepted_whole_and_no_page_is_lost_on_the_way(desk: Scanned) -> None:
    other = (await desk.house.lodge())["code"]
    async with desk.house.browser("sohoa") as browser:
        page = await act(browser, await browser.get(REVIEW), "split", "lo-03.jpg#1")
        assert papers(page)[1].startswith("Chưa rõ hồ sơ Đã sửa, chưa nhận")
        refused = await accept(browser, page, "lo-03.jpg#1", "tách nhầm")
        assert refused.text_of("review-fault").startswith("Chưa rõ hồ sơ")
        unknown = await act(browser, refused, "assign", "lo-03.jpg#1", value="000.00.14.H99-261123-9999")
        assert unknown.text_of("review-fault").startswith("Chưa rõ hồ sơ")
        page = await act(browser, unknown, "assign", "lo-03.jpg#1", value=str(other).lower())
        page = await accept(browser, page, "lo-03.jpg#1", "tách nhầm")
        assert [line.split(" ", 1)[1][:7] for line in papers(page)] == ["Đã nhận"] * 3
    (first,) = await desk.standing(0)
    found = await desk.house.store.read(lambda tx: tx.dossiers.find(str(other)))
    assert found is not None
    (second,) = await desk.house.store.read(lambda tx: tx.documents.of_dossier(found.id))
    assert (first.version, first.pages, second.version, second.pages) == (2, 1, 2, 1)


async def test_two_people_in_one_batch_never_overwrite_each_other(desk: Scanned) -> None:
    async with desk.house.browser("sohoa") as one, desk.house.browser("truc") as two:
        seen_by_both = await one.get(REVIEW)
        hers = await two.get(REVIEW)
        await act(one, seen_by_both, "rotate", "lo-02.jpg#1")
        late = await act(two, hers, "blank", "lo-02.jpg#1")
        assert late.text_of("review-fault").startswith("Người khác vừa sửa lô này")
        assert 'class="tile kept' in late.text and late.field("expected") == "1"
        twice = await act(one, seen_by_both, "rotate", "lo-02.jpg#1")
        assert twice.has("review-fault"), "a form sent twice is one edit"
        undone = await act(two, late, "undo", "lo-02.jpg#1")
        assert undone.field("expected") == "2"
        again = await act(two, undone, "undo", "lo-02.jpg#1")
        assert again.text_of("review-fault").startswith("Không còn gì để hoàn tác")


async def test_a_rescanned_page_takes_its_place_and_a_second_copy_is_refused(desk: Scanned) -> None:
    again = feed(desk.house, drawn(desk.codes[0], 9, 1)[1:], "moi")
    bad = again / "hong.jpg"
    bad.write_bytes(sorted(again.glob("*.jpg"))[0].read_bytes()[:3000])
    good = sorted(again.glob("moi*.jpg"))
    async with desk.house.browser("sohoa") as browser:
        page = await act(browser, await browser.get(REVIEW), "rescan", "lo-03.jpg#1")
        waits = await accept(browser, page, "lo-03.jpg#1", "mờ")
        assert waits.text_of("review-fault").startswith("Còn trang chờ quét lại")
        broken = await send(browser, waits, "lo-03.jpg#1", [bad], instead=True)
        assert broken.text_of("review-fault").startswith("Không đọc được tệp")
        page = await send(browser, broken, "lo-03.jpg#1", good, instead=True)
        assert page.text_of("notice") == "Đã chèn trang quét lại."
        assert 'class="tile replaced' in page.text and papers(page)[0].endswith("2/3 · THIẾU 1")
        copy = await send(browser, page, "lo-05.jpg#1", good, instead=False)
        assert copy.text_of("review-fault").startswith("Tệp này đã được quét trước đó")
        page = await act(browser, copy, "undo", "lo-03.jpg#1")
        page = await send(browser, page, "lo-03.jpg#1", good, instead=False)
        assert page.has("notice"), "what was undone may come again"
        page = await act(browser, page, "rescan", "lo-03.jpg#1")
        page = await accept(browser, page, "lo-03.jpg#1", "thiếu một tờ")
        assert papers(page)[0].endswith("3/3 tờ")
    (after,) = await desk.standing(0)
    assert after.pages == 3 and len(after.originals) == 4
    kept = list(desk.folder.glob("review-*/*"))
    assert kept and all(path.stat().st_mode & 0o222 == 0 for path in kept), "originals are kept, read-only"


async def test_pages_of_a_newer_batch_are_taken_and_its_document_waits_no_more(desk: Scanned) -> None:
    await scan(desk.house, drawn(desk.codes[0], 11, 1)[1:], batch="20261123T030000-00000002")
    (waiting,) = await desk.house.store.read(lambda tx: tx.documents.unassigned())
    async with desk.house.browser("sohoa") as browser:
        page = await browser.get(REVIEW)
        fields = {"csrf": page.field("csrf"), "expected": "0", "sheet": "lo-03.jpg#1", "instead": "0"}
        page = await browser.post(f"/scans/{BATCH}/take", {**fields, "key": waiting.key})
        assert page.text_of("notice") == "Đã chèn trang quét lại." and papers(page)[0].endswith("3/3 tờ")
        page = await accept(browser, page, "lo-03.jpg#1", "thiếu một tờ")
        assert papers(page)[0] == f"{desk.codes[0]} Đã nhận 3/3 tờ"
        gone = await browser.post(f"/scans/{BATCH}/take", {**fields, "expected": "2", "key": waiting.key})
        assert gone.text_of("review-fault").startswith("Tài liệu liên quan vừa được xử lý")
    assert await desk.house.store.read(lambda tx: tx.documents.unassigned()) == ()
    (after,) = await desk.standing(0)
    assert (after.pages, set(after.replaces)) == (3, {waiting.key, *after.replaces})


async def test_papers_of_another_units_dossier_stay_closed_and_the_try_is_written_down(desk: Scanned) -> None:
    units = dict.fromkeys(("receiving_unit", "competent_unit", "returning_unit"), UnitId(province.OTHER_COMMUNE))
    away = dataclasses.replace(await desk.dossier(0), post_unit=None, legs=(), **units)  # type: ignore[arg-type]  # names of units
    await desk.house.store.write(lambda tx: tx.dossiers.put(away))
    async with desk.house.browser("sohoa") as browser:
        page = await browser.get(f"{REVIEW}?at=lo-05.jpg%231")
        assert papers(page)[0].startswith("🔒 Hồ sơ của đơn vị khác") and desk.codes[0] not in papers(page)[0]
        closed = await browser.get(f"{REVIEW}?at=lo-02.jpg%231")
        assert not closed.has("large") and not closed.has("measures")
        assert (await browser.get(f"/scans/{BATCH}/picture?sheet=lo-02.jpg%231")).status == 403
        assert (await act(browser, page, "rotate", "lo-02.jpg#1")).status == 403
        merged = await act(browser, page, "merge", "lo-05.jpg#1")
        assert merged.status == 403, "nor by a merge into it"
    assert len(await desk.acts("refused")) == 3


async def test_a_batch_without_a_page_that_could_be_read_says_so(tmp_path: Path) -> None:
    async with edge_house(tmp_path) as house:
        await scan(house, [white()], batch="empty")
        async with house.browser("sohoa") as browser:
            shown = await browser.get("/scans/empty/review")
            assert shown.status == 200 and 'class="tile blank' in shown.text
            assert (await browser.get("/scans/nowhere/review")).status == 404
