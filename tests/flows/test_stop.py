"""Stopping in good order: calls under way are waited for, because an interrupted one is an unknown outcome."""

import asyncio
from pathlib import Path

import pytest

from adapters.loopback.client import Adapter
from adapters.registry import Registry
from gateway.outbox.route import Router
from gateway.outbox.table import routing_table
from schemas.ids import PeerId
from schemas.message import MessageState, Operation
from tests.flows.outbox_house import OutboxHouse, desk_house

pytestmark = pytest.mark.flow
LOOPBACK = PeerId("loopback")


def with_loopback(house: OutboxHouse) -> Adapter:
    """The house with the loopback as its one-stop system and portal; returns it with its switches."""
    house.registry = Registry.load({"loopback": {"enabled": True, "secret": "loopback-only"}}, clock=house.clock)
    table = routing_table(house.registry)
    house.router = Router(table, bell=house.bell, clock=house.clock, base_url="http://127.0.0.1:8080")
    adapter = house.registry.peer(LOOPBACK).adapter
    assert isinstance(adapter, Adapter)
    return adapter


async def test_a_call_under_way_ends_before_the_lane_does_and_nothing_more_is_begun(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as house:
        switches = with_loopback(house).switches
        switches.on("stall", times=1)
        await house.take_in(with_post=False)
        lane = house.lane(LOOPBACK)
        running = asyncio.create_task(lane.run())
        await switches.stalled.wait()
        draining = asyncio.create_task(lane.drain(30.0))
        switches.release()
        await asyncio.gather(draining, running)
        states = {message.operation: message.state for message in await house.messages()}
        assert states.pop(Operation.PORTAL_DOSSIER) is MessageState.DELIVERED
        assert set(states.values()) == {MessageState.PENDING}


async def test_a_call_that_does_not_end_in_time_is_left_to_the_next_start(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as house:
        switches = with_loopback(house).switches
        switches.on("stall", times=None)
        await house.take_in(with_post=False)
        lane = house.lane(LOOPBACK)
        running = asyncio.create_task(lane.run())
        await switches.stalled.wait()
        await lane.drain(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        first = await house.message(Operation.PORTAL_DOSSIER)
        assert first.state is MessageState.SENDING
        await house.sweeper.after_restart()
        assert (await house.message(Operation.PORTAL_DOSSIER)).state is MessageState.UNKNOWN
