"""A portal that takes a dossier in six calls, through the outbox: whatever is lost, there is one dossier of it."""

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.registry import PEERS_FOLDER
from gateway import failpoints
from gateway.desk.requests import HandoverReceipt
from gateway.outbox import payload as payloads
from schemas.dossier import Dossier, PartyKind
from schemas.ids import PeerId, UnitId
from schemas.message import AttemptClass, MessageState, Operation
from schemas.portal import PortalProgress
from tests.flows.outbox_house import LIMIT_S, PORTAL, OutboxHouse, outbox_house

pytestmark = [pytest.mark.flow, pytest.mark.slow]
BO, NGSP = PeerId("dvc_bo"), PeerId("ngsp")
C, S = AttemptClass, MessageState


async def known_at_the_portal(house: OutboxHouse) -> list[Mapping[str, Any]]:
    return [line["data"]["row"] for line in await house.control(BO).applied("NoiHoSo")]


async def taken_in(house: OutboxHouse, *nationals: int) -> HandoverReceipt:
    (receipt,) = await house.take_in(with_post=False)
    await house.walk(receipt.dossier, *nationals)
    return receipt


async def dossier_of(house: OutboxHouse, receipt: HandoverReceipt) -> Dossier:
    return await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))


def aliases(dossier: Dossier) -> dict[str, str]:
    return {alias.scheme: alias.code for alias in dossier.aliases if "dvc_bo" in alias.scheme}


async def test_the_portals_number_finds_the_dossier_and_goes_with_what_follows(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, BO) as house:
        receipt = await taken_in(house, 2)
        async with house.sending(BO):
            await house.until_count(S.DELIVERED, 2)
            (made,) = await known_at_the_portal(house)
            told = aliases(await dossier_of(house, receipt))
            assert told["peer:dvc_bo"] == made["MaHoSo"] and told["peer-id:dvc_bo"].startswith("HS")
            found = await house.store.read(lambda tx: tx.dossiers.find(made["MaHoSo"]))
            assert found is not None and found.id == receipt.dossier
            await house.walk(receipt.dossier, 4)
            await house.until_count(S.DELIVERED, 4)
        assert len(await known_at_the_portal(house)) == 1
        steps = [line["data"] for line in await house.control(BO).applied("CapNhatTienTrinh")]
        assert {step["rows"][0]["IDHoSo"] for step in steps} == {told["peer-id:dvc_bo"]}
        states = [line["data"]["row"]["TrangThai"] for line in await house.control(BO).applied("CapNhatTrangThai")]
        assert states[-1] == 4


@pytest.mark.parametrize("verb", ["reply_lost", "hang_up", "half_reply"])
async def test_a_lost_answer_to_the_creation_is_asked_and_not_guessed(tmp_path: Path, verb: str) -> None:
    async with outbox_house(tmp_path, BO) as house:
        receipt = await taken_in(house, 2)
        await house.control(BO).chaos(verb, "NoiHoSo")
        (message,) = await house.messages(operation=Operation.PORTAL_DOSSIER)
        async with house.sending(BO):
            await house.until_state(message.id, S.UNKNOWN)
            await house.clock.move(60)
            await house.until_state(message.id, S.DELIVERED)
        (made,) = await known_at_the_portal(house)
        assert aliases(await dossier_of(house, receipt))["peer:dvc_bo"] == made["MaHoSo"]
        assert len(await house.control(BO).applied("GetNextValue")) == 1
        outcomes = [attempt.outcome for attempt in await house.attempts(message)]
        assert outcomes[:2] == [C.UNKNOWN, C.ASKED]


@pytest.mark.parametrize("operation", ["GetNextValue", "NoiHoSo", "CapNhatTrangThai"])
async def test_a_lane_that_dies_in_a_call_is_followed_by_one_that_goes_on(tmp_path: Path, operation: str) -> None:
    async with outbox_house(tmp_path, BO) as house:
        await taken_in(house, 2)
        (message,) = await house.messages(operation=Operation.PORTAL_DOSSIER)
        await house.control(BO).chaos("black_hole", operation)
        async with house.sending(BO):
            await house.seen(BO, lambda lines: len(lines) >= 1, operation=operation, kind="strike")
        await house.clock.move(130)
        await house.sweeper.sweep()
        async with house.sending(BO):
            await house.until_state(message.id, S.DELIVERED)
        assert len(await known_at_the_portal(house)) == 1
        assert len(await house.control(BO).applied("GetNextValue")) == 1
        outcomes = [attempt.outcome for attempt in await house.attempts(message)]
        assert outcomes[:2] == [C.CRASHED, C.ASKED]


@pytest.mark.parametrize(
    ("place", "n"), [(place, n) for place in failpoints.STEPS for n in (1, 2, 3)] + [("t4.after_call", 1)]
)
async def test_a_gateway_that_is_killed_between_two_calls_leaves_one_dossier(
    tmp_path: Path, place: str, n: int
) -> None:
    """Without a scan it is kept three times: the number, before the creation, after it."""
    async with outbox_house(tmp_path, BO) as house:
        receipt = await taken_in(house, 2)
        (message,) = await house.messages(operation=Operation.PORTAL_DOSSIER)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.flows.registration_child", f"sqlite:///{tmp_path / 'rows.db'}"),
            *(str(tmp_path / "blobs"), json.dumps(house.sandboxes[BO].settings)),
            cwd=PEERS_FOLDER.parent,
            env={**os.environ, "PYTHONPATH": str(PEERS_FOLDER.parent), failpoints.VARIABLE: f"{place}:{n}"},
        )
        async with asyncio.timeout(2 * LIMIT_S):
            assert await process.wait() == 137
        await house.clock.move(130)
        await house.sweeper.sweep()
        async with house.sending(BO):
            await house.until_state(message.id, S.DELIVERED)
        (made,) = await known_at_the_portal(house)
        assert aliases(await dossier_of(house, receipt))["peer:dvc_bo"] == made["MaHoSo"]
        lost_a_number = (place, n) == ("step.before_keep", 1)
        assert len(await house.control(BO).applied("GetNextValue")) == (2 if lost_a_number else 1)


async def test_steps_that_wait_together_are_told_one_by_one_where_the_peer_wants_it(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, NGSP) as house:
        await taken_in(house, 2, 4, 9)
        (chunk,) = await house.messages(operation=Operation.PORTAL_PROGRESS)
        told = payloads.decode(chunk.operation, await house.store.read(lambda tx: tx.messages.body(chunk.id)))
        assert isinstance(told, PortalProgress) and len(told.steps) > 1
        async with house.sending(NGSP):
            await house.until_state(chunk.id, S.DELIVERED)
        traces = [line["data"]["row"] for line in await house.control(NGSP).applied("UpdateDocumentTraces")]
        assert [row["Comment"] for row in traces] == [step.what for step in told.steps]


async def test_two_portals_hear_of_a_dossier_and_one_only_of_its_own_units(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, PORTAL, BO) as house:
        receipt = await taken_in(house, 2)
        assert {message.peer for message in await house.messages(operation=Operation.PORTAL_DOSSIER)} == {PORTAL, BO}
        dossier = await dossier_of(house, receipt)
        table = house.router._table
        for about, wanted in (("unit-elsewhere", (PORTAL,)), (dossier.competent_unit, None), (dossier.procedure, None)):
            told = dataclasses.replace(table, told_of={BO: frozenset({UnitId(about)})})
            assert set(told.portals_for(dossier)) == set(wanted or (PORTAL, BO))


async def test_what_the_portal_has_no_code_for_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, BO) as house:
        (receipt,) = await house.take_in(with_post=False)

        def change(tx: Any) -> None:
            dossier = tx.dossiers.get(receipt.dossier)
            owner = dataclasses.replace(dossier.owner, kind=PartyKind.ORGANISATION)
            tx.dossiers.put(dataclasses.replace(dossier, owner=owner))

        await house.store.write(change)
        await house.walk(receipt.dossier, 2)
        (message,) = await house.messages(operation=Operation.PORTAL_DOSSIER)
        async with house.sending(BO):
            refused = await house.until_state(message.id, S.REFUSED)
        assert "owner_codes" in refused.last_detail
        assert await house.control(BO).ledger(kind="applied") == []
