"""Orders called off, announced and routed: by the desk, over the real outbox, at sandboxes in their own processes."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from gateway.desk.orders import OrderDesk
from schemas.errors import GuardFailed, NotAllowed, NotFound
from schemas.ids import CarrierId
from schemas.message import Fact, MessageState, Operation
from schemas.ports.carrier import Pricing, TrackingFeed
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingState, Item, LegDirection, Purpose
from schemas.tracking import Movement, TrackingBatch
from tests.flows.news import CODE, World, world
from tests.flows.outbox_house import MONDAY, OPERATOR, POST, OutboxHouse, outbox_house
from tests.unit.tracking.build import CARRIER, PEER, T0, after, event, item
from tracking import reading
from tracking.ingest import ingest

__all__ = ["world"]  # a fixture: used by name only

pytestmark = pytest.mark.flow
S, L = MessageState, LegDirection


def desk_of(house: OutboxHouse) -> OrderDesk:
    return OrderDesk(house.store, clock=house.clock, bell=house.bell)


async def booking_of(house: OutboxHouse, code: str) -> Booking:
    (booking,) = await house.store.read(lambda tx: tx.items.bookings(POST, code))
    return booking


# --- calling off -----------------------------------------------------------------------------------------------------


async def test_an_order_that_never_left_is_taken_back_without_a_word_to_the_post(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in()
        with pytest.raises(NotAllowed):
            await desk_of(house).call_off(receipt.code, L.TO_OFFICE, " ", OPERATOR)
        told = await desk_of(house).call_off(receipt.code, L.TO_OFFICE, "người dân tự mang đi", OPERATOR)
        assert told.message is None
        assert (await house.message(Operation.CARRIER_BOOK)).state is S.CANCELLED
        assert (await booking_of(house, receipt.code)).state is BookingState.CANCELLED
        assert await house.control(POST).applied("postOrder") == []
        with pytest.raises(NotFound):
            await desk_of(house).call_off(receipt.code, L.TO_OFFICE, "lần nữa", OPERATOR)
        (act,) = await house.acts("order.called_off")
        assert act.detail.endswith("người dân tự mang đi")


async def test_an_order_that_the_post_has_is_cancelled_by_a_message_and_then_the_booking_is_over(
    tmp_path: Path,
) -> None:
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in()
        order = await house.message(Operation.CARRIER_BOOK)
        async with house.sending(POST):
            await house.until_state(order.id, S.DELIVERED)
            await house.control(POST).chaos("reply_lost", "cancel")
            told = await desk_of(house).call_off(receipt.code, L.TO_OFFICE, "người dân đổi ý", OPERATOR)
            assert told.message is not None
            assert (await booking_of(house, receipt.code)).state is BookingState.ACCEPTED, "not before the post knows"
            await house.until_state(told.message.id, S.UNKNOWN)
            await house.clock.move(10)
            await house.until_state(told.message.id, S.DELIVERED)
        booking = await booking_of(house, receipt.code)
        assert (booking.state, booking.window_to) == (BookingState.CANCELLED, told.message.as_of)
        lines = await house.control(POST).applied("cancelOrder")
        assert [line["key"] for line in lines] == [receipt.code] * 2, "cancelled stays cancelled: resending is harmless"


async def test_where_two_orders_share_the_number_none_is_called_off(tmp_path: Path) -> None:
    """CancelOrder knows the order number only: it could cancel the collection as well (domain model §1.1)."""
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in()
        first = await booking_of(house, receipt.code)
        back = dataclasses.replace(first, direction=L.TO_CITIZEN, window_from=MONDAY + dt.timedelta(days=1))
        await house.store.write(lambda tx: tx.items.put_booking(back))
        with pytest.raises(GuardFailed, match="to_citizen/1"):
            await desk_of(house).call_off(receipt.code, L.TO_OFFICE, "nhầm", OPERATOR)
        assert [message.operation for message in await house.messages(peer=POST)] == [Operation.CARRIER_BOOK]


# --- announcing and prices -------------------------------------------------------------------------------------------


async def test_a_dossier_is_announced_once_with_both_legs_and_parked_where_nobody_can_tell(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in(with_post=False)
        desk = desk_of(house)
        with pytest.raises(NotAllowed):
            await desk.announce(receipt.code, POST, CarrierId("vnpost"), collect=False, bring=False, principal=OPERATOR)
        told, again = [
            await desk.announce(receipt.code, POST, CarrierId("vnpost"), collect=True, bring=True, principal=OPERATOR)
            for _ in range(2)
        ]
        assert told.id == again.id
        await house.control(POST).chaos("reply_lost", "postDocument")
        async with house.sending(POST):
            await house.until_state(told.id, S.PARKED)
        (line,) = await house.control(POST).applied("postDocument")
        document = line["data"]["document"]
        assert (document["IsSendDocument"], document["IsReceiveResult"]) == (True, True)
        assert document["Procedure"]["Elements"] == "Giấy đề nghị; Giấy tờ pháp lý"


async def test_the_price_of_a_leg_is_asked_before_anything_is_ordered(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in(with_post=False)
        order = await desk_of(house).draft(receipt.code, L.TO_CITIZEN, carrier=CarrierId("vnpost"), weight_g=120)
        (quote,) = await house.registry.port(POST, Pricing).prices(order)
        assert quote.amount == 15_000 + 100 * 120
        assert await house.control(POST).ledger(kind="applied") == []


# --- routing ---------------------------------------------------------------------------------------------------------


async def test_the_feed_of_one_order_number_reaches_collect_return_and_retry(tmp_path: Path) -> None:
    """Three orders of one number, rows without item code, over the wire: each row moves the item of its own booking."""
    async with outbox_house(tmp_path, POST, settings={"status_codes": {"1": "accepted", "9": "returned"}}) as house:
        (receipt,) = await house.take_in()
        (collect,) = await house.store.read(lambda tx: tx.items.bookings(POST, receipt.code))
        times = [MONDAY + dt.timedelta(days=day) for day in (0, 5, 9)]
        legs = [collect]
        for direction, seq, at in ((L.TO_CITIZEN, 1, times[1]), (L.TO_CITIZEN, 2, times[2])):
            stored = await house.store.write(lambda tx, at=at: tx.items.add(_result(receipt.code, at)))  # type: ignore[misc]  # bound now
            leg = dataclasses.replace(collect, direction=direction, seq=seq, item=stored.id, window_from=at)
            await house.store.write(lambda tx, leg=leg: tx.items.put_booking(leg))  # type: ignore[misc]  # bound now
            legs.append(leg)
        rows = (("1", 0, 2), ("4", 0, 30), ("1", 1, 2), ("9", 1, 40), ("1", 2, 2), ("4", 2, 30))
        for code, leg_no, hours in rows:
            at = times[leg_no] + dt.timedelta(hours=hours)
            await house.control(POST).clock((at + dt.timedelta(minutes=2)).isoformat())
            await house.control(POST).event(reference=receipt.code, code=code, at=at.isoformat())
        feed = house.registry.port(POST, TrackingFeed)
        await house.clock.move(12 * 86_400)
        for _ in range(2):  # the overlap is read again: nothing moves twice, and to nobody else
            await take(house, await feed.read(None))
        items = [await house.store.read(lambda tx, leg=leg: tx.items.get(leg.item)) for leg in legs]  # type: ignore[misc]  # bound now
        ends = [found.fold.movement for found in items]
        assert ends == [Movement.DELIVERED, Movement.RETURNED, Movement.DELIVERED]
        assert [found.fold.events_n for found in items] == [2, 2, 2]


async def take(house: OutboxHouse, batch: TrackingBatch) -> None:
    """What the workers do with a page of a feed."""

    def tell(tx: Tx, fact: Fact) -> None:
        """Nobody is told here."""

    now = house.clock.now()
    await house.store.write(lambda tx: ingest(tx, batch, tell=tell, context_source=reading.load_context, now=now))


def _result(code: str, at: dt.datetime) -> Item:
    plain = Item.heard_of(CarrierId("vnpost"), at, Purpose.RESULT_OUT)
    return dataclasses.replace(plain, reference=code)


async def test_a_called_off_booking_keeps_the_news_of_its_own_time_and_takes_no_later(world: World) -> None:
    one = await world.lodged()
    collect = await world.pack(item(), one)

    def book(tx: Tx) -> None:
        tx.items.put_booking(
            Booking(PEER, CARRIER, CODE, L.TO_OFFICE, 1, collect.id, BookingState.CANCELLED, T0, after(10))
        )

    await world.do(book)
    before = await world.hear(event(Movement.ACCEPTED, after(2), number=None, reference=CODE))
    later = await world.hear(event(Movement.IN_TRANSIT, after(20), number=None, reference=CODE))
    assert before.items == (collect.id,)
    assert later.items != (collect.id,), "after the cancellation it is an orphan that somebody must look at"


async def test_of_two_legs_booked_at_once_the_way_to_the_office_comes_first(world: World) -> None:
    one = await world.lodged()
    collect = await world.pack(item(number=None), one)
    back = await world.pack(item(Purpose.RESULT_OUT, number=None), one)

    def book(tx: Tx) -> None:
        for direction, which in ((L.TO_OFFICE, collect), (L.TO_CITIZEN, back)):
            tx.items.put_booking(Booking(PEER, CARRIER, CODE, direction, 1, which.id, BookingState.OPEN, T0, None))

    await world.do(book)
    ways = (Movement.ACCEPTED, after(2)), (Movement.DELIVERED, after(20)), (Movement.ACCEPTED, after(90))
    heard = [await world.hear(event(move, at, number=None, reference=CODE)) for move, at in ways]
    assert [result.items for result in heard] == [(collect.id,), (collect.id,), (back.id,)]
    again = await world.hear(event(Movement.DELIVERED, after(20), number=None, reference=CODE))
    assert (again.items, again.repeated) == ((collect.id,), 1), "the end told twice is the same end"
