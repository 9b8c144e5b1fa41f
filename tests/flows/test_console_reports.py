"""Compared reports in the console: listed, and handed out to who may see every unit."""

import dataclasses
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.importing import reports
from gateway.sample import province
from schemas.ids import CarrierId
from tests.flows.edge_house import EdgeHouse, edge_house

pytestmark = pytest.mark.flow


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


async def compared(house: EdgeHouse, folder: Path, name: str) -> str:
    """Compare a report as the command does; the id of its run."""
    file = folder / name
    file.write_text("number\nEE999999996VN\n=1+1\n", "utf-8")
    rows, bad = reports.read(file, {})
    carrier = CarrierId("vnpost")
    found = await house.store.read(lambda tx: reports.compare(tx, carrier, rows))
    run = reports.run_of(file, carrier, found, bad, at=house.clock.now(), by="user:truc")
    await house.store.blobs.put_bytes(reports.as_csv(found, bad))
    await house.store.write(lambda tx: tx.trade.put_run(run))
    return run.id


async def test_an_operator_finds_a_run_and_downloads_its_result(house: EdgeHouse, tmp_path: Path) -> None:
    async with house.browser("truc") as browser:
        assert (await browser.get("/reports")).has("nothing")
        run = await compared(house, tmp_path, "<b>thang-11.csv")
        assert (await browser.get("/discrepancies")).has("reports")
        page = await browser.get("/reports")
        assert page.has("runs") and "&lt;b&gt;thang-11.csv" in page.text and f"/reports/{run}.csv" in page.text
        result = await browser.get(f"/reports/{run}.csv")
        assert result.status == 200 and "EE999999996VN" in result.text and "'=1+1" in result.text
        assert (await browser.get("/reports/none.csv")).status == 404
    kept = await house.store.read(lambda tx: tx.trade.run(run))
    file = await house.store.blobs.path(kept.result_sha256)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == kept.result_sha256
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert [row.act.object_key for row in rows if row.act.act == "report.read"] == [run]


async def test_who_works_for_some_units_only_reads_no_result(house: EdgeHouse, tmp_path: Path) -> None:
    run = await compared(house, tmp_path, "t.csv")
    operator = await house.store.read(lambda tx: tx.accounts.user_named("truc2"))
    assert operator is not None
    limited = dataclasses.replace(operator, units=(province.COMMUNE,))
    await house.store.write(lambda tx: tx.accounts.put_user(limited))
    for name in ("truc2", "gdv"):
        async with house.browser(name) as browser:
            assert not (await browser.get("/discrepancies")).has("reports")
            for address in ("/reports", f"/reports/{run}.csv"):
                assert (await browser.get(address)).status == 403
