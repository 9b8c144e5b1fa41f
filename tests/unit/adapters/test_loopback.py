import asyncio
import dataclasses
import datetime as dt

import pytest

from adapters._kit.signatures import hmac_sha256
from adapters.loopback import wire
from adapters.loopback.client import Adapter
from adapters.registry import Registry
from schemas.errors import BadConfiguration, Outage, Refused, Transient
from schemas.ids import CarrierId, PeerId
from schemas.message import Operation
from schemas.ports.carrier import Answer
from schemas.wire import Callback
from tests.contract.adapters import records

LOOPBACK = PeerId("loopback")
ORDER = records.order(CarrierId("loopback"))


class StillClock:
    def now(self) -> dt.datetime:
        return records.NOW

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nobody waits until {when}")


def loopback(*switches: str) -> Adapter:
    settings = {"enabled": True, "secret": "s", "switches": list(switches)}
    adapter = Registry.load({"loopback": settings}, clock=StillClock()).peer(LOOPBACK).adapter
    assert isinstance(adapter, Adapter)
    return adapter


async def test_it_lies_when_it_is_told_to() -> None:
    adapter = loopback("lie:book:1")
    assert (await adapter.carrier.book(ORDER)).peer_code == "ok"
    assert adapter.world.applied == []
    await adapter.carrier.book(ORDER)
    assert [done.payload for done in adapter.world.applied] == [ORDER]


async def test_it_stalls_until_it_is_released() -> None:
    adapter = loopback("stall:book")
    call = asyncio.create_task(adapter.carrier.book(ORDER))
    await asyncio.wait_for(adapter.switches.stalled.wait(), 10)
    assert not call.done()
    assert adapter.world.applied == []
    adapter.switches.release()
    await asyncio.wait_for(call, 10)
    assert len(adapter.world.applied) == 1


@pytest.mark.parametrize(("verb", "kind"), [("refuse", Refused), ("down", Outage), ("busy", Transient)])
async def test_other_switches_apply_nothing(verb: str, kind: type[Exception]) -> None:
    adapter = loopback(verb)
    for _ in range(3):
        with pytest.raises(kind):
            await adapter.carrier.book(ORDER)
    assert adapter.world.applied == []
    adapter.switches.off()
    await adapter.carrier.book(ORDER)


async def test_it_knows_what_it_applied() -> None:
    adapter = loopback()
    other = dataclasses.replace(ORDER, seq=2)
    await adapter.carrier.book(ORDER)
    ask = adapter.carrier.ask
    assert await ask(Operation.CARRIER_BOOK, ORDER, since=records.NOW) is Answer.APPLIED
    assert await ask(Operation.CARRIER_BOOK, other, since=records.NOW) is Answer.NOT_APPLIED
    adapter.switches.on("lie", "ask")
    assert await ask(Operation.CARRIER_BOOK, ORDER, since=records.NOW) is Answer.CANNOT_TELL


def test_a_signed_push_is_believed_and_read() -> None:
    carrier = loopback().carrier
    event = carrier.world.happen(code="delivered", at=records.NOW, number="EL000000005VN")
    body = wire.events_to_json([event])
    signature = ("x-loopback-signature", hmac_sha256(b"s", body))
    callback = Callback(LOOPBACK, (signature,), (), body, records.NOW)
    assert carrier.verify_header(callback)
    assert not carrier.verify_header(dataclasses.replace(callback, body=body + b" "))
    assert carrier.parse(callback).events == (event,)


def test_without_a_secret_no_push_is_believed() -> None:
    adapter = Registry.load({"loopback": {"enabled": True}}, clock=StillClock()).peer(LOOPBACK).adapter
    assert isinstance(adapter, Adapter)
    signature = ("x-loopback-signature", hmac_sha256(b"", b"[]"))
    assert not adapter.carrier.verify_header(Callback(LOOPBACK, (signature,), (), b"[]", records.NOW))


@pytest.mark.parametrize("told", ["explode", "lie:book:often", "lie:book:-1"])
def test_a_wrong_switch_does_not_start(told: str) -> None:
    with pytest.raises(BadConfiguration, match="switches"):
        loopback(told)
