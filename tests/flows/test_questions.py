"""Asking by number over real sockets and rows: budgets, whose turn it is, failures, sweeps, what is learned."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.loopback.client import Adapter as Loopback
from adapters.loopback.switches import Switches
from adapters.registry import Registry
from gateway.workers.feeds import Feeds
from gateway.workers.learning import Learning, last_slot
from gateway.workers.questions import asking
from gateway.workers.rules import Rules, peers_of
from schemas.discrepancy import Discrepancy, DiscrepancyState, Severity, Subject
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, DiscrepancyId, ItemId, PeerId, push_feed
from schemas.ports.learned import CallCount, Way
from schemas.ports.stores import Tx
from schemas.shipment import Item, NumberScheme, PollState
from schemas.tracking import Fold, Movement, TrackingBatch
from tests.flows.outbox_house import MONDAY, OutboxHouse, desk_house, outbox_house
from tests.unit.tracking import build
from tracking import reading, volumes
from tracking.ingest import ingest
from tracking.reading import load_context

pytestmark = pytest.mark.flow
SOAP, LOOPBACK = PeerId("postal_soap"), PeerId("loopback")
VNPOST = CarrierId("vnpost")
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def feeds(house: OutboxHouse) -> Feeds:
    """A process that has just started."""
    return Feeds(
        house.store,
        registry=house.registry,
        clock=house.clock,
        tell=house.router,
        context=load_context,
        rhythm_s=60.0,
    )


async def register(house: OutboxHouse, *told: Item) -> list[ItemId]:
    return await house.store.write(lambda tx: [tx.items.add(one).id for one in told])


def parcel(n: int, carrier: CarrierId = VNPOST, **changes: object) -> Item:
    plain = build.item(
        carrier=carrier,
        number=f"PK{n:06}",
        number_scheme=NumberScheme.CARRIER,
        reference=None,
        valid_from=MONDAY - DAY,
        booked_at=MONDAY - DAY,
        handed_over_at=MONDAY - DAY,
        receiver_unit=None,
        polls=PollState(MONDAY - DAY, MONDAY),
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values


async def polls(house: OutboxHouse, items: list[ItemId]) -> list[PollState]:
    found = {item.id: item.polls for item in await house.store.read(lambda tx: tx.items.many(items))}
    return [found[item] for item in items]


async def asked(house: OutboxHouse, items: list[ItemId]) -> list[int]:
    """Places of the items that were asked about since Monday morning."""
    return [
        n for n, told in enumerate(await polls(house, items)) if told.last_at is not None and told.last_at >= MONDAY
    ]


async def requests(house: OutboxHouse, peer: PeerId = SOAP) -> int:
    return len(await house.control(peer).ledger(kind="request", operation="GetItemHistory"))


async def ledger(house: OutboxHouse) -> tuple[CallCount, ...]:
    return await house.store.read(lambda tx: tx.calls.since(MONDAY - DAY))


async def test_a_start_asks_once_and_then_as_fast_as_the_quota_goes_the_most_urgent_first(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings={"calls_per_day": 5_400}) as house:
        items = await register(
            house,
            *(parcel(n, promised_at=MONDAY + 9 * DAY) for n in range(20)),
            parcel(20, promised_at=MONDAY + HOUR),
            parcel(21, promised_at=MONDAY - DAY),
        )
        worker = feeds(house)
        await worker.once()
        assert await asked(house, items) == [21]
        assert await requests(house) == 1
        await worker.once()
        assert await requests(house) == 1  # no time went by, nothing was saved up
        await house.clock.move(60)  # 0.08 calls a second: four fifths of the quota over the 15 hours left
        await worker.once()
        assert await asked(house, items) == [0, 1, 2, 20, 21]
        assert await requests(house) == 5
        assert await ledger(house) == (CallCount(SOAP, "question", MONDAY, 5),)
        await house.clock.move(600)
        restarted = feeds(house)
        await restarted.once()
        assert await requests(house) == 6  # a process that starts has one call, whatever is due


async def test_a_quota_that_is_spent_leaves_the_rest_to_messages_until_midnight(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, settings={"calls_per_day": 10}) as house:
        await register(house, *(parcel(n) for n in range(20)))
        await house.store.write(lambda tx: tx.calls.add(SOAP, "message", MONDAY - HOUR, 7))
        worker = feeds(house)
        for _ in range(14 * 6):  # until 23:00
            await worker.once()
            await house.clock.move(600)
        assert await requests(house) == 1
        await house.clock.move(6 * 3600)
        await worker.once()
        assert await requests(house) == 2


async def test_a_peer_that_wants_to_be_left_alone_is_and_its_items_stay_due(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP) as house:
        items = await register(house, parcel(1))
        before = await polls(house, items)
        await house.control(SOAP).chaos("throttle", "GetItemHistory")
        worker = feeds(house)
        await worker.once()
        assert await polls(house, items) == before
        state = await house.store.read(lambda tx: tx.feeds.get(asking(SOAP)))
        assert (state.failing_since, state.next_at) == (MONDAY, MONDAY + dt.timedelta(seconds=7))
        failing = await house.store.read(lambda tx: tx.feeds.get(SOAP))
        assert failing.failing_since == MONDAY  # asking is the only way in: D-36 looks here
        await house.clock.move(6.9)
        await worker.once()
        assert await requests(house) == 1
        await house.clock.move(0.1)
        await worker.once()
        assert await requests(house) == 2
        (told,) = await polls(house, items)
        assert (told.last_at, told.failures) == (house.clock.now(), 0)
        for name in (SOAP, asking(SOAP)):
            healed = await house.store.read(lambda tx, name=name: tx.feeds.get(name))  # type: ignore[misc]  # bound now
            assert (healed.failing_since, healed.failures, healed.next_at) == (None, 0, None)


# --- the loopback ----------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def loop_house(folder: Path) -> AsyncIterator[OutboxHouse]:
    async with desk_house(folder) as house:
        await house.registry.aclose()
        house.registry = Registry.load({"loopback": {"enabled": True, "secret": "loop"}}, clock=house.clock)
        try:
            yield house
        finally:
            await house.registry.aclose()


def loop(house: OutboxHouse) -> Loopback:
    adapter = house.registry.peer(LOOPBACK).adapter
    assert isinstance(adapter, Loopback)
    return adapter


def looped(n: int, **changes: object) -> Item:
    return parcel(n, CarrierId("loopback"), **changes)


class Poisoned(Switches):
    """One number spoils every question in which it is."""

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number
        self.questions: list[list[str]] = []

    async def before(self, operation: str, subject: str) -> None:
        if operation == "fetch":
            self.questions.append(subject.split(","))
            if self.number in subject:
                raise Misunderstood("the pages go in circles", subject=LOOPBACK)
        await super().before(operation, subject)


async def test_an_item_that_spoils_a_question_is_found_and_hides_nobody(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        items = await register(house, *(looped(n) for n in range(16)))
        switches = Poisoned("PK000005")
        loop(house).carrier.switches = switches
        await feeds(house).once()
        told = await polls(house, items)
        assert [n for n, one in enumerate(told) if one.failures] == [5]
        assert await asked(house, items) == list(range(16))
        assert len(switches.questions) == 9  # all, then both halves four times
        state = await house.store.read(lambda tx: tx.feeds.get(asking(LOOPBACK)))
        assert state.failing_since is None
        assert told[5].next_at is not None and told[4].next_at is not None
        assert told[5].next_at > told[4].next_at + HOUR


async def test_where_every_half_fails_it_is_the_peer_and_it_is_asked_no_further(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        await register(house, *(looped(n) for n in range(16)))
        switches = Poisoned("PK")
        loop(house).carrier.switches = switches
        await feeds(house).once()
        assert len(switches.questions) == 3
        state = await house.store.read(lambda tx: tx.feeds.get(asking(LOOPBACK)))
        assert (state.failing_since, state.failures) == (MONDAY, 1)
        feed = await house.store.read(lambda tx: tx.feeds.get(LOOPBACK))
        assert feed.failing_since is None  # its change feed goes on and has a cursor of its own


async def test_questions_that_answer_do_not_hide_a_feed_that_fails(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        await register(house, looped(1))
        loop(house).carrier.switches.on("down", "read", times=None)
        await feeds(house).once()
        feed = await house.store.read(lambda tx: tx.feeds.get(LOOPBACK))
        assert feed.failing_since == MONDAY
        assert await ledger(house) == (CallCount(LOOPBACK, "question", MONDAY, 1),)


async def test_an_item_that_is_pushed_is_asked_about_less_and_not_less_while_pushes_are_missing(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        fold = dataclasses.replace(Fold.empty(), movement=Movement.IN_TRANSIT, since=MONDAY, last_event_at=MONDAY)
        plain, pushed, gap = await register(house, *(looped(n, fold=fold) for n in range(3)))

        def only(tx: Tx, item: ItemId) -> None:
            for one in (plain, pushed, gap):
                known = tx.items.get(one)
                at = MONDAY if one == item else MONDAY + 30 * DAY
                tx.items.put(dataclasses.replace(known, polls=dataclasses.replace(known.polls, next_at=at)))

        async def wait_of(item: ItemId) -> dt.timedelta:
            await house.store.write(lambda tx: only(tx, item))
            await feeds(house).once()
            ((told),) = await polls(house, [item])
            assert told.next_at is not None and told.last_at == MONDAY
            return told.next_at - MONDAY

        assert await wait_of(plain) < 7 * HOUR
        state = await house.store.read(lambda tx: tx.feeds.get(push_feed(LOOPBACK)))
        await house.store.write(lambda tx: tx.feeds.put(dataclasses.replace(state, last_ok_at=MONDAY - HOUR)))
        assert await wait_of(pushed) > 16 * HOUR
        await house.store.write(lambda tx: tx.discrepancies.put(missing_pushes()))
        assert await wait_of(gap) < 7 * HOUR


async def test_news_that_came_by_itself_puts_the_next_question_off(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        items = await register(house, *(looped(n) for n in range(2)))
        await feeds(house).once()
        world = loop(house).carrier.world
        for n, way in enumerate((Way.FEED, Way.PUSH)):
            event = world.happen(code="in_transit", at=MONDAY, number=f"PK{n:06}")
            batch = TrackingBatch(LOOPBACK, event.carrier, (event,), (), (), MONDAY)
            await house.store.write(
                lambda tx, batch=batch, way=way: ingest(  # type: ignore[misc]  # bound now
                    tx, batch, tell=house.router, context_source=load_context, now=MONDAY, way=way
                )
            )
        fetched, pushed = await polls(house, items)
        assert fetched.next_at is not None and fetched.next_at - MONDAY < 7 * HOUR
        assert pushed.next_at is not None and pushed.next_at - MONDAY > 16 * HOUR


def missing_pushes(case: str = "1", **changes: object) -> Discrepancy:
    plain = Discrepancy(
        id=DiscrepancyId(case * 64),
        rule="D-36",
        subject_kind=Subject.FEED,
        subject=LOOPBACK,
        epoch=f"push|{MONDAY.isoformat()}",
        severity=Severity.HIGH,
        state=DiscrepancyState.OPEN,
        shadow=False,
        opened_at=MONDAY,
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=(),
        remedy="remedy.D-36",
        reason="",
        resolved_by="",
        second_person="",
        units=(),
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values


async def test_after_missed_pushes_everything_open_is_asked_about_once_spread_over_the_budget(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        late = PollState(MONDAY - DAY, MONDAY + 30 * DAY)
        ended = dataclasses.replace(Fold.empty(), movement=Movement.CANCELLED, since=MONDAY - DAY)
        items = await register(house, *(looped(n, polls=late) for n in range(600)))
        others = await register(
            house, parcel(900, polls=late), looped(901, polls=late, fold=ended), looped(902, polls=late, number=None)
        )
        worker = feeds(house)
        await worker.once()
        assert await polls(house, items) == [late] * 600
        await house.store.write(lambda tx: tx.discrepancies.put(missing_pushes()))
        await worker.once()  # 12 calls at one in a second
        due = [told.next_at for told in await polls(house, items) if told.last_at == MONDAY - DAY]
        assert all(at is not None and MONDAY <= at <= MONDAY + dt.timedelta(seconds=12) for at in due)
        assert len(set(due)) > 500
        assert await polls(house, others) == [late] * 3
        for _ in range(13):
            await house.clock.move(1)
            await worker.once()
        assert await asked(house, items) == list(range(600))
        again = await polls(house, items)
        await house.clock.move(60)
        await worker.once()
        assert await polls(house, items) == again  # the same gap is swept once
        second = missing_pushes("2", epoch="sequence|later", opened_at=house.clock.now())
        await house.store.write(lambda tx: tx.discrepancies.put(second))
        await worker.once()
        assert await polls(house, items) != again


async def test_a_feed_of_ours_that_fails_goes_on_from_its_cursor_and_needs_no_sweep(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        late = PollState(MONDAY - DAY, MONDAY + 30 * DAY)
        items = await register(house, looped(1, polls=late))
        await house.store.write(lambda tx: tx.discrepancies.put(missing_pushes(epoch=MONDAY.isoformat())))
        await feeds(house).once()
        assert await polls(house, items) == [late]


# --- volumes and what is learned -------------------------------------------------------------------------------------


async def test_a_thin_hour_of_a_feed_is_seen_by_its_rule(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:

        def weeks(tx: Tx) -> None:
            for hour in volumes.hours_of(MONDAY)[1:]:
                tx.volumes.add(LOOPBACK, Way.FEED, hour, 100)

        await house.store.write(weeks)
        loop(house).carrier.world.happen(code="accepted", at=MONDAY - HOUR, number="PK000001")
        house.clock.at = MONDAY - dt.timedelta(minutes=30)
        await feeds(house).once()
        house.clock.at = MONDAY
        view = await house.store.read(lambda tx: reading.feed_view(tx, LOOPBACK, load_context(tx, MONDAY)))
        assert view.volume is not None
        assert (view.volume.events, view.volume.mean, view.volume.lower) == (1, 100.0, 70.0)
        await Rules(house.store, peers=peers_of(house.registry), clock=house.clock, context=load_context).once()
        (case,) = await house.store.read(lambda tx: tx.discrepancies.of_subject(Subject.FEED, LOOPBACK))
        assert (case.rule, case.epoch.split("|")[0]) == ("D-36", "volume")


async def test_a_night_teaches_what_the_rules_then_know(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        world = loop(house).carrier.world
        for n in range(25):
            for hours, code in ((90, "accepted"), (80, "in_transit"), (60, "delivered")):
                at = MONDAY - hours * HOUR
                event = world.happen(code=code, at=at, number=f"PK{n:06}")
                world.events[-1] = dataclasses.replace(event, received_at=at + HOUR)
        await register(house, *(looped(n, valid_from=MONDAY - 9 * DAY, service="EMS") for n in range(25)))
        await feeds(house).once()
        learning = Learning(house.store, clock=house.clock)
        await learning.once()
        context = await house.store.read(lambda tx: load_context(tx, MONDAY))
        item = looped(1, service="EMS")
        lag, pace = context.lag_of(item), context.pace_of(item, Movement.IN_TRANSIT)
        assert lag is not None and pace is not None
        assert (lag.samples, pace.samples) == (75, 25)
        assert HOUR <= lag.p95 <= 1.021 * HOUR and 20 * HOUR <= pace.p50 <= 1.021 * 20 * HOUR
        assert context.remaining["loopback", "accepted"].samples == 25
        learned = await house.store.read(lambda tx: tx.learned.get())
        await house.clock.move(3600)
        await learning.once()
        assert await house.store.read(lambda tx: tx.learned.get()) == learned  # once a night
        await house.clock.move(24 * 3600)
        await learning.once()
        again = await house.store.read(lambda tx: tx.learned.get())
        assert again.at == house.clock.now() and again.lags == learned.lags


def test_a_nights_turn_comes_at_a_quarter_past_two_in_viet_nam() -> None:
    turn = dt.datetime(2026, 11, 22, 19, 15, tzinfo=dt.UTC)
    assert last_slot(turn) == turn
    assert last_slot(turn - dt.timedelta(seconds=1)) == turn - DAY
    assert last_slot(MONDAY) == turn
