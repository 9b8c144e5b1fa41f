"""Feeds and answers by number: nothing is lost, nothing is invented, an outage is never an empty batch."""

import datetime as dt

import pytest

from adapters._kit.http import recording
from schemas.errors import Applied, CallError, Misunderstood, Outage, Transient
from schemas.ids import PeerId
from schemas.ports.carrier import TrackingFeed, TrackingPull
from schemas.tracking import EvidenceLevel, Movement, TrackingBatch, TrackingEvent
from tests.contract.adapters import records
from tests.contract.adapters.bench import SOON, Bench, RealClock, within
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import with_port

feeds = pytest.mark.parametrize("peer", with_port("TrackingFeed"))
wired_feeds = pytest.mark.parametrize("peer", with_port("TrackingFeed", wire_only=True))
pulls = pytest.mark.parametrize("peer", with_port("TrackingPull"))
wired_pulls = pytest.mark.parametrize("peer", with_port("TrackingPull", wire_only=True))


async def to_the_end(feed: TrackingFeed, cursor: str | None = None) -> tuple[list[TrackingEvent], str | None]:
    """Read until there is no more; a feed that never ends fails."""
    events: list[TrackingEvent] = []
    for _ in range(50):
        batch = await feed.read(cursor)
        events += batch.events
        cursor = batch.next_cursor
        if not batch.more:
            return events, cursor
    raise AssertionError("the feed does not end")


async def happens(bench: Bench, **more: object) -> str:
    """An item is delivered a minute ago; returns its number."""
    number = records.new_number()
    at = (RealClock().now() - dt.timedelta(minutes=1)).replace(microsecond=0)
    told = {"number": number, "reference": records.new_code(), "code": bench.samples["delivered"], "at": at.isoformat()}
    await bench.hands.event(**{**told, **more})
    return number


def of(number: str, events: list[TrackingEvent] | tuple[TrackingEvent, ...]) -> list[TrackingEvent]:
    return [event for event in events if event.number == number]


@feeds
async def test_the_feed_tells_what_happened(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    number = await happens(bench)
    events, _ = await to_the_end(bench.port(TrackingFeed))
    (event,) = of(number, events)
    assert event.mapped is not None
    assert event.mapped.movement is Movement.DELIVERED
    assert event.mapped.proof <= bench.manifest.evidence_default
    assert event.source == peer
    assert event.carrier == bench.manifest.carrier
    assert event.occurred.utc_low <= event.occurred.utc_high
    assert event.occurred.utc_low.tzinfo is not None
    assert event.any_row_means_accepted == bench.manifest.any_row_means_accepted


@feeds
async def test_the_feed_goes_on_from_its_cursor(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    feed = bench.port(TrackingFeed)
    _, cursor = await to_the_end(feed)
    number = await happens(bench)
    events, after = await to_the_end(feed, cursor)
    assert len(of(number, events)) == 1
    assert after != cursor


@feeds
async def test_an_unknown_code_is_news_and_never_a_movement(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    number = await happens(bench, code=bench.samples["unknown"])
    events, _ = await to_the_end(bench.port(TrackingFeed))
    (event,) = of(number, events)
    assert event.mapped is None
    assert event.code == bench.samples["unknown"]


@feeds
async def test_a_row_told_twice_is_the_same_event(peer: PeerId, bench_of: Make) -> None:
    """The store knows a second copy by (item, wall time, code, office, attempt); the adapter must not spoil it."""
    bench = await bench_of(peer)
    await happens(bench)
    await bench.hands.fault("duplicate", "read")
    events, _ = await to_the_end(bench.port(TrackingFeed))
    keys = [(event.number, event.reference, event.occurred.wall, event.code, event.office) for event in events]
    assert len(keys) > len(set(keys)), "the sandbox told a row twice"
    assert len({event.carrier_event_id for event in events}) == len(set(keys))


@wired_feeds
async def test_rows_out_of_order_lose_nothing(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    feed = bench.port(TrackingFeed)
    _, cursor = await to_the_end(feed)
    numbers = [await happens(bench) for _ in range(3)]
    await bench.hands.fault("reorder", "read")
    events, cursor = await to_the_end(feed, cursor)
    last = await happens(bench)
    later, _ = await to_the_end(feed, cursor)
    seen = {event.number for event in [*events, *later]}
    assert {*numbers, last} <= seen


@feeds
async def test_a_silent_or_busy_feed_is_an_error_and_not_an_empty_batch(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    await bench.hands.fault("html_503", "read")
    with pytest.raises(Transient):
        await bench.port(TrackingFeed).read(None)


@wired_feeds
@pytest.mark.parametrize("verb", ["black_hole", "half_reply", "reply_lost", "server_error", "html_200"])
async def test_reading_applies_nothing_so_it_is_never_unknown(peer: PeerId, verb: str, bench_of: Make) -> None:
    bench = await bench_of(peer)
    await bench.port(TrackingFeed).read(None)
    feed = bench.port(TrackingFeed, **SOON)
    await bench.hands.fault(verb, "read", times=2)  # a read may be repeated by the library once
    kind = Misunderstood if verb == "html_200" else Outage
    with pytest.raises(kind):
        await within(15.0, lambda: feed.read(None))


@feeds
async def test_a_cursor_of_somebody_else_is_refused(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    with pytest.raises(Misunderstood):
        await bench.port(TrackingFeed).read("not a cursor of this peer")


@wired_feeds
async def test_what_was_read_is_kept_raw(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    await happens(bench)
    with recording() as exchanges:
        batch = await bench.port(TrackingFeed).read(None)
    assert batch.raw
    assert batch.raw[0].body in exchanges[-1].reply
    assert {event.raw_sha256 for event in batch.events} == {batch.raw[0].sha256}


# --- by number -------------------------------------------------------------------------------------------------------


async def history(bench: Bench, *numbers: str) -> TrackingBatch:
    return await bench.port(TrackingPull).fetch(numbers, since=None)


@pulls
async def test_an_item_answers_with_its_events(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    first, second = await happens(bench), await happens(bench)
    batch = await history(bench, first)
    assert {event.number for event in batch.events} == {first}
    (event,) = batch.events
    assert event.mapped is not None
    assert event.mapped.movement is Movement.DELIVERED
    assert event.mapped.proof >= EvidenceLevel.NONE
    assert second not in batch.complete_for
    both = await history(bench, first, second)
    assert {event.number for event in both.events} == {first, second}


@pulls
async def test_an_item_nobody_knows_has_no_events(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    assert (await history(bench, records.new_number())).events == ()


@pulls
async def test_an_unknown_code_by_number_is_unmapped(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    number = await happens(bench, code=bench.samples["unknown"])
    batch = await history(bench, number)
    (event,) = batch.events
    assert event.mapped is None
    assert event.code == bench.samples["unknown"]


@pulls
async def test_a_busy_carrier_is_an_error_and_not_an_item_without_events(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    number = await happens(bench)
    await bench.hands.fault("html_503", "fetch")
    with pytest.raises(Transient):
        await history(bench, number)


@wired_pulls
@pytest.mark.parametrize("verb", ["black_hole", "half_reply", "reply_lost", "html_200"])
async def test_asking_by_number_applies_nothing(peer: PeerId, verb: str, bench_of: Make) -> None:
    bench = await bench_of(peer)
    number = await happens(bench)
    await bench.hands.fault(verb, "fetch", times=2)
    with pytest.raises(CallError) as caught:
        await within(15.0, lambda: bench.port(TrackingPull, **SOON).fetch([number], since=None))
    assert caught.value.applied is Applied.NO or isinstance(caught.value, Misunderstood)
