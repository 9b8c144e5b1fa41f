"""``lienthong import invoice|agreed`` against a real store: what a carrier bills beside what it carried."""

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.importing import tables
from schemas.ids import CarrierId
from tests.flows.test_import import DOSSIER, EVENTS, ITEM, NUMBER, House, house
from tracking import reading
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import AT_ONCE

__all__ = ["house"]  # a fixture: used by name only

TARIFF = {
    "kind": "tariff",
    "carrier": "vnpost",
    "service": "HCC",
    "zone": "1",
    "steps": [{"up_to_g": 500, "fee": 30_000}],
    "valid_from": "2026-01-01",
}
PERIOD = ("--carrier", "vnpost", "--number", "HD-11", "--since", "2026-11-01", "--until", "2026-11-30")


def bill(house: House, *rows: str, words: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
    path = house.folder / "hoadon.csv"
    path.write_text("\n".join(("Số hiệu;service;zone;fee;cod_collected", *rows)), "utf-8")
    code, out = house.run("import", "invoice", str(path), *PERIOD, "--columns", "number=Số hiệu", "--json", *words)
    told: dict[str, Any] = json.loads(out)
    return code, told


@pytest.fixture
def carried(house: House) -> House:
    """One dossier in one item that the post took, and a tariff."""
    house.take("dossiers", DOSSIER)
    house.take("items", ITEM)
    house.take("events", *EVENTS)
    code, out = house.run("import", "agreed", str(house.file("agreed.jsonl", TARIFF)), "--json")
    assert (code, json.loads(out)["lines"]) == (0, 1)
    return house


def test_a_wrong_fee_and_a_number_nobody_sent_are_cases_until_the_invoice_is_corrected(carried: House) -> None:
    code, told = bill(carried, f"{NUMBER};HCC;1;32.000;", "EL000000028VN;HCC;1;30000;")
    assert (code, told["lines"], sorted(told["cases"])) == (4, 2, ["D-37", "D-38"])
    code, told = bill(carried, f"{NUMBER};HCC;1;30.000;", f"{NUMBER};;;;0")
    assert (code, told["cases"]) == (0, [])


def test_a_row_that_cannot_be_read_is_named_and_hides_no_other(carried: House) -> None:
    rows = (";HCC;1;30000;", f"{NUMBER};HCC;1;ba mươi nghìn;", f"{NUMBER};HCC;1;;", f"{NUMBER};HCC;1;31000,0;")
    code, told = bill(carried, *rows)
    assert (code, told["lines"], told["cases"]) == (2, 1, ["D-37"])
    assert [(bad["row"], bad["why"].partition(":")[0]) for bad in told["rejects"]] == [
        (2, "no item number"),
        (3, "fee"),
        (4, "neither a fee nor money collected or remitted"),
    ]


def test_a_corrected_invoice_may_have_fewer_lines_and_one_that_is_half_read_forgets_none(carried: House) -> None:
    right, wrong = f"{NUMBER};HCC;1;30000;", "EL999999995VN;HCC;1;30000;"
    assert bill(carried, right, wrong)[1]["cases"] == ["D-38"]
    code, told = bill(carried, right, ";HCC;1;30000;")
    assert (code, len(told["rejects"]), told["cases"]) == (2, 1, [])

    async def lines() -> list[str]:
        database = carried.open()
        try:
            found = await database.read(lambda tx: tx.trade.lines(CarrierId("vnpost"), "HD-11"))
            return [line.number for line in found]
        finally:
            await database.close()

    assert asyncio.run(lines()) == [NUMBER, "EL999999995VN"]
    assert bill(carried, right)[0] == 0
    assert asyncio.run(lines()) == [NUMBER]


def test_a_dry_run_keeps_nothing_and_bad_words_are_usage(carried: House) -> None:
    code, told = bill(carried, f"{NUMBER};HCC;1;99000;", words=("--dry-run",))
    assert (code, told["lines"], told["cases"]) == (0, 1, [])
    path = carried.folder / "hoadon.csv"
    assert carried.run("import", "invoice", str(path), *PERIOD, "--columns", "nonsense=x")[0] == 1
    assert carried.run("import", "invoice", str(path), *PERIOD[:-1], "2026-10-01")[0] == 1
    assert carried.run("import", "invoice", str(carried.folder / "none.csv"), *PERIOD)[0] == 2

    async def invoices() -> int:
        database = carried.open()
        try:
            return len(await database.read(lambda tx: tx.trade.invoices()))
        finally:
            await database.close()

    assert asyncio.run(invoices()) == 0


def test_what_was_agreed_is_read_line_by_line(house: House) -> None:
    profile = {"kind": "profile", "carrier": "vnpost", "service": "HCC", "allowed": [], "valid_from": "2026-01-01"}
    corridor = {
        "kind": "corridor",
        "carrier": "vnpost",
        "origin": "330000",
        "target": "361000",
        "offices": ["330000", "361000"],
        "valid_from": "2026-01-01",
    }
    wrong = ({**TARIFF, "kind": "price"}, {**TARIFF, "steps": "none"}, {"kind": "tariff", "carrier": "vnpost"})
    path = house.file("agreed.jsonl", TARIFF, *wrong, profile, corridor, b"not json")
    code, out = house.run("import", "agreed", str(path), "--json")
    assert (code, json.loads(out)["lines"], json.loads(out)["rejected"]) == (2, 3, 4)
    kept = Path(f"{path}.rejects.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["line"] for line in kept] == [2, 3, 4, 7]

    async def rows() -> tuple[int, int, int]:
        database = house.open()
        try:
            of = CarrierId("vnpost")
            return await database.read(
                lambda tx: (len(tx.trade.tariffs(of)), len(tx.trade.corridors(of)), len(tx.trade.profiles(of)))
            )
        finally:
            await database.close()

    assert asyncio.run(rows()) == (1, 1, 1)


def test_thresholds_of_rules_and_places_of_offices_are_taken_in_and_nonsense_is_named(house: House) -> None:
    span = {"hours": 6, "working": True}
    limit = {"kind": "limit", "rule": "D-01", "carrier": "vnpost", "soft": span, "hard": {"hours": 24}}
    place = {"kind": "place", "office": "330000", "latitude": 21.4, "longitude": 103.0}
    wrong = (
        {**limit, "rule": "D-99"},
        {**limit, "rule": "D-20"},
        {**limit, "soft": {"hours": -1}},
        {**limit, "carrier": None, "service": "HCC"},
        {**limit, "soft": 6},
        {**place, "latitude": 214},
        {"kind": ["limit"]},
    )
    path = house.file("agreed.jsonl", limit, *wrong, place)
    code, out = house.run("import", "agreed", str(path), "--json")
    assert (code, json.loads(out)["lines"], json.loads(out)["rejected"]) == (2, 2, len(wrong))

    async def kept() -> Context:
        database = house.open()
        try:
            return await database.read(lambda tx: reading.load_context(tx, dt.datetime(2026, 11, 20, tzinfo=dt.UTC)))
        finally:
            await database.close()

    context = asyncio.run(kept())
    limits = context.limits_of("D-01", AT_ONCE, CarrierId("vnpost"), "HCC")
    assert limits == Limits(Wait(6, working=True), Wait(24))
    assert context.limits_of("D-01", AT_ONCE, CarrierId("ems")) == AT_ONCE
    assert context.places == {"330000": (21.4, 103.0)}


@pytest.mark.parametrize(
    ("told", "meant"),
    [("32.000", 32_000), ("32,000 đ", 32_000), ("1 234 567", 1_234_567), ("12000.0", 12_000), ("0", 0), ("", None)],
)
def test_an_amount_is_whole_with_or_without_separators(told: str, meant: int | None) -> None:
    assert tables.amount("fee", told) == meant


@pytest.mark.parametrize("told", ["12.5", "1,2345", "12 000 000 00", "-5", "ba", "1e3"])
def test_what_could_be_read_in_two_ways_is_no_amount(told: str) -> None:
    with pytest.raises(ValueError, match="fee"):
        tables.amount("fee", told)
