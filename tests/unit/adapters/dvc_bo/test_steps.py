"""The six calls against the portal's sandbox, and a process that dies between any two of them; its ledger tells."""

import asyncio
import dataclasses
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.dvc_bo.client import Adapter
from adapters.registry import PEERS_FOLDER
from schemas.dossier import PartyKind
from schemas.errors import CallError, Outage, Refused, Unauthorised, Unknown
from schemas.message import Operation
from schemas.portal import PortalDossier, Registration
from schemas.ports.carrier import Answer
from tests.unit.adapters.dvc_bo.records import (
    DOSSIER,
    NOW,
    OWNER,
    PAPERS,
    PROGRESS,
    FileDesk,
    dossier,
    make_adapter,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEPT = 5
"""Times that DOSSIER is kept: number, two files, before the creation, after it."""
EFFECTS = {"GetNextValue": 1, "upload": 2, "NoiHoSo": 1, "CapNhatTrangThai": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxProcess]:
    async with SandboxProcess("dvc_bo", ledger=tmp_path_factory.mktemp("dvc_bo") / "ledger.jsonl") as sandbox:
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


async def effects(portal: SandboxProcess, *, after: int = 0) -> dict[str, int]:
    """What the portal applied since line ``after``."""
    lines = [line for line in await portal.control.applied() if int(str(line["n"])) > after]
    names = [str(line["operation"]) for line in lines]
    return {name: names.count(name) for name in dict.fromkeys(names)}


async def so_far(portal: SandboxProcess) -> int:
    lines = await portal.control.ledger()
    return len(lines)


async def test_a_dossier_is_number_files_creation_and_status(
    portal: SandboxProcess, adapter: Adapter, tmp_path: Path
) -> None:
    before, desk, new = await so_far(portal), FileDesk(tmp_path / "kept"), dossier()
    receipt = await adapter.register_in_steps(new, desk)
    known = receipt.registration
    assert known is not None and receipt.created
    assert known.created and not known.creating and known.peer_id.startswith("HS")
    assert await effects(portal, after=before) == EFFECTS
    assert [(one.number != "", len(one.files), one.creating, one.created) for one in desk.kept] == [
        (True, 0, False, False),
        (True, 1, False, False),
        (True, 2, False, False),
        (True, 2, True, False),
        (True, 2, False, True),
    ]
    (made,) = await portal.control.ledger(kind="applied", operation="NoiHoSo", key=known.number)
    row = made["data"]["row"]
    assert [len(part["GiayToDinhKem"]) for part in row["ThanhPhanHoSo"]] == [1, 0, 1]
    await adapter.progress(dataclasses.replace(PROGRESS, registration=known))
    (steps,) = await portal.control.ledger(kind="applied", operation="CapNhatTienTrinh", key=known.number)
    assert steps["data"]["id"] == known.peer_id
    assert steps["data"]["rows"][0]["ThoiDiemXuLy"] == "2026-11-20T08:15:00.120"


async def test_a_dossier_that_is_there_gets_its_new_status_only(
    portal: SandboxProcess, adapter: Adapter, tmp_path: Path
) -> None:
    new = dossier()
    first = await adapter.register_in_steps(new, FileDesk(tmp_path / "kept"))
    before = await so_far(portal)
    later = dataclasses.replace(new, national=9, registration=first.registration)
    again = await adapter.register_in_steps(later, FileDesk(tmp_path / "other"))
    assert not again.created
    assert await effects(portal, after=before) == {"CapNhatTrangThai": 1}
    (_, told) = await portal.control.ledger(
        kind="applied", operation="CapNhatTrangThai", key=first.registration.number if first.registration else ""
    )
    assert told["data"]["row"]["DanhSachGiayToKetQua"][0]["MaGiayToKetQua"] == "KQ.G09.000122"
    assert told["data"]["row"]["DanhSachLePhi"][0]["Gia"] == 20_000


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("n", range(1, KEPT + 1))
async def test_a_process_that_dies_between_two_calls_leaves_one_dossier(where: str, n: int, tmp_path: Path) -> None:
    async with SandboxProcess("dvc_bo", ledger=tmp_path / "ledger.jsonl") as portal:
        kept = tmp_path / "kept.json"
        assert await child(portal, kept, where, n) == -signal.SIGKILL
        adapter, http = make_adapter(portal.settings)
        async with http:
            desk = FileDesk(kept)
            left = dataclasses.replace(DOSSIER, registration=desk.read())
            there = {"NoiHoSo": 1} if (where, n) in (("before", 5), ("after", 5)) else {}
            told = await adapter.ask(Operation.PORTAL_DOSSIER, left, since=NOW)
            assert told is (Answer.APPLIED if there else Answer.NOT_APPLIED)
            if told is Answer.NOT_APPLIED:  # as the outbox does: then it is sent again, from where it was kept
                await adapter.register_in_steps(left, desk)
        applied = await effects(portal)
    lost = {("before", 1): "GetNextValue", ("before", 2): "upload", ("before", 3): "upload"}.get((where, n))
    wanted = {**EFFECTS, **({lost: EFFECTS[lost] + 1} if lost else {})}
    assert applied == wanted, "what was answered and not yet kept is asked for again; a dossier is made once"


async def child(portal: SandboxProcess, kept: Path, where: str, n: int) -> int:
    """Run the process that dies; its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.unit.adapters.dvc_bo.dying_child"),
        *(json.dumps(portal.settings), str(kept), where, str(n)),
        cwd=PEERS_FOLDER.parent,
        env={**os.environ, "PYTHONPATH": str(PEERS_FOLDER.parent)},
    )
    return await process.wait()


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("GetNextValue", Outage), ("upload", Outage), ("NoiHoSo", Unknown), ("CapNhatTrangThai", Unknown)],
)
async def test_a_lost_answer_to_any_call_ends_in_one_dossier(
    portal: SandboxProcess, adapter: Adapter, tmp_path: Path, operation: str, kind: type[CallError]
) -> None:
    before, desk, new = await so_far(portal), FileDesk(tmp_path / "kept"), dossier()
    await portal.control.chaos("reply_lost", operation)
    with pytest.raises(CallError) as caught:
        await adapter.register_in_steps(new, desk)
    assert type(caught.value) is kind
    left = dataclasses.replace(new, registration=desk.read())
    told = await adapter.ask(Operation.PORTAL_DOSSIER, left, since=NOW)
    assert told is (Answer.APPLIED if kind is Unknown else Answer.NOT_APPLIED)
    if told is Answer.NOT_APPLIED:
        await adapter.register_in_steps(left, desk)
    assert (await effects(portal, after=before))["NoiHoSo"] == 1


async def test_a_creation_that_never_came_is_told_and_made_under_the_same_number(
    portal: SandboxProcess, adapter: Adapter, tmp_path: Path
) -> None:
    before, desk, new = await so_far(portal), FileDesk(tmp_path / "kept"), dossier()
    await portal.control.chaos("hang_up", "NoiHoSo")
    with pytest.raises(Unknown):
        await adapter.register_in_steps(new, desk)
    left = dataclasses.replace(new, registration=desk.read())
    assert await adapter.ask(Operation.PORTAL_DOSSIER, left, since=NOW) is Answer.NOT_APPLIED
    await adapter.register_in_steps(left, desk)
    assert await effects(portal, after=before) == EFFECTS


async def test_without_a_way_to_ask_nothing_is_guessed(portal: SandboxProcess, tmp_path: Path) -> None:
    adapter, http = make_adapter({**portal.settings, "ask_by": "nothing"})
    async with http:
        left = dossier(registration=Registration(number="G09.20-20261120-0000001", creating=True))
        assert await adapter.ask(Operation.PORTAL_DOSSIER, left, since=NOW) is Answer.CANNOT_TELL
        assert await adapter.ask(Operation.PORTAL_PROGRESS, PROGRESS, since=NOW) is Answer.CANNOT_TELL


@pytest.mark.parametrize(
    "options",
    [
        {"over": "envelope", "tell_life": "text", "token_type": "bearer", "good_code": "00", "upload_reply": "list"},
        {"over": "html", "tell_life": "none", "uploads": "recognised", "repeated_number": "refused"},
        {"over": "wso2", "id_required": "1"},
    ],
)
async def test_the_deviations_make_no_difference(options: dict[str, str], tmp_path: Path) -> None:
    async with SandboxProcess("dvc_bo", ledger=tmp_path / "ledger.jsonl", options=options) as portal:
        adapter, http = make_adapter(portal.settings)
        async with http:
            first = await adapter.register_in_steps(dossier(), FileDesk(tmp_path / "a"))
            await portal.control.event(code="expire_tokens")
            second = await adapter.register_in_steps(dossier(attachments=()), FileDesk(tmp_path / "b"))
            assert first.registration is not None and second.registration is not None
            await portal.control.event(code="expire_tokens")
            await adapter.progress(dataclasses.replace(PROGRESS, registration=second.registration))
            if options.get("repeated_number") == "refused":
                again = dossier(registration=dataclasses.replace(first.registration, creating=True, created=False))
                known = (await adapter.register_in_steps(again, FileDesk(tmp_path / "c"))).registration
                assert known is not None and known.created, "a number of ours that exists is our dossier"
        assert (await effects(portal))["NoiHoSo"] == 2


async def test_what_cannot_be_said_is_refused_before_a_number_is_taken(
    portal: SandboxProcess, adapter: Adapter, tmp_path: Path
) -> None:
    before, desk = await so_far(portal), FileDesk(tmp_path / "kept")
    state_body = dataclasses.replace(OWNER, kind=PartyKind.STATE_BODY)
    for wrong in (dossier(owner=state_body), dossier(national=11)):
        with pytest.raises(Refused, match="nothing was sent"):
            await adapter.register_in_steps(wrong, desk)
    with pytest.raises(Refused, match="no number"):
        await adapter.progress(dataclasses.replace(PROGRESS, registration=None))
    assert await so_far(portal) == before


async def test_a_file_that_is_too_large_is_named(portal: SandboxProcess, tmp_path: Path) -> None:
    adapter, http = make_adapter({**portal.settings, "max_file_bytes": len(PAPERS[1])})
    async with http:
        with pytest.raises(Refused, match=r"Tờ khai\.pdf has"):
            await adapter.register_in_steps(dossier(), FileDesk(tmp_path / "kept"))


async def test_files_and_secrets_stay_out_of_what_is_kept(
    portal: SandboxProcess, adapter: Adapter, tmp_path: Path
) -> None:
    with recording() as exchanges:
        await adapter.register_in_steps(dossier(), FileDesk(tmp_path / "kept"))
    kept = b"".join(exchange.request + exchange.reply for exchange in exchanges)
    assert PAPERS[0] not in kept and b"(form with files, " in kept
    assert b"sandbox-only" not in kept and b"Bearer " not in kept.replace(b'"Bearer"', b"")


async def test_a_wrong_secret_is_named(portal: SandboxProcess) -> None:
    adapter, http = make_adapter({**portal.settings, "client_secret": "wrong"})
    async with http:
        assert not (await adapter.probe()).ok
        with pytest.raises(Unauthorised):
            await adapter.register(plain())


def plain() -> PortalDossier:
    return dossier(attachments=())
