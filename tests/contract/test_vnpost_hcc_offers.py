"""What VNPost HCC offers besides orders and the feed: prices, announced dossiers, item codes, the interface of 2016."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from adapters._kit.http import recording
from adapters.registry import Registry
from schemas.errors import BadConfiguration, Refused, Unknown
from schemas.ids import CarrierId, PeerId
from schemas.message import Operation
from schemas.ports.carrier import (
    Answer,
    Booking,
    OutcomeQuery,
    Pricing,
    Prober,
    Registering,
    TrackingFeed,
    TrackingPull,
)
from schemas.shipment import BookingOrder
from schemas.tracking import Movement, Precision, ZoneSource
from tests.contract.adapters import records
from tests.contract.adapters.bench import RealClock, Running, running
from tests.contract.shared import Here, here

PEER = PeerId("vnpost_hcc")
Peers = Callable[..., Registry]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(PEER, tmp_path_factory.mktemp(PEER) / "ledger.jsonl") as process:
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


def order(**more: object) -> BookingOrder:
    return dataclasses.replace(records.order(CarrierId("vnpost")), **more)  # type: ignore[arg-type]  # fields by name


# --- prices, announced dossiers, item codes --------------------------------------------------------------------------


async def test_the_price_is_by_weight_and_orders_nothing(sandbox: Here, peers: Peers) -> None:
    pricing = peers().port(PEER, Pricing)
    (quote,) = await pricing.prices(order(weight_g=120))
    assert (quote.service, quote.amount) == ("HCC", 27_000)
    with pytest.raises(Refused, match="weight_g"):
        await pricing.prices(order(weight_g=None))
    assert await sandbox.applied() == []


async def test_a_dossier_is_announced_with_the_legs_that_are_wanted(sandbox: Here, peers: Peers) -> None:
    registering = peers().port(PEER, Registering)
    told = dataclasses.replace(records.registration(CarrierId("vnpost")), bring_to=None)
    await registering.register_dossier(told)
    (line,) = await sandbox.applied("postDocument")
    document = line["data"]["document"]
    assert (document["IsSendDocument"], document["IsReceiveResult"]) == (True, False)
    assert document["DocumentSender"]["Name"] == records.CITIZEN.name
    assert set(document["ResultReceiver"].values()) == {""}
    assert records.ID_NUMBER not in str(document)
    with pytest.raises(Refused, match="neither leg"):
        await registering.register_dossier(dataclasses.replace(told, collect_from=None))


async def test_without_their_addresses_prices_and_announcements_are_not_offered(peers: Peers) -> None:
    registry = peers(price_url="", document_url="")
    assert not registry.offers(PEER, Pricing)
    assert not registry.offers(PEER, Registering)
    assert registry.offers(PEER, TrackingFeed)


@pytest.mark.parametrize(("item_code", "sent"), [("when_known", True), ("required", True), ("never", False)])
async def test_the_variant_with_item_code_carries_our_number(
    sandbox: Here, peers: Peers, item_code: str, sent: bool
) -> None:
    booking = peers(item_code=item_code).port(PEER, Booking)
    told = order()
    await booking.book(told)
    (line,) = await sandbox.applied("postOrder")
    assert line["data"]["order"]["ItemCode"] == (told.number if sent else "")
    if item_code == "required":
        with pytest.raises(Refused, match="lease another block"):
            await booking.book(order(number=None))
        assert len(await sandbox.applied("postOrder")) == 1


# --- serviceApi/v1 ---------------------------------------------------------------------------------------------------


async def test_the_interface_of_2016_books_and_is_asked_by_number(sandbox: Here, peers: Peers) -> None:
    registry = peers(api="serviceapi_v1")
    assert not registry.offers(PEER, TrackingFeed)
    told = order()
    with recording() as exchanges:
        receipt = await registry.port(PEER, Booking).book(told)
    assert receipt.peer_code == "true"
    assert b"sandbox-secret" not in exchanges[-1].request + exchanges[-1].url.encode(), "the token is in the address"
    (line,) = await sandbox.applied("postDieuTin")
    assert (line["data"]["order"]["maBuuGui"], line["data"]["order"]["flagConfig"]) == (told.number, 2)
    pull = registry.port(PEER, TrackingPull)
    assert told.number is not None
    assert (await pull.fetch([told.number], since=None)).events == ()
    for code, movement in (("1", Movement.ACCEPTED), ("4", Movement.DELIVERED)):
        await sandbox.control.event(number=told.number, code=code)
        batch = await pull.fetch([told.number], since=None)
        (event,) = batch.events
        assert event.mapped is not None
        assert event.mapped.movement is movement
        assert (event.occurred.precision, event.occurred.zone_source) == (Precision.DAY, ZoneSource.UNKNOWN)
        assert batch.complete_for == (), "yes or no is no history"


async def test_the_interface_of_2016_cannot_cancel_and_cannot_tell(sandbox: Here, peers: Peers) -> None:
    registry = peers(api="serviceapi_v1")
    with pytest.raises(Refused, match="cannot cancel"):
        await registry.port(PEER, Booking).cancel(order())
    await sandbox.control.chaos("reply_lost", "postDieuTin")
    told = order()
    with pytest.raises(Unknown):
        await registry.port(PEER, Booking).book(told)
    since = RealClock().now()
    assert await registry.port(PEER, OutcomeQuery).ask(Operation.CARRIER_BOOK, told, since=since) is Answer.CANNOT_TELL
    assert (await registry.port(PEER, Prober).probe()).ok
    wrong = await peers(api="serviceapi_v1", v1_token="wrong").port(PEER, Prober).probe()
    assert not wrong.ok


@pytest.mark.parametrize(("api", "names"), [("gsp", "token_url"), ("serviceapi_v1", "v1_url")])
async def test_each_interface_names_the_setting_that_it_misses(peers: Peers, api: str, names: str) -> None:
    with pytest.raises(BadConfiguration, match=rf"peers\.vnpost_hcc\.{names}: is required where api is {api}"):
        peers(api=api, **{names: ""})
