import dataclasses
import datetime as dt

import pytest

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.errors import NotFound, Stale
from schemas.ids import ItemId, PeerId
from schemas.shipment import Booking, BookingState, LegDirection, Packing, PollState
from schemas.tracking import EvidenceLevel, Movement, Outcome
from tests.contract.stores import records
from tests.contract.stores.records import CARRIER, T0, later


async def test_an_item_comes_back_as_it_went_in(database: Database) -> None:
    told = records.item(aliases=("CB000000012VN",), fold=records.fold(Movement.IN_TRANSIT, since=T0, events_n=3))
    stored = await database.write(lambda tx: tx.items.add(told))
    assert stored == dataclasses.replace(told, id=stored.id, version=1)
    assert await database.read(lambda tx: tx.items.get(stored.id)) == stored
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.items.get(ItemId(99)))


async def test_an_old_version_is_refused(database: Database) -> None:
    read = await database.write(lambda tx: tx.items.add(records.item()))
    await database.write(lambda tx: tx.items.put(dataclasses.replace(read, weight_g=1)))
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.items.put(dataclasses.replace(read, weight_g=2)))


async def test_a_recycled_number_is_told_apart_by_time(database: Database) -> None:
    year = dt.timedelta(days=400)

    def store(tx: GatewayTx) -> tuple[ItemId, ItemId]:
        old = tx.items.add(records.item(valid_to=T0 + year))
        new = tx.items.add(records.item(valid_from=T0 + year))
        return old.id, new.id

    old, new = await database.write(store)

    def find(at: dt.datetime) -> ItemId | None:
        found = finds[at]
        return None if found is None else found.id

    moments = (T0 - year, T0, T0 + year, T0 + 2 * year)
    finds = {
        at: await database.read(lambda tx, at=at: tx.items.find(CARRIER, "EE473124829VN", at))  # type: ignore[misc]  # bound now
        for at in moments
    }
    assert [find(at) for at in moments] == [None, old, new, new]
    both = await database.read(lambda tx: tx.items.find_number("EE473124829VN"))
    assert [one.id for one in both] == [new, old]


async def test_aliases_and_the_reference_of_a_nameless_item_find_it(database: Database) -> None:
    def store(tx: GatewayTx) -> ItemId:
        return tx.items.add(records.item(None, reference="HCC-1")).id

    nameless = await database.write(store)
    found = await database.read(lambda tx: tx.items.find(CARRIER, "HCC-1", later(1)))
    assert found is not None and found.id == nameless
    named = dataclasses.replace(found, number="EE473124829VN", aliases=("CB000000012VN",))
    await database.write(lambda tx: tx.items.put(named))
    by_number = [
        await database.read(lambda tx, name=name: tx.items.find_number(name))  # type: ignore[misc]  # bound now
        for name in ("EE473124829VN", "CB000000012VN", "HCC-1")
    ]
    assert [len(found) for found in by_number] == [1, 1, 0]


async def test_packing_binds_in_time(database: Database) -> None:
    def store(tx: GatewayTx) -> Packing:
        bound = Packing(
            tx.dossiers.add(records.dossier()).id, tx.items.add(records.item()).id, 1, 2, (1, 3), T0, None, 0.5
        )
        tx.items.pack(dataclasses.replace(bound, since=later(60)))
        tx.items.pack(bound)
        tx.items.pack(dataclasses.replace(bound, until=later(60)))
        return bound

    bound = await database.write(store)
    expected = (dataclasses.replace(bound, until=later(60)), dataclasses.replace(bound, since=later(60)))
    assert await database.read(lambda tx: tx.items.packings_of(bound.item)) == expected
    assert await database.read(lambda tx: tx.items.packings_in(bound.dossier)) == expected


async def test_bookings_share_a_reference(database: Database) -> None:
    peer = PeerId("vnpost_hcc")

    def store(tx: GatewayTx) -> list[Booking]:
        carried = tx.items.add(records.item()).id
        made: list[Booking] = []
        for direction in (LegDirection.TO_OFFICE, LegDirection.TO_CITIZEN, LegDirection.TO_OFFICE):
            seq = tx.items.next_seq(peer, "R-1", direction)
            start = later(len(made))
            made.append(Booking(peer, CARRIER, "R-1", direction, seq, carried, BookingState.OPEN, start, None))
            tx.items.put_booking(made[-1])
        made[0] = dataclasses.replace(made[0], state=BookingState.CLOSED, window_to=later(9))
        tx.items.put_booking(made[0])
        return made

    made = await database.write(store)
    assert [booking.seq for booking in made] == [1, 1, 2]
    assert await database.read(lambda tx: tx.items.bookings(peer, "R-1")) == tuple(made)
    assert await database.read(lambda tx: tx.items.bookings_of(made[0].item)) == tuple(made)


async def test_polls_come_due_as_they_were_decided_and_at_once_for_what_was_never_asked(database: Database) -> None:
    done = records.fold(Movement.DELIVERED, outcome=Outcome.DELIVERED, evidence=EvidenceLevel.SCAN)

    def store(tx: GatewayTx) -> list[ItemId]:
        asked = PollState(last_at=T0, next_at=later(30))
        return [
            tx.items.add(one).id
            for one in (
                records.item("A", polls=asked),
                records.item("B"),
                records.item("C", polls=dataclasses.replace(asked, next_at=later(300))),
                records.item("D", polls=PollState(last_at=T0)),
                records.item("E", polls=asked, fold=done),
                records.item("F", polls=asked, fold=dataclasses.replace(done, evidence=EvidenceLevel.NAME)),
                records.item("G", polls=asked, valid_to=later(2)),
                records.item(None, reference="R", polls=asked),
                records.item("H", fold=done),
            )
        ]

    ids = await database.write(store)
    due = await database.read(lambda tx: tx.items.due_for_poll(CARRIER, later(60), limit=9))
    assert [one.id for one in due] == [ids[1], ids[0], ids[4], ids[5]]
    assert await database.read(lambda tx: tx.items.due_for_poll(CARRIER, later(60), limit=1)) == due[:1]
