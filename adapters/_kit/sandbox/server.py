"""A sandbox as a process: ``python -m adapters.<peer>.sandbox --port 0 --ledger FILE``.

Prints one JSON line ``{"peer", "url", "settings", "samples", "operations", "verbs"}`` when it listens, and stops on
SIGTERM.
Control addresses, never touched by chaos and never in the ledger:

``GET  /__sandbox__/health``        the same line
``GET  /__sandbox__/ledger``        lines; ``?kind=&operation=&key=&after=N``
``POST /__sandbox__/event``         let something happen now
``POST /__sandbox__/steps``         ``{"n": 1, "key"?: …}``: the next planned steps happen now
``POST /__sandbox__/chaos``         one rule or a list of rules; ``DELETE`` forgets all
``POST /__sandbox__/clock``         ``{"at": ISO or null}``
"""

import argparse
import asyncio
import dataclasses
import datetime as dt
import email.utils
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from adapters._kit.sandbox import broken
from adapters._kit.sandbox.chaos import AFTER, BEFORE, CONTENT, MEANWHILE, Chaos
from adapters._kit.sandbox.ledger import PUSHED, REQUEST, STRIKE, Ledger
from adapters._kit.sandbox.peer import SKEW, Answer, Call, Push, Route, SandboxPeer

CONTROL = "/__sandbox__"
PUSH_EVERY_S = 0.2
"""How often planned steps and unacknowledged news are looked at; short, so that a demo feels alive."""
MAX_BODY_BYTES = 64 * 1024 * 1024
MakePeer = Callable[[Ledger, Chaos, Mapping[str, str]], SandboxPeer]


class Server:
    """The HTTP side of one sandbox."""

    def __init__(self, peer: SandboxPeer) -> None:
        self.peer = peer
        self.url = ""
        self._stop = asyncio.Event()
        self._struck: dict[tuple[str, str, str], int] = {}
        for line in peer.ledger.lines:
            if line.kind == STRIKE:
                self._count(line.data["verb"], line.operation, line.key)
            peer.remember(line)

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_get(f"{CONTROL}/health", self._health)
        app.router.add_get(f"{CONTROL}/ledger", self._ledger)
        app.router.add_post(f"{CONTROL}/event", self._event)
        app.router.add_post(f"{CONTROL}/steps", self._steps)
        app.router.add_post(f"{CONTROL}/chaos", self._chaos)
        app.router.add_delete(f"{CONTROL}/chaos", self._calm)
        app.router.add_post(f"{CONTROL}/clock", self._clock)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        return app

    def announcement(self) -> dict[str, object]:
        """Who listens where, how our adapter reaches it, and which operation serves which verb of ours."""
        peer = self.peer
        return {
            "peer": peer.name,
            "url": self.url,
            "settings": peer.settings(self.url),
            "samples": dict(peer.samples),
            "operations": {route.operation: route.serves for route in peer.routes()},
            "verbs": [*BEFORE, *AFTER, *MEANWHILE, *peer.offers],
        }

    async def call_of(self, request: web.Request) -> Call:
        """The request in the words of the frame."""
        return Call(
            method=request.method,
            url=str(request.url),
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            at=self.peer.now(),
        )

    def route_of(self, call: Call) -> Route | None:
        """The operation that the call is for, or None."""
        return next((route for route in self.peer.routes() if route.fits(call)), None)

    async def run(self, host: str, port: int, *, parent: int | None = None) -> None:
        """Listen until SIGTERM or SIGINT, or until process ``parent`` is no longer ours."""
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0][1]
        self.url = f"http://{host}:{bound}"
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, self._stop.set)
        sys.stdout.write(json.dumps(self.announcement(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        await self._live(parent)
        self._stop.set()
        await runner.cleanup()
        self.peer.ledger.close()

    # --- the peer's own addresses -----------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        peer = self.peer
        call = await self.call_of(request)
        peer.tick()
        route = self.route_of(call)
        if route is None:
            return broken.response(Answer.json({"error": f"no operation at {call.method} {call.path}"}, status=404))
        key = peer.key_of(route, call)
        peer.ledger.append(REQUEST, route.operation, key, {"bytes": len(call.body)}, at=call.at)
        verb = self._strike(BEFORE, route, key, call)
        if verb is not None:
            await peer.ledger.durable()
            return await broken.before(verb, request, self._stop, peer.fault(call))
        answer, date = self._handle(route, key, call)
        verb = self._strike(AFTER, route, key, call)
        await peer.ledger.durable()
        made = broken.response(answer) if verb is None else await broken.after(verb, request, self._stop, answer)
        if not made.prepared:
            made.headers["Date"] = email.utils.format_datetime(date, usegmt=True)
        return made

    def _handle(self, route: Route, key: str, call: Call) -> tuple[Answer, dt.datetime]:
        """Let the peer do it, in whatever state it is meanwhile; also its time at the end."""
        peer = self.peer
        if self._strike(("session_expiry",), route, key, call):
            peer.forget_sessions()
        peer.skew = SKEW if self._strike(("skew_clock",), route, key, call) else dt.timedelta(0)
        try:
            self._twists(route, key, call)
            return route.handle(call), peer.now()
        finally:
            peer.skew = dt.timedelta(0)

    def _twists(self, route: Route, key: str, call: Call) -> None:
        """Verbs of the content in an order's script hold for the next thing that the peer tells, of whatever item."""
        script = call.script
        for verb in peer_verbs(self.peer):
            while self._struck.get((verb, route.operation, key), 0) < script.times(verb):
                self._count(verb, route.operation, key)
                self.peer.ledger.append(STRIKE, route.operation, key, {"verb": verb}, at=call.at)
                self.peer.chaos.add({"verb": verb})

    def _strike(self, verbs: Sequence[str], route: Route, key: str, call: Call) -> str | None:
        script = call.script
        for verb in verbs:
            by_script = self._struck.get((verb, route.operation, key), 0) < script.times(verb)
            if by_script or self.peer.chaos.strikes(verb, route.operation, route.serves):
                self._count(verb, route.operation, key)
                self.peer.ledger.append(STRIKE, route.operation, key, {"verb": verb}, at=call.at)
                return verb
        return None

    def _count(self, verb: str, operation: str, key: str) -> None:
        self._struck[(verb, operation, key)] = self._struck.get((verb, operation, key), 0) + 1

    # --- what happens by itself -------------------------------------------------------------------------------------

    async def _live(self, parent: int | None) -> None:
        async with ClientSession(timeout=ClientTimeout(total=5.0)) as session:
            while not self._stop.is_set() and parent in (None, os.getppid()):
                self.peer.tick()
                for n, line in list(self.peer.unpushed.items()):
                    push = self.peer.push_of(line)
                    if push is not None:
                        await self._push(session, n, push)
                await broken.pause(self._stop, PUSH_EVERY_S)

    async def _push(self, session: ClientSession, n: int, push: Push) -> None:
        twice = self.peer.chaos.strikes("duplicate", push.operation)
        headers = {"Content-Type": push.content_type, **push.headers}
        try:
            async with session.post(push.url, data=push.body, headers=headers, allow_redirects=False) as reply:
                accepted = push.accepted(reply.status, await reply.read())
        except (ClientError, TimeoutError, OSError):
            return
        if not accepted or twice:
            return  # a duplicate is simply not believed to have arrived
        at = self.peer.now()
        self.peer.remember(self.peer.ledger.append(PUSHED, push.operation, "", {"line": n}, at=at))
        await self.peer.ledger.durable()

    # --- control addresses ------------------------------------------------------------------------------------------

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response(self.announcement())

    async def _ledger(self, request: web.Request) -> web.Response:
        self.peer.tick()
        wanted = request.query
        after = int(wanted.get("after", "0"))
        lines = [
            line.as_json()
            for line in self.peer.ledger.lines[after:]
            if wanted.get("kind", line.kind) == line.kind
            and wanted.get("operation", line.operation) == line.operation
            and wanted.get("key", line.key) == line.key
        ]
        return web.json_response({"lines": lines})

    async def _event(self, request: web.Request) -> web.Response:
        try:
            line = self.peer.event(await request.json())
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        await self.peer.ledger.durable()
        return web.json_response(line.as_json())

    async def _steps(self, request: web.Request) -> web.Response:
        told = await request.json()
        done = self.peer.steps_now(told.get("key"), int(told.get("n", 1)))
        await self.peer.ledger.durable()
        return web.json_response({"happened": done})

    async def _chaos(self, request: web.Request) -> web.Response:
        told = await request.json()
        try:
            for rule in told if isinstance(told, list) else [told]:
                check_offer(self.peer, rule)
                self.peer.chaos.add(rule)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"rules": len(self.peer.chaos.rules)})

    async def _calm(self, _request: web.Request) -> web.Response:
        self.peer.chaos.calm()
        return web.json_response({"rules": 0})

    async def _clock(self, request: web.Request) -> web.Response:
        told = (await request.json()).get("at")
        self.peer.set_clock(dt.datetime.fromisoformat(told) if told else None)
        await self.peer.ledger.durable()
        return web.json_response({"at": self.peer.now().isoformat()})


@dataclasses.dataclass(frozen=True, slots=True)
class _Arguments:
    host: str
    port: int
    ledger: Path
    chaos: tuple[Mapping[str, object], ...]
    options: Mapping[str, str]
    with_parent: bool


def peer_verbs(peer: SandboxPeer) -> tuple[str, ...]:
    """Verbs of the content that a script may say to this peer; ``refuse`` is the peer's own matter."""
    return tuple(verb for verb in peer.offers if verb != "refuse")


def check_offer(peer: SandboxPeer, rule: object) -> None:
    """Raises ValueError for a verb that the peer does not do: a test must not take calm for endurance."""
    verb = rule.get("verb") if isinstance(rule, dict) else None
    if verb in CONTENT and verb not in peer.offers:
        raise ValueError(f"{peer.name} does not do {verb!r}; it offers {', '.join(peer.offers)}")


def main(make: MakePeer, arguments: Sequence[str] | None = None) -> None:
    """Run a sandbox until SIGTERM; the last line of every ``adapters/<peer>/sandbox.py``."""
    told = _arguments(arguments)
    asyncio.run(_run(make, told))


async def _run(make: MakePeer, told: _Arguments) -> None:
    chaos = Chaos()
    for rule in told.chaos:
        chaos.add(rule)
    server = Server(make(Ledger(told.ledger), chaos, told.options))
    await server.run(told.host, told.port, parent=os.getppid() if told.with_parent else None)


def _arguments(arguments: Sequence[str] | None) -> _Arguments:
    parser = argparse.ArgumentParser(description="A peer that we play ourselves; see adapters/_kit/sandbox.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port; the address is printed")
    parser.add_argument("--ledger", type=Path, required=True, help="file to keep; the state is rebuilt from it")
    parser.add_argument("--chaos", default="[]", help="JSON list of rules")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an option of the peer")
    parser.add_argument("--with-parent", action="store_true", help="stop when the process that started it is gone")
    told = parser.parse_args(arguments)
    options = dict(pair.partition("=")[::2] for pair in told.set)
    rules = tuple(json.loads(told.chaos))
    return _Arguments(told.host, told.port, told.ledger, rules, options, told.with_parent)
