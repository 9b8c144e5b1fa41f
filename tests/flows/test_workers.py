"""Feeds, reports, inbox and supervisor over sandbox peers: what comes in twice, broken, or not at all."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.loopback import wire
from adapters.loopback.client import Adapter as Loopback
from adapters.registry import Registry
from gateway.workers.feeds import Feeds
from gateway.workers.inbox import Inbox
from gateway.workers.questions import AFTER_FAILURE
from gateway.workers.reports import Reports
from gateway.workers.rules import Rules, peers_of
from gateway.workers.supervisor import FIRST_PAUSE, Supervisor
from schemas.audit import AuditRow
from schemas.dossier import DossierState
from schemas.ids import DossierCode, PeerId, Sha256
from schemas.message import InboxState, NewInbound
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Tx
from tests.flows.outbox_house import (
    AXIS,
    LIMIT_S,
    MONDAY,
    POST,
    OutboxHouse,
    StandingClock,
    desk_house,
    outbox_house,
)
from tracking.reading import load_context

pytestmark = pytest.mark.flow
LOOPBACK = PeerId("loopback")
SECRET = "shared with the loopback"


def feeds(house: OutboxHouse) -> Feeds:
    return Feeds(
        house.store,
        registry=house.registry,
        clock=house.clock,
        tell=house.router,
        context=load_context,
        rhythm_s=60.0,
    )


def inbox(house: OutboxHouse) -> Inbox:
    return Inbox(house.store, registry=house.registry, clock=house.clock, tell=house.router, context=load_context)


async def audit(house: OutboxHouse) -> tuple[AuditRow, ...]:
    return await house.store.read(lambda tx: tx.audit.rows(limit=5000))


async def feed_state(house: OutboxHouse, peer: PeerId = POST) -> FeedState:
    return await house.store.read(lambda tx: tx.feeds.get(peer))


async def next_look(house: OutboxHouse) -> None:
    await house.clock.move(300)
    await feeds(house).once()


# --- feeds -----------------------------------------------------------------------------------------------------------


async def test_a_page_with_nothing_new_writes_nothing_new(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in()
        assert receipt.item is not None
        item = receipt.item
        await house.control(POST).event(reference=receipt.code, number=receipt.item_number, code="93")
        await feeds(house).once()
        before = await audit(house), await house.store.read(lambda tx: tx.inbox.list(peer=POST))
        (event,) = await house.store.read(lambda tx: tx.events.of_item(item))
        for _ in range(3):
            await next_look(house)
        assert (await audit(house), await house.store.read(lambda tx: tx.inbox.list(peer=POST))) == before
        assert await house.store.read(lambda tx: tx.events.of_item(item)) == (event,)
        state = await feed_state(house)
        assert (state.last_ok_at, state.next_at) == (house.clock.now(), house.clock.now() + dt.timedelta(seconds=300))


async def test_an_unknown_code_is_complained_of_once_though_the_next_page_overlaps(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        first, second = await house.take_in(2)
        assert first.item_number is not None and second.item_number is not None
        await house.control(POST).event(reference=first.code, number=first.item_number, code="93")
        await feeds(house).once()
        assert len(await house.acts("tracking.complaint")) == 1
        await house.control(POST).event(reference=second.code, number=second.item_number, code="93")
        await next_look(house)  # tells the first row again beside the new one
        complaints = [act.detail for act in await house.acts("tracking.complaint")]
        assert len(complaints) == 2
        assert first.item_number in complaints[0] and second.item_number in complaints[1]
        pages = await house.store.read(lambda tx: tx.inbox.list(peer=POST))
        assert [page.state for page in pages] == [InboxState.APPLIED] * 2


async def test_a_feed_is_not_asked_before_its_interval(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        await feeds(house).once()
        await house.clock.move(299)
        await feeds(house).once()
        assert len(await house.control(POST).ledger(kind="request", operation="getOrderTracking")) == 1
        await house.clock.move(1)
        await feeds(house).once()
        assert len(await house.control(POST).ledger(kind="request", operation="getOrderTracking")) == 2


async def test_a_failed_poll_is_an_outage_with_a_beginning_then_d36_and_never_an_empty_list(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in()
        await house.control(POST).event(reference=receipt.code, number=receipt.item_number, code="4")
        await house.control(POST).chaos("html_503", "read", times=2)
        await feeds(house).once()
        failed = await feed_state(house)
        assert (failed.failing_since, failed.failures, failed.last_ok_at, failed.cursor) == (MONDAY, 1, None, None)
        assert failed.next_at == MONDAY + dt.timedelta(seconds=AFTER_FAILURE[0])
        await house.clock.move(3 * 3600)
        await feeds(house).once()
        again = await feed_state(house)
        assert (again.failing_since, again.failures) == (MONDAY, 2)
        rules = Rules(house.store, peers=peers_of(house.registry), clock=house.clock, context=load_context)
        await rules.once()
        assert "D-36" in await open_rules(house)
        await next_look(house)
        healed = await feed_state(house)
        assert (healed.failing_since, healed.failures, healed.last_ok_at) == (None, 0, house.clock.now())
        await rules.once()
        assert "D-36" not in await open_rules(house)
        (packing,) = await house.store.read(lambda tx: tx.items.packings_in(receipt.dossier))
        fold = (await house.store.read(lambda tx: tx.items.get(packing.item))).fold
        assert fold.movement is not None and fold.movement.terminal


async def open_rules(house: OutboxHouse) -> set[str]:
    return {case.rule for case in await house.store.read(lambda tx: tx.discrepancies.open())}


async def test_a_page_that_cannot_be_taken_fails_its_own_feed_and_no_neighbours(tmp_path: Path) -> None:
    async with loop_house(tmp_path, POST) as house:
        (receipt,) = await house.take_in()
        await house.control(POST).event(reference=receipt.code, number=receipt.item_number, code="4")
        world = loopback(house).world
        event = world.happen(code="accepted", at=MONDAY, number="EE473124829VN")
        world.events[0] = dataclasses.replace(event, received_at=MONDAY.replace(tzinfo=None))  # no row can hold it
        await feeds(house).once()
        assert (await feed_state(house, LOOPBACK)).failing_since == MONDAY
        assert (await feed_state(house, POST)).last_ok_at == MONDAY


# --- one-stop reports ------------------------------------------------------------------------------------------------


async def test_a_crash_before_the_acknowledgement_lists_it_again_and_applies_it_once(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, AXIS) as house:
        (receipt,) = await house.take_in(with_post=False)
        async with house.sending(AXIS):
            await house.store.until(lambda tx: not tx.messages.due_peers(now=MONDAY))
            await house.seen(AXIS, lambda lines: len(lines) == 1, kind="applied", operation="syncDossier")
        await house.control(AXIS).event(reference=receipt.code, code="receive", at=MONDAY.isoformat())
        await house.control(AXIS).chaos("black_hole", "acknowledge")
        reports = Reports(house.store, registry=house.registry, clock=house.clock, inbox=inbox(house))
        look = asyncio.create_task(reports.once())
        await house.seen(AXIS, lambda lines: len(lines) == 1, kind="strike", operation="updateStatusReceiver")
        look.cancel()  # the power goes while the acknowledgement is on its way
        with contextlib.suppress(asyncio.CancelledError):
            await look
        assert await inbox(house).once() == 1
        history = (await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))).history
        assert [step.state for step in history] == [DossierState.LODGED, DossierState.ARRIVED]
        await reports.once()
        assert await inbox(house).once() == 0
        assert (await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))).history == history
        assert len(await house.control(AXIS).applied("updateStatusReceiver")) == 1
        await reports.once()
        assert len(await house.store.read(lambda tx: tx.inbox.list(peer=AXIS))) == 1


async def test_a_report_that_cannot_be_fetched_is_left_there_and_hides_no_other_one(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, AXIS) as house:
        receipts = await house.take_in(2, with_post=False)
        async with house.sending(AXIS):
            await house.seen(AXIS, lambda lines: len(lines) == 2, kind="applied", operation="syncDossier")
        for receipt in receipts:
            await house.control(AXIS).event(reference=receipt.code, code="receive", at=MONDAY.isoformat())
        await house.control(AXIS).chaos("refuse", "fetch")
        reports = Reports(house.store, registry=house.registry, clock=house.clock, inbox=inbox(house))
        await reports.once()
        assert await inbox(house).once() == 1
        await reports.once()
        assert await inbox(house).once() == 1
        for receipt in receipts:
            dossier = await house.store.read(lambda tx, wanted=receipt.dossier: tx.dossiers.get(wanted))  # type: ignore[misc]  # a default argument fixes the loop's value
            assert dossier.state is DossierState.ARRIVED


# --- inbox -----------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def loop_house(folder: Path, *peers: PeerId) -> AsyncIterator[OutboxHouse]:
    """A house with the loopback beside sandbox peers."""
    async with outbox_house(folder, *peers) if peers else desk_house(folder) as house:
        told = {"loopback": {"enabled": True, "secret": SECRET}}
        both = {str(peer): {"enabled": True, **house.sandboxes[peer].settings} for peer in peers}
        await house.registry.aclose()
        house.registry = Registry.load({**both, **told}, clock=house.clock)
        try:
            yield house
        finally:
            await house.registry.aclose()


def loopback(house: OutboxHouse) -> Loopback:
    adapter = house.registry.peer(LOOPBACK).adapter
    assert isinstance(adapter, Loopback)
    return adapter


async def came_in(house: OutboxHouse, kind: str, *bodies: bytes, peer: PeerId = LOOPBACK) -> None:
    def put(tx: Tx) -> None:
        for n, body in enumerate(bodies):
            digest = Sha256(hashlib.sha256(body).hexdigest())
            tx.inbox.put(NewInbound(peer, kind, f"{kind}-{n}-{digest}", digest, body, (), MONDAY, "", f"c-{n}"))

    await house.store.write(put)


def report(code: str, key: str) -> bytes:
    told = OneStopReport(
        key, ReportKind.RECEIVED, DossierCode(code), None, MONDAY, "Bình", None, "", (), Sha256("0" * 64)
    )
    return wire.report_to_json(told)


async def rows(house: OutboxHouse) -> list[tuple[InboxState, str]]:
    """Oldest first: state and reason."""
    found = await house.store.read(lambda tx: tx.inbox.list(peer=LOOPBACK))
    return [(row.state, row.detail) for row in reversed(found)]


async def test_a_body_that_is_misunderstood_is_quarantined_with_its_reason_and_its_neighbours_go_on(
    tmp_path: Path,
) -> None:
    async with loop_house(tmp_path) as house:
        (receipt,) = await house.take_in(with_post=False)
        await came_in(house, "report", b"<html>503</html>", report(receipt.code, "R1"), b'{"key": 7}')
        assert await inbox(house).once() == 3
        (first, why), (second, _), (third, _) = await rows(house)
        assert (first, second, third) == (InboxState.QUARANTINED, InboxState.APPLIED, InboxState.QUARANTINED)
        assert why.startswith("The peer's reply breaks its own contract")
        assert (
            await house.store.read(lambda tx: tx.inbox.body(tx.inbox.list(peer=LOOPBACK)[-1].id)) == b"<html>503</html>"
        )
        assert await inbox(house).once() == 0


async def test_a_report_about_a_dossier_that_nobody_knows_is_quarantined_by_its_code(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        (receipt,) = await house.take_in(with_post=False)
        await came_in(house, "report", report("000.00.14.H99-261123-7777", "R1"), report(receipt.code, "R2"))
        await inbox(house).once()
        (unknown, why), (known, _) = await rows(house)
        assert (unknown, known) == (InboxState.QUARANTINED, InboxState.APPLIED)
        assert "000.00.14.H99-261123-7777" in why


async def test_a_row_of_a_peer_that_is_switched_off_waits_for_a_person_and_hides_nobody(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        (receipt,) = await house.take_in(with_post=False)
        await came_in(house, "callback", b"{}", peer=PeerId("vnpost_hcc"))
        await came_in(house, "report", report(receipt.code, "R1"))
        assert await inbox(house).once() == 2
        (off,) = await house.store.read(lambda tx: tx.inbox.list(peer=PeerId("vnpost_hcc")))
        assert off.state is InboxState.QUARANTINED and "is not switched on" in off.detail
        assert [state for state, _ in await rows(house)] == [InboxState.APPLIED]


async def test_the_inbox_loop_wakes_for_the_ring_and_applies_what_came(tmp_path: Path) -> None:
    async with loop_house(tmp_path) as house:
        (receipt,) = await house.take_in(with_post=False)
        worker = inbox(house)
        loop = asyncio.create_task(worker.run())
        try:
            await came_in(house, "report", report(receipt.code, "R1"))
            worker.ring()
            await house.store.until(lambda tx: tx.dossiers.get(receipt.dossier).state is DossierState.ARRIVED)
        finally:
            loop.cancel()


# --- supervisor ------------------------------------------------------------------------------------------------------


async def test_a_loop_that_fails_is_started_again_after_a_pause_that_grows_and_its_neighbours_go_on() -> None:
    clock = StandingClock()
    supervisor = Supervisor(clock=clock)
    begun: asyncio.Queue[int] = asyncio.Queue()
    beats: asyncio.Queue[None] = asyncio.Queue()
    starts = 0

    async def failing() -> None:
        nonlocal starts
        starts += 1
        begun.put_nowait(starts)
        if starts < 3:
            raise KeyError("something unforeseen")
        await asyncio.Event().wait()

    async def healthy() -> None:
        beats.put_nowait(None)

    supervisor.start("failing", failing)
    supervisor.every("healthy", dt.timedelta(seconds=1), healthy)
    async with asyncio.timeout(LIMIT_S):
        assert await begun.get() == 1
        await beats.get()
        assert await supervisor.ready() == {"failing": False, "healthy": True}
        await clock.move(FIRST_PAUSE.total_seconds())
        assert await begun.get() == 2
        await beats.get()
        await clock.move(FIRST_PAUSE.total_seconds())
        await beats.get()
        assert begun.empty()  # the second pause is twice as long
        await clock.move(FIRST_PAUSE.total_seconds())
        assert await begun.get() == 3
        assert await supervisor.ready() == {"failing": True, "healthy": True}
        await supervisor.stop()
    assert await supervisor.ready() == {}
