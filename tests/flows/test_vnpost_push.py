"""VNPost's signed deliveries: from its own process through the real door into the item; forged, old, of another key."""

import asyncio
import base64
import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters._kit.signatures import SigningKey
from adapters.registry import Registry
from gateway.inbound.callbacks import pushing_of
from gateway.workers.inbox import Inbox
from schemas.ids import CarrierId, PeerId
from schemas.message import Fact, InboxState
from schemas.ports.stores import Tx
from schemas.shipment import Item, NumberScheme, Purpose
from schemas.tracking import Movement, Outcome
from tests.flows.edge_house import NOW, EdgeHouse, MovedClock, edge_house
from tracking.reading import load_context

pytestmark = pytest.mark.flow
PEER = PeerId("vnpost")
NUMBER = "EL000000005VN"
PLAIN = {"enabled": True, "base_url": "http://127.0.0.1:9", "username": "u", "password": "p"}


def registry(clock: MovedClock, *keys: str, **more: object) -> Registry:
    return Registry.load({PEER: {**PLAIN, "webhook_keys": keys, **more}}, clock=clock)


def silent(tx: Tx, fact: Fact) -> None:
    """Nobody needs to be told of an item without a dossier."""


def inbox(house: EdgeHouse, peers: Registry) -> Inbox:
    return Inbox(house.store, registry=peers, clock=house.clock, tell=silent, context=load_context)


def parcel() -> Item:
    plain = Item.heard_of(CarrierId("vnpost"), NOW - dt.timedelta(days=3), Purpose.RESULT_OUT)
    return dataclasses.replace(plain, number=NUMBER, number_scheme=NumberScheme.S10)


def wired(key: SigningKey, code: int = 100, hours: int = 3) -> bytes:
    """A delivery signed by this key."""
    sent = (NOW - dt.timedelta(minutes=1)).isoformat()
    at = (NOW - dt.timedelta(hours=hours)).isoformat()
    data = json.dumps({"ItemCode": NUMBER, "OrderCode": "X-1", "OrderStatusId": code, "LastUpdateTime": at})
    sign = base64.b64encode(key.sign((data + sent).encode())).decode()
    return json.dumps({"Data": data, "SendDate": sent, "SignData": sign}).encode()


async def item_of(house: EdgeHouse) -> Item:
    found = await house.store.read(lambda tx: tx.items.find(CarrierId("vnpost"), NUMBER, NOW))
    assert found is not None
    return found


async def tell(house: EdgeHouse, body: bytes) -> int:
    async with house.session.post(f"{house.url}/callbacks/{PEER}", data=body) as reply:
        return reply.status


async def rows(house: EdgeHouse) -> list[tuple[str, InboxState]]:
    listed = await house.store.read(lambda tx: tx.inbox.list(peer=PEER))
    return [(row.kind, row.state) for row in reversed(listed)]


@pytest.mark.slow
async def test_states_come_from_vnposts_process_through_the_door_into_the_item(tmp_path: Path) -> None:
    """Killed in the middle: what was not acknowledged is pushed again, and each state is folded once."""
    clock = MovedClock()
    async with SandboxProcess(PEER, ledger=tmp_path / "ledger.jsonl") as idle:
        keys = idle.settings["webhook_keys"]
    peers = registry(clock, webhook_keys=keys)
    async with edge_house(tmp_path / "house", clock=clock, pushing=pushing_of(peers)) as house:
        await house.store.write(lambda tx: tx.items.add(parcel()))
        options = {"callback_url": f"{house.url}/callbacks/{PEER}"}
        async with SandboxProcess(PEER, ledger=tmp_path / "ledger.jsonl", options=options) as sandbox:
            await sandbox.control.clock(NOW.isoformat())
            await sandbox.control.chaos("duplicate", "webhook")
            for hours, code in ((30, "70"), (4, "91"), (3, "100")):
                at = (NOW - dt.timedelta(hours=hours)).isoformat()
                await sandbox.control.event(number=NUMBER, reference="X-1", code=code, at=at, attempt=1)
                if code == "91":
                    await sandbox.kill()
                    await sandbox.start()
            async with asyncio.timeout(30):
                while len(await sandbox.control.ledger(kind="pushed")) < 3:
                    pass
        await inbox(house, peers).once()
        item = await item_of(house)
        assert (item.fold.outcome, item.fold.events_n, item.fold.attempts) == (Outcome.DELIVERED, 3, 1)
        assert all(told == ("callback", InboxState.APPLIED) for told in await rows(house))
    await peers.aclose()


async def test_what_is_forged_is_stored_and_never_believed_and_does_not_keep_the_true_one_out(tmp_path: Path) -> None:
    clock, ours, theirs = MovedClock(), SigningKey.generate(), SigningKey.generate()
    peers = registry(clock, ours.public_pem)
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        await house.store.write(lambda tx: tx.items.add(parcel()))
        true = wired(ours, 70)
        bent = json.loads(true)
        bent["Data"] = bent["Data"].replace('"OrderStatusId": 70', '"OrderStatusId": 100')
        for body in (wired(theirs), json.dumps(bent).encode(), b"{}", b"<html>", b"\xff", true):
            assert await tell(house, body) == 200
        await inbox(house, peers).once()
        assert await rows(house) == [*[("unproven", InboxState.QUARANTINED)] * 5, ("callback", InboxState.APPLIED)]
        item = await item_of(house)
        assert (item.fold.movement, item.fold.events_n) == (Movement.ACCEPTED, 1)
    await peers.aclose()


async def test_a_replay_is_known_and_an_old_one_is_refused_though_it_is_proven(tmp_path: Path) -> None:
    clock, key = MovedClock(), SigningKey.generate()
    peers = registry(clock, key.public_pem, replay_window_s=3600.0)
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(peers)) as house:
        await house.store.write(lambda tx: tx.items.add(parcel()))
        body = wired(key)
        wrapped = json.dumps(dict(reversed(json.loads(body).items())), indent=1).encode()
        assert [await tell(house, told) for told in (body, body, wrapped)] == [200] * 3
        await inbox(house, peers).once()
        assert await rows(house) == [("callback", InboxState.APPLIED)]
        await house.clock.move(hours=2)
        late = wired(key, 170)
        assert await tell(house, late) == 200
        await inbox(house, peers).once()
        assert (await rows(house))[-1] == ("callback", InboxState.QUARANTINED)
        assert (await item_of(house)).fold.outcome is Outcome.DELIVERED
    await peers.aclose()


async def test_a_key_that_changed_without_a_word_loses_nothing(tmp_path: Path) -> None:
    """VNPost signs by a new key: its deliveries wait under the quota, and count as soon as the key is pinned."""
    clock, old, new = MovedClock(), SigningKey.generate(), SigningKey.generate()
    before = registry(clock, old.public_pem)
    async with edge_house(tmp_path, clock=clock, pushing=pushing_of(before)) as house:
        await house.store.write(lambda tx: tx.items.add(parcel()))
        assert await tell(house, wired(new)) == 200
        await inbox(house, before).once()
        assert (await item_of(house)).fold.movement is None
        pinned = registry(clock, old.public_pem, ";".join(new.public_numbers))
        assert await house.store.write(lambda tx: tx.inbox.reopen_unproven(PEER)) == 1
        await inbox(house, pinned).once()
        assert await rows(house) == [("unproven", InboxState.APPLIED)]
        assert (await item_of(house)).fold.movement is Movement.DELIVERED
        assert await house.store.read(lambda tx: tx.inbox.unproven(PEER)) == (0, 0), "proven after all"
        await pinned.aclose()
    await before.aclose()
