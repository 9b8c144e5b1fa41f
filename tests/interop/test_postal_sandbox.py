"""Our client and our server against the post that we play: a process of its own, written from the WSDL."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from schemas.errors import BadConfiguration, Misunderstood, Outage, Refused, Throttled, Transient, Unauthorised
from schemas.numbers import s10
from schemas.ports.carrier import Prober, TicketPull, TrackingPull
from schemas.ticket import OpenedTicket
from schemas.tracking import EvidenceLevel, Movement
from tests.flows.soap_house import CARRIER, KNOWN, PASSWORD, PEER, UNKNOWN, USER, SoapHouse, StillClock, soap_house

pytestmark = pytest.mark.interop
OWN = {"username": "lienthong", "password": "what we share with the post"}
NOW_ISO = "2026-11-20T15:00:00+07:00"


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[SandboxProcess]:
    async with SandboxProcess(PEER, ledger=tmp_path / "post.jsonl", options={**OWN, "page_size": "2"}) as sandbox:
        yield sandbox


class WallClock(StillClock):
    """The machine's time: the post checks our token by it."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)  # noqa: TID251  # the other process has no other clock


@pytest.fixture
async def ours(post: SandboxProcess) -> AsyncIterator[Registry]:
    registry = made(post)
    yield registry
    await registry.aclose()


def made(post: SandboxProcess, **more: object) -> Registry:
    return Registry.load({PEER: {"enabled": True, **post.settings, **more}}, clock=WallClock())


def pull(registry: Registry) -> TrackingPull:
    return registry.port(PEER, TrackingPull)


async def journey(post: SandboxProcess, number: str = KNOWN) -> None:
    for hour, code in enumerate(("EMA", "EMC", "EMG", "EMH")):
        more = {"reason": "16", "action": "A"} if code == "EMH" else {}
        await post.control.event(
            number=number, code=code, at=f"2026-11-20T0{hour}:00:00+07:00", office="550000", **more
        )
    await post.control.event(
        number=number, code="EMI", at="2026-11-20T09:00:00+07:00", evidence=["SIGNATURE"], recipient="N*** M**"
    )


async def test_a_whole_history_comes_in_pages_and_is_complete(post: SandboxProcess, ours: Registry) -> None:
    await journey(post)
    with recording() as exchanges:
        batch = await pull(ours).fetch([KNOWN], since=None)
    assert [one.code for one in batch.events] == ["EMA", "EMC", "EMG", "EMH", "EMI"]
    assert (batch.complete_for, batch.complaints, len(exchanges)) == ((KNOWN,), (), 3)
    failed, delivered = batch.events[-2:]
    assert failed.mapped is not None and delivered.mapped is not None
    assert (failed.mapped.movement, failed.mapped.reason) == (Movement.ATTEMPT_FAILED, "16")
    assert (delivered.mapped.movement, delivered.mapped.proof) == (Movement.DELIVERED, EvidenceLevel.SIGNATURE)
    assert all(OWN["password"].encode() not in one.request for one in exchanges)


@pytest.mark.parametrize(("version", "password"), [("1.1", "text"), ("1.2", "digest"), ("1.2", "text")])
async def test_either_version_and_either_password_comes_through(tmp_path: Path, version: str, password: str) -> None:
    options = {**OWN, "password_type": password}
    async with SandboxProcess(PEER, ledger=tmp_path / "post.jsonl", options=options) as post:
        registry = made(post, soap_version=version)
        await journey(post)
        with recording() as exchanges:
            batch = await pull(registry).fetch([KNOWN], since=None)
        assert (len(batch.events), batch.complete_for) == (5, (KNOWN,))
        kind = {"1.1": b"text/xml", "1.2": b"application/soap+xml"}[version]
        assert all(kind in one.request and kind in one.reply for one in exchanges)
        assert all(OWN["password"].encode() not in one.request for one in exchanges), (
            "not kept, even when sent in clear"
        )
        wrong = made(post, soap_version=version, password="guess")
        with pytest.raises(Unauthorised):
            await pull(wrong).fetch([KNOWN], since=None)
        with pytest.raises(Refused) as refused:
            await registry.port(PEER, TicketPull).fetch_ticket(ticket("nobody's"))
        assert (refused.value.code, refused.value.status) == ("404.01", {"1.1": 500, "1.2": 400}[version])
        for one in (registry, wrong):
            await one.aclose()


async def test_an_item_the_post_does_not_know_has_no_events_and_proves_nothing(ours: Registry) -> None:
    batch = await pull(ours).fetch([UNKNOWN], since=None)
    assert (batch.events, batch.complaints, batch.complete_for) == ((), (), ())


async def test_a_number_that_cannot_be_asked_costs_no_neighbour(post: SandboxProcess, ours: Registry) -> None:
    await journey(post)
    batch = await pull(ours).fetch(["not a number", KNOWN], since=None)
    assert (len(batch.events), batch.complete_for) == (5, (KNOWN,))
    assert [one.code for one in batch.complaints] == ["EV-01"]


async def test_one_bad_event_hides_no_other_but_the_history_is_not_complete(
    post: SandboxProcess, ours: Registry
) -> None:
    await journey(post)
    await post.control.event(number=KNOWN, code="EMI", at="2026-11-20T11:00:00+07:00", naive=True)
    batch = await pull(ours).fetch([KNOWN], since=None)
    assert (len(batch.events), [one.code for one in batch.complaints]) == (5, ["EV-02"])
    assert batch.complete_for == ()


async def test_an_unknown_code_is_news_without_meaning(post: SandboxProcess, ours: Registry) -> None:
    await post.control.event(number=KNOWN, code="ZZZ", at="2026-11-20T11:00:00+07:00")
    await post.control.event(number=KNOWN, code="EMI", at="2026-11-20T12:00:00+07:00", list="OURS")
    batch = await pull(ours).fetch([KNOWN], since=None)
    assert [(one.code, one.mapped) for one in batch.events] == [("ZZZ", None), ("EMI", None)]


async def test_since_asks_for_less_and_is_not_complete(post: SandboxProcess, ours: Registry) -> None:
    await journey(post)
    since = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
    batch = await pull(ours).fetch([KNOWN], since=since)
    assert ([one.code for one in batch.events], batch.complete_for) == (["EMI"], ())


FAULTS = {
    "html_503": Transient,
    "throttle": Throttled,
    "html_200": Misunderstood,
    "server_error": Misunderstood,
    "hang_up": Outage,
    "reply_lost": Outage,
    "half_reply": Outage,
}


@pytest.mark.parametrize("verb", FAULTS)
async def test_a_failing_post_is_an_error_and_never_an_empty_batch(
    post: SandboxProcess, ours: Registry, verb: str
) -> None:
    await journey(post)
    await post.control.chaos(verb)
    with pytest.raises(FAULTS[verb]):
        await pull(ours).fetch([KNOWN], since=None)
    assert len((await pull(ours).fetch([KNOWN], since=None)).events) == 5


async def test_a_post_that_never_answers_costs_the_deadline(post: SandboxProcess) -> None:
    registry = made(post, connect_timeout_s=0.5, read_timeout_s=0.5, total_timeout_s=0.5)
    await post.control.chaos("black_hole")
    with pytest.raises(Outage):
        await pull(registry).fetch([KNOWN], since=None)
    await registry.aclose()


async def test_a_wrong_password_is_unauthorised_and_the_probe_says_so(post: SandboxProcess, ours: Registry) -> None:
    wrong = made(post, password="guess")
    with pytest.raises(Unauthorised):
        await pull(wrong).fetch([KNOWN], since=None)
    told = await wrong.port(PEER, Prober).probe()
    assert (told.ok, "401.01" in told.what) == (False, True)
    right = await ours.port(PEER, Prober).probe()
    assert (right.ok, right.what) == (True, "contract 1.0")
    assert right.clock_skew_s is not None and abs(right.clock_skew_s) < 5
    await wrong.aclose()


async def test_the_probe_of_a_post_that_is_gone_is_an_answer(post: SandboxProcess, ours: Registry) -> None:
    await post.kill()
    assert not (await ours.port(PEER, Prober).probe()).ok


# --- the post pushes to our server ----------------------------------------------------------------------------------


@pytest.fixture
async def house(tmp_path: Path, post: SandboxProcess) -> AsyncIterator[SoapHouse]:
    folder = tmp_path / "house"
    folder.mkdir()
    async with soap_house(folder, peer_url=str(post.settings["url"])) as running:
        running.clock.at = dt.datetime.now(dt.UTC)  # noqa: TID251  # the other process has no other clock
        told = {"callback_url": running.url, "push_username": USER, "push_password": PASSWORD}
        await post.control.event(configure=told)
        yield running


async def answered(post: SandboxProcess, wanted: int) -> list[dict[str, Any]]:
    """The answers that the post has, once there are as many; each look is a request, so this does not spin."""
    async with asyncio.timeout(20):
        while True:
            lines = [line["data"] for line in await post.control.ledger(kind="answered") if "receiptId" in line["data"]]
            if len(lines) >= wanted:
                return lines


async def batches(house: SoapHouse) -> list[str]:
    return sorted(one.ext_id for one in await house.store.read(lambda tx: tx.inbox.list(peer=PEER)))


async def test_what_the_post_pushes_is_in_our_inbox_once(post: SandboxProcess, house: SoapHouse) -> None:
    await journey(post)
    answers = await answered(post, 5)
    assert len({one["batch"] for one in answers}) == 5
    assert len(await batches(house)) == 5
    assert all(one["accepted"] == "1" for one in answers)


async def test_the_same_batch_again_gets_the_first_answer(post: SandboxProcess, house: SoapHouse) -> None:
    await post.control.chaos("duplicate", "PushEvents")
    await post.control.event(number=KNOWN, code="EMA", at="2026-11-20T09:00:00+07:00")
    first, second = (await answered(post, 2))[:2]
    assert (first["repeated"], second["repeated"]) == ("false", "true")
    assert (first["receiptId"], first["batch"]) == (second["receiptId"], second["batch"])
    assert len(await batches(house)) == 1


async def test_the_post_retries_until_we_take_news_again(post: SandboxProcess, house: SoapHouse) -> None:
    house.accepting = False
    await post.control.event(number=KNOWN, code="EMA", at="2026-11-20T09:00:00+07:00")
    async with asyncio.timeout(20):
        while not [one for one in await post.control.ledger(kind="answered") if one["data"].get("fault") == "503.01"]:
            assert await batches(house) == []
    house.accepting = True
    assert [one["accepted"] for one in await answered(post, 1)] == ["1"]


async def test_a_post_that_was_killed_pushes_what_was_not_answered(post: SandboxProcess, house: SoapHouse) -> None:
    house.accepting = False
    await post.control.event(number=KNOWN, code="EMA", at="2026-11-20T09:00:00+07:00")
    await post.kill()
    house.accepting = True
    await post.start()
    assert [one["accepted"] for one in await answered(post, 1)] == ["1"]


async def test_a_batch_with_a_bad_event_goes_through_but_for_that_one(post: SandboxProcess, house: SoapHouse) -> None:
    at = "2026-11-20T09:00:00+07:00"
    events: list[dict[str, object]] = [{"number": KNOWN, "code": code, "at": at} for code in ("EMA", "EMC", "EMG")]
    events.append({"number": KNOWN, "code": "EMI", "at": at, "naive": True})
    await post.control.event(events=events)
    (told,) = await answered(post, 1)
    assert (told["accepted"], told["rejected"]) == ("3", "1")


async def test_a_script_in_the_text_of_an_event_moves_the_item(post: SandboxProcess, ours: Registry) -> None:
    number = s10.mint("EL", 99)
    await post.control.event(number=number, code="EMA", text="Chấp nhận gửi @sequence.1h-EMC.2h-EMI")
    assert await post.control.steps(2, key=number) == 2
    batch = await pull(ours).fetch([number], since=None)
    assert [one.code for one in batch.events] == ["EMA", "EMC", "EMI"]


async def test_a_fault_of_the_post_is_told_by_its_own_code(ours: Registry) -> None:
    with pytest.raises(Refused) as refused:
        await ours.port(PEER, TicketPull).fetch_ticket(ticket("nobody's"))
    assert (refused.value.code, refused.value.status) == ("404.01", 500)


def ticket(number: str) -> OpenedTicket:
    at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    return OpenedTicket(PEER, CARRIER, "r-1", (KNOWN,), opened_at=at, next_at=at, ticket=number)


def test_an_operator_that_the_contract_cannot_carry_stops_the_start() -> None:
    settings = {"enabled": True, "url": "http://127.0.0.1:9/soap", "operator": "x" * 65}
    with pytest.raises(BadConfiguration, match="operator"):
        Registry.load({PEER: settings}, clock=WallClock()).port(PEER, TrackingPull)
