"""Every verb that a sandbox can be told, over a real socket: our client ends in a named error or in a correct result.

The errors of the older verbs (html_503, black_hole, reply_lost …) are in test_sending; here is the rest of the list.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters._kit.sandbox.chaos import AFTER, BEFORE, CONTENT, MEANWHILE
from adapters._kit.sandbox.peer import SKEW, WRONG_ZONE
from adapters._kit.sandbox.process import SandboxProcess
from schemas.errors import CallError, Misunderstood, Outage, Throttled, Unknown
from schemas.ids import CarrierId, PeerId
from schemas.message import Operation
from schemas.ports.carrier import Booking, Prober, TrackingFeed, TrackingPull
from schemas.tracking import Complaint, TrackingBatch, TrackingEvent
from tests.contract.adapters import records
from tests.contract.adapters.bench import SOON, Bench, RealClock, SandboxHands, within
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import MANIFESTS, SENDING, has_wire, sends, with_port

PLAYED = [name for name, manifest in MANIFESTS.items() if has_wire(manifest)]
sending = pytest.mark.parametrize(("peer", "operation"), sends(wire_only=True))
told_by = pytest.mark.parametrize(
    ("peer", "port"),
    [(peer, port) for port in ("TrackingFeed", "TrackingPull") for peer in with_port(port, wire_only=True)],
)


def control(bench: Bench) -> SandboxHands:
    assert isinstance(bench.hands, SandboxHands)
    return bench.hands


# --- the wire --------------------------------------------------------------------------------------------------------


@sending
@pytest.mark.parametrize(
    ("verb", "kind"), [("throttle_bare", Throttled), ("fault_200", CallError), ("truncate", Misunderstood)]
)
async def test_a_spoilt_reply_has_its_error(
    peer: PeerId, operation: Operation, verb: str, kind: type[CallError], bench_of: Make
) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault(verb, SENDING[operation])
    with pytest.raises(kind) as caught:
        await send()
    assert caught.value.retry_after_s is None
    assert await bench.hands.applied(SENDING[operation]) - before == (verb == "truncate")
    assert caught.value.raw, "what was heard is kept"


@sending
async def test_rubbish_in_the_middle_is_misunderstood_though_it_was_applied(
    peer: PeerId, operation: Operation, bench_of: Make
) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    await bench.hands.fault("malformed", SENDING[operation])
    with pytest.raises(Misunderstood) as caught:
        await send()
    assert caught.value.raw


@sending
async def test_a_reply_that_drips_is_unknown(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation, **SOON)
    await bench.hands.fault("slow_drip", SENDING[operation])
    with pytest.raises((Unknown, Outage)):
        await within(15.0, send)


@sending
async def test_a_forgotten_session_costs_a_second_log_in_and_no_second_effect(
    peer: PeerId, operation: Operation, bench_of: Make
) -> None:
    bench = await bench_of(peer)
    assert bench.told is not None
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault("session_expiry", SENDING[operation])
    await send()
    assert await bench.hands.applied(SENDING[operation]) - before == 1
    lines = await control(bench).control.ledger()
    struck = max(line["n"] for line in lines if line["kind"] == "strike" and line["data"]["verb"] == "session_expiry")
    asked = [line for line in lines if line["kind"] == "request"]
    logs_in = {operation for operation, serves in bench.told["operations"].items() if serves in ("login", "probe")}
    if any(line["operation"] in logs_in for line in asked):  # else it wants its password with every call
        assert len([line for line in asked if line["n"] > struck]) >= 2, "a log-in and the call again"


@pytest.mark.parametrize("peer", with_port("Prober", wire_only=True))
async def test_a_clock_that_is_ahead_is_found_by_the_connection_test(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    assert bench.told is not None
    hands = control(bench)
    await hands.control.chaos("skew_clock", times=None)
    probe = await bench.port(Prober).probe()
    assert probe.ok, probe.what
    assert probe.clock_skew_s == pytest.approx(SKEW.total_seconds(), abs=30)


# --- what is told ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """An item that moved, and how to hear of it."""

    bench: Bench
    port: str
    number: str
    at: dt.datetime

    async def hear(self) -> TrackingBatch:
        """The answer that speaks of the item."""
        if self.port == "TrackingPull":
            return await self.bench.port(TrackingPull).fetch([self.number], since=None)
        return await to_the_end(self.bench)

    @property
    def verbs(self) -> Sequence[str]:
        """What this sandbox offers."""
        assert self.bench.told is not None
        told: list[str] = self.bench.told["verbs"]
        return told

    async def fault(self, verb: str) -> None:
        """Order it, or skip where the peer does not do it."""
        if verb not in self.verbs:
            pytest.skip(f"{self.bench.name} has no {verb}")
        await self.bench.hands.fault(verb, "read" if self.port == "TrackingFeed" else "fetch")


async def to_the_end(bench: Bench) -> TrackingBatch:
    """The whole feed as one batch."""
    feed, cursor = bench.port(TrackingFeed), None
    events: list[TrackingEvent] = []
    complaints: list[Complaint] = []
    for _ in range(60):
        batch = await feed.read(cursor)
        events += batch.events
        complaints += batch.complaints
        cursor = batch.next_cursor
        if not batch.more:
            return dataclasses.replace(batch, events=tuple(events), complaints=tuple(complaints))
    raise AssertionError("the feed does not end")


async def moved(bench: Bench, port: str) -> Told:
    """One item was delivered an hour ago."""
    at = (RealClock().now() - dt.timedelta(hours=1)).replace(microsecond=0)
    number = records.new_number()
    await bench.hands.event(
        number=number, reference=records.new_code(), code=bench.samples["delivered"], at=at.isoformat()
    )
    return Told(bench, port, number, at)


def key(event: TrackingEvent) -> tuple[object, ...]:
    """By which the store knows a second copy."""
    return (event.number, event.occurred.wall, event.code, event.office, event.attempt)


def of(number: str, batch: TrackingBatch) -> list[TrackingEvent]:
    return [event for event in batch.events if event.number == number]


@told_by
async def test_a_time_in_the_wrong_zone_is_told_and_not_lost(peer: PeerId, port: str, bench_of: Make) -> None:
    told = await moved(await bench_of(peer), port)
    await told.fault("wrong_zone")
    batch = await told.hear()
    wrong = [event for event in batch.events if event.occurred.utc_low == told.at - WRONG_ZONE]
    assert wrong or of(told.number, batch)
    assert all(event.occurred.utc_low <= event.occurred.utc_high for event in batch.events)


@told_by
async def test_old_events_told_again_are_the_same_events(peer: PeerId, port: str, bench_of: Make) -> None:
    told = await moved(await bench_of(peer), port)
    first = await told.hear()
    await told.fault("replay_old")
    again = await told.hear()
    known = {key(event) for event in first.events}
    assert {key(event) for event in of(told.number, again)} <= known
    assert of(told.number, again)


@told_by
async def test_another_number_is_heard_as_told_and_never_guessed_back(peer: PeerId, port: str, bench_of: Make) -> None:
    told = await moved(await bench_of(peer), port)
    before = await told.hear()
    await told.fault("change_number")
    after = await told.hear()
    assert len(after.events) + len(after.complaints) >= len(before.events)
    invented = {key(event) for event in after.events} - {key(event) for event in before.events}
    assert len(invented) <= 1
    assert told.number not in {number for number, *_ in invented}


@told_by
async def test_a_history_that_was_rewritten_is_told_as_it_is_now(peer: PeerId, port: str, bench_of: Make) -> None:
    told = await moved(await bench_of(peer), port)
    before = await told.hear()
    await told.fault("history_rewritten")
    after = await told.hear()
    gone = {key(event) for event in before.events} - {key(event) for event in after.events}
    new = {key(event) for event in after.events} - {key(event) for event in before.events}
    assert len(gone) == 1
    assert len(new) <= 1


# --- how it is ordered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PLAYED)
async def test_every_sandbox_says_which_verbs_it_does_and_refuses_the_rest(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    assert bench.told is not None
    offered = set(bench.told["verbs"])
    assert {*BEFORE, *AFTER, *MEANWHILE} <= offered
    hands = control(bench)
    for verb in sorted(set(CONTENT) - offered):
        with pytest.raises(ValueError, match="does not do"):
            await hands.control.chaos(verb)


async def test_a_script_in_an_order_breaks_one_reply_and_twists_the_next_telling(tmp_path: Path) -> None:
    """By a field of the order alone, as a demo does it: no control address."""
    peer = PeerId("vnpost_hcc")
    async with SandboxProcess(peer, ledger=tmp_path / "ledger.jsonl") as sandbox:
        told = {
            "url": sandbox.url,
            "settings": sandbox.settings,
            "samples": sandbox.samples,
            "operations": sandbox.operations,
        }
        bench = Bench(MANIFESTS[peer], told)
        contents = "@truncate @change_number @sequence.0s-4"
        order = dataclasses.replace(records.order(CarrierId("vnpost")), contents=contents)
        with pytest.raises(Misunderstood):
            await bench.port(Booking).book(order)
        events = (await bench.port(TrackingFeed).read(None)).events
        assert [event.number for event in events] != [order.number]
        again = (await bench.port(TrackingFeed).read(None)).events
        assert [event.number for event in again] == [order.number]
        strikes = [line["data"]["verb"] for line in await sandbox.control.ledger(kind="strike")]
        assert strikes == ["change_number", "truncate"]
        await bench.aclose()
