"""``lienthong portal`` against the played portal, beside a process that has the same store open."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from gateway.storage.codec import to_json
from gateway.workers.citizens import Citizens
from gateway.workers.inbox import Inbox
from schemas.message import MessageState, Operation
from schemas.national import PortalRating
from schemas.ports.message_stores import MessageFilter
from tests.contract.adapters.records import portal_rating
from tests.flows.command import PORTAL, House, house, run
from tests.flows.news import world
from tests.flows.outbox_house import StandingClock
from tracking.reading import load_context

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow


@pytest.fixture
async def portal(house: House, tmp_path: Path) -> AsyncIterator[SandboxProcess]:
    """The played portal, switched on in the settings of the house."""
    async with SandboxProcess("dvcqg", ledger=tmp_path / "portal.jsonl") as sandbox:
        told = "\n".join(f"{name} = {json.dumps(value)}" for name, value in sandbox.settings.items())
        with house.settings.open("a") as file:
            file.write(f"[peers.dvcqg]\nenabled = true\n{told}\n")
        yield sandbox


async def test_the_catalogue_is_asked_for(house: House, portal: SandboxProcess) -> None:
    told, found, one, names, fields = await asyncio.gather(
        house.says("portal", "procedures"),
        house.says("portal", "procedures", "--search", "khuyen mai", "--json"),
        house.says("portal", "procedure", "2.000908"),
        house.says("portal", "dictionary"),
        house.says("portal", "dictionary", "linh-vuc", "--json"),
    )
    assert (told.code, "Cấp bản sao từ sổ gốc" in told.out) == (0, True)
    assert [row["code"] for row in found.json["procedures"]] == ["1.000948.H99"]
    assert "KQ.G99.000122 Bản sao trích lục" in one.out
    assert "co-quan" in names.out.split()
    assert [row["code"] for row in fields.json["rows"]] == ["G15-CT01", "G02-XT01"]


async def test_what_the_portal_does_not_have_is_said(house: House, portal: SandboxProcess) -> None:
    nothing, nobody, unknown, other = await asyncio.gather(
        house.says("portal", "procedure", "9.999999"),
        house.says("portal", "tech-id", "099099000009"),
        house.says("portal", "dictionary", "khong-co"),
        house.says("portal", "find", house.dossier.code),
    )
    assert (nothing.code, nobody.code, unknown.code) == (3, 2, 3)
    assert "9.999999" in nothing.err
    assert (other.code, other.out.strip()) == (4, f"Cổng không có hồ sơ {house.dossier.code}.")
    somebody = await house.says("portal", "tech-id", "099099000001")
    assert (somebody.code, somebody.out.strip()) == (0, "TECH-000001")


async def test_indicators_are_told_with_their_reasons(house: House, portal: SandboxProcess) -> None:
    shown, as_json, wrong = await asyncio.gather(
        house.says("portal", "indicators", house.dossier.code),
        house.says("portal", "indicators", house.dossier.code, "--json"),
        house.says("portal", "indicators", "khong-co"),
    )
    assert (shown.code, wrong.code) == (0, 2)
    assert "NgayTiepNhan" in shown.out
    assert {one["judgement"] for one in as_json.json} == {"not_counted"}
    assert [one["number"] for one in as_json.json] == ["2.1", "3.6", "4.1", "4.2", "4.3", "4.4", "4.5"]


async def test_a_question_is_fetched_answered_and_no_longer_waiting(house: House, portal: SandboxProcess) -> None:
    listed = await house.says("portal", "questions", "--fetch", "--json")
    assert [one["key"] for one in listed.json] == ["4101"], "4102 has its answer"
    assert (await house.says("portal", "questions", "--json")).json == [], "nothing is stored yet"

    clock = StandingClock()
    registry = Registry.load({PORTAL: {"enabled": True, **portal.settings}}, clock=clock)
    store = house.world.database
    inbox = Inbox(store, registry=registry, clock=clock, tell=lambda *_: None, context=load_context)
    await Citizens(store, registry=registry, clock=clock, inbox=inbox, rhythm_s=60).once()
    await inbox.once()
    await registry.aclose()

    waiting = await house.says("portal", "questions")
    assert "Trần Thị Thử" in waiting.out
    answer = ("portal", "answer", "4101", "Ba ngày làm việc.", "--by", "An", "--unit", "000.00.14.H99")
    said = await house.says(*answer)
    assert said.code == 0, said.err
    where = MessageFilter(operation=Operation.PORTAL_ANSWER)
    (message,) = await store.read(lambda tx: tx.messages.list(where))
    assert (message.dossier, message.state) == (None, MessageState.PENDING)
    assert (await house.says(*answer)).code == 0, "the same answer again is the same message"
    other = await house.says(*answer[:3], "Bốn ngày.", *answer[4:])
    assert (other.code, f"{message.id}" in other.err) == (2, True)
    assert (await house.says("portal", "questions", "--json")).json == []
    assert [one["key"] for one in (await house.says("portal", "questions", "--all", "--json")).json] == ["4102", "4101"]
    shown = await house.says("messages", "show", str(message.id))
    assert "Trả lời câu hỏi trên Cổng DVC" in shown.out


async def test_a_rating_out_of_a_file(house: House, portal: SandboxProcess, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    rating: PortalRating = portal_rating()
    good.write_text(to_json(rating))
    bad.write_text('{"unit_code": 7}')
    told, wrong = await asyncio.gather(house.says("portal", "rate", str(good)), house.says("portal", "rate", str(bad)))
    assert (told.code, wrong.code) == (0, 2)
    assert "bad.json" in wrong.err
    assert (await house.says("portal", "inbound")).code == 0


async def test_without_a_portal_the_command_says_what_to_switch_on(house: House) -> None:
    told = await house.says("portal", "procedures")
    assert (told.code, "[peers.<tên>]" in told.err) == (1, True)
    assert (await run("portal", "--help")).code == 0
