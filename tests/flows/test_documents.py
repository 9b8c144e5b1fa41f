"""Documents of the axis: durable before they are acknowledged, once, and a bad one hides no good one."""

import asyncio
import contextlib
import functools
from pathlib import Path

import pytest

from gateway.storage import codec
from gateway.storage.blobs import FolderBlobs
from gateway.workers.documents import Documents
from schemas.ids import PeerId, Sha256
from schemas.message import Inbound, InboxState
from schemas.official_document import OfficialDocument
from tests.flows.outbox_house import OutboxHouse, outbox_house

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
