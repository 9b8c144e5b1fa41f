"""What only VNPost's commercial interface has, against its sandbox: cancelling by id, lists, the signed webhook."""

import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from schemas.dossier import Address
from schemas.errors import BadConfiguration, Misunderstood, Refused, Unauthorised, Unknown
from schemas.ids import CarrierId, PeerId
from schemas.message import Operation
from schemas.ports.carrier import (
    AddressBook,
    Answer,
    BodyProof,
    Booking,
    OrderListing,
    OutcomeQuery,
    Pricing,
    Prober,
    TrackingPull,
    TrackingPush,
)
from schemas.shipment import AddressLevel, AddressTier, BookingOrder
from schemas.tracking import Movement, TrackingEvent
from schemas.wire import Callback
from tests.contract.adapters import records
from tests.contract.adapters.bench import RealClock, Running, running
from tests.contract.shared import Here, here

PEER = PeerId("vnpost")
Peers = Callable[..., Registry]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(PEER, tmp_path_factory.mktemp("vnpost") / "ledger.jsonl") as process:
        yield process


@pytest.fixture
async def sandbox(played: Running) -> AsyncIterator[Here]:
    async with here(played) as one:
        yield one


@pytest.fixture
async def peers(sandbox: Here) -> AsyncIterator[Peers]:
    made: list[Registry] = []

    def make(**more: object) -> Registry:
        registry = Registry.load({PEER: {**sandbox.settings, "enabled": True, **more}}, clock=RealClock())
        made.append(registry)
        return registry

    yield make
    await asyncio.gather(*(registry.aclose() for registry in made))


def key_of(event: TrackingEvent) -> tuple[object, ...]:
    """By which the store knows a second copy."""
    return (event.number, event.occurred.wall, event.code, event.office, event.attempt)


def order(**more: object) -> BookingOrder:
    return dataclasses.replace(records.order(CarrierId("vnpost")), **more)  # type: ignore[arg-type]  # fields by name


# --- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("addresses", ["customer_connect", "older"])
async def test_an_order_gets_vnposts_number_and_is_cancelled_by_vnposts_id(
    sandbox: Here, peers: Peers, addresses: str
) -> None:
    registry = peers(addresses=addresses)
    told = order(number=None)
    receipt = await registry.port(PEER, Booking).book(told)
    assert receipt.number is not None
    assert receipt.number.startswith("EL")
    assert receipt.peer_code == "20"
    booked = dataclasses.replace(told, number=receipt.number)
    await registry.port(PEER, Booking).cancel(booked)
    (made,) = await sandbox.applied("CreateOrder")
    (gone,) = await sandbox.applied("CancelOrder")
    assert gone["key"] == made["data"]["id"]
    with recording() as exchanges:
        again = await registry.port(PEER, Booking).cancel(booked)
    assert (again.peer_code, len(exchanges)) == ("60", 1), "looked up, found cancelled, left alone"
    assert len(await sandbox.applied("CancelOrder")) == 1


async def test_204_is_the_cancellation_of_the_contract(tmp_path: Path) -> None:
    async with SandboxProcess(PEER, ledger=tmp_path / "l.jsonl", options={"cancel_reply": "204"}) as sandbox:
        registry = Registry.load({PEER: {**sandbox.settings, "enabled": True}}, clock=RealClock())
        booking = registry.port(PEER, Booking)
        told = order()
        receipt = await booking.book(told)
        done = await booking.cancel(dataclasses.replace(told, number=receipt.number))
        assert done.peer_code == "204"
        assert len(await sandbox.control.applied("CancelOrder")) == 1
        await registry.aclose()


async def test_what_vnpost_does_not_list_is_not_cancelled(peers: Peers) -> None:
    with pytest.raises(Refused, match="no order under"):
        await peers().port(PEER, Booking).cancel(order())


async def test_a_lost_order_is_found_by_our_code_and_an_older_one_proves_nothing(sandbox: Here, peers: Peers) -> None:
    registry = peers()
    told = order(number=None)
    await sandbox.control.clock((RealClock().now() - dt.timedelta(days=2)).isoformat())
    earlier = dataclasses.replace(told, seq=1)
    await sandbox.control.chaos("reply_lost", "CreateOrder")
    since = RealClock().now() - dt.timedelta(days=2, seconds=5)
    with pytest.raises(Unknown):
        await registry.port(PEER, Booking).book(earlier)
    query = registry.port(PEER, OutcomeQuery)
    assert await query.ask(Operation.CARRIER_BOOK, earlier, since=since) is Answer.APPLIED
    now = RealClock().now()
    assert await query.ask(Operation.CARRIER_BOOK, told, since=now) is Answer.CANNOT_TELL
    assert await query.ask(Operation.CARRIER_BOOK, order(), since=since) is Answer.CANNOT_TELL
    assert await query.ask(Operation.CARRIER_CANCEL, earlier, since=since) is Answer.CANNOT_TELL


async def test_a_session_that_ran_out_costs_one_log_in_and_no_second_order(sandbox: Here, peers: Peers) -> None:
    registry = peers(address_codes="province_only")
    booking = registry.port(PEER, Booking)
    with pytest.raises(Refused):  # the sandbox wants wards, so nothing is applied yet
        await booking.book(order())
    named = peers()
    await named.port(PEER, Booking).book(order())
    await sandbox.control.clock((RealClock().now() + dt.timedelta(days=2)).isoformat())
    with recording() as exchanges:
        await named.port(PEER, Booking).book(order())
    assert [exchange.status for exchange in exchanges] == [401, 200, 200]
    assert len(await sandbox.applied("CreateOrder")) == 2
    assert not any(b"sandbox-password" in exchange.request for exchange in exchanges)


async def test_a_wrong_password_is_unauthorised_though_the_reply_is_200(peers: Peers) -> None:
    registry = peers(password="wrong")
    with pytest.raises(Unauthorised, match="Sai tên đăng nhập"):
        await registry.port(PEER, Booking).book(order())
    probe = await registry.port(PEER, Prober).probe()
    assert not probe.ok


async def test_a_commune_is_found_by_name_and_two_of_one_name_are_refused(peers: Peers) -> None:
    booking = peers().port(PEER, Booking)
    for commune, says in (("Phường Trùng", "3620, 3630"), ("Phường Không Có", "is not in VNPost's list")):
        told = order()
        place = Address("Số 1", commune, "Tỉnh Mẫu", "36")
        with pytest.raises(Refused, match=says):
            await booking.book(dataclasses.replace(told, addressee=dataclasses.replace(told.addressee, address=place)))
    told = order()
    place = Address("Số 1", "xã  MẪU", "Tỉnh Mẫu", "36")
    with recording() as exchanges:
        await booking.book(dataclasses.replace(told, addressee=dataclasses.replace(told.addressee, address=place)))
    assert b'"ReceiverWardId":"36102"' in exchanges[-1].request


async def test_both_peers_on_and_only_the_one_that_takes_orders_books(peers: Peers) -> None:
    registry = peers(takes_orders=False)
    assert not registry.offers(PEER, Booking)
    with pytest.raises(BadConfiguration, match="does not offer Booking"):
        registry.port(PEER, Booking)
    assert registry.offers(PEER, TrackingPush)


# --- what is only read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("addresses", "services"), [("customer_connect", ["EMS", "BK"]), ("older", ["EMS"])])
async def test_prices_come_by_service_and_change_nothing(
    sandbox: Here, peers: Peers, addresses: str, services: list[str]
) -> None:
    quotes = await peers(addresses=addresses).port(PEER, Pricing).prices(order(weight_g=200))
    assert [quote.service for quote in quotes] == services
    assert all(quote.amount >= 16_500 + 50 * 200 for quote in quotes)
    assert await sandbox.applied() == []


async def test_the_list_goes_by_number_a_hundred_at_a_time(sandbox: Here, peers: Peers) -> None:
    numbers = [records.new_number() for _ in range(103)]
    for number in (numbers[0], numbers[101]):
        await sandbox.control.event(number=number, reference=records.new_code(), code="70", cod=20_000)
    listing = peers().port(PEER, OrderListing)
    with pytest.raises(Refused, match="name the items"):
        await listing.orders(None)
    with pytest.raises(Misunderstood):
        await listing.orders("page two", numbers=numbers)
    first = await listing.orders(None, numbers=numbers)
    second = await listing.orders(first.next_cursor, numbers=numbers)
    assert [row.number for row in (*first.orders, *second.orders)] == [numbers[0], numbers[101]]
    assert (first.next_cursor, second.next_cursor) == ("100", None)
    assert first.orders[0].mapped is not None
    assert (first.orders[0].mapped.movement, first.orders[0].cod_due) == (Movement.ACCEPTED, 20_000)


async def test_places_are_vnposts_own_and_the_two_tier_list_is_not_known(peers: Peers) -> None:
    book = peers().port(PEER, AddressBook)
    wards = await book.places(AddressTier.WITH_DISTRICTS, AddressLevel.WARD, "3610")
    assert [(ward.code, ward.parent) for ward in wards] == [("36101", "3610"), ("36102", "3610")]
    (province,) = await book.places(AddressTier.WITH_DISTRICTS, AddressLevel.PROVINCE, None)
    assert province.parent is None
    with pytest.raises(Refused, match="not known"):
        await book.places(AddressTier.TWO_TIER, AddressLevel.WARD, None)


# --- the webhook -----------------------------------------------------------------------------------------------------


async def test_what_vnpost_pushes_is_proven_read_and_the_same_event_as_its_list(tmp_path: Path) -> None:
    """The sandbox pushes over a socket, signed by its own key; each state arrives as it was, in both date forms."""
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await got.put(await request.read())
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/callbacks/vnpost", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks/vnpost"
    try:
        for dates in ("vi", "iso"):
            options = {"callback_url": url, "dates": dates}
            async with SandboxProcess(PEER, ledger=tmp_path / f"{dates}.jsonl", options=options) as sandbox:
                registry = Registry.load({PEER: {**sandbox.settings, "enabled": True}}, clock=RealClock())
                push = registry.port(PEER, TrackingPush)
                assert isinstance(push, BodyProof)
                number, code = records.new_number(), records.new_code()
                for state in ("70", "91", "100"):
                    await sandbox.control.event(number=number, reference=code, code=state, attempt=1, cause="vắng nhà")
                bodies = [await asyncio.wait_for(got.get(), 20) for _ in range(3)]
                calls = [Callback(PEER, (), (), body, RealClock().now()) for body in bodies]
                assert all(push.proves(call) for call in calls)
                events = [event for call in calls for event in push.parse(call).events]
                assert [event.code for event in events] == ["70", "91", "100"]
                listed = await registry.port(PEER, TrackingPull).fetch([number], since=None)
                (last,) = listed.events
                pushed = events[-1]
                keys = [
                    (event.number, event.occurred.wall, event.code, event.office, event.attempt)
                    for event in (last, pushed)
                ]
                assert keys[0] == keys[1], "told twice, by two ways: one event"
                await registry.aclose()
    finally:
        await runner.cleanup()


async def test_the_key_outlives_the_sandbox(tmp_path: Path) -> None:
    async with SandboxProcess(PEER, ledger=tmp_path / "ledger.jsonl") as sandbox:
        before = json.dumps(sandbox.settings["webhook_keys"])
        await sandbox.kill()
        await sandbox.start()
        assert json.dumps(sandbox.settings["webhook_keys"]) == before
