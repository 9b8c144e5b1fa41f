"""A carrier that takes every order at once, as a process of its own: ``python -m benchmarks.orders_peer``.

It speaks the JSON of VNPost HCC (getToken, postOrder) on uvloop and remembers nothing but the order numbers, so that it
is never what a sender waits for. ``GET /orders`` tells how many orders came and how many of them were different.
"""

import asyncio
import json
import signal

import uvloop
from aiohttp import web

TOKEN = {"access_token": "benchmark", "token_type": "Bearer", "expires_in": 86_400, "scope": "default"}


class Orders:
    """Takes orders."""

    def __init__(self) -> None:
        self.came = 0
        self.numbers: set[str] = set()

    async def token(self, request: web.Request) -> web.Response:
        """Log in, whoever asks."""
        await request.read()
        return web.json_response(TOKEN)

    async def order(self, request: web.Request) -> web.Response:
        """Take the order."""
        told = json.loads(await request.read())
        self.came += 1
        self.numbers.add(told["OrderNumber"])
        return web.json_response({"Status": "100", "Message": "Success"})

    async def count(self, _request: web.Request) -> web.Response:
        """How many came, how many differ."""
        return web.json_response({"came": self.came, "different": len(self.numbers)})


async def serve() -> None:
    """Listen on a free port until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    orders = Orders()
    app = web.Application()
    app.router.add_post("/token", orders.token)
    app.router.add_post("/order", orders.order)
    app.router.add_get("/orders", orders.count)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve())
