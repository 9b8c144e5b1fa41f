"""``lienthong station``: scans without a network, hands over when there is one, each document exactly once."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.station_house import CODES, UNIT, GatewaySide, StationSide, Wire, draw, kill, until

pytestmark = [pytest.mark.flow, pytest.mark.slow]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station's data folder after a day without a network."""
    folder = tmp_path_factory.mktemp("day") / "station"
    draw(folder / "hot")
    said = asyncio.run(StationSide(folder).once("", "--json"))
    assert said.code == 2, "the file that is no scan is a fault, and told"
    told = json.loads(said.out)
    assert (told["batches"], told["documents"], told["faults"]) == (1, 2, 1)
    assert told["outbound"] == {"waiting": 3, "handed_over": 0, "parked": 0, "documents": 0}
    return folder


@pytest.fixture
def station(scanned: Path, tmp_path: Path) -> StationSide:
    return StationSide(Path(shutil.copytree(scanned, tmp_path / "station")))


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewaySide]:
    side = GatewaySide(tmp_path / "gateway")
    side.folder.mkdir()
    await side.seed()
    await side.start()
    try:
        yield side
    finally:
        await side.kill()


def is_complete(gateway: GatewaySide, station: StationSide) -> None:
    """Both documents and the news once, under the station's account and unit, nothing left behind."""
    documents = gateway.documents()
    assert sorted(document["told_code"] for document in documents) == list(CODES)
    assert {document["unit"] for document in documents} == {UNIT}
    acts = gateway.acts("document.waiting")
    assert [(who, unit) for who, _, unit in acts] == [("key:tram-muong-khat", UNIT)] * 2
    assert len({key for _, key, _ in acts}) == 2
    assert gateway.aside() == 1
    assert gateway.blobs() == 2
    assert {state for _, state, _ in station.rows()} == {"handed_over"}
    assert station.files() == []
    spool = gateway.folder / "uploads"
    assert not spool.exists() or list(spool.iterdir()) == []


async def test_what_was_scanned_without_a_network_is_handed_over_once_when_there_is_one(
    station: StationSide, gateway: GatewaySide
) -> None:
    await gateway.kill()
    away = await station.once(gateway.url)
    assert away.code == 3, away.err
    assert gateway.url in away.err
    assert {state for _, state, _ in station.rows()} == {"waiting"}
    await gateway.start()
    assert (await station.once(gateway.url)).code == 0
    is_complete(gateway, station)
    again = await station.once(gateway.url, "--json")
    assert json.loads(again.out)["outbound"] == {"waiting": 0, "handed_over": 3, "parked": 0, "documents": 2}
    is_complete(gateway, station)


async def test_answers_that_are_lost_after_the_gateway_applied_change_nothing(
    station: StationSide, gateway: GatewaySide
) -> None:
    async with Wire(gateway.port).up() as wire:
        for _ in range(2):
            wire.deaf = 1
            assert (await station.once(wire.url)).code == 3
        assert wire.lost == 2
        assert len(gateway.documents()) == 1, "the gateway had applied what the station did not hear of"
        assert (await station.once(wire.url)).code == 0
    is_complete(gateway, station)


async def test_kill_9_of_station_and_gateway_at_any_moment_loses_and_doubles_nothing(
    scanned: Path, tmp_path: Path, gateway: GatewaySide
) -> None:
    """The station is killed after each new journal row, parcel and hand-over; the gateway in between, too."""
    station = StationSide(tmp_path / "station")
    draw(station.folder / "hot")

    def progress() -> tuple[int, ...]:
        counts = [len(list(station.folder.glob("**/*.pdf")))]
        with contextlib.suppress(Exception):  # the files come into being while the station starts
            rows = station.rows()
            counts += [len(rows), sum(state == "handed_over" for _, state, _ in rows)]
        return tuple(counts)

    for round_no in range(6):
        seen = progress()
        async with station.running(gateway.url) as child:
            await until(lambda: progress() != seen or child.returncode is not None)  # noqa: B023 - asked before the loop goes on
            if round_no % 3 == 2:
                await gateway.kill()
            await kill(child)
        if round_no % 3 == 2:
            await gateway.start()
        rows = progress()
        if len(rows) == 3 and rows[1] == rows[2] == 3:
            break
    said = await station.once(gateway.url)
    assert said.code in (0, 2), "2 where this run still had the batch, and told its broken file"
    is_complete(gateway, station)
    assert list((station.folder / "hot" / ".work").iterdir()) == []
    assert len(list((station.folder / "hot" / ".originals").rglob("*.jpg"))) == 5


async def test_a_refused_key_stops_nothing_but_the_hand_over_and_is_named(
    station: StationSide, gateway: GatewaySide
) -> None:
    said = await station.once(gateway.url, LIENTHONG_STATION__KEY="k-wrong")
    assert said.code == 3
    assert "không nhận khóa" in said.err
    assert {state for _, state, _ in station.rows()} == {"waiting"}, "no document is parked for a key's fault"
    assert (await station.once(gateway.url)).code == 0
    is_complete(gateway, station)


async def test_a_document_that_is_refused_is_parked_with_the_reason_and_the_others_go_on(
    station: StationSide, gateway: GatewaySide
) -> None:
    bad = station.files()[0]
    whole = bad.read_bytes()
    bad.write_bytes(whole[:-30] + b"x" * 30)  # a disk that lies
    said = await station.once(gateway.url, "--json")
    assert said.code == 2, said.err
    (parked,) = json.loads(said.out)["parked"]
    assert parked["key"] == bad.stem
    assert "SHA-256" in parked["why"]
    assert [document["key"] for document in gateway.documents()] != [bad.stem]
    assert len(gateway.documents()) == 1
    bad.write_bytes(whole)  # restored by a person
    told = await station.says("--retry", "--json")
    assert json.loads(told.out)["outbound"]["waiting"] == 1
    assert (await station.once(gateway.url)).code == 0
    is_complete(gateway, station)


async def test_the_running_station_takes_new_feeds_hands_over_by_itself_and_the_console_knows_it(
    tmp_path: Path, gateway: GatewaySide
) -> None:
    station = StationSide(tmp_path / "station")
    async with station.running(gateway.url, LIENTHONG_SCAN__TEXT="sidecar") as child:
        second = await station.once(gateway.url)
        assert second.code == 3, "one process to a data folder"
        draw(tmp_path / "drawn")
        for path in sorted((tmp_path / "drawn").iterdir()):
            path.rename(station.folder / "hot" / path.name)
        await until(lambda: len(gateway.documents()) == 2 and gateway.aside() == 1)
        await until(lambda: gateway.texts() == 2)
        await until(lambda: {state for _, state, _ in station.rows()} == {"handed_over"})
        child.terminate()
        assert await child.wait() == 0
    is_complete(gateway, station)
    told = await station.says("--status")
    assert told.code == 0
    assert "Chờ gửi: 0; đã bàn giao: 5; bị từ chối: 0." in told.out
