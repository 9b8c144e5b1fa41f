"""A peer that answers one operation with whatever the test wants; its sandbox, in this process, answers the rest."""

import contextlib
import dataclasses
import importlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import Ledger
from adapters._kit.sandbox.peer import SandboxPeer
from adapters._kit.sandbox.server import Server
from schemas.ids import PeerId


@dataclasses.dataclass(slots=True)
class Line:
    """What is said next, by whom, and how often it was heard."""

    operation: str = ""
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    heard: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Understudy:
    """A running server: how our adapter reaches it, and what it says."""

    settings: Mapping[str, object]
    line: Line


def sandbox_class(peer: PeerId) -> type[SandboxPeer]:
    """The peer's sandbox."""
    module = importlib.import_module(f"adapters.{peer}.sandbox")
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, SandboxPeer)]
    return next(kind for kind in found if kind.__module__ == module.__name__ and getattr(kind, "name", "") == peer)


@contextlib.asynccontextmanager
async def standing_in(peer: PeerId, folder: Path, options: Mapping[str, str]) -> AsyncIterator[Understudy]:
    """Serve on a free port of this machine."""
    ledger = Ledger(folder / "ledger.jsonl")
    server = Server(sandbox_class(peer)(ledger, Chaos(), options))
    line = Line()

    @web.middleware
    async def instead(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = server.route_of(await server.call_of(request))
        if route is None or route.operation != line.operation:
            return await handler(request)
        line.heard += 1
        return web.Response(status=line.status, body=line.body, headers=line.headers)

    app = server.application()
    app.middlewares.append(instead)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield Understudy(server.peer.settings(server.url), line)
    finally:
        await runner.cleanup()
        ledger.close()
