"""A district station and its gateway as real processes over real sockets, and a wire between them that can be cut."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gateway.accounts import AccountTx, ApiKey, Role
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from gateway.storage.database import open_database
from schemas.ids import UnitId
from tests.flows.command import Said

KEY = "k-" + "s" * 40
CODES = ("000.00.14.H99-261120-0001", "000.00.14.H99-261120-0002")
COVERS = (CoverFor(CODES[0], None, 1, "Lò Thị Ơi"), CoverFor(CODES[1], None, 1, "Giàng A Tủa"))
UNIT = UnitId("xa-muong-khat")
START_S = 60


def draw(folder: Path, *, seed: int = 5) -> None:
    """Two dossiers of a cover and a page each, and a file that is no scan, into a hot folder."""
    draw_batch(COVERS, folder, kind="jpeg", seed=seed, dpi=150)
    (folder / "z.jpg").write_text("<html>")


class StationSide:
    """A data folder of a station."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def env(self, **more: str) -> dict[str, str]:
        quick = {
            "LIENTHONG_DATA_FOLDER": str(self.folder),
            "LIENTHONG_SCAN__STATION": "Trạm Mường Khắt",
            "LIENTHONG_SCAN__STILL_S": "0.2",
            "LIENTHONG_SCAN__WORKERS": "1",
            "LIENTHONG_SCAN__TEXT": "none",
            "LIENTHONG_STATION__FIRST_S": "0.1",
            "LIENTHONG_STATION__MOST_S": "0.5",
            "LIENTHONG_STATION__KEY": KEY,
        }
        return {**os.environ, "PYTHONSAFEPATH": "1", **quick, **more}

    async def once(self, gateway: str = "", *words: str, **env: str) -> Said:
        return await self.says("--once", *words, LIENTHONG_STATION__GATEWAY_URL=gateway, **env)

    async def says(self, *words: str, **env: str) -> Said:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "station", *words),
            env=self.env(**env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(START_S):
            out, err = await child.communicate()
        assert b"Traceback" not in err, err.decode()
        return Said(child.returncode or 0, out.decode(), err.decode())

    @contextlib.asynccontextmanager
    async def running(self, gateway: str, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The station as a service; killed at the end if it still lives."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "station"),
            env=self.env(LIENTHONG_STATION__GATEWAY_URL=gateway, **env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert child.stdout is not None
            async with asyncio.timeout(START_S):
                assert json.loads(await child.stdout.readline())["station"] == "Trạm Mường Khắt"
            yield child
        finally:
            await kill(child)

    def rows(self) -> list[tuple[str, str, str]]:
        """(kind, state, why) of every parcel."""
        with contextlib.closing(sqlite3.connect(self.folder / "outbound.sqlite", timeout=10)) as database:
            return database.execute("SELECT kind, state, why FROM parcel ORDER BY no").fetchall()

    def files(self) -> list[Path]:
        return sorted((self.folder / "outbound").iterdir())


@dataclasses.dataclass
class GatewaySide:
    """A gateway in a process of its own."""

    folder: Path
    port: int = 0
    url: str = ""
    child: asyncio.subprocess.Process | None = None

    async def seed(self) -> None:
        store = open_database(f"sqlite:///{self.folder / 'gateway.sqlite'}", blobs=self.folder / "blobs")

        def fn(tx: AccountTx) -> None:
            secret = hashlib.sha256(KEY.encode()).hexdigest()
            tx.accounts.put_key(ApiKey("tram-muong-khat", secret, "", (Role.SCANNER,), (UNIT,), None, True))

        await store.write(fn)
        await store.close()

    async def start(self) -> str:
        env = {
            "LIENTHONG_DATA_FOLDER": str(self.folder),
            "LIENTHONG_HTTP__PORT": str(self.port),
            "LIENTHONG_LIMITS__DISK_RESERVE_BYTES": "1",
        }
        self.child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "serve"),
            env={**os.environ, "PYTHONSAFEPATH": "1", **env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self.child.stdout is not None
        async with asyncio.timeout(START_S):
            self.url = json.loads(await self.child.stdout.readline())["url"]
        self.port = int(self.url.rsplit(":", 1)[1])
        return self.url

    async def kill(self) -> None:
        if self.child is not None:
            await kill(self.child)

    def documents(self) -> list[dict[str, Any]]:
        """The documents of the gateway's store, as its rows have them."""
        with contextlib.closing(sqlite3.connect(self.folder / "gateway.sqlite", timeout=10)) as database:
            return [json.loads(doc) for (doc,) in database.execute("SELECT doc FROM document ORDER BY key")]

    def acts(self, act: str) -> list[tuple[str, str, str]]:
        """(who, key, unit) of audit rows."""
        with contextlib.closing(sqlite3.connect(self.folder / "gateway.sqlite", timeout=10)) as database:
            sql = "SELECT who, object_key, unit FROM audit WHERE act = ? ORDER BY seq"
            return database.execute(sql, (act,)).fetchall()

    def texts(self) -> int:
        """Documents whose text is there."""
        with contextlib.closing(sqlite3.connect(self.folder / "gateway.sqlite", timeout=10)) as database:
            return int(database.execute("SELECT count(DISTINCT document_key) FROM document_text").fetchone()[0])

    def aside(self) -> int:
        with contextlib.closing(sqlite3.connect(self.folder / "gateway.sqlite", timeout=10)) as database:
            return int(database.execute("SELECT count(*) FROM kept_aside").fetchone()[0])

    def blobs(self) -> int:
        return sum(path.is_file() and path.read_bytes()[:5] == b"%PDF-" for path in (self.folder / "blobs").rglob("*"))


async def kill(child: asyncio.subprocess.Process) -> None:
    """Kill -9, and wait for the end."""
    if child.returncode is None:
        child.send_signal(signal.SIGKILL)
        await child.wait()


class Wire:
    """A TCP proxy in front of the gateway. While ``deaf`` is above zero, that many answers to documents are lost."""

    def __init__(self, target_port: int) -> None:
        self._port = target_port
        self.deaf = 0
        self.lost = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        asked: list[bytes] = []
        forth = asyncio.create_task(_pump(reader, far_writer, asked))
        try:
            while chunk := await far_reader.read(65_536):
                if self.deaf and asked[-1] == b"/api/v1/documents":
                    self.deaf -= 1
                    self.lost += 1
                    break  # the gateway has answered; nobody will hear it
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            forth.cancel()
            writer.close()
            far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bytes]) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            if chunk.startswith(b"POST "):
                asked.append(chunk.split(b" ", 2)[1])
            writer.write(chunk)
            await writer.drain()


async def until(condition: Any, *, limit_s: float = 90.0) -> None:
    """Wait until ``condition()`` holds; bounded."""
    clock = asyncio.get_running_loop()
    end = clock.time() + limit_s
    tick = asyncio.Event()
    while not condition():
        assert clock.time() < end, "it did not come to it"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tick.wait(), dt.timedelta(milliseconds=20).total_seconds())
