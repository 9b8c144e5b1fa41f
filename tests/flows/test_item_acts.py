"""What a person records of an item: rules stop waiting for it, dossiers follow, a repetition changes nothing."""

import datetime as dt

import pytest

from gateway.accounts import Principal, Role
from gateway.desk.items import ItemAct, ItemDesk
from schemas.dossier import DossierState
from schemas.errors import NotAllowed, NotFound
from schemas.ids import ItemId
from schemas.shipment import Item
from schemas.tracking import Movement
from tests.flows.news import World, at_result, world
from tests.unit.tracking.build import after, event
from tracking import reading

__all__ = ["world"]  # a fixture: used by name only

M, S = Movement, DossierState
CLERK = Principal("user:gdv", "Lò Thị Ơi", frozenset({Role.CLERK}), None)


class At:
    """A clock that stands."""

    def __init__(self, hours: float) -> None:
        self._now = after(hours)

    def now(self) -> dt.datetime:
        return self._now

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError("nobody waits here")


async def record(world: World, item: Item, act: ItemAct, hours: float, *, now: float = 400) -> Item:
    desk = ItemDesk(world.database, clock=At(now), tell=world.tell, context=reading.load_context)
    return await desk.record(item.id, act, "Lò Thị Ơi ký nhận", CLERK, at=after(hours))


async def test_the_senders_signature_for_a_returned_result_moves_the_dossier_and_closes_the_case(world: World) -> None:
    one, item = await at_result(world)
    await world.hear(event(M.ACCEPTED, after(4), number=item.number))
    await world.hear(
        event(M.RETURNING, after(20), number=item.number),
        event(M.RETURNED, after(40), number=item.number),
        now=after(300),
    )
    assert (await world.dossier(one)).state is S.RESULT_GOING_BACK
    assert "D-15" in await world.open_cases()
    signed = await record(world, item, ItemAct.RECEIPT, 310)
    assert signed.sender_receipt_at == after(310)
    assert (await world.dossier(one)).state is S.RESULT_BACK
    assert "D-15" not in await world.open_cases()
    again = await record(world, item, ItemAct.RECEIPT, 350)
    assert again.sender_receipt_at == after(310), "what was recorded first stands"
    rows = await world.do(lambda tx: tx.audit.rows(after=0))
    assert [(row.act.who, row.act.object_key) for row in rows if row.act.act == "item.receipt"] == [
        ("user:gdv", str(item.id))
    ]


async def test_an_inquiry_waits_ten_working_days_for_its_answer(world: World) -> None:
    _, item = await at_result(world)
    await world.hear(event(M.ACCEPTED, after(4), number=item.number))
    await record(world, item, ItemAct.INQUIRY, 10, now=11)
    assert "D-39" not in await world.open_cases()
    await record(world, item, ItemAct.RECALL, 300, now=400)
    assert "D-39" in await world.open_cases(), "asked for at hour 10, nothing moved since"
    await world.hear(event(M.IN_TRANSIT, after(401), number=item.number))
    assert "D-39" not in await world.open_cases()


async def test_what_cannot_be_is_refused_and_nothing_is_kept(world: World) -> None:
    _, item = await at_result(world)
    desk = ItemDesk(world.database, clock=At(400), tell=world.tell, context=reading.load_context)
    for at in (after(-50), after(401)):
        with pytest.raises(NotAllowed):
            await desk.record(item.id, ItemAct.RECEIPT, "An", CLERK, at=at)
    with pytest.raises(NotAllowed):
        await desk.record(item.id, ItemAct.INQUIRY, "  ", CLERK, at=after(10))
    with pytest.raises(NotFound):
        await desk.record(ItemId(999), ItemAct.INQUIRY, "An", CLERK, at=after(10))
    await world.hear(event(M.ACCEPTED, after(4), number=item.number), event(M.DELIVERED, after(30), number=item.number))
    for act in ItemAct:
        with pytest.raises(NotAllowed, match="delivered"):
            await record(world, item, act, 40)
    (kept,) = await world.do(lambda tx: tx.items.many((item.id,)))
    assert (kept.sender_receipt_at, kept.inquiry_at, kept.recall_at) == (None, None, None)
