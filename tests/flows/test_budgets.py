"""The ledger of calls as people see it."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.budgets import PeerBudget, budgets
from gateway.clock import SystemClock
from gateway.console.render import Renderer
from gateway.storage.database import open_database
from gateway.workers.feeds import Feeds
from gateway.workers.ledger import Ledger
from gateway.workers.questions import Questions
from schemas.ids import PeerId
from schemas.ports.learned import CallCount
from schemas.ports.stores import Tx
from schemas.tracking import TrackingBatch
from tests.flows.command import run
from tests.flows.outbox_house import MONDAY, PORTAL, POST, outbox_house
from tracking.reading import load_context

pytestmark = pytest.mark.flow
HOUR = dt.timedelta(hours=1)
SOAP = PeerId("postal_soap")


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


async def test_peers_of_one_account_share_its_quota_and_its_ledger(tmp_path: Path) -> None:
    """The portal uses up what the post would ask with: nobody asks beyond the quota of the account."""
    told = {"calls_per_day": 100, "credential": "lgsp-h99"}
    async with outbox_house(tmp_path, POST, PORTAL, settings=told) as house:

        def used(tx: Tx) -> None:
            tx.calls.add(PORTAL, "message", MONDAY, 70)
            tx.calls.add(POST, "feed", MONDAY, 9)

        await house.store.write(used)
        (one,) = await budgets(house.store, house.registry, house.clock.now())
        assert (one.credential, one.peers) == ("lgsp-h99", (PORTAL, POST))
        assert one.by_user == ((PORTAL, "message", 70), (POST, "feed", 9))
        assert (one.calls_today, one.calls_per_day, one.share) == (79, 100, 0.79)
        assert one.gone_at is not None


async def test_a_question_is_not_asked_with_an_account_that_others_have_used_up(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, SOAP, PORTAL, settings={"calls_per_day": 100, "credential": "lgsp"}) as house:
        questions = Questions(
            house.store, registry=house.registry, clock=house.clock, take=_nothing, context=load_context
        )
        peer = house.registry.peer(SOAP)
        assert await questions.allowed(peer) == 1
        await house.store.write(lambda tx: tx.calls.add(PORTAL, "message", MONDAY, 80))
        assert await questions.allowed(peer) == 0  # four fifths of the account's quota are for questions


def _nothing(_tx: Tx, _batch: TrackingBatch) -> None:
    raise AssertionError("nobody answers here")


async def test_the_panel_shows_who_used_the_account(tmp_path: Path) -> None:
    """The template itself, in both languages, with an account of two peers and a quota that will be gone."""
    shared = PeerBudget(
        peer=PORTAL,
        credential="lgsp-h99",
        peers=(PORTAL, POST),
        calls_today=900,
        calls_per_day=1_000,
        by_purpose=(("message", 700), ("feed", 200)),
        by_user=((PORTAL, "message", 700), (POST, "feed", 200)),
        by_hour=((MONDAY, 900),),
        gone_at=MONDAY + 5 * HOUR,
    )
    for language, words in (("vi", ("gửi tin", "Hết hạn mức", "14:00")), ("en", ("messages", "Quota gone", "14:00"))):
        page = panel(language, (shared,))
        assert all(word in page for word in words), page
        assert "dvcqg" in page
        assert "700" in page


def panel(language: str, told: tuple[PeerBudget, ...]) -> str:
    """The macro of the home page alone."""
    renderer = Renderer(language_cookie_secure=False, peers={})
    template = renderer._environments[language].get_template("parts.html")
    return str(template.make_module({"lang": language}).accounts(told))  # type: ignore[attr-defined]  # a macro is an attribute


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
