"""News of a number that nobody typed yet: held, shown after a day, and the item's own once somebody registers it."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.calendar import VIETNAM
from schemas.dossier import DossierState
from schemas.ids import PeerId
from schemas.ports.stores import Tx
from schemas.shipment import Purpose
from schemas.tracking import EventTime, Movement, Precision, TrackingBatch, TrackingEvent, ZoneSource
from tests.flows.outbox_house import MONDAY, OutboxHouse, desk_house
from tests.unit.tracking.build import CARRIER, event
from tracking import claims, reading, reconcile
from tracking.ingest import ingest

NUMBER = "EE473124829VN"
POST_SOAP = PeerId("postal_soap")
M = Movement


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[OutboxHouse]:
    async with desk_house(tmp_path) as made:
        yield made


def told(movement: Movement, at: dt.datetime) -> TrackingEvent:
    wall = at.astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M:%S")
    when = EventTime(wall, Precision.SECOND, ZoneSource.EXPLICIT, at, at)
    return dataclasses.replace(event(movement, at), number=NUMBER, occurred=when, received_at=at)


async def hear(house: OutboxHouse, *events: TrackingEvent) -> None:
    now = max(one.received_at for one in events)
    batch = TrackingBatch(POST_SOAP, CARRIER, events, (), (), now)

    def take(tx: Tx) -> None:
        ingest(tx, batch, tell=lambda _tx, _fact: None, context_source=reading.load_context, now=now)

    await house.store.write(take)


async def rules_of(house: OutboxHouse, now: dt.datetime) -> list[tuple[str, str]]:
    def ask(tx: Tx) -> list[tuple[str, str]]:
        for item in tx.items.find_number(NUMBER):
            reconcile.reconcile_item(tx, item.id, reading.load_context(tx, now))
        return [(case.rule, case.state) for case in tx.discrepancies.open()]

    return await house.store.write(ask)


async def test_a_dossier_typed_after_the_first_scans_takes_over_what_was_told(house: OutboxHouse) -> None:
    hour = dt.timedelta(hours=1)
    await hear(house, told(M.ACCEPTED, MONDAY - 30 * hour), told(M.DELIVERED, MONDAY - 20 * hour))
    assert await rules_of(house, MONDAY - 10 * hour) == [], "bookings are often typed late"
    assert await rules_of(house, MONDAY) == [("D-40", "open")]
    (receipt,) = await house.take_in(item_number=NUMBER, handed_at=MONDAY - 31 * hour)
    (item,) = await house.store.read(lambda tx: tx.items.find_number(NUMBER))
    assert (item.purpose, item.fold.movement, item.fold.events_n) == (Purpose.DOSSIER_IN, M.DELIVERED, 2)
    assert receipt.item == item.id
    events = await house.store.read(lambda tx: tx.events.of_item(item.id))
    assert [stored.quarantine for stored in events] == [None, None]
    assert receipt.state is DossierState.IN_POST
    assert "D-40" not in dict(await rules_of(house, MONDAY))


async def test_news_older_than_a_month_is_of_an_earlier_item_and_that_of_another_carrier_never_counts(
    house: OutboxHouse,
) -> None:
    await hear(house, told(M.DELIVERED, MONDAY - dt.timedelta(days=31)))
    await house.take_in(item_number=NUMBER)
    items = await house.store.read(lambda tx: tx.items.find_number(NUMBER))
    assert sorted(item.purpose for item in items) == [Purpose.DOSSIER_IN, Purpose.UNKNOWN]
    new = next(item for item in items if item.purpose is Purpose.DOSSIER_IN)
    other = dataclasses.replace(new, carrier=type(new.carrier)("viettel"))
    young = dataclasses.replace(new, valid_from=MONDAY - dt.timedelta(days=2))
    assert await house.store.read(lambda tx: claims.orphan_of(tx, other)) is None
    waiting = await house.store.read(lambda tx: claims.orphan_of(tx, young))
    assert waiting is not None and waiting.purpose is Purpose.UNKNOWN
