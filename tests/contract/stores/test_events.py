import dataclasses
import random

import pytest

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.errors import NotFound
from schemas.ids import ItemId
from schemas.tracking import Movement, StoredEvent, TrackingEvent
from tests.contract.stores import records
from tests.contract.stores.records import CARRIER, later

KEY = ("2026-03-02T09:00:00", "EMA", "361000", 0)


async def an_item(database: Database) -> ItemId:
    stored = await database.write(lambda tx: tx.items.add(records.item()))
    return stored.id


def moved(told: TrackingEvent, movement: Movement) -> TrackingEvent:
    assert told.mapped is not None
    return dataclasses.replace(told, mapped=dataclasses.replace(told.mapped, movement=movement))


async def test_the_second_copy_is_counted_and_nothing_else(database: Database) -> None:
    item = await an_item(database)
    told = records.event()
    (first,) = await database.write(lambda tx: tx.events.append(item, [(told, "EV-12")]))
    assert first.new and first.event == StoredEvent(told, 1, later(10), later(10), None, "EV-12")
    louder = dataclasses.replace(told, text="khác", received_at=later(99))
    (second,) = await database.write(lambda tx: tx.events.append(item, [(louder, None)]))
    assert not second.new
    assert second.event == dataclasses.replace(first.event, seen_n=2, last_seen_at=later(99))
    assert await database.read(lambda tx: tx.events.of_item(item)) == (second.event,)


async def test_copies_inside_one_batch_count_too(database: Database) -> None:
    item = await an_item(database)
    a, b = records.event(), records.event(attempt=1)
    answers = await database.write(lambda tx: tx.events.append(item, [(a, None), (b, None), (a, None), (a, None)]))
    assert [(answer.new, answer.event.seen_n) for answer in answers] == [(True, 1), (True, 1), (False, 2), (False, 3)]
    assert [event.seen_n for event in await database.read(lambda tx: tx.events.of_item(item))] == [3, 1]
    assert await database.write(lambda tx: tx.events.append(item, [])) == ()


async def test_every_part_of_the_natural_key_tells_events_apart(database: Database) -> None:
    item, other = await an_item(database), await an_item(database)
    told = records.event()
    different = [
        told,
        records.event("2026-03-02T09:00:01"),
        dataclasses.replace(told, code="EMB"),
        dataclasses.replace(told, office=""),
        dataclasses.replace(told, attempt=2),
    ]
    answers = await database.write(lambda tx: tx.events.append(item, [(one, None) for one in different]))
    assert all(answer.new for answer in answers)
    (elsewhere,) = await database.write(lambda tx: tx.events.append(other, [(told, None)]))
    assert elsewhere.new


async def test_events_come_by_time_then_rank_then_receipt(database: Database) -> None:
    item = await an_item(database)
    at_noon = "2026-03-02T12:00:00"
    ordered = [
        records.event("2026-03-02T08:00:00", "Z"),
        dataclasses.replace(records.event(at_noon, "X"), mapped=None),
        moved(records.event(at_noon, "C"), Movement.ACCEPTED),
        moved(records.event(at_noon, "B", received_at=later(20)), Movement.DELIVERED),
        moved(records.event(at_noon, "A", received_at=later(30)), Movement.DELIVERED),
    ]
    shuffled = random.Random(7).sample(ordered, len(ordered))
    await database.write(lambda tx: tx.events.append(item, [(one, None) for one in shuffled]))
    assert [stored.event for stored in await database.read(lambda tx: tx.events.of_item(item))] == ordered


async def test_a_withdrawn_event_stays_with_its_first_withdrawal(database: Database) -> None:
    item = await an_item(database)
    await database.write(lambda tx: tx.events.append(item, [(records.event(), None)]))
    await database.write(lambda tx: tx.events.withdraw(item, KEY, later(50)))
    await database.write(lambda tx: tx.events.withdraw(item, KEY, later(60)))
    (stored,) = await database.read(lambda tx: tx.events.of_item(item))
    assert stored.withdrawn_at == later(50)


async def test_quarantine_is_entered_and_left(database: Database) -> None:
    item = await an_item(database)
    await database.write(lambda tx: tx.events.append(item, [(records.event(), None)]))
    for reason in ("EV-11", None):

        def change(tx: GatewayTx, reason: str | None = reason) -> tuple[StoredEvent, ...]:
            tx.events.set_quarantine(item, KEY, reason)
            return tx.events.of_item(item)

        assert [stored.quarantine for stored in await database.write(change)] == [reason]
    for act in ("withdraw", "quarantine"):
        with pytest.raises(NotFound):
            await database.write(lambda tx, act=act: _touch(tx, act, item))  # type: ignore[misc]  # bound in the loop


async def test_a_meaning_is_learned_once(database: Database) -> None:
    item = await an_item(database)
    known = records.event()
    assert known.mapped is not None
    strange = dataclasses.replace(known, mapped=None)
    await database.write(lambda tx: tx.events.append(item, [(strange, "EV-13")]))
    meaning, other = known.mapped, dataclasses.replace(known.mapped, movement=Movement.LOST)
    for mapped in (meaning, other):
        await database.write(lambda tx, mapped=mapped: tx.events.learn(item, KEY, mapped))  # type: ignore[misc]  # bound now
    (stored,) = await database.read(lambda tx: tx.events.of_item(item))
    assert (stored.event, stored.quarantine) == (known, "EV-13")
    assert await database.read(lambda tx: tx.events.unknown_codes(limit=5)) == ()
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.events.learn(item, ("2026-01-01", "EMA", "", 0), meaning))


def _touch(tx: GatewayTx, act: str, item: ItemId) -> None:
    missing = ("2026-01-01", "EMA", "361000", 0)
    if act == "withdraw":
        tx.events.withdraw(item, missing, later())
    else:
        tx.events.set_quarantine(item, missing, None)


async def test_unknown_codes_are_counted_by_carrier(database: Database) -> None:
    item = await an_item(database)
    strange = [
        dataclasses.replace(records.event(f"2026-03-02T09:00:0{n}", code, received_at=later(n)), mapped=None)
        for n, code in enumerate(["Q1", "Q2", "Q2"])
    ]
    await database.write(lambda tx: tx.events.append(item, [(one, "EV-13") for one in (*strange, records.event())]))
    found = await database.read(lambda tx: tx.events.unknown_codes(limit=5))
    assert found == ((CARRIER, "Q2", 2, later(2)), (CARRIER, "Q1", 1, later(0)))
