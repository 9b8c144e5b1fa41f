"""A SOAP server that answers every call with the same bytes, in a process of its own: the floor of any client.

``python -m benchmarks.soap_peer REPLY`` prints its address, and stops on SIGTERM.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web


async def serve(reply: bytes) -> None:
    """Answer until the process is stopped."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=reply, content_type="text/xml", charset="utf-8")

    app = web.Application()
    app.router.add_post("/soap", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}/soap\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).read_bytes()))
