"""The scans page while paper goes through: bars, troubles, stations, and what the upload form says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from gateway.stations import StationReport
from scanning.progress import Phase
from scanning.trouble import Trouble, TroubleKind
from schemas.document import ScanBatch
from tests.flows.edge_house import LINE, NOW, EdgeHouse, edge_house

pytestmark = pytest.mark.flow


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


async def test_the_page_and_its_live_part_show_batches_troubles_and_stations(house: EdgeHouse) -> None:
    async with house.browser("sohoa") as browser:
        line = house.app[LINE]
        batch = ScanBatch("20261123T090000-aabbccdd-tram-1", "tram-1", None, NOW)
        line.board.begin(batch, files=2)
        line.board.add(batch.id, pages_total=40, pages_done=12)
        line.board.phase(batch.id, Phase.MEASURING)
        for path in ("/scans", "/scans/live"):
            page = (await browser.get(path)).text
            assert 'max="40" value="12"' in page
            assert "Đọc trang" in page
            assert "12/40" in page
        line.board.add(batch.id, pages_done=28, documents=3, set_aside=1)
        line.board.phase(batch.id, Phase.ENDED)
        line.trouble = Trouble(TroubleKind.AWAY, "/mnt/scan")
        report = StationReport("key:tram", "Trạm Tủa Chùa", NOW, NOW, 7, 2, 1, "trouble.full")
        await house.store.write(lambda tx: tx.stations.put_station(report))
        page = (await browser.get("/scans/live")).text
        assert 'data-testid="running"' not in page
        assert "40 trang · 3 tài liệu · 1 để riêng" in page
        assert "Không truy cập được thư mục quét" in page
        assert "Trạm Tủa Chùa" in page
        assert "Ổ đĩa đã đầy" in page
        english = (await browser.get("/scans/live?lang=en")).text
        assert "District scanning stations" in english


async def test_a_script_that_asks_keeps_no_session_alive(tmp_path: Path) -> None:
    async with edge_house(tmp_path, LIENTHONG_SESSIONS__IDLE_S="600") as house, house.browser("sohoa") as browser:
        pages = []
        for _ in range(3):
            await house.clock.move(minutes=4)
            pages.append(await browser.get("/scans/live"))
        assert pages[-1].path == "/login", "twelve minutes without a click end the session, whatever the script asked"


async def test_an_upload_may_say_that_the_sheets_lie_as_two_stacks(house: EdgeHouse) -> None:
    form = FormData()
    form.add_field("order", "stack")
    form.add_field("files", b"%PDF-1", filename="a.pdf", content_type="application/pdf")
    status, told = await house.json("POST", "/api/v1/scans", data=form)
    assert status == 202, told
    names = sorted(path.name for path in (house.settings.hot_folder / told["batch"]).iterdir())
    assert names == [".duplex", "001-a.pdf"]
