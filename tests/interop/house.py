"""Our server as the foreign clients meet it: a process of its own, real socket, real store, machine's clock.

``python -m tests.interop.house FOLDER`` prints ``{"url": …}`` and serves until its stdin ends. ``?reply=chunked``
or ``slow`` behind the address does to an answer what a proxy in front of us may do. ``GET /seen`` tells the
headers of the last call and of its answer, so that a cell is proven by the wire.
"""

import asyncio
import datetime as dt
import functools
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from gateway.inbound.routes import Route, mount
from gateway.inbound.soap.routes import make_soap_routes
from schemas.numbers import s10
from schemas.ports.carrier import ContractPush
from schemas.ports.stores import Tx
from tests.flows.soap_house import KNOWN, NOW, SoapHouse, StillClock, event, item, push_body, soap_house
from tests.interop import cases

EMPTY: Final = KNOWN
WHOLE, BIG, TEXTS = (s10.mint("EL", serial) for serial in (4721, 4722, 4723))
_HALF = 500
_SEEN: Final[web.AppKey[dict[str, object]]] = web.AppKey("seen", dict)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MachineClock(StillClock):
    """The foreign clients sign with the machine's time."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)  # noqa: TID251  # the other processes have no other clock


@web.middleware
async def proxy(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note the call; send the answer as a proxy in front of us would."""
    reply = await handler(request)
    if request.path == "/seen":
        return reply
    how = request.query.get("reply", "")
    if isinstance(reply, web.Response):
        if how == "chunked":
            reply.enable_chunked_encoding()
        elif how == "slow":
            reply = await _dripped(request, reply)
    if request.method == "POST":
        seen: dict[str, object] = request.app[_SEEN]
        seen.clear()
        seen |= {
            "request": _low(request.headers),
            "status": reply.status,
            "bytes": len(getattr(reply, "body", b"") or b""),
        }
        await reply.prepare(request)
        seen["reply"] = _low(reply.headers)
    return reply


def _low(headers: Any) -> dict[str, str]:  # Any: a multidict of either direction
    return {name.lower(): value for name, value in headers.items()}


async def _dripped(request: web.Request, reply: web.Response) -> web.StreamResponse:
    body = bytes(reply.body) if isinstance(reply.body, bytes) else b""
    stream = web.StreamResponse(status=reply.status, headers=reply.headers)
    await stream.prepare(request)
    for part in (body[: len(body) // 2], body[len(body) // 2 :]):
        await _pause(cases.SLOW_MS / 2000)
        await stream.write(part)
    return stream


async def _pause(seconds: float) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    await done.wait()


async def fill(house: SoapHouse) -> None:
    """The items that the cases ask about."""
    proof = (
        '<evidence><kind list="LT-EVIDENCE">SIGNATURE</kind><sha256>' + "ab" * 32 + "</sha256>"
        f"<mediaType>image/png</mediaType><bytes>9</bytes><uri>{cases.LONG_URI}</uri></evidence>"
    )
    first = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    minutes = [(first + dt.timedelta(minutes=n)).isoformat() for n in range(cases.BIG_EVENTS)]
    big = [
        event(BIG, at=at, after=proof).replace("<occurred>", f"<text>{cases.LONG_TEXT}</text><occurred>")
        for at in minutes
    ]
    texts = [
        event(TEXTS, code, at).replace("<occurred>", f"<text>{_escaped(text)}</text><occurred>")
        for code, at, text in (("EMC", minutes[0], cases.NFC), ("EMG", minutes[1], cases.NFD))
    ]
    whole = [event(WHOLE, "EMA"), event(WHOLE, "EMI", "2026-11-20T15:00:00+07:00")]
    for number, events in ((WHOLE, whole), (TEXTS, texts), (BIG, big)):
        batches = [events[at : at + _HALF] for at in range(0, len(events), _HALF)]
        await house.store.write(functools.partial(_add, house, number, batches))


def _add(house: SoapHouse, number: str, batches: list[list[str]], tx: Tx) -> None:
    tx.items.add(item(number))
    (row,) = tx.items.find_number(number)
    for batch in batches:
        told = house.adapter().read_push(house.envelope(push_body(*batch)), received_at=NOW).batch.events
        assert len(told) == len(batch), "the events of a case are lawful"
        tx.events.append(row.id, [(one, None) for one in told])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _open_to_all(route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await route.handler(request)

    return handle


async def serve(folder: Path) -> None:
    """Serve until stdin ends."""
    async with soap_house(folder) as house:
        await fill(house)

        def reader(peer: Any) -> ContractPush | None:  # Any: PeerId
            return house.registry.port(peer, ContractPush)

        app = web.Application(middlewares=[proxy])
        app[_SEEN] = {}
        mount(app, make_soap_routes(house.store, MachineClock(), reader), _open_to_all)

        async def seen(request: web.Request) -> web.Response:
            return web.json_response(request.app[_SEEN])

        app.router.add_get("/seen", seen)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told = {"ready": True, "url": f"http://127.0.0.1:{runner.addresses[0][1]}"}
        print(json.dumps(told), flush=True)  # noqa: T201  # the pipe to the caller
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
