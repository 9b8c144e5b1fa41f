"""What a carrier tells of a bag moves the items in it, through the real ingest."""

import dataclasses

from schemas.bag import Bag, BagLine
from schemas.dossier import DossierState
from schemas.ids import BagNumber, ItemId
from schemas.shipment import Item, Packing, Purpose
from schemas.tracking import Evidence, EvidenceLevel, Movement, StoredEvent, TrackingEvent
from tests.flows.news import World, world
from tests.unit.tracking.build import OFFICE, POST, T0, after, event, item
from tracking import bags, reading

__all__ = ["world"]  # a fixture: used by name only

M = Movement
TU = BagNumber("TU-7")
NUMBERS = ("EL000000005VN", "EL000000014VN", "EL000000028VN")


def of_bag(movement: Movement, hours: float, **changes: object) -> TrackingEvent:
    told = event(movement, after(hours), number=None, bag=TU)
    return dataclasses.replace(told, **changes)  # type: ignore[arg-type]  # field values


async def items_in(world: World) -> list[ItemId]:
    return [(await world.do(lambda tx, n=n: tx.items.add(item(number=n)))).id for n in NUMBERS]  # type: ignore[misc]  # bound now


async def packed(world: World, ids: list[ItemId], opened: float | None = None) -> Bag:
    """The first was put in before the bag was closed, the second is only listed, the third was taken out again."""
    lines = (
        BagLine(1, ids[0], NUMBERS[0], after(1), None),
        BagLine(2, ids[1], NUMBERS[1], None, None),
        BagLine(3, ids[2], NUMBERS[2], after(1), after(1.5)),
    )
    end = None if opened is None else after(opened)
    bag = Bag(TU, 0, POST, OFFICE, (), after(2), end, None, None, lines, None)
    return await world.do(lambda tx: tx.bags.put(bag))


async def stored(world: World, which: ItemId) -> tuple[Item, tuple[StoredEvent, ...]]:
    return await world.database.read(lambda tx: (tx.items.get(which), tx.events.of_item(which)))


async def test_a_scan_of_the_bag_places_what_was_in_it_then(world: World) -> None:
    ids = await items_in(world)
    await packed(world, ids, opened=40)
    result = await world.hear(of_bag(M.IN_TRANSIT, 5))
    assert result.appended == 1  # of what was told; copies are not counted as the carrier's
    sure = [[one.event.confidence for one in (await stored(world, which))[1]] for which in ids]
    assert sure == [[bags.SEALED], [bags.LISTED], []]
    assert [(await stored(world, which))[0].fold.movement for which in ids] == [M.IN_TRANSIT, M.IN_TRANSIT, None]
    await world.hear(of_bag(M.IN_TRANSIT, 41))
    assert [len((await stored(world, which))[1]) for which in ids] == [1, 1, 0]


async def test_a_delivered_bag_delivers_no_item_and_a_lost_one_loses_none(world: World) -> None:
    ids = await items_in(world)
    await packed(world, ids)
    proof = Evidence("signature", event(M.DELIVERED, after(1)).raw_sha256)
    await world.hear(of_bag(M.DELIVERED, 5, evidence=(proof,), weight_g=9_000))
    fold = (await stored(world, ids[0]))[0].fold
    assert (fold.movement, fold.evidence, fold.delivered_at) == (M.IN_TRANSIT, EvidenceLevel.NONE, None)
    (copy,) = (await stored(world, ids[0]))[1]
    assert (copy.event.evidence, copy.event.weight_g) == ((), None)
    await world.hear(of_bag(M.LOST, 9))
    assert (await stored(world, ids[0]))[0].fold.movement is M.HELD


async def test_a_bags_scan_undoes_no_end_and_hides_no_event_of_the_item(world: World) -> None:
    ids = await items_in(world)
    await packed(world, ids)
    own = event(M.DELIVERED, after(5))
    await world.hear(of_bag(M.DELIVERED, 5), own)
    await world.hear(of_bag(M.IN_TRANSIT, 8))
    now, log = await stored(world, ids[0])
    assert (now.fold.movement, now.fold.regressed, len(log)) == (M.DELIVERED, False, 3)


async def test_the_same_news_of_a_bag_again_is_silence(world: World) -> None:
    ids = await items_in(world)
    await packed(world, ids)
    await world.hear(of_bag(M.IN_TRANSIT, 5), of_bag(M.HELD, 6))
    before = await stored(world, ids[0])
    again = await world.hear(of_bag(M.IN_TRANSIT, 5), of_bag(M.HELD, 6))
    after_it = await stored(world, ids[0])
    assert (again.appended, again.repeated) == (0, 2)
    assert (after_it[0].fold, len(after_it[1])) == (before[0].fold, 2)
    assert [one.seen_n for one in after_it[1]] == [2, 2]


async def test_a_full_history_of_the_item_takes_no_scan_of_its_bag_back(world: World) -> None:
    ids = await items_in(world)
    await packed(world, ids)
    await world.hear(of_bag(M.IN_TRANSIT, 5))
    await world.hear(event(M.ACCEPTED, after(3)), complete_for=(NUMBERS[0],))
    assert [one.withdrawn_at for one in (await stored(world, ids[0]))[1]] == [None, None]
    await world.hear(of_bag(M.IN_TRANSIT, 5, withdrawn=True), now=after(9))
    assert [one.withdrawn_at is None for one in (await stored(world, ids[0]))[1]] == [True, False]


async def test_a_bag_that_nobody_registered_waits_and_tells_its_story_later(world: World) -> None:
    ids = await items_in(world)
    await world.hear(of_bag(M.ACCEPTED, 4), of_bag(M.IN_TRANSIT, 5))
    waiting = await world.database.read(lambda tx: bags.log_of(tx, TU))
    assert waiting is not None and (waiting.purpose, waiting.number, waiting.reference) == (Purpose.UNKNOWN, None, TU)
    assert (await stored(world, ids[0]))[1] == ()
    await packed(world, ids)
    await world.hear(of_bag(M.HELD, 6))
    named = await world.database.read(lambda tx: bags.log_of(tx, TU))
    assert named is not None and (named.id, named.purpose) == (waiting.id, Purpose.BAG)
    item_now, log = await stored(world, ids[0])
    assert ([one.event.code for one in log], item_now.fold.movement) == (["accepted", "in_transit", "held"], M.HELD)
    view = await world.database.read(lambda tx: reading.bag_view(tx, TU))
    assert [one.event.code for one in view.events] == ["accepted", "in_transit", "held"]


async def test_a_bag_scan_moves_the_dossier_that_is_in_it(world: World) -> None:
    one = await world.lodged()
    posted = await world.pack(item(), one)
    line = BagLine(1, posted.id, NUMBERS[0], after(1), None)
    await world.do(lambda tx: tx.bags.put(Bag(TU, 0, POST, OFFICE, (), after(2), None, None, None, (line,), None)))
    result = await world.hear(of_bag(M.ACCEPTED, 3))
    assert result.moved == (one.id,)
    assert (await world.dossier(one)).state is DossierState.IN_POST


async def test_a_dossier_in_two_bags_is_whole_only_when_each_parcel_is_delivered(world: World) -> None:
    one = await world.lodged(parcels_declared=2)
    parcels = [await world.pack(item(number=number), one, part, 2) for part, number in enumerate(NUMBERS[:2], 1)]
    for name, parcel in zip(("TU-1", "TU-2"), parcels, strict=True):
        line = BagLine(1, parcel.id, parcel.number or "", after(1), None)
        bag = Bag(BagNumber(name), 0, POST, OFFICE, (), after(2), None, None, None, (line,), None)
        await world.do(lambda tx, bag=bag: tx.bags.put(bag))  # type: ignore[misc]  # bound now
    await world.hear(of_bag(M.DELIVERED, 20, bag="TU-1"), of_bag(M.DELIVERED, 20, bag="TU-2"))
    await world.report(None, after(21))
    assert (await world.dossier(one)).state is DossierState.IN_POST
    for number in NUMBERS[:2]:
        await world.hear(event(M.DELIVERED, after(22), number=number))
    assert (await world.dossier(one)).state is DossierState.ARRIVED


async def test_a_dossier_that_was_packed_anew_is_where_its_present_parcel_is(world: World) -> None:
    """Packings are dated: the first item's story no longer speaks for the dossier once it was taken out."""
    one = await world.lodged()
    first = await world.pack(item(), one)
    second = item(number=NUMBERS[1], valid_from=after(2))
    await world.do(lambda tx: tx.items.pack(Packing(one.id, first.id, 1, 1, (), T0, after(2))))
    await world.pack(second, one)
    await world.hear(event(M.ACCEPTED, after(3)))
    assert (await world.dossier(one)).state is DossierState.LODGED
    await world.hear(event(M.ACCEPTED, after(4), number=NUMBERS[1]))
    assert (await world.dossier(one)).state is DossierState.IN_POST
