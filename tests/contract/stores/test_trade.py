import dataclasses
import datetime as dt

import pytest

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.bag import Bag, BagLine, HandoverManifest, ManifestLine, ManifestParty
from schemas.calendar import VIETNAM
from schemas.errors import NotFound
from schemas.ids import BagNumber, CarrierId, DossierId, ItemId, Sha256
from schemas.invoice import Corridor, Invoice, InvoiceLine, ReportRun, ServiceProfile, Tariff, TariffStep
from schemas.limits import OfficePlace, RuleLimit, Span
from schemas.shipment import Packing, Purpose
from schemas.tracking import Outcome
from tests.contract.stores import records
from tests.contract.stores.records import COMMUNE, POST, T0, later

VNPOST = CarrierId("vnpost")
FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 30)


def line(place: int, number: str, fee: int | None = 20_000, **changes: object) -> InvoiceLine:
    plain = InvoiceLine(
        carrier=VNPOST,
        invoice="HD-11",
        line=place,
        since=FIRST,
        until=LAST,
        number=number,
        service="HCC",
        taken_on=None,
        weight_g=120,
        zone="",
        fee=fee,
        cod_collected=None,
        cod_remitted=None,
        remitted_on=None,
        raw_sha256=Sha256("0" * 64),
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values


async def test_lines_of_an_invoice_are_told_again_and_found_by_number(database: Database) -> None:
    report = line(1, "A", None, invoice="TB-11", cod_remitted=5)
    await database.write(lambda tx: tx.trade.put_lines([line(2, "B"), line(1, "A"), report]))
    corrected = line(2, "B", 25_000)
    await database.write(lambda tx: tx.trade.put_lines([corrected]))
    assert await database.read(lambda tx: tx.trade.lines(VNPOST, "HD-11")) == (line(1, "A"), corrected)
    assert await database.read(lambda tx: tx.trade.lines_of(VNPOST, "A")) == (line(1, "A"), report)
    assert await database.read(lambda tx: tx.trade.invoices()) == (
        Invoice(VNPOST, "HD-11", FIRST, LAST),
        Invoice(VNPOST, "TB-11", FIRST, LAST),
    )
    assert await database.read(lambda tx: tx.trade.lines(CarrierId("ems"), "HD-11")) == ()


async def test_what_the_carrier_took_and_never_billed(database: Database) -> None:
    def taken(tx: GatewayTx, number: str, day: int, **changes: object) -> ItemId:
        plain = records.item(number=number)
        when = dt.datetime(2026, 11, day, 5, tzinfo=dt.UTC)
        fold = dataclasses.replace(plain.fold, accepted_at=when)
        return tx.items.add(dataclasses.replace(plain, fold=fold, **changes)).id  # type: ignore[arg-type]  # field values

    def fill(tx: GatewayTx) -> tuple[ItemId, ...]:
        made = (
            taken(tx, "EE000000011VN", 3),
            taken(tx, "EE000000025VN", 30),
            taken(tx, "EE000000039VN", 4, purpose=Purpose.UNKNOWN),
            taken(tx, "EE000000042VN", 5, carrier=CarrierId("ems")),
        )
        tx.items.add(records.item(number="EE000000056VN"))
        tx.trade.put_lines([line(1, "EE000000011VN"), line(2, "EE000000025VN", None, invoice="TB-11")])
        return made

    made = await database.write(fill)
    assert await database.read(lambda tx: tx.trade.unbilled(Invoice(VNPOST, "HD-11", FIRST, LAST))) == (made[1],)
    assert await database.read(lambda tx: tx.trade.unbilled(Invoice(VNPOST, "HD-12", LAST, LAST))) == (made[1],)
    before = dt.date(2026, 11, 29)
    assert await database.read(lambda tx: tx.trade.unbilled(Invoice(VNPOST, "HD-11", FIRST, before))) == ()


async def test_what_was_agreed_with_a_carrier(database: Database) -> None:
    tariffs = (
        Tariff(VNPOST, "HCC", "1", (TariffStep(100, 10_000), TariffStep(None, 20_000)), FIRST, LAST),
        Tariff(VNPOST, "HCC", "1", (TariffStep(None, 22_000),), dt.date(2026, 12, 1), None),
    )
    way = Corridor(VNPOST, "100000", "361000", ("100900", "360900"), FIRST, None)
    profile = ServiceProfile(VNPOST, "HCC", ("recipient.relation",), FIRST, None)

    def fill(tx: GatewayTx) -> None:
        tx.trade.put_tariffs(reversed(tariffs))
        tx.trade.put_corridors([dataclasses.replace(way, offices=()), way])
        tx.trade.put_profiles([profile])

    await database.write(fill)
    assert await database.read(lambda tx: tx.trade.tariffs(VNPOST)) == tariffs
    assert await database.read(lambda tx: tx.trade.corridors(VNPOST)) == (way,)
    assert await database.read(lambda tx: tx.trade.profiles(VNPOST)) == (profile,)
    assert await database.read(lambda tx: tx.trade.tariffs(CarrierId("ems"))) == ()


async def test_an_item_finds_its_bags_and_its_manifests(database: Database) -> None:
    def fill(tx: GatewayTx) -> ItemId:
        item = tx.items.add(records.item()).id
        lines = (BagLine(1, item, "EE473124829VN", T0, None), BagLine(2, None, "EE473124846VN", T0, None))
        tx.bags.put(Bag(BagNumber("TU-1"), 0, POST, COMMUNE, (), later(1), None, None, None, lines, None))
        listed = (ManifestLine(item, "EE473124829VN", DossierId(7), "present", None, 8),)
        parties = ManifestParty(POST, "pom", None, None), ManifestParty(COMMUNE, "oi", None, None)
        for revision in (1, 2):
            of = listed if revision == 2 else ()
            tx.bags.put_manifest(HandoverManifest("BK-1", revision, BagNumber("TU-1"), *parties, of, None, None, None))
        return item

    item = await database.write(fill)
    stays = await database.read(lambda tx: tx.bags.stays([item, ItemId(99)]))
    assert [(of, stay.bag.number, stay.line.seq) for of, stay in stays] == [(item, "TU-1", 1)]
    for of, items in (((DossierId(7),), ()), ((), (item,)), ((DossierId(8), DossierId(7)), (item,))):
        found = await database.read(lambda tx, of=of, items=items: tx.bags.listing(of, items))  # type: ignore[misc]  # bound now
        assert [(one.number, one.revision) for one in found] == [("BK-1", 2)]
    assert await database.read(lambda tx: tx.bags.listing((DossierId(8),), ())) == ()
    by_bag = await database.read(lambda tx: tx.bags.manifest_of(BagNumber("TU-1")))
    assert by_bag is not None and by_bag.revision == 2
    emptied = dataclasses.replace(stays[0][1].bag, lines=())
    await database.write(lambda tx: tx.bags.put(emptied))
    assert await database.read(lambda tx: tx.bags.stays([item])) == ()


async def test_comparisons_of_reports_are_kept_newest_first(database: Database) -> None:
    digest = Sha256("a" * 64)
    runs = [
        ReportRun(f"r{n}", VNPOST, f"t{n}.csv", digest, digest, later(n), "user:an", 3, (("matched", n),), 0)
        for n in range(3)
    ]

    def fill(tx: GatewayTx) -> None:
        for one in runs:
            tx.trade.put_run(one)

    await database.write(fill)
    assert await database.read(lambda tx: tx.trade.runs(limit=2)) == (runs[2], runs[1])
    assert await database.read(lambda tx: tx.trade.run("r0")) == runs[0]
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.trade.run("r9"))


async def test_limits_and_places_are_replaced_by_what_they_are_of(database: Database) -> None:
    wide = RuleLimit("D-01", Span(6, working=True), Span(24))
    narrow = RuleLimit("D-01", Span(1), Span(2), VNPOST, "HCC", "01>33")
    place = OfficePlace("330000", 21.5, 103.0)

    def fill(tx: GatewayTx) -> None:
        tx.trade.put_limits([dataclasses.replace(narrow, soft=Span(9)), wide])
        tx.trade.put_limits([narrow])
        tx.trade.put_places([dataclasses.replace(place, latitude=0.0), OfficePlace("100000", 21.0, 105.8)])
        tx.trade.put_places([place])

    await database.write(fill)
    assert await database.read(lambda tx: tx.trade.limits()) == (wide, narrow)
    assert [one.office for one in await database.read(lambda tx: tx.trade.places())] == ["100000", "330000"]
    assert place in await database.read(lambda tx: tx.trade.places())


async def test_control_totals_of_a_unit_count_what_had_happened_by_then(database: Database) -> None:
    def handed(tx: GatewayTx, accepted: float | None, ended: float | None) -> None:
        plain = records.item()
        fold = dataclasses.replace(
            plain.fold,
            accepted_at=None if accepted is None else later(accepted),
            since=None if ended is None else later(ended),
            outcome=Outcome.OPEN if ended is None else Outcome.DELIVERED,
        )
        tx.items.add(dataclasses.replace(plain, handed_over_at=T0, fold=fold))

    def fill(tx: GatewayTx) -> None:
        for accepted, ended in ((10, 20), (10, 90), (70, None), (None, None)):
            handed(tx, accepted, ended)

    await database.write(fill)
    totals = [await database.read(lambda tx, at=at: tx.nominations.unit_totals(T0, later(at))) for at in (50, 100)]  # type: ignore[misc]  # bound now
    assert [(one.handed_over, one.seen, one.ended, one.missing) for (one,) in totals] == [(4, 2, 1, 2), (4, 3, 2, 1)]


async def test_control_totals_of_bags_by_the_day_they_were_closed(database: Database) -> None:
    def bag(number: str, closed: dt.datetime, opened: dt.datetime | None, *lines: BagLine) -> Bag:
        return Bag(BagNumber(number), 0, POST, COMMUNE, (), closed, opened, None, None, lines, None)

    def fill(tx: GatewayTx) -> None:
        there = BagLine(1, None, "EE000000011VN", T0, later(5))
        lost, found = BagLine(2, None, "EE000000025VN", T0, None), BagLine(3, None, "EE000000039VN", None, later(5))
        tx.bags.put(bag("TU-2", later(1), later(5), there, lost))
        tx.bags.put(bag("TU-1", later(1), later(5), there, found))
        tx.bags.put(bag("TU-3", later(2), None, dataclasses.replace(there, taken_out_at=None), lost))
        tx.bags.put(bag("TU-4", later(9), None, lost))

    await database.write(fill)
    told = await database.read(lambda tx: tx.nominations.bag_totals(T0, later(8)))
    assert [(one.bag, one.put_in, one.taken_out, one.missing) for one in told] == [
        ("TU-1", 1, 2, -1),
        ("TU-2", 2, 1, 1),
        ("TU-3", 2, None, 0),
    ]
    assert {one.day for one in told} == {later(1).astimezone(VIETNAM).date()}
    earlier = await database.read(lambda tx: tx.nominations.bag_totals(T0, later(4)))
    assert [one.taken_out for one in earlier] == [None, None, None]


async def test_numbers_that_several_have_and_dossiers_that_several_carry(database: Database) -> None:
    def fill(tx: GatewayTx) -> tuple[DossierId, DossierId]:
        one, other = tx.dossiers.add(records.dossier()).id, tx.dossiers.add(records.dossier("B-2")).id
        first, second = tx.items.add(records.item()).id, tx.items.add(records.item()).id
        third = tx.items.add(records.item("EE473124846VN")).id
        for dossier, item, until in (
            (one, first, None),
            (one, third, None),
            (other, second, later(1)),
            (other, third, None),
        ):
            tx.items.pack(Packing(dossier, item, 1, 1, (), T0, until))
        return one, other

    one, other = await database.write(fill)
    numbers = ("EE473124829VN", "EE473124846VN", "EE1")
    assert await database.read(lambda tx: tx.items.shared(numbers)) == ("EE473124829VN",)
    assert await database.read(lambda tx: tx.items.crowded((one, other))) == (one,)
    assert await database.read(lambda tx: (tx.items.shared(()), tx.items.crowded(()))) == ((), ())
