"""What peers push, what scanners upload and what browsers follow: on a real socket, over the real store."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from schemas.message import InboxState
from schemas.ports.stores import Tx
from tests.flows.edge_house import KEY, EdgeHouse, edge_house
from tests.flows.edge_peers import INSIDE, SIGNED, UNSIGNED, signature

ID = "099084000012"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


# --- callbacks --------------------------------------------------------------------------------------------------------


async def test_a_signed_callback_is_stored_and_its_copy_gets_the_first_answer(
    house: EdgeHouse,
) -> None:
    body = b'{"tracking_code":"EE473120003VN"}'
    at = f"{house.url}/callbacks/{SIGNED}?id=7"
    for _ in range(2):
        async with house.session.post(at, data=body, headers={"X-Signature": signature(body)}) as reply:
            assert (reply.status, await reply.read()) == (200, b'{"code":"ok"}')
    rows = await house.store.read(lambda tx: tx.inbox.pending(limit=10))
    assert [(row.peer, row.ext_id, row.answer) for row in rows] == [(SIGNED, "7", b'{"code":"ok"}')]
    assert await house.store.read(lambda tx: tx.inbox.body(rows[0].id)) == body
    assert house.arrived.is_set()


async def test_a_callback_without_its_signature_is_not_even_stored(house: EdgeHouse) -> None:
    for headers in ({}, {"X-Signature": signature(b"another body")}, {"X-Signature": "ký"}):
        async with house.session.post(f"{house.url}/callbacks/{SIGNED}", data=b"{}", headers=headers) as reply:
            assert reply.status == 401
    assert await house.store.read(lambda tx: tx.inbox.pending(limit=10)) == ()


async def test_a_callback_that_cannot_be_proven_is_stored_under_a_quota(tmp_path: Path) -> None:
    async with edge_house(tmp_path, LIENTHONG_LIMITS__UNPROVEN_CALLBACKS="2") as house:
        at = f"{house.url}/callbacks/{UNSIGNED}"
        statuses = []
        for n in range(3):
            async with house.session.post(at, data=str(n).encode()) as reply:
                statuses.append(reply.status)
        assert statuses == [200, 200, 429]
        await house.clock.move(seconds=60)
        async with house.session.post(at, data=b"3") as reply:
            assert reply.status == 200
        assert len(await house.store.read(lambda tx: tx.inbox.pending(limit=10))) == 3


async def settled(house: EdgeHouse) -> None:
    """Stand in for T2: what is proven is applied, the rest is quarantined."""
    now = house.clock.now()

    def settle(tx: Tx) -> None:
        for row in tx.inbox.pending(limit=10):
            state = InboxState.APPLIED if row.kind == "callback" else InboxState.QUARANTINED
            tx.inbox.settle(row.id, state, detail="", now=now)

    await house.store.write(settle)


async def test_a_flood_of_unproven_bodies_does_not_fill_the_disk_nor_keep_the_proven_out(tmp_path: Path) -> None:
    """ADR 132: bytes are bounded and survive a restart; old ones make room; a true delivery needs no quota at all."""
    bounds: dict[str, Any] = {"LIENTHONG_LIMITS__UNPROVEN_BYTES": "10000", "LIENTHONG_LIMITS__UNPROVEN_KEEP_S": "3600"}
    async with edge_house(tmp_path, **bounds) as house:
        at = f"{house.url}/callbacks/{INSIDE}"
        statuses = []
        for n in range(6):
            async with house.session.post(at, data=b"%d" % n + b"x" * 2_000) as reply:
                statuses.append(reply.status)
                assert reply.status == 200 or reply.headers["Retry-After"] == "3600"
        assert statuses == [200, 200, 200, 429, 429, 429]
        for _ in range(2):
            async with house.session.post(at, data=b"proven " + b"x" * 2_000) as reply:
                assert reply.status == 200
        kinds = [row.kind for row in await house.store.read(lambda tx: tx.inbox.pending(limit=10))]
        assert kinds == ["unproven", "unproven", "unproven", "callback"]
        assert await house.store.read(lambda tx: tx.inbox.unproven(INSIDE)) == (3, 3 * 2_001)
        await house.clock.move(seconds=61)
        async with house.session.post(at, data=b"a" + b"x" * 2_000) as reply:
            assert reply.status == 429, "counted in the store, not in memory alone"
        await settled(house)
        assert await house.store.write(lambda tx: tx.inbox.reopen_unproven(INSIDE)) == 3, "a key was pinned"
        await settled(house)
        await house.clock.move(seconds=3_600)
        async with house.session.post(at, data=b"b" + b"x" * 2_000) as reply:
            assert reply.status == 200
        kept = await house.store.read(lambda tx: tx.inbox.list(peer=INSIDE))
        assert sorted(row.kind for row in kept) == ["callback", "unproven"], "what is old and unproven is gone"


async def test_a_callback_to_nobody_or_compressed_is_refused(house: EdgeHouse) -> None:
    async with house.session.post(f"{house.url}/callbacks/nobody", data=b"{}") as reply:
        assert reply.status == 404
    async with house.session.post(
        f"{house.url}/callbacks/{UNSIGNED}", data=b"{}", headers={"Content-Encoding": "deflate"}
    ) as reply:
        assert reply.status in (400, 415)
    assert await house.store.read(lambda tx: tx.inbox.pending(limit=10)) == ()


# --- uploads ----------------------------------------------------------------------------------------------------------


def files(*named: tuple[str, bytes]) -> FormData:
    form = FormData()
    for name, content in named:
        form.add_field("files", content, filename=name, content_type="application/pdf")
    return form


async def test_an_upload_appears_in_the_hot_folder_as_one_batch(house: EdgeHouse) -> None:
    form = files(("../bìa 1.pdf", b"%PDF-1"), ("trang.pdf", b"x" * 70_000))
    status, told = await house.json("POST", "/api/v1/scans", data=form)
    assert (status, told["files"], told["bytes"]) == (202, 2, 70_006)
    kept = house.settings.hot_folder / told["batch"]
    assert sorted(path.name for path in kept.iterdir()) == ["001-bìa_1.pdf", "002-trang.pdf"]
    assert (kept / "002-trang.pdf").read_bytes() == b"x" * 70_000
    assert list(house.settings.uploads_folder.iterdir()) == []


async def test_an_upload_is_bounded_by_our_own_count_and_leaves_nothing_behind(tmp_path: Path) -> None:
    bounds: dict[str, Any] = {"LIENTHONG_LIMITS__UPLOAD_PART_BYTES": "50000", "LIENTHONG_LIMITS__UPLOAD_BYTES": "90000"}
    async with edge_house(tmp_path, **bounds, LIENTHONG_LIMITS__UPLOAD_PARTS="3") as house:
        too_big = files(("a.pdf", b"x" * 50_001))
        together = files(*((f"{n}.pdf", b"x" * 40_000) for n in range(3)))
        too_many = files(*((f"{n}.pdf", b"x") for n in range(4)))
        for form in (too_big, together, too_many):
            status, told = await house.json("POST", "/api/v1/scans", data=form)
            assert (status, told["type"]) == (413, "urn:x-lienthong:problem:request.too_large")
        assert list(house.settings.hot_folder.iterdir()) == []
        assert list(house.settings.uploads_folder.iterdir()) == []


async def test_a_chunked_upload_without_a_length_is_counted_too(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 10_000
        yield b"\r\n--b--\r\n"

    async with edge_house(tmp_path, LIENTHONG_LIMITS__UPLOAD_PART_BYTES="50000") as house:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        status, _ = await house.json("POST", "/api/v1/scans", data=endless(), headers=headers)
        assert status == 413
        assert list(house.settings.hot_folder.iterdir()) == []


async def test_an_upload_that_is_no_upload_is_refused(house: EdgeHouse) -> None:
    form = FormData()
    form.add_field("note", "no file")
    body = form()
    assert (await house.json("POST", "/api/v1/scans", data=body))[0] in (400, 415)
    broken = {"Content-Type": "multipart/form-data; boundary=b"}
    cut = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\n\r\nhalf a fi'
    status, told = await house.json("POST", "/api/v1/scans", data=cut, headers=broken)
    assert status == 400, told
    packed = {**broken, "Content-Encoding": "gzip"}
    assert (await house.json("POST", "/api/v1/scans", data=b"x", headers=packed))[0] in (400, 415)
    assert list(house.settings.hot_folder.iterdir()) == []


async def test_a_full_disk_takes_nothing(tmp_path: Path) -> None:
    async with edge_house(tmp_path, LIENTHONG_LIMITS__DISK_RESERVE_BYTES=str(10**18)) as house:
        status, told = await house.json("POST", "/api/v1/scans", data=files(("a.pdf", b"x")))
        assert (status, told["type"]) == (507, "urn:x-lienthong:problem:store.full")


# --- the stream of changes --------------------------------------------------------------------------------------------


async def read_events(session: ClientSession, house: EdgeHouse, wanted: int, **headers: str) -> list[dict[str, Any]]:
    """Read from the stream until ``wanted`` events have come."""
    told = {"Authorization": f"Bearer {KEY}", **headers}
    async with session.get(f"{house.url}/events", headers=told) as reply:
        assert reply.content_type == "text/event-stream"
        found: list[dict[str, Any]] = []
        event: dict[str, Any] = {}
        while len(found) < wanted:
            line = (await reply.content.readline()).decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name in ("id", "data"):
                event[name] = json.loads(value)
            elif not line and "data" in event:
                found.append(event)
                event = {}
        return found


async def test_who_comes_back_to_the_stream_gets_what_was_missed_once_and_in_order(house: EdgeHouse) -> None:
    first = await house.lodge()
    async with asyncio.timeout(20):
        await house.clock.move(seconds=1)
        before = await read_events(house.session, house, 1, **{"Last-Event-ID": "0"})
        codes = [(await house.lodge())["code"] for _ in range(3)]
        reading = asyncio.create_task(read_events(house.session, house, 3, **{"Last-Event-ID": str(before[-1]["id"])}))
        while not reading.done():
            await house.clock.move(seconds=1)
            await asyncio.wait({reading}, timeout=0.05)
        after = await reading
    assert before[0]["data"]["kind"] == "dossier" and first["code"]
    assert [event["id"] for event in after] == sorted({event["id"] for event in after})
    assert len(codes) == 3
