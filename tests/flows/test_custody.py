"""Bags, manifests, namesakes and invoices as the store gives them to the rules; who holds the papers."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.bag import Bag, BagLine, HandoverManifest, ManifestLine, ManifestParty
from schemas.discrepancy import DiscrepancyState
from schemas.dossier import DossierState
from schemas.ids import BagNumber, DossierId, ItemId, Sha256, UnitId
from schemas.invoice import Corridor, InvoiceLine, ServiceProfile, Tariff, TariffStep
from schemas.shipment import ExpectedOffice, Packing
from schemas.tracking import Movement
from tests.flows.edge_house import EdgeHouse, edge_house
from tests.flows.news import World, world
from tests.unit.tracking.build import CARRIER, OFFICE, POST, T0, after, event, item
from tracking import reading, sweep
from tracking.custody import Why
from tracking.explain import explain

__all__ = ["world"]  # a fixture: used by name only

M = Movement
NUMBER, SECOND = "EL000000005VN", "EL000000014VN"
FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 30)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


def released(dossier: DossierId | None, taken: float | None = None, of: ItemId | None = None) -> HandoverManifest:
    giver = ManifestParty(POST, "An", after(1), None)
    taker = ManifestParty(OFFICE, "Bình", None if taken is None else after(taken), None)
    line = ManifestLine(of, NUMBER, dossier, "present", None if taken is None else "present", 3)
    return HandoverManifest("GN-1", 1, None, giver, taker, (line,), None, None, None)


def line(place: int, number: str, fee: int | None) -> InvoiceLine:
    return InvoiceLine(
        carrier=CARRIER,
        invoice="HD-11",
        line=place,
        since=FIRST,
        until=LAST,
        number=number,
        service="HCC",
        taken_on=None,
        weight_g=90,
        zone="1",
        fee=fee,
        cod_collected=None,
        cod_remitted=None,
        remitted_on=None,
        raw_sha256=Sha256("0" * 64),
    )


async def settle_all(world: World, hours: float) -> dict[str, DiscrepancyState]:
    """A full pass; the state of every case by rule."""

    def passed(tx):  # type: ignore[no-untyped-def]  # a closure over one write
        cursor = sweep.SweepCursor()
        while not cursor.done:
            cursor = sweep.next_chunk(tx, cursor, limit=50, context_source=reading.load_context, now=after(hours))
        return {case.rule: case.state for case in tx.discrepancies.list()}

    return await world.do(passed)


async def test_an_invoice_opens_its_cases_and_a_corrected_one_closes_them(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(valid_from=after(-1)), one)
    await world.hear(event(M.ACCEPTED, after(1)))
    tariff = Tariff(CARRIER, "HCC", "1", (TariffStep(None, 10_000),), FIRST, None)
    await world.do(lambda tx: tx.trade.put_tariffs([tariff]))
    await world.do(lambda tx: tx.trade.put_lines([line(1, NUMBER, 12_000), line(2, "EE1VN", 10_000)]))
    states = await settle_all(world, 30)
    assert (states["D-37"], states["D-38"]) == (DiscrepancyState.OPEN, DiscrepancyState.OPEN)
    await world.do(lambda tx: tx.trade.put_lines([line(1, NUMBER, 10_000), line(2, NUMBER, None)]))
    states = await settle_all(world, 31)
    assert (states["D-37"], states["D-38"]) == (DiscrepancyState.RESOLVED, DiscrepancyState.RESOLVED)


async def test_what_the_carrier_took_and_the_invoice_forgot(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(valid_from=after(-1)), one)
    await world.pack(item(number=SECOND, valid_from=after(-1)), one)
    await world.hear(event(M.ACCEPTED, after(1)), event(M.ACCEPTED, after(2), number=SECOND))
    await world.do(lambda tx: tx.trade.put_lines([line(1, NUMBER, 1)]))
    view = await world.database.read(lambda tx: reading.invoice_view(tx, CARRIER, "HD-11"))
    assert ([one.number for one in view.unbilled], list(view.items)) == ([SECOND], [NUMBER])
    assert (await settle_all(world, 30))["D-38"] is DiscrepancyState.OPEN


async def test_a_bag_is_judged_with_its_manifest_and_what_the_carrier_told_of_it(world: World) -> None:
    number = BagNumber("TU-9")
    posted = await world.do(lambda tx: tx.items.add(item()))
    lines = (BagLine(1, posted.id, NUMBER, after(1), None),)
    await world.do(lambda tx: tx.bags.put(Bag(number, 0, POST, OFFICE, (), after(2), None, 900, 700, lines, None)))
    counted = dataclasses.replace(
        released(None, 20),
        bag=number,
        seal_declared="N-1",
        lines=(ManifestLine(None, NUMBER, None, "present", "missing", 3),),
    )
    await world.do(lambda tx: tx.bags.put_manifest(counted))
    heard = await world.hear(event(M.IN_TRANSIT, after(5), number=None, bag=number, seal="N-7"))
    assert ("D-27", "seal|N-7") in [(case.rule, case.epoch) for case in heard.cases]
    await settle_all(world, 30)
    cases = await world.database.read(lambda tx: tx.discrepancies.list())
    bags = {(case.rule, case.epoch) for case in cases if case.subject == number}
    assert bags == {("D-24", "GN-1"), ("D-27", "weight"), ("D-27", "seal|N-7")}


async def test_the_view_of_an_item_knows_its_namesakes_companions_and_bags(world: World) -> None:
    one = await world.lodged()
    first = await world.pack(item(), one)
    await world.do(lambda tx: tx.items.put(dataclasses.replace(tx.items.get(first.id), valid_to=after(1))))
    again = await world.pack(item(valid_from=after(5)), one)
    other = await world.pack(item(number=SECOND), one)
    await world.do(lambda tx: tx.items.pack(Packing(one.id, first.id, 1, 1, (), T0, after(1))))
    lines = (BagLine(1, again.id, NUMBER, after(1), None),)
    await world.do(
        lambda tx: tx.bags.put(Bag(BagNumber("TU-9"), 0, POST, OFFICE, (), after(2), None, None, None, lines, None))
    )
    view = await world.database.read(lambda tx: reading.item_view(tx, again.id))
    assert [one.id for one in view.namesakes] == [first.id]
    assert [one.item.id for one in view.companions] == [other.id]
    assert [stay.bag.number for stay in view.stays] == ["TU-9"]
    assert (await settle_all(world, 6))["D-22"] is DiscrepancyState.OPEN


async def test_one_event_opens_a_case_at_once(world: World) -> None:
    one = await world.lodged()
    office = (ExpectedOffice("361000", T0, "booking"),)
    await world.pack(item(origin_office="330000", expected_offices=office), one)
    await world.do(lambda tx: tx.trade.put_profiles([ServiceProfile(CARRIER, "HCC", (), FIRST, None)]))
    await world.do(lambda tx: tx.trade.put_corridors([Corridor(CARRIER, "330000", "361000", (), FIRST, None)]))
    heard = await world.hear(event(M.IN_TRANSIT, after(2), office="550000", text="gọi 0912000111"))
    assert {(case.rule, case.shadow) for case in heard.cases} == {("D-13", True), ("D-42", False)}
    heard = await world.hear(event(M.OUT_FOR_DELIVERY, after(3), office="550000"))
    assert {case.rule for case in heard.cases if case.state is DiscrepancyState.OPEN} == {"D-12"}
    heard = await world.hear(event(M.OUT_FOR_DELIVERY, after(9), office="361000"))
    assert {case.rule for case in heard.cases if case.state is DiscrepancyState.RESOLVED} == {"D-12"}


async def test_explain_tells_who_holds_the_papers_and_where_the_chain_is_open(world: World) -> None:
    one = await world.lodged()
    posted = await world.pack(item(handed_over_at=None), one)
    await world.do(lambda tx: tx.bags.put_manifest(released(one.id, of=posted.id)))
    stands = await world.dossier(one)
    told = await world.database.read(lambda tx: explain(tx, stands, now=after(30)))
    assert [(book.name, [entry.hold.why for entry in book.entries]) for book in told.custody] == [
        (NUMBER, [Why.RELEASED])
    ]
    assert [hole.manifest for hole in told.holes] == ["GN-1"]
    assert (await settle_all(world, 30))["D-41"] is DiscrepancyState.OPEN
    await world.do(lambda tx: tx.bags.put_manifest(released(one.id, 29, posted.id)))
    told = await world.database.read(lambda tx: explain(tx, stands, now=after(30)))
    assert ([book.entries[-1].hold.unit for book in told.custody], told.holes) == ([OFFICE], ())
    assert (await settle_all(world, 31))["D-41"] is DiscrepancyState.RESOLVED


async def test_news_of_the_item_does_not_close_a_hole_that_it_says_nothing_of(world: World) -> None:
    """The view that ingest makes of a dossier has its manifests too."""
    one = await world.lodged()
    posted = await world.pack(item(handed_over_at=None), one)
    await world.do(lambda tx: tx.bags.put_manifest(released(one.id)))
    assert (await settle_all(world, 30))["D-41"] is DiscrepancyState.OPEN
    await world.hear(event(M.REGISTERED, after(30)), now=after(31))
    assert "D-41" in await world.open_cases()
    assert posted.id and (await world.dossier(one)).state is DossierState.LODGED


async def test_the_dossier_page_shows_who_holds_the_papers(house: EdgeHouse) -> None:
    receipt = await house.lodge()

    def hand_over(tx):  # type: ignore[no-untyped-def]  # a closure over one write
        dossier = tx.dossiers.find(receipt["code"])
        at = dossier.created_at
        giver, taker = (
            ManifestParty(dossier.competent_unit, "An", at, None),
            ManifestParty(UnitId("xa-b"), "", None, None),
        )
        lines = (ManifestLine(None, "", dossier.id, "present", None, 3),)
        tx.bags.put_manifest(HandoverManifest("GN-7", 1, None, giver, taker, lines, None, None, None))

    await house.store.write(hand_over)
    async with house.browser("gdv") as browser:
        page = await browser.get(f"/dossiers/{receipt['code']}")
        english = await browser.get(f"/dossiers/{receipt['code']}?lang=en")
    assert page.has("custody") and page.has("hole")
    assert "Bên giao ký bảng kê GN-7, bên nhận chưa ký" in page.text
    assert "Who holds the papers" in english.text and "The giver signed manifest GN-7" in english.text
