"""What a unit counts when the papers come: D-30 opens and closes with it, and nobody else can say it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.accounts import Principal, Role
from gateway.desk.counts import CountDesk
from gateway.sample import province
from schemas.discrepancy import Discrepancy
from schemas.dossier import Dossier
from schemas.errors import NotAllowed
from schemas.ids import DossierCode
from tests.flows.edge_house import OTHER_KEY, EdgeHouse, edge_house
from tracking import reading

pytestmark = pytest.mark.flow


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


async def kept(house: EdgeHouse, code: str) -> Dossier:
    found = await house.store.read(lambda tx: tx.dossiers.find(DossierCode(code)))
    assert found is not None
    return found


async def cases(house: EdgeHouse) -> list[Discrepancy]:
    return [one for one in await house.store.read(lambda tx: tx.discrepancies.open()) if one.rule == "D-30"]


async def test_a_clerk_of_the_unit_counts_and_a_missing_sheet_opens_a_case_until_it_is_found(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    paper, *others = (await kept(house, receipt["code"])).components
    async with house.browser("gdv") as browser:
        address = f"/dossiers/{receipt['code']}"
        page = await browser.get(address)
        assert page.has("counts")
        fields = {"csrf": page.field("csrf"), **{f"sheets-{one.no}": "" for one in others}}
        assert (await browser.post(f"{address}/counts", fields)).status == 422, "nothing was counted"
        assert (await browser.post(f"{address}/counts", {**fields, f"sheets-{paper.no}": "hai"})).status == 422
        assert (await browser.post(f"{address}/counts", {**fields, "sheets-9999": "1"})).status == 403
        assert await cases(house) == []
        less = {**fields, f"sheets-{paper.no}": str(paper.sheets_counted - 1)}
        page = await browser.post(f"{address}/counts", less)
        assert page.text_of("notice") == "Đã ghi nhận số tờ đếm khi nhận."
        (case,) = await cases(house)
        assert dict(case.evidence[0].values)["found"] == str(paper.sheets_counted - 1)
        found = {**fields, f"sheets-{paper.no}": str(paper.sheets_counted)}
        await browser.post(f"{address}/counts", found)
    assert await cases(house) == []
    counted = await kept(house, receipt["code"])
    assert [one.sheets_received for one in counted.components] == [paper.sheets_counted, *(None for _ in others)]


async def test_a_system_of_the_unit_tells_its_count_once_and_the_sender_cannot(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    dossier = await kept(house, receipt["code"])
    address = f"/api/v1/dossiers/{receipt['code']}/counts"
    told = {"papers": [{"no": one.no, "sheets": one.sheets_counted + 1} for one in dossier.components]}
    assert (await house.json("POST", address, json=told, key=OTHER_KEY))[0] == 403
    wrongs: tuple[dict[str, object], ...] = (
        {"papers": []},
        {"papers": [{"no": 1, "sheets": -1}]},
        {"papers": [{"no": 1}]},
        {},
    )
    for wrong in wrongs:
        assert (await house.json("POST", address, json=wrong))[0] == 422
    assert (await house.json("POST", "/api/v1/dossiers/000.00.01.H99-261116-9999/counts", json=told))[0] == 404
    for _ in range(2):
        status, reply = await house.json("POST", address, json=told)
        assert (status, reply["state"], reply["subject"]) == (200, "counted", receipt["code"])
    assert len(await cases(house)) == len(dossier.components)
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert len([row for row in rows if row.act.act == "dossier.counted"]) == 1, "a repetition is silence"


async def test_the_post_that_sends_the_papers_cannot_say_what_arrived(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    desk = CountDesk(house.store, clock=house.clock, context=reading.load_context)
    post = Principal("user:post", "Bưu cục", frozenset({Role.CLERK}), (province.POST,))
    with pytest.raises(NotAllowed, match="where the papers arrive"):
        await desk.record(receipt["code"], {1: 1}, post)
    assert all(one.sheets_received is None for one in (await kept(house, receipt["code"])).components)
