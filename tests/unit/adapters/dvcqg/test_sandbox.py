"""The adapter against the portal's sandbox: a process of its own, a real socket, and its ledger as the witness."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.dvcqg.client import Adapter
from schemas.errors import Misunderstood, Outage, Refused, Throttled, Transient, Unauthorised, Unknown
from schemas.ids import DossierCode
from schemas.message import Operation
from schemas.portal import PortalDossier, PortalProgress, ProgressStep
from schemas.ports.carrier import Answer
from tests.unit.adapters.dvcqg.records import DOSSIER, NOW, PROGRESS, STEPS, make_adapter

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
SHORT = {"read_timeout_s": 1.5, "total_timeout_s": 2.0}
"""Only where nothing is answered: a loaded machine must not look like a silent portal."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxProcess]:
    ledger = tmp_path_factory.mktemp("dvcqg") / "ledger.jsonl"
    async with SandboxProcess("dvcqg", ledger=ledger) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def portal(shared: SandboxProcess) -> AsyncIterator[SandboxProcess]:
    yield shared
    await shared.control.calm()


@pytest_asyncio.fixture(loop_scope="module")
async def adapter(portal: SandboxProcess) -> AsyncIterator[Adapter]:
    made, http = make_adapter(portal.settings)
    async with http:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def hasty(portal: SandboxProcess) -> AsyncIterator[Adapter]:
    made, http = make_adapter({**portal.settings, **SHORT})
    async with http:
        yield made


def dossier(n: int, **change: Any) -> PortalDossier:
    """A dossier of its own for each test, so that one portal serves all of them."""
    return dataclasses.replace(DOSSIER, code=DossierCode(f"000.00.14.H99-261120-{n:04d}"), **change)


def progress(of: PortalDossier, *steps: ProgressStep) -> PortalProgress:
    return PortalProgress(of.dossier, of.code, steps)


async def modes(portal: SandboxProcess, of: PortalDossier) -> list[str]:
    """What the portal did to the dossier, from its ledger."""
    lines = await portal.control.ledger(kind="applied", operation="DongBoHoSoMC", key=of.code)
    return [line["data"]["mode"] for line in lines]


async def texts(portal: SandboxProcess, of: PortalDossier) -> list[str]:
    """The steps that the portal appended, from its ledger."""
    lines = await portal.control.ledger(kind="applied", operation="CapNhatTienDoHoSoMC", key=of.code)
    return [step["NoiDungXuLy"] for line in lines for step in line["data"]["steps"]]


async def logins(portal: SandboxProcess) -> int:
    return len(await portal.control.ledger(kind="request", operation="login"))


async def test_created_once_then_updated(portal: SandboxProcess, adapter: Adapter) -> None:
    accepted, done = dossier(1, national=2), dossier(1, national=9)
    assert (await adapter.register(accepted)).created
    assert not (await adapter.register(done)).created
    assert await modes(portal, done) == ["create", "update"]


async def test_state_ten_carries_the_day_of_delivery_and_the_post(portal: SandboxProcess, adapter: Adapter) -> None:
    await adapter.register(dossier(2))
    lines = await portal.control.ledger(kind="applied", key=dossier(2).code)
    row = lines[0]["data"]["row"]
    assert (row["TrangThaiHoSo"], row["NgayTra"], row["HinhThuc"]) == ("10", "20261122100211", "1")


async def test_state_ten_without_a_day_is_refused_by_the_contract(portal: SandboxProcess, adapter: Adapter) -> None:
    undated = dossier(3, returned_at=None)
    with pytest.raises(Refused, match="NgayTra: is required"):
        await adapter.register(undated)
    assert await modes(portal, undated) == []


async def test_steps_are_appended_in_order(portal: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(4)
    await adapter.register(known)
    receipt = await adapter.progress(progress(known, *STEPS))
    assert receipt.peer_code == "0"
    assert await texts(portal, known) == [step.what for step in STEPS]


async def test_steps_of_a_dossier_that_was_never_registered_are_refused(adapter: Adapter) -> None:
    with pytest.raises(Refused, match="chưa tồn tại"):
        await adapter.progress(progress(dossier(5), *STEPS))


async def test_one_login_serves_many_calls_at_once(portal: SandboxProcess, adapter: Adapter) -> None:
    before = await logins(portal)
    await asyncio.gather(*(adapter.register(dossier(n)) for n in range(10, 18)))
    assert await logins(portal) == before + 1


async def test_an_expired_session_costs_one_login_and_no_step(portal: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(6)
    await adapter.register(known)
    before = await logins(portal)
    await portal.control.event(code="expire_sessions")
    await asyncio.gather(*(adapter.progress(progress(known, step)) for step in STEPS))
    assert await logins(portal) == before + 1
    assert sorted(await texts(portal, known)) == sorted(step.what for step in STEPS)


async def test_a_chunk_is_refused_whole_and_its_good_steps_pass_alone(portal: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(7)
    await adapter.register(known)
    bad = dataclasses.replace(STEPS[0], what="Bước xấu @refuse")
    with pytest.raises(Refused) as refused:
        await adapter.progress(progress(known, STEPS[0], bad, STEPS[1]))
    assert refused.value.code == "-1"
    assert await texts(portal, known) == []
    for step in (STEPS[0], STEPS[1]):
        await adapter.progress(progress(known, step))
    with pytest.raises(Refused):
        await adapter.progress(progress(known, bad))
    assert await texts(portal, known) == [step.what for step in STEPS]


async def test_a_reply_lost_after_applying_is_asked_for_and_not_sent_again(
    portal: SandboxProcess, adapter: Adapter
) -> None:
    known = dossier(8)
    await adapter.register(known)
    told = progress(known, *STEPS)
    await portal.control.chaos("reply_lost", "progress")
    with pytest.raises(Unknown):
        await adapter.progress(told)
    assert await adapter.ask(Operation.PORTAL_PROGRESS, told, since=NOW) is Answer.APPLIED
    assert await texts(portal, known) == [step.what for step in STEPS]


async def test_the_portal_itself_would_append_twice(portal: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(9)
    await adapter.register(known)
    await adapter.progress(progress(known, STEPS[0]))
    await adapter.progress(progress(known, STEPS[0]))
    assert await texts(portal, known) == [STEPS[0].what] * 2


async def test_a_call_lost_before_applying_is_known_as_not_applied(portal: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(20)
    await adapter.register(known)
    told = progress(known, *STEPS)
    await portal.control.chaos("hang_up", "progress")
    with pytest.raises(Unknown):
        await adapter.progress(told)
    assert await adapter.ask(Operation.PORTAL_PROGRESS, told, since=NOW) is Answer.NOT_APPLIED
    await adapter.progress(told)
    assert await texts(portal, known) == [step.what for step in STEPS]


async def test_half_of_a_chunk_there_is_for_a_person(adapter: Adapter) -> None:
    known = dossier(21)
    await adapter.register(known)
    await adapter.progress(progress(known, STEPS[0]))
    assert await adapter.ask(Operation.PORTAL_PROGRESS, progress(known, *STEPS), since=NOW) is Answer.CANNOT_TELL


async def test_a_create_whose_reply_was_lost_becomes_an_update(portal: SandboxProcess, adapter: Adapter) -> None:
    lost = dossier(22)
    await portal.control.chaos("reply_lost", "register")
    with pytest.raises(Unknown):
        await adapter.register(lost)
    assert not (await adapter.register(lost)).created
    assert await modes(portal, lost) == ["create", "update"]


@pytest.mark.parametrize(
    ("n", "verb", "kind"),
    [
        (30, "html_503", Transient),
        (31, "throttle", Throttled),
        (32, "server_error", Unknown),
        (33, "html_200", Misunderstood),
        (34, "black_hole", Unknown),
        (35, "hang_up", Unknown),
        (36, "unknown_code", Transient),
        (37, "refuse", Refused),
    ],
)
async def test_what_goes_wrong_before_applying_is_named_and_leaves_nothing(
    portal: SandboxProcess, adapter: Adapter, hasty: Adapter, n: int, verb: str, kind: type[Exception]
) -> None:
    fresh = dossier(n)
    await portal.control.chaos(verb, "DongBoHoSoMC")
    with pytest.raises(kind) as raised:
        await (hasty if verb == "black_hole" else adapter).register(fresh)
    assert type(raised.value) is kind
    assert await modes(portal, fresh) == []
    await portal.control.calm()
    assert (await adapter.register(fresh)).created


async def test_half_a_reply_is_unknown(portal: SandboxProcess, adapter: Adapter) -> None:
    await portal.control.chaos("half_reply", "DongBoHoSoMC")
    with pytest.raises(Unknown):
        await adapter.register(dossier(60))


async def test_a_black_hole_at_the_login_is_an_outage(portal: SandboxProcess, hasty: Adapter) -> None:
    await portal.control.chaos("black_hole", "login")
    with pytest.raises(Outage):
        await hasty.register(dossier(61))


async def test_the_connection_test_logs_in_and_tells_the_clocks_apart(adapter: Adapter) -> None:
    probe = await adapter.probe()
    assert probe.ok
    assert probe.clock_skew_s is not None


async def test_wrong_credentials_are_said_so(portal: SandboxProcess) -> None:
    adapter, http = make_adapter({**portal.settings, "password": "wrong"})
    async with http:
        probe = await adapter.probe()
        assert not probe.ok and "Sai tên đăng nhập" in probe.what
        with pytest.raises(Unauthorised):
            await adapter.register(dossier(62))


async def test_no_secret_stays_in_what_is_kept(adapter: Adapter) -> None:
    with recording() as exchanges:
        await adapter.register(dossier(63))
    kept = b"".join(exchange.request + exchange.reply for exchange in exchanges)
    assert len(exchanges) == 2
    assert b"sandbox-only" not in kept
    assert b'"session":"***"' in kept.replace(b" ", b"")


async def test_a_portal_without_a_list_of_steps_cannot_tell(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with SandboxProcess("dvcqg", ledger=ledger, options={"progress_list": "0"}) as sandbox:
        adapter, http = make_adapter(sandbox.settings)
        async with http:
            await adapter.register(DOSSIER)
            await adapter.progress(PROGRESS)
            assert await adapter.ask(Operation.PORTAL_PROGRESS, PROGRESS, since=NOW) is Answer.CANNOT_TELL


async def test_a_killed_portal_forgets_sessions_and_nothing_else(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with SandboxProcess("dvcqg", ledger=ledger, options={"dstcode_placement": "header"}) as sandbox:
        adapter, http = make_adapter(sandbox.settings)
        async with http:
            await adapter.register(DOSSIER)
            await adapter.progress(PROGRESS)
            await sandbox.kill()
            with pytest.raises((Outage, Unknown)):  # a connection that breaks under the request is no proof
                await adapter.progress(PROGRESS)
            await sandbox.start()
            assert await adapter.ask(Operation.PORTAL_PROGRESS, PROGRESS, since=NOW) is Answer.APPLIED
            assert not (await adapter.register(DOSSIER)).created
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [line["operation"] for line in lines if line["kind"] == "applied"] == [
        "DongBoHoSoMC",
        "CapNhatTienDoHoSoMC",
        "DongBoHoSoMC",
    ]


async def test_dstcode_in_the_wrong_place_reaches_nobody(portal: SandboxProcess) -> None:
    adapter, http = make_adapter({**portal.settings, "dstcode_placement": "header"})
    async with http:
        with pytest.raises(Refused):
            await adapter.register(dossier(64))
