"""A post that answers GetItemHistory after a while: ``python -m benchmarks.polling_peer SECONDS``, another process.

One event for whatever item it is asked about, so it never is what a poller waits for, apart from the wait that it is
told. ``GET /asked`` tells how many questions came and about how many items. A second port takes every call and never
answers: the black hole.
"""

import asyncio
import datetime as dt
import json
import re
import signal
import sys

import uvloop
from aiohttp import web

from adapters._kit import xml
from adapters.postal_soap import sandbox_soap as soap
from gateway.clock import SystemClock

_NUMBER = re.compile(rb"itemNumber>([A-Z]{2}[0-9]{9}[A-Z]{2})<")
_STAND_IN = b"EL000000005VN"


def template() -> bytes:
    """The answer for an item, with a stand-in for its number."""
    reply = xml.element("GetItemHistoryResponse", soap.NS, prefix="p")
    xml.add(reply, "itemNumber", _STAND_IN.decode())
    xml.add(reply, "found", value=True)
    xml.add(reply, "complete", value=True)
    xml.add(reply, "asOf", "2026-11-20T12:00:00+07:00")
    at = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC).isoformat()
    number = _STAND_IN.decode()
    row = {"event_id": f"E-{number}", "number": number, "code": "EMC", "at": at, "office": "360000"}
    soap.write_event(xml.add(reply, "events"), row)
    return soap.envelope(reply)


class Post:
    """Answers, late."""

    def __init__(self, late_s: float) -> None:
        self.late = dt.timedelta(seconds=late_s)
        self.came = 0
        self.numbers: set[bytes] = set()
        self.template = template()

    async def history(self, request: web.Request) -> web.Response:
        """The history of the item, after the wait."""
        found = _NUMBER.search(await request.read())
        number = found[1] if found is not None else _STAND_IN
        self.came += 1
        self.numbers.add(number)
        clock = SystemClock()
        await clock.wait_until(clock.now() + self.late)
        return web.Response(body=self.template.replace(_STAND_IN, number), content_type="text/xml", charset="utf-8")

    async def asked(self, _request: web.Request) -> web.Response:
        """How many questions, about how many items."""
        return web.json_response({"came": self.came, "different": len(self.numbers)})


async def _swallow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def serve(late_s: float) -> None:
    """Listen on two free ports until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    post = Post(late_s)
    app = web.Application()
    app.router.add_post("/soap", post.history)
    app.router.add_get("/asked", post.asked)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hole = await asyncio.start_server(_swallow, "127.0.0.1", 0)
    ports = [runner.addresses[0][1], hole.sockets[0].getsockname()[1]]
    url, nowhere = (f"http://127.0.0.1:{port}" for port in ports)
    print(json.dumps({"url": url, "hole": nowhere}), flush=True)
    await stop.wait()
    hole.close()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1])))
