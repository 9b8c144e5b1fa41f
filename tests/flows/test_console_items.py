"""The dossier's page: what a person records of its items, and what was known at an earlier moment."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.ids import ItemId
from schemas.shipment import Item
from tests.flows.edge_house import OTHER_KEY, EdgeHouse, edge_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


async def item_of(house: EdgeHouse, number: str) -> Item:
    (found,) = await house.store.read(lambda tx: tx.items.find_number(number))
    return found


async def test_a_clerk_records_a_search_and_then_that_it_is_back(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    item = await item_of(house, receipt["item_number"])
    await house.clock.move(seconds=7_200)
    async with house.browser("gdv") as browser:
        page = await browser.get(f"/dossiers/{receipt['code']}")
        assert page.has(f"item-acts-{item.id}")
        fields = {"csrf": page.field("csrf"), "note": "bưu cục gửi lại", "at": ""}
        address = f"/dossiers/{receipt['code']}/items/{item.id}"
        assert (await browser.post(address, {**fields, "act": "burn"})).status == 422
        assert (await browser.post(address, {**fields, "act": "inquiry", "note": " "})).status == 422
        assert (await browser.post(address, {**fields, "act": "inquiry", "at": "2027-01-01T08:00"})).status == 403
        page = await browser.post(address, {**fields, "act": "inquiry"})
        assert page.text_of("notice") == "Đã ghi nhận về bưu gửi." and "Yêu cầu tra tìm" in page.text
        page = await browser.post(address, {**fields, "act": "receipt"})
        assert "Nơi gửi nhận lại" in page.text
        strange = f"/dossiers/{receipt['code']}/items/{ItemId(99999)}"
        assert (await browser.post(strange, {**fields, "act": "recall"})).status == 404
    kept = await item_of(house, receipt["item_number"])
    assert kept.inquiry_at == kept.sender_receipt_at == house.clock.now()


async def test_a_system_records_it_by_number_once_and_another_units_system_cannot(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    number = receipt["item_number"]
    await house.clock.move(seconds=7_200)
    told = {"note": "Lò Thị Ơi ký nhận", "at": house.clock.now().isoformat()}
    address = f"/api/v1/items/{number}/receipt"
    status, _ = await house.json("POST", address, json=told, key=OTHER_KEY)
    assert status == 403
    for _ in range(2):
        status, reply = await house.json("POST", address, json=told)
        assert (status, reply["state"]) == (200, "receipt")
    status, _ = await house.json("POST", address, json={"note": "x"})
    assert status == 422
    status, _ = await house.json("POST", "/api/v1/items/EE999999999VN/recall", json=told)
    assert status == 404
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert [row.act.act for row in rows if row.act.object_kind == "item" and row.act.act != "refused"] == [
        "item.receipt"
    ]


async def test_the_page_shows_what_was_known_at_a_moment(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    lodged = house.clock.now()
    await house.clock.move(seconds=86_400)
    async with house.browser("gdv") as browser:
        address = f"/dossiers/{receipt['code']}"
        page = await browser.get(address)
        item = await item_of(house, receipt["item_number"])
        fields = {"csrf": page.field("csrf"), "act": "recall", "note": "công dân xin rút", "at": ""}
        await browser.post(f"{address}/items/{item.id}", fields)
        assert "Yêu cầu thu hồi" in (await browser.get(address)).text
        moment = (lodged + dt.timedelta(hours=1)).astimezone(dt.timezone(dt.timedelta(hours=7)))
        then = await browser.get(f"{address}?as_of={moment:%Y-%m-%dT%H:%M}")
        assert f"{moment:%d/%m/%Y %H:%M}" in then.text_of("as-of")
        assert "Yêu cầu thu hồi" not in then.text and not then.has(f"item-acts-{item.id}")
        before = await browser.get(f"{address}?as_of=2020-01-01T00:00")
        assert before.status == 404
        for nonsense in ("rubbish", "2999-01-01T00:00"):
            assert not (await browser.get(f"{address}?as_of={nonsense}")).has("as-of")
