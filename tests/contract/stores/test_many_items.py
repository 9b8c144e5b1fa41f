"""What is read and written for many items at once is what one by one would be, on both databases."""

import dataclasses

import pytest

from gateway.storage.database import Database
from schemas.errors import Stale
from schemas.ids import CarrierId
from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import Movement, Outcome
from tests.contract.stores import records
from tests.contract.stores.records import CARRIER, later


async def test_folds_of_many_items_are_put_at_once_and_a_stale_one_stops_all(database: Database) -> None:
    numbers = ("EL000000005VN", "EL000000014VN")

    def stock(tx: Tx) -> list[Item]:
        return [tx.items.add(dataclasses.replace(records.item(), number=number, reference=None)) for number in numbers]

    first, second = await database.write(stock)
    ended = dataclasses.replace(
        first.fold, movement=Movement.DELIVERED, outcome=Outcome.DELIVERED, since=later(5), accepted_at=later(1)
    )
    moved = dataclasses.replace(second.fold, movement=Movement.IN_TRANSIT, since=later(5), accepted_at=later(90))
    changes = [(first, ended, first.polls), (second, moved, second.polls)]
    stored = await database.write(lambda tx: tx.items.put_folds(changes))
    assert [(one.version, one.fold) for one in stored] == [(first.version + 1, ended), (second.version + 1, moved)]
    assert await database.read(lambda tx: tuple(tx.items.get(one.id) for one in stored)) == stored
    named = await database.read(lambda tx: tx.items.named((*numbers, "nobody")))
    assert named == {numbers[0]: (stored[0],), numbers[1]: (stored[1],), "nobody": ()}
    took = await database.read(lambda tx: tx.items.carried(CARRIER, later(0), later(60)))
    assert took == (stored[0],)
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.items.put_folds([(stored[0], moved, first.polls), changes[1]]))
    assert await database.read(lambda tx: tx.items.get(first.id)) == stored[0]


async def test_logs_of_many_items_grow_at_once(database: Database) -> None:
    first = (await database.write(lambda tx: tx.items.add(records.item()))).id
    second = (await database.write(lambda tx: tx.items.add(records.item()))).id
    a, b = records.event(), records.event(attempt=1)

    def append(tx: Tx) -> list[list[tuple[bool, int]]]:
        logs = tx.events.of_items((first, second), lock=True)
        logged = tx.events.append_many({first: [(a, None), (b, None), (a, None)], second: [(a, "EV-13")]}, logs)
        return [[(one.new, one.event.seen_n) for one in logged[item].answers] for item in (first, second)]

    assert await database.write(append) == [[(True, 1), (True, 1), (False, 2)], [(True, 1)]]
    assert await database.write(append) == [[(False, 3), (False, 2), (False, 4)], [(False, 2)]]
    logs = await database.read(lambda tx: tx.events.of_items((first, second)))
    assert [[one.seen_n for one in logs[item]] for item in (first, second)] == [[4, 2], [2]]


async def test_an_event_is_read_again_by_another_table(database: Database) -> None:
    item = (await database.write(lambda tx: tx.items.add(records.item()))).id
    told = records.event()
    await database.write(lambda tx: tx.events.append(item, [(told, None)]))
    (stored,) = await database.read(lambda tx: tx.events.of_item(item))
    unread = dataclasses.replace(stored, event=dataclasses.replace(told, mapped=None), quarantine="EV-13")
    await database.write(lambda tx: tx.events.reread([(item, unread)]))
    assert await database.read(lambda tx: tx.events.of_item(item)) == (unread,)
    for codes, found in (((told.code,), (item,)), (("nothing",), ()), ((), ())):
        ids = await database.read(lambda tx, codes=codes: tx.events.items_with(CARRIER, codes, limit=5))  # type: ignore[misc]  # bound now
        assert ids == found
    assert await database.read(lambda tx: tx.events.items_with(CarrierId("x"), (told.code,), limit=5)) == ()
    assert await database.read(lambda tx: tx.events.items_with(CARRIER, (told.code,), limit=5, after=item)) == ()
