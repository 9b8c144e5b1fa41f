"""Documents of the axis: durable before they are acknowledged, once, and a bad one hides no good one."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.desk import exchange
from gateway.outbox.dispatch import Dispatcher
from gateway.storage import codec
from gateway.storage.blobs import FolderBlobs
from gateway.storage.database import open_database
from gateway.workers.documents import Documents
from schemas.errors import KeyReused
from schemas.ids import PeerId, Sha256, UnitId
from schemas.message import Inbound, InboxState, MessageState
from schemas.official_document import OfficialDocument, Organ
from schemas.ports.message_stores import MessageFilter
from tests.flows.outbox_house import OPERATOR, OutboxHouse, outbox_house
from tests.house import rules

pytestmark = pytest.mark.flow
EDXML = PeerId("edxml")


def documents(house: OutboxHouse, folder: Path) -> Documents:
    return Documents(
        house.store, registry=house.registry, clock=house.clock, blobs=blobs(folder), spool=folder / "spool"
    )


def blobs(folder: Path) -> FolderBlobs:
    return FolderBlobs(folder / "blobs")


async def rows(house: OutboxHouse) -> tuple[Inbound, ...]:
    """Oldest first."""
    return tuple(reversed(await house.store.read(lambda tx: tx.inbox.list(peer=EDXML))))


async def body(house: OutboxHouse, row: Inbound) -> bytes:
    return await house.store.read(functools.partial(lambda wanted, tx: tx.inbox.body(wanted), row.id))


async def test_what_waits_is_kept_with_its_files_and_then_acknowledged(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        control = house.control(EDXML)
        await control.event(code="document", file="Kết quả đo đạc", subject="V/v trả kết quả")
        await documents(house, tmp_path).ask(EDXML)
        (row,) = await rows(house)
        assert row.state is InboxState.APPLIED
        document = codec.from_json(await body(house, row), OfficialDocument)
        assert document.subject == "V/v trả kết quả"
        assert document.signed_by
        file = await blobs(tmp_path).path(document.files[0].sha256)
        assert file.read_text("utf-8") == "Kết quả đo đạc"
        assert await blobs(tmp_path).has(Sha256(dict(row.headers)["blob"])), "the document itself as it came"
        assert [line["data"]["status"] for line in await control.applied("updateStatus")] == ["done"]
        await documents(house, tmp_path).ask(EDXML)
        assert len(await rows(house)) == 1


async def test_a_forged_document_waits_for_a_person_and_hides_no_other_one(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        control = house.control(EDXML)
        for by in ("stranger", "nobody", "axis"):
            await control.event(code="document", by=by, subject=f"của {by}")
        await documents(house, tmp_path).ask(EDXML)
        states = [row.state for row in await rows(house)]
        assert states == [InboxState.QUARANTINED, InboxState.QUARANTINED, InboxState.APPLIED]
        for row in await rows(house):
            assert await blobs(tmp_path).has(Sha256(dict(row.headers)["blob"]))
        told = [line["data"]["status"] for line in await control.applied("updateStatus")]
        assert told == ["fail", "fail", "done"]


async def test_a_crash_before_the_acknowledgement_costs_a_second_look_and_no_second_row(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        control = house.control(EDXML)
        await control.event(code="document")
        await control.chaos("black_hole", "acknowledge_document")
        look = asyncio.create_task(documents(house, tmp_path).ask(EDXML))
        await house.seen(EDXML, lambda lines: len(lines) == 1, kind="strike", operation="updateStatus")
        look.cancel()  # the power goes while the acknowledgement is on its way
        with contextlib.suppress(asyncio.CancelledError):
            await look
        assert len(await rows(house)) == 1
        assert await control.applied("updateStatus") == []
        await documents(house, tmp_path).ask(EDXML)
        assert len(await rows(house)) == 1
        assert len(await control.applied("updateStatus")) == 1


async def test_an_axis_that_breaks_off_takes_nothing_along(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        control = house.control(EDXML)
        await control.event(code="document")
        await control.chaos("half_reply", "fetch_document")
        await documents(house, tmp_path).ask(EDXML)
        assert await rows(house) == ()
        assert await control.applied("updateStatus") == []
        await documents(house, tmp_path).ask(EDXML)
        assert len(await rows(house)) == 1
        assert list((tmp_path / "spool").iterdir()) == []


async def test_a_killed_axis_forgets_no_document(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        await house.control(EDXML).event(code="document")
        await house.sandboxes[EDXML].kill()
        await documents(house, tmp_path).ask(EDXML)
        assert await rows(house) == ()
        await house.sandboxes[EDXML].start()
        await documents(house, tmp_path).ask(EDXML)
        assert [row.state for row in await rows(house)] == [InboxState.APPLIED]


# --- what we send ----------------------------------------------------------------------------------------------------


def letter(n: int = 1) -> OfficialDocument:
    us, them = Organ("000.00.00.H99", "UBND tỉnh Mẫu"), Organ("000.00.14.H99", "Sở Thử nghiệm")
    return OfficialDocument(
        id=f"{us.id},2026/11/20,{n}/UBND-VP",
        sender=us,
        receivers=(them,),
        number=str(n),
        notation="UBND-VP",
        promulgated_on=dt.date(2026, 11, 20),
        subject="V/v chuyển hồ sơ",
    )


async def test_a_document_goes_through_the_outbox_once_though_its_reply_is_lost(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        control = house.control(EDXML)
        await control.chaos("reply_lost", "send_document")
        unit = UnitId("H99")
        for _ in range(2):
            await house.store.write(
                lambda tx: exchange.send(tx, EDXML, letter(), unit=unit, principal=OPERATOR, clock=house.clock)
            )
        async with house.sending(EDXML):
            await house.seen(EDXML, lambda lines: len(lines) == 1, kind="applied", operation="sendEdoc")
            await house.store.until(
                lambda tx: [m.last_class for m in tx.messages.list(MessageFilter(), limit=9)] == ["Unknown"]
            )
            await house.clock.move(1200)
            await house.store.until(
                lambda tx: [m.state for m in tx.messages.list(MessageFilter(), limit=9)] == [MessageState.DELIVERED]
            )
        assert len(await control.applied("sendEdoc")) == 1


async def test_another_document_under_the_same_id_is_refused(tmp_path: Path) -> None:
    async with outbox_house(tmp_path, EDXML) as house:
        put = functools.partial(exchange.send, peer=EDXML, unit=UnitId("H99"), principal=OPERATOR, clock=house.clock)
        await house.store.write(lambda tx: put(tx, paper=letter()))
        with pytest.raises(KeyReused):
            await house.store.write(lambda tx: put(tx, paper=dataclasses.replace(letter(), subject="khác")))


@pytest.mark.slow  # three processes of the real command
async def test_a_person_sends_a_document_with_a_file_and_saves_what_comes_back(tmp_path: Path) -> None:
    """The real command beside a store; the axis is a process of its own."""
    async with outbox_house(tmp_path / "house", EDXML) as house:
        told = house.sandboxes[EDXML].settings
        config, paper, file = tmp_path / "lienthong.toml", tmp_path / "letter.json", tmp_path / "Tờ trình.pdf"
        await asyncio.to_thread(_prepare, config, tmp_path / "data", told, paper)
        file.write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 1000)
        assert await command("upgrade", config) == 0
        assert await command("documents", "send", str(paper), "--file", str(file), config) == 0
        data = await asyncio.to_thread(
            open_database, f"sqlite:///{tmp_path}/data/rows.db", blobs=tmp_path / "data/blobs"
        )
        try:
            (message,) = await data.read(lambda tx: tx.messages.list(MessageFilter(), limit=9))
            sent_body = await data.read(lambda tx: tx.messages.body(message.id))
            dispatcher = Dispatcher(house.registry, locate=data.blobs.path)
            await dispatcher.send(message, sent_body, _nothing_is_left)
            (line,) = await house.control(EDXML).applied("sendEdoc")
            assert line["key"] == letter(7).id
            await house.control(EDXML).event(code="document", file="Kết quả", reference="000.00.14.H99,2026/11/22,1/S")
            await Documents(
                data, registry=house.registry, clock=house.clock, blobs=data.blobs, spool=tmp_path / "spool"
            ).ask(EDXML)
            (row,) = await data.read(lambda tx: tx.inbox.list(peer=EDXML))
        finally:
            await data.close()
        assert await command("documents", "save", str(row.id), "--out", str(tmp_path / "out"), config) == 0
        assert (tmp_path / "out" / "1-Văn bản.pdf").read_text("utf-8") == "Kết quả"
        assert (tmp_path / "out" / "document.xml").read_bytes().startswith(b"<?xml")


def _prepare(config: Path, data: Path, told: Mapping[str, object], paper: Path) -> None:
    lines = [
        f'data_folder = "{data}"',
        "[database]",
        f'url = "sqlite:///{data}/rows.db"',
        "[peers.edxml]",
        "enabled = true",
    ]
    config.write_text("\n".join([*lines, *(f"{name} = {json.dumps(value)}" for name, value in told.items())]) + "\n")
    data.mkdir()
    paper.write_text(codec.to_json(letter(7)))


async def command(*words: str | Path) -> int:
    """Run the real command with the config file at the end."""
    *said, config = map(str, words)
    code = "import sys; from gateway.cli.main import main; main(sys.argv[1:])"
    line = [sys.executable, "-c", code, *said, "--config", config]
    process = await asyncio.create_subprocess_exec(*line, cwd=rules.ROOT)
    return await process.wait()


async def _nothing_is_left(body: bytes) -> None:
    raise AssertionError(body)
