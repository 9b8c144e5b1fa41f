"""The ledger of calls as people see it."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.budgets import budgets
from gateway.clock import SystemClock
from gateway.storage.database import open_database
from gateway.workers.feeds import Feeds
from gateway.workers.ledger import Ledger
from schemas.ids import PeerId
from schemas.ports.learned import CallCount
from schemas.ports.stores import Tx
from tests.flows.command import run
from tests.flows.outbox_house import MONDAY, PORTAL, POST, outbox_house
from tracking.reading import load_context

pytestmark = pytest.mark.flow
HOUR = dt.timedelta(hours=1)


async def test_calls_are_counted_by_what_they_were_for_and_the_forecast_goes_on(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, POST, PORTAL, settings={"calls_per_day": 110}) as house:
        feeds = Feeds(
            house.store,
            registry=house.registry,
            clock=house.clock,
            tell=house.router,
            context=load_context,
            rhythm_s=60.0,
        )
        await house.take_in()
        async with house.sending(PORTAL, POST):
            await house.store.until(lambda tx: not tx.messages.due_peers(now=MONDAY))
            await house.seen(PORTAL, lambda lines: len(lines) >= 1, kind="applied")
        await feeds.ask(POST)
        ledger = Ledger(house.store, registry=house.registry, clock=house.clock, counted=feeds.peers)
        await ledger.once()
        await ledger.once()
        counts = await house.store.read(lambda tx: tx.calls.since(MONDAY - HOUR))
        assert {(one.peer, one.purpose) for one in counts} == {(POST, "feed"), (POST, "message"), (PORTAL, "message")}
        for peer in (POST, PORTAL):
            requests = await house.control(peer).ledger(kind="request")
            assert sum(one.calls for one in counts if one.peer == peer) == len(requests)

        def earlier(tx: Tx) -> None:
            tx.calls.add(POST, "question", MONDAY - HOUR, 60)

        await house.store.write(earlier)
        house.clock.at = MONDAY + HOUR / 2
        told = {one.peer: one for one in await budgets(house.store, house.registry, house.clock.now())}
        post = told[POST]
        assert post.by_purpose[0] == ("question", 60)
        assert post.by_hour[0] == (MONDAY - HOUR, 60)
        assert post.calls_today == sum(calls for _, calls in post.by_purpose)
        left = 110 - post.calls_today
        assert post.gone_at == house.clock.now() + (2.5 + 1) * HOUR * (left / post.calls_today)
        assert told[PORTAL].gone_at is None  # one or two calls in three hours


async def test_the_command_shows_todays_calls_beside_the_quota(tmp_path: Path) -> None:
    config = tmp_path / "lienthong.toml"
    config.write_text(
        f'data_folder = "{tmp_path}"\n[peers.postal_soap]\nenabled = true\nurl = "http://127.0.0.1:9/soap"\n'
        "calls_per_day = 500\n"
    )
    nowhere = await run("peers", "list", "--budget", "--config", str(config))
    assert nowhere.code == 2
    now = SystemClock().now()
    opened = open_database(f"sqlite:///{tmp_path / 'gateway.sqlite'}", blobs=tmp_path / "blobs")
    await opened.write(lambda tx: tx.calls.add(PeerId("postal_soap"), "question", now, 500))
    stored = await opened.read(lambda tx: tx.calls.since(now - HOUR))
    await opened.close()
    assert [type(one) for one in stored] == [CallCount]
    shown = await run("peers", "list", "--budget", "--config", str(config))
    told = await run("peers", "list", "--budget", "--json", "--config", str(config))
    assert (shown.code, told.code) == (0, 0)
    assert "hỏi bưu gửi 500" in shown.out
    (row,) = told.json
    assert (row["peer"], row["calls_today"], row["calls_per_day"]) == ("postal_soap", 500, 500)
    assert row["by_purpose"] == [["question", 500]]
    assert row["gone_at"] is not None
