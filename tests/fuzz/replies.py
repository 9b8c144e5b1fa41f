"""A recorded reply, changed, into the peer's real client: everything is real but the socket."""

import asyncio
import datetime as dt
import tempfile
from pathlib import Path

from adapters._kit.call import Call
from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import Ledger
from adapters._kit.sandbox.peer import Call as Heard
from adapters._kit.sandbox.server import Server
from adapters.registry import Registry
from schemas.errors import LienthongError
from tests.contract.adapters.calls import Scene, ask_of
from tests.contract.adapters.recordings import Good
from tests.contract.adapters.test_malformed import PUSHED, TurningClock
from tests.contract.adapters.understudy import sandbox_class

URL = "http://sandbox.example"


class Stage:
    """One recorded reply with its call; the sandbox, in memory, answers log-ins and the rest."""

    def __init__(self, good: Good) -> None:
        self.good = good
        self.body = good.body
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        peer = sandbox_class(good.peer)(Ledger(Path(self._folder.name) / "ledger.jsonl"), Chaos(), {})
        self._server = Server(peer)
        settings = {"enabled": True, **peer.settings(URL), **good.settings}
        self._registry = Registry.load({good.peer: settings}, clock=TurningClock())
        self._registry.peer(good.peer).http._send = self._answer  # type: ignore[method-assign]  # the socket is what is left out
        self._ask = ask_of(good.peer, good.call)

    def play(self, body: bytes) -> None:
        """Let the client read ``body``; whatever is no error of ours comes through."""
        self.body = body
        try:
            self._loop.run_until_complete(self._ask(Scene(self._registry, self.good.peer, body)))
        except LienthongError:
            return

    async def _answer(self, call: Call, *, effect: bool) -> None:
        del effect
        heard = Heard(
            call.method,
            call.url,
            "/" + call.url.removeprefix(URL).partition("?")[0].lstrip("/"),
            call.params,
            {name.lower(): value for name, value in call.headers.items()},
            call.body,
            dt.datetime.now(dt.UTC),  # noqa: TID251  # the sandbox's own clock
        )
        route = self._server.route_of(heard)
        call.sent, call.status, call.content_type = True, 200, self.good.content_type.partition(";")[0]
        call.reply_headers = [("Content-Type", self.good.content_type)]
        if route is None or route.operation == self.good.operation or self.good.call in PUSHED:
            call.status = self.good.status
            call.reply = bytearray(self.body)
            return
        answer = route.handle(heard)
        call.status, call.content_type = answer.status, answer.content_type.partition(";")[0]
        call.reply = bytearray(answer.body)

    def close(self) -> None:
        """Leave nothing behind."""
        self._loop.run_until_complete(self._registry.aclose())
        self._loop.close()
        self._folder.cleanup()
