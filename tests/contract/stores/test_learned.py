"""What was learned, volumes by the hour and the ledger of calls come back as they went in, on both databases."""

import dataclasses
import datetime as dt

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.dossier import DossierState
from schemas.ids import CarrierId, DossierId, ItemId, PeerId
from schemas.lag import Lag, Learned
from schemas.ports.learned import CallCount, Way
from schemas.tracking import Movement
from tests.contract.stores import records
from tests.contract.stores.records import CARRIER, PEER, T0, later

HOUR = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
LAG = Lag(40, dt.timedelta(minutes=5), dt.timedelta(hours=2))
OTHER = PeerId("viettel_post")


async def test_what_was_learned_replaces_what_was_learned_before(database: Database) -> None:
    assert await database.read(lambda tx: tx.learned.get()) == Learned()
    first = Learned(T0, lags={(CARRIER, "EMS"): LAG})
    later_on = Learned(
        later(60),
        lags={(CARRIER, ""): LAG, (CARRIER, "EMS", "01>33"): LAG},
        paces={(CARRIER, "EMS", Movement.IN_TRANSIT): LAG, (CARRIER, "EMS", Movement.HELD, "01>33"): LAG},
        remaining={("1.000948", "PROCESSING"): LAG},
    )
    for told in (first, later_on):
        await database.write(lambda tx, told=told: tx.learned.put(told))  # type: ignore[misc]  # bound now
        assert await database.read(lambda tx: tx.learned.get()) == told


async def test_the_stories_of_items_hold_only_events_that_count_and_go_on_by_id(database: Database) -> None:
    def store(tx: GatewayTx) -> tuple[ItemId, ItemId]:
        seen = records.fold(Movement.IN_TRANSIT, since=T0, last_event_at=T0)
        home = dataclasses.replace(
            records.party(), address=dataclasses.replace(records.party().address, province_code="01")
        )
        first = tx.items.add(records.item("EE000000001VN", fold=seen, service="EMS", sender=home, addressee=home)).id
        tx.items.add(records.item("EE000000015VN", fold=dataclasses.replace(seen, last_event_at=later(days=-200))))
        last = tx.items.add(records.item("EE000000029VN", fold=seen, sender=None)).id
        told = records.event("2026-03-02T09:00:00", "A")
        unknown = records.event("2026-03-02T09:10:00", "?", mapped=None)
        aside = records.event("2026-03-02T09:20:00", "B")
        gone = records.event("2026-03-02T09:30:00", "C")
        tx.events.append(first, [(gone, None), (aside, "EV-11"), (unknown, "EV-13"), (told, None)])
        tx.events.withdraw(first, ("2026-03-02T09:30:00", "C", gone.office, gone.attempt), later(1))
        return first, last

    first, last = await database.write(store)
    since = later(days=-91)
    page = await database.read(lambda tx: tx.learned.items(ItemId(0), since=since, limit=1))
    (story,) = page
    assert (story.item, story.carrier, story.service, story.route) == (first, CARRIER, "EMS", "01>01")
    told = records.event("2026-03-02T09:00:00", "A")
    assert told.mapped is not None
    (seen,) = story.log
    assert (seen.movement, seen.occurred, seen.received) == (
        told.mapped.movement,
        told.occurred.utc_low,
        told.received_at,
    )
    rest = await database.read(lambda tx: tx.learned.items(first, since=since, limit=9))
    assert [(one.item, one.route, one.log) for one in rest] == [(last, "", ())]


async def test_the_stories_of_dossiers_are_their_steps(database: Database) -> None:
    steps = (records.step(DossierState.LODGED, 1), records.step(DossierState.PROCESSING, 60))
    stored = await database.write(lambda tx: tx.dossiers.add(records.dossier(history=steps)))
    (story,) = await database.read(lambda tx: tx.learned.dossiers(DossierId(0), since=later(days=-9), limit=9))
    assert story.dossier == stored.id and story.procedure == "9.000012"
    assert story.steps == (("LODGED", later(1)), ("PROCESSING", later(60)))
    assert await database.read(lambda tx: tx.learned.dossiers(stored.id, since=later(days=-9), limit=9)) == ()


async def test_volumes_are_summed_by_the_hour_and_ways_are_told_apart(database: Database) -> None:
    def store(tx: GatewayTx) -> None:
        tx.volumes.add(PEER, Way.FEED, T0, 3)
        tx.volumes.add(PEER, Way.FEED, later(1), 4)
        tx.volumes.add(PEER, Way.PUSH, T0, 5)
        tx.volumes.add(PEER, Way.PULL, later(3600), 6)
        tx.volumes.add(PEER, Way.PULL, later(7200), 0)
        tx.volumes.add(OTHER, Way.PULL, T0, 100)

    await database.write(store)
    hours = [HOUR + dt.timedelta(hours=n) for n in range(3)]
    assert await database.read(lambda tx: tx.volumes.hours(PEER, hours)) == dict(zip(hours, (12, 6, 0), strict=True))
    assert await database.read(lambda tx: tx.volumes.first(PEER)) == HOUR
    assert await database.read(lambda tx: tx.volumes.first(PeerId("nobody"))) is None
    assert await database.read(lambda tx: tx.volumes.fetched(PEER, HOUR)) == 6
    assert await database.read(lambda tx: tx.volumes.fetched(PEER, later(-3600))) == 13


async def test_the_ledger_counts_by_peer_purpose_and_hour_and_forgets(database: Database) -> None:
    def store(tx: GatewayTx) -> None:
        tx.calls.add(PEER, "question", T0, 2)
        tx.calls.add(PEER, "question", later(5), 3)
        tx.calls.add(PEER, "message", later(3600), 1)
        tx.calls.add(OTHER, "feed", T0, 7)

    await database.write(store)
    told = await database.read(lambda tx: tx.calls.since(HOUR))
    ours = (
        CallCount(PEER, "question", HOUR, 5),
        CallCount(PEER, "message", HOUR + dt.timedelta(hours=1), 1),
    )
    assert told == (ours[0], CallCount(OTHER, "feed", HOUR, 7), ours[1])
    assert await database.read(lambda tx: tx.calls.since(HOUR, peer=PEER)) == ours
    assert await database.read(lambda tx: tx.calls.since(later(1), peer=PEER)) == ours[1:]
    assert await database.write(lambda tx: tx.calls.forget(HOUR + dt.timedelta(hours=1))) == 2
    assert await database.read(lambda tx: tx.calls.since(HOUR)) == ours[1:]


async def test_a_carrier_may_be_any_word(database: Database) -> None:
    told = Learned(T0, lags={(CarrierId("bưu điện"), "Hẹn giờ"): LAG})
    await database.write(lambda tx: tx.learned.put(told))
    assert await database.read(lambda tx: tx.learned.get()) == told
