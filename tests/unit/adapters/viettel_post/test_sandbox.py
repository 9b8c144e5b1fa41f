"""The adapter against Viettel Post's sandbox, a process of its own: places, prices, wishes, tokens that run out."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxControl
from adapters.registry import Registry
from schemas.dossier import Address, Party
from schemas.errors import BadConfiguration, Duplicate, Refused, Unauthorised
from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import AddressBook, Booking, Instructing, Pricing, Prober
from schemas.shipment import (
    AddressLevel,
    AddressTier,
    BookingOrder,
    InstructionKind,
    LegDirection,
    OrderInstruction,
    Place,
)
from tests.contract.adapters import records
from tests.contract.adapters.bench import PATIENT, RealClock, Running, running

pytestmark = pytest.mark.slow
PEER = PeerId("viettel_post")


@pytest.fixture(scope="module")
def viettel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(PEER, tmp_path_factory.mktemp("viettel") / "ledger.jsonl") as found:
        yield found


class Desk:
    """Adapters of one sandbox, with other settings each."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.control = SandboxControl(told["url"])
        self.settings = told["settings"]
        self._made: list[Registry] = []

    def peers(self, **more: object) -> Registry:
        settings = {"enabled": True, **PATIENT, **self.settings, **more}
        self._made.append(Registry.load({PEER: settings}, clock=RealClock()))
        return self._made[-1]

    def booking(self, **more: object) -> Booking:
        return self.peers(**more).port(PEER, Booking)

    async def last_order(self) -> dict[str, Any]:
        """What Viettel Post took last."""
        lines = [line for line in await self.control.applied() if line["operation"].startswith("createOrder")]
        told: dict[str, Any] = lines[-1]["data"]["order"]
        return told

    async def aclose(self) -> None:
        await self.control.calm()
        for one in self._made:
            await one.aclose()


@pytest.fixture
async def desk(viettel: Running) -> AsyncIterator[Desk]:
    made = Desk(viettel.told)
    yield made
    await made.aclose()


def order(**more: Any) -> BookingOrder:
    return dataclasses.replace(records.order(CarrierId("viettel_post")), **more)


def living(commune: str, province: str = "Tỉnh Mẫu") -> Party:
    return dataclasses.replace(records.CITIZEN, address=Address("Số 1 phố Thử", commune, province, "36"))


# --- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"address_mode": "two_tier"}, (36, 3601, 49876)),
        ({"address_mode": "two_tier", "two_tier_district": "zero"}, (36, 0, 49876)),
        ({"address_mode": "with_districts"}, (36, 3601, 405)),
    ],
)
async def test_an_order_names_places_of_the_generation_that_the_customer_chose(
    settings: dict[str, object], told: tuple[int, int, int], desk: Desk
) -> None:
    receipt = await desk.booking(**settings).book(order())
    assert receipt.number is not None and receipt.number.isdecimal()
    sent = await desk.last_order()
    assert tuple(sent[f"RECEIVER_{name}"] for name in ("PROVINCE", "DISTRICT", "WARD")) == told


@pytest.mark.parametrize(
    ("mode", "addressee", "why"),
    [
        ("two_tier", living("Xã Không Có"), "is in no list"),
        ("two_tier", living("Phường Thử", "Tỉnh Không Có"), "province"),
        ("with_districts", living("Xã Trùng Tên"), "2 places"),
    ],
)
async def test_a_place_that_is_not_one_place_is_refused_before_anything_is_sent(
    mode: str, addressee: Party, why: str, desk: Desk
) -> None:
    before = await desk.control.applied()
    with pytest.raises(Refused, match=why):
        await desk.booking(address_mode=mode).book(order(addressee=addressee))
    assert await desk.control.applied() == before


async def test_the_lists_are_read_once_for_many_orders(desk: Desk) -> None:
    booking = desk.booking(address_mode="two_tier")
    await booking.book(order())
    with recording() as exchanges:
        await booking.book(order())
    assert [exchange.url.rpartition("/")[2] for exchange in exchanges] == ["createOrder"]


async def test_both_generations_can_be_looked_through(desk: Desk) -> None:
    book = desk.peers().port(PEER, AddressBook)
    new, old = AddressTier.TWO_TIER, AddressTier.WITH_DISTRICTS
    wards = await book.places(new, AddressLevel.WARD, "36")
    assert wards[0] == Place(new, AddressLevel.WARD, "49876", "PHƯỜNG THỬ", "36")
    assert {place.parent for place in await book.places(new, AddressLevel.WARD, None)} == {"36", "1"}
    districts = await book.places(old, AddressLevel.DISTRICT, "36")
    assert [(place.code, place.parent) for place in districts] == [("3601", "36"), ("3602", "36")]
    assert {place.parent for place in await book.places(old, AddressLevel.WARD, "3601")} == {"3601"}
    with pytest.raises(Refused, match="no districts"):
        await book.places(new, AddressLevel.DISTRICT, "36")


@pytest.mark.parametrize("mode", ["text", "two_tier"])
async def test_prices_come_for_texts_and_for_ids(mode: str, desk: Desk) -> None:
    quotes = await desk.peers(address_mode=mode).port(PEER, Pricing).prices(order())
    assert [(quote.service, quote.amount) for quote in quotes] == [("VCN", 35000), ("PHS", 26400)]
    assert await desk.control.ledger(kind="applied", operation="getPriceAll") == []


# --- orders and wishes -----------------------------------------------------------------------------------------------


async def test_each_leg_of_a_dossier_is_one_order_and_no_leg_is_two(desk: Desk) -> None:
    booking, plain = desk.booking(), order()
    back = dataclasses.replace(plain, direction=LegDirection.TO_OFFICE)
    numbers = {(await booking.book(one)).number for one in (plain, back, dataclasses.replace(plain, seq=2))}
    assert len(numbers) == 3
    with pytest.raises(Duplicate):
        await booking.book(plain)


@pytest.mark.parametrize(
    ("kind", "status"),
    [(InstructionKind.APPROVE_RETURN, 515), (InstructionKind.DELIVER_AGAIN, 550), (InstructionKind.APPROVE, 102)],
)
async def test_each_wish_is_its_own_update(kind: InstructionKind, status: int, desk: Desk) -> None:
    peers = desk.peers()
    plain = order()
    receipt = await peers.port(PEER, Booking).book(plain)
    booked = dataclasses.replace(plain, number=receipt.number)
    wish = OrderInstruction(booked, kind, "Theo yêu cầu", records.NOW)
    await peers.port(PEER, Instructing).instruct(wish)
    (line,) = await desk.control.ledger(kind="applied", operation="UpdateOrder", key=str(receipt.number))
    assert line["data"]["type"] == {515: 2, 550: 3, 102: 1}[status]
    with pytest.raises(Duplicate):
        await peers.port(PEER, Instructing).instruct(wish)


async def test_what_was_fetched_cannot_be_cancelled_any_more(desk: Desk) -> None:
    booking, plain = desk.booking(), order()
    booked = dataclasses.replace(plain, number=(await booking.book(plain)).number)
    await desk.control.event(number=booked.number, code="200")
    with pytest.raises(Refused):
        await booking.cancel(booked)
    with pytest.raises(Refused, match="Order does not exist"):
        await booking.cancel(dataclasses.replace(plain, number="1999999999999"))


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "calls"),
    [
        ("password", ["Login"]),
        ("owner", ["Login", "ownerconnect"]),
        ("portal_token", ["LoginVTP"]),
    ],
)
async def test_each_way_of_logging_in_leads_to_an_order(way: str, calls: list[str], desk: Desk) -> None:
    with recording() as exchanges:
        await desk.booking(login=way, portal_token="sandbox-portal-token").book(order())
    assert [exchange.url.rpartition("/")[2] for exchange in exchanges] == [*calls, "createOrderNlp"]
    kept = b"".join(exchange.request + exchange.reply for exchange in exchanges)
    assert b"sandbox-password" not in kept and b"sandbox-portal-token" not in kept


async def test_a_token_that_is_over_costs_one_log_in_and_no_second_order(desk: Desk) -> None:
    booking = desk.booking()
    await booking.book(order())
    before = len(await desk.control.applied())
    await desk.control.chaos("session_expiry", "createOrderNlp")
    await booking.book(order())
    assert len(await desk.control.applied()) == before + 1


async def test_a_token_is_renewed_before_it_runs_out(desk: Desk) -> None:
    """LoginVTP tells when its token ends; the sandbox gives an hour."""

    class Later(RealClock):
        by = dt.timedelta(0)

        def now(self) -> dt.datetime:
            return super().now() + self.by

    clock = Later()
    settings = {
        "enabled": True,
        **PATIENT,
        **desk.settings,
        "login": "portal_token",
        "portal_token": "sandbox-portal-token",
    }
    peers = Registry.load({PEER: settings}, clock=clock)
    await peers.port(PEER, Booking).book(order())
    clock.by = dt.timedelta(hours=1)
    with recording() as exchanges:
        await peers.port(PEER, Booking).book(order())
    await peers.aclose()
    assert [exchange.url.rpartition("/")[2] for exchange in exchanges] == ["LoginVTP", "createOrderNlp"]


async def test_wrong_credentials_are_named_and_missing_ones_stop_the_start(desk: Desk) -> None:
    with pytest.raises(Unauthorised, match="Invalid owner account"):
        await desk.booking(password="sai").book(order())
    assert not (await desk.peers(password="sai").port(PEER, Prober).probe()).ok
    for more in ({"login": "portal_token"}, {"password": ""}):
        with pytest.raises(BadConfiguration, match="is required"):
            desk.peers(**more)
