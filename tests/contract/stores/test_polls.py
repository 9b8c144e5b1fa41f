"""The store orders due questions as the pure rule does, and hands out the items of a sweep page by page."""

import dataclasses
import datetime as dt
import random

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.ids import CarrierId, ItemId
from schemas.shipment import Item, PollState
from schemas.tracking import EvidenceLevel, Movement, Outcome
from tests.contract.stores import records
from tests.contract.stores.records import CARRIER, T0, later
from tracking import watch


async def test_due_items_come_in_the_order_of_the_pure_rule(database: Database) -> None:
    chance = random.Random(113)
    promised = [None, *(later(chance.uniform(-20, 30) * 86_400) for _ in range(59))]
    told = [
        records.item(f"N{n}", promised_at=promise, polls=PollState(T0, later(chance.uniform(-5 * 86_400, 0))))
        for n, promise in enumerate(promised)
    ]

    def store(tx: GatewayTx) -> list[Item]:
        return [tx.items.add(one) for one in told]

    stored = await database.write(store)

    def place(item: Item) -> tuple[int, ItemId]:
        assert item.polls.next_at is not None
        return watch.place(item.polls.next_at, item.promised_at), item.id

    expected = [one.id for one in sorted(stored, key=place)]
    due = await database.read(lambda tx: tx.items.due_for_poll(CARRIER, T0, limit=99))
    assert [one.id for one in due] == expected
    first = await database.read(lambda tx: tx.items.due_for_poll(CARRIER, T0, limit=7))
    assert [one.id for one in first] == expected[:7]


async def test_a_sweep_sees_every_item_that_can_be_asked_about_and_is_not_settled(database: Database) -> None:
    done = records.fold(Movement.DELIVERED, outcome=Outcome.DELIVERED, evidence=EvidenceLevel.SCAN)

    def store(tx: GatewayTx) -> list[ItemId]:
        return [
            tx.items.add(one).id
            for one in (
                records.item("A"),
                records.item("B", fold=done),
                records.item("C", carrier=CarrierId("viettel")),
                records.item(None, reference="R"),
                records.item("D", valid_to=T0 + dt.timedelta(days=1)),
                records.item("E", fold=dataclasses.replace(done, evidence=EvidenceLevel.NONE)),
                records.item("F", polls=PollState(T0, later(9))),
            )
        ]

    ids = await database.write(store)
    expected = [ids[0], ids[5], ids[6]]
    assert await database.read(lambda tx: tx.items.count_unsettled(CARRIER)) == 3
    first = await database.read(lambda tx: tx.items.unsettled(CARRIER, after=ItemId(0), limit=2))
    rest = await database.read(lambda tx: tx.items.unsettled(CARRIER, after=first[-1].id, limit=2))
    assert [one.id for one in (*first, *rest)] == expected
