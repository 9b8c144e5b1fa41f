"""A carrier that pushes tells its news again until it hears what its contract wants, and then no more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from adapters._kit.sandbox.process import SandboxProcess

pytestmark = pytest.mark.slow
NUMBERS = {"viettel_post": "1000000000001", "ems": "EL000000005VN", "ghn": "Z82BS", "ghtk": "S1.A1.17373471"}


class Door:
    """Answers 500 first, then 200 with another carrier's words, then as EMS wants it; keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append((await request.read(), request.content_type))
        transaction = request.headers.get("ems-transaction", "")
        if len(self.heard) == 1:
            return web.Response(status=500)
        told = {"code": "success", "transaction": transaction if len(self.heard) > 2 else "another"}
        return web.json_response(told)


@contextlib.asynccontextmanager
async def listening(door: Door) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/callbacks", door.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("peer", "deliveries"), [("viettel_post", 2), ("ems", 3), ("ghn", 2), ("ghtk", 2)])
async def test_news_is_told_until_it_is_acknowledged_in_the_form_of_the_contract(
    peer: str, deliveries: int, tmp_path: Path
) -> None:
    door = Door()
    async with listening(door) as url:
        options = {"callback_url": url}
        async with SandboxProcess(peer, ledger=tmp_path / "ledger.jsonl", options=options) as sandbox:
            await sandbox.control.event(number=NUMBERS[peer], at="2026-11-21T10:00:00+07:00")
            async with asyncio.timeout(30):
                while not await sandbox.control.ledger(kind="pushed"):
                    pass
            assert len(await sandbox.control.ledger(kind="pushed")) == 1
    assert len(door.heard) == deliveries
    assert len(set(door.heard)) == 1, "the same bytes each time"
    assert (door.heard[0][1] == "application/x-www-form-urlencoded") == (peer == "ghtk")
