"""Carriers that push: from their own process through the real door into the item; and what proves nothing is a hint."""

import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from gateway.inbound.callbacks import pushing_of
from gateway.workers.inbox import Inbox
from gateway.workers.questions import Questions
from schemas.ids import CarrierId, PeerId, push_feed
from schemas.message import Fact, InboxState
from schemas.ports.learned import Way
from schemas.ports.stores import Tx
from schemas.shipment import Item, NumberScheme, PollState, Purpose
from schemas.tracking import Movement, Outcome, TrackingBatch
from tests.flows.edge_house import NOW, EdgeHouse, MovedClock, edge_house
from tracking.ingest import ingest
from tracking.reading import load_context

pytestmark = pytest.mark.flow
SECRET = "between-us"
NUMBERS = {"viettel_post": "1000000000001", "ems": "EL000000005VN", "ghn": "Z82BS", "ghtk": "S1.A1.17373471"}
SETTINGS: dict[str, dict[str, object]] = {
    "viettel_post": {"username": "0900000001", "password": "p", "service": "VCN", "webhook_secret": SECRET},
    "ems": {"merchant_token": "t", "webhook_secret": SECRET, "status_codes": {"8": "delivered"}},
    "ghtk": {"token": "t", "webhook_secret": SECRET},
    "ghn": {"token": "t"},
}
OPTIONS = {
    "viettel_post": {"webhook_secret": SECRET},
    "ems": {},
    "ghtk": {"hash": SECRET},
}
AT = (NOW - dt.timedelta(hours=3)).isoformat()


def registry(clock: MovedClock, *peers: str, **more: object) -> Registry:
    told = {"enabled": True, "base_url": "http://127.0.0.1:9", **more}
    return Registry.load({peer: {**SETTINGS[peer], **told} for peer in peers}, clock=clock)


def silent(tx: Tx, fact: Fact) -> None:
    """Nobody needs to be told of an item without a dossier."""


def inbox(house: EdgeHouse, peers: Registry) -> Inbox:
    return Inbox(house.store, registry=peers, clock=house.clock, tell=silent, context=load_context)


def parcel(peer: str) -> Item:
    plain = Item.heard_of(CarrierId(peer), NOW - dt.timedelta(days=3), Purpose.RESULT_OUT)
    return dataclasses.replace(plain, number=NUMBERS[peer], number_scheme=NumberScheme.CARRIER)


async def item_of(house: EdgeHouse, peer: str) -> Item | None:
    return await house.store.read(lambda tx: tx.items.find(CarrierId(peer), NUMBERS[peer], NOW))


async def pushed(sandbox: SandboxProcess, wanted: int) -> None:
    """Wait until so many deliveries were acknowledged in the way that this carrier wants."""
    async with asyncio.timeout(30):
        while len(await sandbox.control.ledger(kind="pushed")) < wanted:
            pass


@pytest.mark.slow
@pytest.mark.parametrize(("peer", "address"), [("viettel_post", ""), ("ems", f"?key={SECRET}"), ("ghtk", "")])
async def test_a_push_comes_from_their_process_through_the_door_into_the_item(
    peer: str, address: str, tmp_path: Path
) -> None:
    clock = MovedClock()
    peers = registry(clock, peer)
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        await house.store.write(lambda tx: tx.items.add(parcel(peer)))
        options = {**OPTIONS[peer], "callback_url": f"{house.url}/callbacks/{peer}{address}"}
        async with SandboxProcess(peer, ledger=tmp_path / "ledger.jsonl", options=options) as sandbox:
            await sandbox.control.chaos("duplicate", "journey" if peer == "viettel_post" else "status")
            told = {"number": NUMBERS[peer], "code": sandbox.samples["delivered"], "at": AT}
            await sandbox.control.event(**told)
            await sandbox.kill()  # before or after it was told: the ledger knows what is not acknowledged yet
            await sandbox.start()
            await pushed(sandbox, 1)
        assert await inbox(house, peers).once() == 1, "the second copy of a delivery is no second row"
        item = await item_of(house, peer)
        assert item is not None and item.fold.outcome is Outcome.DELIVERED
        assert item.fold.events_n == 1
        heard = await house.store.read(lambda tx: tx.feeds.get(push_feed(PeerId(peer))))
        assert heard.last_ok_at == NOW
    await peers.aclose()


def wired(peer: str) -> bytes:
    """A delivery as the carrier writes it."""
    bodies: Mapping[str, dict[str, object]] = {
        "viettel_post": {
            "DATA": {"ORDER_NUMBER": NUMBERS[peer], "ORDER_STATUS": 501, "ORDER_STATUSDATE": "22/11/2026 10:02:11"},
            "TOKEN": "0900000001",
        },
        "ems": {"tracking_code": NUMBERS[peer], "status_code": 8, "datetime": "22/11/2026 10:02:11"},
        "ghtk": {"label_id": NUMBERS[peer], "status_id": 5, "action_time": "2026-11-22T10:02:11+07:00"},
        "ghn": {"OrderCode": NUMBERS[peer], "Status": "delivered", "Time": "2026-11-22T03:02:11Z"},
    }
    return json.dumps(bodies[peer]).encode()


@pytest.mark.parametrize("peer", ["viettel_post", "ems", "ghtk"])
async def test_what_does_not_carry_the_secret_is_not_even_stored(peer: str, tmp_path: Path) -> None:
    clock = MovedClock()
    peers = registry(clock, peer)
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        at = f"{house.url}/callbacks/{peer}"
        for address, headers in (
            (at, {}),
            (f"{at}?key=wrong&hash=wrong", {"Authorization": "wrong"}),
            (f"{at}?KEY={SECRET}", {"X-Authorization": SECRET}),
        ):
            async with house.session.post(address, data=wired(peer), headers=headers) as reply:
                assert reply.status == 401
        assert await house.store.read(lambda tx: tx.inbox.pending(limit=10)) == ()
        proven = f"{at}?key={SECRET}&hash={SECRET}"
        async with house.session.post(proven, data=wired(peer), headers={"Authorization": SECRET}) as reply:
            assert reply.status == 200
        (row,) = await house.store.read(lambda tx: tx.inbox.pending(limit=10))
        assert SECRET not in f"{row.headers}", "what proved it is not kept"
    await peers.aclose()


async def test_a_header_that_is_no_text_is_kept_as_one_and_harms_nobody(tmp_path: Path) -> None:
    clock = MovedClock()
    peers = registry(clock, "ghn", "ems")
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        for peer, header in (("ghn", b"Content-Type: \xff/\xfe"), ("ems", b"ems-transaction: k\xff")):
            body = wired(peer)
            head = f"POST /callbacks/{peer}?key={SECRET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()
            said = await raw(house.url, head + header + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            assert said.startswith(b"HTTP/1.1 200"), said
        assert await inbox(house, peers).once() == 2
    await peers.aclose()


async def raw(url: str, request: bytes) -> bytes:
    """What is answered to bytes that no client library would send."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    async with asyncio.timeout(10):
        said = await reader.read()
    writer.close()
    return said


async def test_each_carrier_hears_what_it_wants_to_hear_again_for_a_repetition(tmp_path: Path) -> None:
    clock = MovedClock()
    peers = registry(clock, "ems")
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        at = f"{house.url}/callbacks/ems?key={SECRET}"
        for transaction, n in (("t-1", 1), ("t-1", 1), ("t-2", 2)):
            async with house.session.post(at, data=wired("ems"), headers={"ems-transaction": transaction}) as reply:
                assert await reply.json() == {"code": "success", "transaction": transaction}
            assert len(await house.store.read(lambda tx: tx.inbox.pending(limit=10))) == n
    await peers.aclose()


async def hint(house: EdgeHouse, peers: Registry, body: bytes) -> str:
    """Somebody tells us something in GHN's name; returns what was done about it."""
    async with house.session.post(f"{house.url}/callbacks/ghn", data=body) as reply:
        assert reply.status == 200
    (row,) = await house.store.read(lambda tx: tx.inbox.pending(limit=10))
    assert row.kind == "hint"
    await inbox(house, peers).once()
    (row,) = [one for one in await house.store.read(lambda tx: tx.inbox.list(peer=PeerId("ghn"))) if one.id == row.id]
    assert row.state is InboxState.APPLIED
    return row.detail


async def test_a_push_that_proves_nothing_only_lets_us_ask(tmp_path: Path) -> None:
    clock = MovedClock()
    peers = registry(clock, "ghn")
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        asked = dataclasses.replace(
            parcel("ghn"), polls=PollState(last_at=NOW - dt.timedelta(hours=1), next_at=NOW + dt.timedelta(hours=5))
        )
        await house.store.write(lambda tx: tx.items.add(asked))
        assert "1 known items are asked about" in await hint(house, peers, wired("ghn"))
        item = await item_of(house, "ghn")
        assert item is not None
        assert (item.fold.movement, item.fold.events_n, item.polls.next_at) == (None, 0, NOW)
        heard = await house.store.read(lambda tx: tx.feeds.get(push_feed(PeerId("ghn"))))
        assert heard.last_ok_at is None, "whoever forges pushes must not make us ask more rarely"
        assert "nobody is asked" in await hint(house, peers, wired("ghn").replace(b"Z82BS", b"NOBODY"))
        assert await house.store.read(lambda tx: tx.items.find_number("NOBODY")) == ()
    await peers.aclose()


async def test_hints_about_one_item_ask_for_one_question_a_minute(tmp_path: Path) -> None:
    clock = MovedClock()
    peers = registry(clock, "ghn")
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        asked = dataclasses.replace(
            parcel("ghn"), polls=PollState(last_at=NOW - dt.timedelta(seconds=10), next_at=NOW + dt.timedelta(hours=5))
        )
        await house.store.write(lambda tx: tx.items.add(asked))
        for n in range(3):
            await hint(house, peers, wired("ghn").replace(b"03:02:11", f"03:02:1{n}".encode()))
        item = await item_of(house, "ghn")
        assert item is not None and item.polls.next_at == NOW + dt.timedelta(seconds=50)
    await peers.aclose()


@pytest.mark.slow
async def test_only_the_carriers_own_answer_to_the_question_is_believed(tmp_path: Path) -> None:
    """Somebody claims a delivery; GHN itself says that it is on its way."""
    clock = MovedClock()
    async with SandboxProcess("ghn", ledger=tmp_path / "ledger.jsonl") as sandbox:
        peers = registry(clock, "ghn", **sandbox.settings)
        async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
            await house.store.write(lambda tx: tx.items.add(parcel("ghn")))
            await sandbox.control.event(number=NUMBERS["ghn"], code="delivering", at=AT)
            await hint(house, peers, wired("ghn"))

            def take(tx: Tx, batch: TrackingBatch) -> None:
                ingest(tx, batch, tell=silent, context_source=load_context, now=clock.now(), way=Way.PULL)

            questions = Questions(house.store, registry=peers, clock=clock, take=take, context=load_context)
            await questions.ask(peers.peer(PeerId("ghn")))
            item = await item_of(house, "ghn")
            assert item is not None
            assert (item.fold.movement, item.fold.outcome) == (Movement.OUT_FOR_DELIVERY, Outcome.OPEN)
        await peers.aclose()
