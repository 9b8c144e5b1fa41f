"""A door as a process of its own, on uvloop: ``python -m benchmarks.doors KIND FOLDER``; prints ``{"url": …}``.

KIND says what stands behind ``POST /callbacks/loopback``:

* ``trivial``: read the body, answer a constant. The least that any handler of this HTTP library costs.
* ``bare``: read, HMAC, then one thread that commits whatever is queued with plain sqlite3: the same rows in the same
  tables and indexes, ``synchronous=FULL``. The least that a durable answer costs.
* ``ours``: the whole door of the gateway as `serve` builds it; nobody applies what comes in.
* ``applying``: ours, and the gateway's loops run beside it and apply what comes in.
"""

import asyncio
import contextlib
import functools
import hashlib
import hmac
import json
import queue
import secrets
import signal
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import tomli_w
import uvloop
from aiohttp import web

from gateway import config, log
from gateway.storage import schema
from gateway.wiring import leave_start_alone, make_door, open_house

SECRET: Final = "a secret of the benchmark"
PATH: Final = "/callbacks/loopback"
GROUP: Final = 500
ANSWER: Final = b'{"repeated":false}'
_INBOX: Final = (
    "INSERT INTO inbox (peer, kind, ext_id, sha256, headers, received_at, receipt, state, tries, detail, answer,"
    " settled_at, correlation_id) VALUES ('loopback', 'callback', ?, ?, ?, ?, ?, 'received', 0, '', ?, NULL, ?)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_BODY: Final = "INSERT INTO body (kind, owner, n, kept_since, content) VALUES ('inbox', ?, 0, ?, ?)"


async def trivial(request: web.Request) -> web.Response:
    """Read the body, answer a constant."""
    await request.read()
    return web.Response(body=ANSWER, content_type="application/json")


class Bare:
    """A durable answer without a house."""

    def __init__(self, path: Path) -> None:
        self._queue: queue.SimpleQueue[tuple[asyncio.Future[None], list[Any]] | None] = queue.SimpleQueue()
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    async def post(self, request: web.Request) -> web.Response:
        """Read, prove, store, answer."""
        body = await request.read()
        told = request.headers.get("x-loopback-signature", "")
        if not hmac.compare_digest(told, hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()):
            return web.Response(status=401)
        digest = hashlib.sha256(body).hexdigest()
        headers = json.dumps([(name.lower(), value) for name, value in request.headers.items()])
        now = time.time_ns() // 1000
        row = [digest, digest, headers, now, secrets.token_hex(16), ANSWER, uuid.uuid4().hex, body]
        durable = self._loop.create_future()
        self._queue.put((durable, row))
        await durable
        return web.Response(body=ANSWER, content_type="application/json")

    def _run(self) -> None:
        store = sqlite3.connect(self._path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-64000"):
            store.execute(f"PRAGMA {pragma}")
        while (first := self._queue.get()) is not None:
            group = [first]
            while len(group) < GROUP and not self._queue.empty():
                member = self._queue.get()
                if member is None:
                    return
                group.append(member)
            store.execute("BEGIN IMMEDIATE")
            for _, row in group:
                found = store.execute(_INBOX, row[:-1]).fetchone()
                if found is not None:
                    store.execute(_BODY, (found[0], row[3], row[-1]))
            store.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [durable for durable, _ in group])


def _answer(group: list[asyncio.Future[None]]) -> None:
    for durable in group:
        if not durable.done():
            durable.set_result(None)


@contextlib.asynccontextmanager
async def application(kind: str, folder: Path) -> AsyncIterator[web.Application]:
    """What stands behind the door."""
    if kind in ("ours", "applying"):
        file = folder / "lienthong.toml"
        peers = {"loopback": {"enabled": True, "secret": SECRET}}
        file.write_text(tomli_w.dumps({"data_folder": str(folder), "peers": peers}), "utf-8")
        settings = config.load(file, {})
        log.configure(settings.log.level)
        async with open_house(settings) as house:
            if kind == "applying":
                await house.start()
            yield make_door(house)
        return
    app = web.Application()
    if kind == "bare":
        database = folder / "gateway.sqlite"
        await asyncio.to_thread(functools.partial(schema.upgrade, f"sqlite:///{database}"))
        app.router.add_post(PATH, Bare(database).post)
    else:
        app.router.add_post(PATH, trivial)
    yield app


async def serve(kind: str, folder: Path) -> None:
    """Listen on a free port until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with application(kind, folder) as app:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        leave_start_alone()
        host, port = runner.addresses[0][:2]
        print(json.dumps({"url": f"http://{host}:{port}{PATH}"}), flush=True)
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], Path(sys.argv[2])))
