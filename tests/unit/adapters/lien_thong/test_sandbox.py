"""The adapter against the axis' sandbox: a process of its own, a real socket, and its ledger as the witness."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.lien_thong.client import Adapter
from schemas.errors import Duplicate, Misunderstood, Outage, Refused, Throttled, Transient, Unauthorised, Unknown
from schemas.ids import DossierCode
from schemas.portal import OneStopDossier, OneStopReport, OneStopStatus, ProfileRef, ReportKind
from tests.unit.adapters.lien_thong.records import DOSSIER, STATUS, local, make_adapter

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
SHORT = {"read_timeout_s": 3.0, "total_timeout_s": 6.0}
"""Two of these tests wait for it; shorter ones took a loaded machine for a silent axis."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxProcess]:
    ledger = tmp_path_factory.mktemp("lien_thong") / "ledger.jsonl"
    async with SandboxProcess("lien_thong", ledger=ledger) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def axis(shared: SandboxProcess) -> AsyncIterator[SandboxProcess]:
    yield shared
    await shared.control.calm()


@pytest_asyncio.fixture(loop_scope="module")
async def adapter(axis: SandboxProcess) -> AsyncIterator[Adapter]:
    made, http = make_adapter({**axis.settings, **SHORT})
    async with http:
        yield made


def dossier(n: int, **change: Any) -> OneStopDossier:
    """A dossier with a letter box of its own for each test, so that one axis serves all of them."""
    code = DossierCode(f"000.00.14.H99-261120-{n:04d}")
    return dataclasses.replace(DOSSIER, code=code, origin_code=f"H99.{n:03d}", **change)


def status(of: OneStopDossier, national: int) -> OneStopStatus:
    return dataclasses.replace(STATUS, code=of.code, origin_code=of.origin_code, national=national)


async def take(adapter: Adapter, of: OneStopDossier) -> list[OneStopReport]:
    """Everything that waits for the dossier's unit: listed, fetched, read, acknowledged."""
    reports: list[OneStopReport] = []
    for ref in await adapter.waiting(of.origin_code):
        document = await adapter.fetch(ref)
        reports += adapter.read(document.body, document.sha256)
        await adapter.acknowledge(ref, done=True)
    return reports


async def applied(axis: SandboxProcess, operation: str, of: OneStopDossier) -> int:
    return len(await axis.control.ledger(kind="applied", operation=operation, key=of.code))


async def test_the_office_acts_and_we_hear_it_in_order(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(1)
    receipt = await adapter.submit(known)
    assert receipt.created and receipt.peer_code.startswith("G")
    for act in ("receive", "accept", "process", "result"):
        await axis.control.event(reference=known.code, code=act)
    reports = await take(adapter, known)
    assert [(report.kind, report.national) for report in reports] == [
        (ReportKind.RECEIVED, None),
        (ReportKind.STATUS, 2),
        (ReportKind.STATUS, 4),
        (ReportKind.STATUS, 9),
    ]
    assert {report.code for report in reports} == {known.code}
    assert reports[1].due_at == known.due_at
    assert [bool(report.result_codes) for report in reports] == [False, False, False, True]
    assert await adapter.waiting(known.origin_code) == ()


async def test_an_act_says_when_by_whom_why_and_until_when(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(2)
    await adapter.submit(known)
    at, due = local(20, 9, 30), local(27, 16, 30)
    told = {"at": at.isoformat(), "due": due.isoformat(), "by": "Trần Thị Thử", "note": "Đủ giấy tờ"}
    await axis.control.event(reference=known.code, code="accept", **told)
    await axis.control.event(reference=known.code, code="result", result_codes=["KQ.H99.000007"])
    accepted, done = await take(adapter, known)
    assert (accepted.at, accepted.due_at, accepted.by, accepted.reason) == (at, due, "Trần Thị Thử", "Đủ giấy tờ")
    assert done.result_codes == ("KQ.H99.000007",)


async def test_the_script_in_the_note_plays_the_office(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(3, note="Gấp @sequence.0s-receive.1h-accept.2h-process.1d-result")
    await adapter.submit(known)
    assert [report.kind for report in await take(adapter, known)] == [ReportKind.RECEIVED]
    assert await axis.control.steps(3, key=known.code) == 3
    assert [report.national for report in await take(adapter, known)] == [2, 4, 9]


async def test_a_refusal_has_its_reason(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(4)
    await adapter.submit(known)
    await axis.control.event(reference=known.code, code="refuse", note="Sai thẩm quyền")
    (report,) = await take(adapter, known)
    assert (report.national, report.reason) == (3, "Sai thẩm quyền")


async def test_a_report_stays_until_it_is_acknowledged(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(5)
    await adapter.submit(known)
    await axis.control.event(reference=known.code, code="receive")
    (ref,) = await adapter.waiting(known.origin_code)
    first, second = await adapter.fetch(ref), await adapter.fetch(ref)
    assert first.sha256 == second.sha256
    assert await adapter.waiting(known.origin_code) == (ref,)
    await adapter.acknowledge(ref, done=False)
    assert await adapter.waiting(known.origin_code) == ()
    await adapter.acknowledge(ref, done=False)
    lines = await axis.control.ledger(kind="applied", operation="updateStatusReceiver", key=ref.key)
    assert [line["data"]["status"] for line in lines] == ["fail"]


async def test_a_report_that_is_not_there_is_refused(adapter: Adapter) -> None:
    gone = ProfileRef("P99999999", "H99")
    with pytest.raises(Refused):
        await adapter.fetch(gone)
    with pytest.raises(Refused):
        await adapter.acknowledge(gone, done=True)


async def test_a_code_of_no_list_is_fetched_kept_and_not_guessed(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(6)
    await adapter.submit(known)
    await axis.control.chaos("unknown_code", "report")
    await axis.control.event(reference=known.code, code="process")
    (ref,) = await adapter.waiting(known.origin_code)
    document = await adapter.fetch(ref)
    with pytest.raises(Misunderstood, match="'99'"):
        adapter.read(document.body, document.sha256)


async def test_a_list_out_of_order_and_twice_tells_each_report_once(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(7)
    await adapter.submit(known)
    for act in ("receive", "accept", "process"):
        await axis.control.event(reference=known.code, code=act)
    plain = await adapter.waiting(known.origin_code)
    await axis.control.chaos("duplicate", "waiting")
    await axis.control.chaos("reorder", "waiting")
    twisted = await adapter.waiting(known.origin_code)
    assert twisted != plain
    assert sorted(ref.key for ref in twisted) == sorted(ref.key for ref in plain)


async def test_our_news_reaches_the_office(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(8)
    await adapter.submit(known)
    await adapter.tell(status(known, 10))
    (line,) = await axis.control.ledger(kind="applied", operation="sendStatusProfile", key=known.code)
    row = line["data"]["row"]
    assert (row["status"], row["status_profile"], row["time_of_process"]) == ("CAPNHAT", "10", "2026/11/22 10:02:11")


async def test_news_of_a_dossier_that_never_came_is_refused(axis: SandboxProcess, adapter: Adapter) -> None:
    with pytest.raises(Refused, match="Không tìm thấy"):
        await adapter.tell(status(dossier(9), 10))
    assert await applied(axis, "sendStatusProfile", dossier(9)) == 0


@pytest.mark.parametrize(
    ("n", "change", "path"),
    [
        (10, {"submitted_at": None}, "creation_date"),
        (11, {"target_code": ""}, "org_impl_code"),
        (12, {"owner": dataclasses.replace(DOSSIER.owner, name="")}, "profileOwner.name"),
    ],
)
async def test_rubbish_is_refused_and_named(
    axis: SandboxProcess, adapter: Adapter, n: int, change: dict[str, Any], path: str
) -> None:
    with pytest.raises(Refused, match=f"{path}: is required"):
        await adapter.submit(dossier(n, **change))
    assert await applied(axis, "syncDossier", dossier(n)) == 0


@pytest.mark.parametrize(("n", "verb"), [(20, "reply_lost"), (21, "half_reply")])
async def test_a_reply_lost_after_applying_is_resent_and_applied_once(
    axis: SandboxProcess, adapter: Adapter, n: int, verb: str
) -> None:
    lost = dossier(n)
    await axis.control.chaos(verb, "submit")
    with pytest.raises(Unknown):
        await adapter.submit(lost)
    with pytest.raises(Duplicate):
        await adapter.submit(lost)
    assert await applied(axis, "syncDossier", lost) == 1
    await axis.control.chaos(verb, "tell")
    with pytest.raises(Unknown):
        await adapter.tell(status(lost, 10))
    with pytest.raises(Duplicate):
        await adapter.tell(status(lost, 10))
    assert await applied(axis, "sendStatusProfile", lost) == 1


async def test_the_axis_knows_nothing_but_the_source_id(axis: SandboxProcess, adapter: Adapter) -> None:
    known = dossier(22)
    await adapter.submit(known)
    await adapter.submit(dataclasses.replace(known, target_code="H99.777"))
    assert await applied(axis, "syncDossier", known) == 2


@pytest.mark.parametrize(
    ("n", "verb", "kind"),
    [
        (30, "html_503", Transient),
        (31, "throttle", Throttled),
        (32, "server_error", Unknown),
        (33, "html_200", Misunderstood),
        (34, "black_hole", Unknown),
        (35, "hang_up", Unknown),
        (36, "refuse", Refused),
    ],
)
async def test_what_goes_wrong_before_applying_is_named_and_leaves_nothing(
    axis: SandboxProcess, adapter: Adapter, n: int, verb: str, kind: type[Exception]
) -> None:
    fresh = dossier(n)
    await axis.control.chaos(verb, "syncDossier")
    with pytest.raises(kind) as raised:
        await adapter.submit(fresh)
    assert type(raised.value) is kind
    assert await applied(axis, "syncDossier", fresh) == 0
    assert (await adapter.submit(fresh)).created


@pytest.mark.parametrize("verb", ["html_503", "server_error", "black_hole", "reply_lost", "half_reply", "html_200"])
async def test_a_list_that_cannot_be_read_is_an_error_and_not_empty(
    axis: SandboxProcess, adapter: Adapter, verb: str
) -> None:
    await axis.control.chaos(verb, "getListDossier", times=None)
    with pytest.raises((Outage, Transient, Misunderstood)):
        await adapter.waiting("H99.001")


async def test_expired_tokens_cost_one_login(axis: SandboxProcess, adapter: Adapter) -> None:
    before = len(await axis.control.ledger(kind="request", operation="token"))
    await asyncio.gather(*(adapter.waiting("H99") for _ in range(8)))
    await axis.control.event(code="expire_tokens")
    await asyncio.gather(*(adapter.submit(dossier(n)) for n in range(40, 48)))
    assert len(await axis.control.ledger(kind="request", operation="token")) == before + 2
    assert [await applied(axis, "syncDossier", dossier(n)) for n in range(40, 48)] == [1] * 8


async def test_the_connection_test_takes_a_token(axis: SandboxProcess, adapter: Adapter) -> None:
    assert (await adapter.probe()).ok
    wrong, http = make_adapter({**axis.settings, "consumer_secret": "wrong"})
    async with http:
        probe = await wrong.probe()
        assert not probe.ok and "401" in probe.what
        with pytest.raises(Unauthorised):
            await wrong.waiting("H99")


async def test_no_secret_stays_in_what_is_kept(adapter: Adapter) -> None:
    with recording() as exchanges:
        await adapter.submit(dossier(50))
    kept = b"".join(exchange.request + exchange.reply for exchange in exchanges)
    assert len(exchanges) == 2
    assert b"Basic " not in kept and b"Bearer " not in kept.replace(b'"Bearer"', b"")
    assert b'"access_token": "***"' in kept


async def test_a_killed_axis_forgets_tokens_and_nothing_else(tmp_path: Path) -> None:
    known = dossier(60, note="@sequence.0s-receive.1h-accept")
    async with SandboxProcess("lien_thong", ledger=tmp_path / "ledger.jsonl") as axis:
        adapter, http = make_adapter(axis.settings)
        async with http:
            await adapter.submit(known)
            waiting = await adapter.waiting(known.origin_code)
            before = await adapter.fetch(waiting[0])
            await axis.kill()
            with pytest.raises(Outage):
                await adapter.waiting(known.origin_code)
            await axis.start()
            assert await adapter.waiting(known.origin_code) == waiting
            assert await adapter.fetch(waiting[0]) == before
            with pytest.raises(Duplicate):
                await adapter.submit(known)
            assert [report.kind for report in await take(adapter, known)] == [ReportKind.RECEIVED]
            hour_later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)  # noqa: TID251  # the sandbox's clock is the machine's
            await axis.control.clock(hour_later.isoformat())
            assert [report.national for report in await take(adapter, known)] == [2]
