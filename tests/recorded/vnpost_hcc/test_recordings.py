import contextlib
import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from adapters._kit.http import recording
from adapters.registry import Registry
from schemas.errors import CallError
from schemas.numbers import citizen_id
from schemas.ports.carrier import Booking, TrackingFeed
from schemas.shipment import BookingReceipt
from schemas.tracking import TrackingBatch
from tests.contract.adapters.bench import RealClock
from tests.recorded.vnpost_hcc.record import BETWEEN, HERE, PEER, order

NAMES = sorted(file.stem for file in HERE.glob("*.http"))


def parts(name: str) -> tuple[bytes, bytes]:
    """The request and the reply of a recording, without their header lines."""
    request, reply = (HERE / f"{name}.http").read_bytes().split(BETWEEN)
    return request.partition(b"\r\n\r\n")[2], reply


@contextlib.asynccontextmanager
async def replaying(name: str) -> AsyncIterator[dict[str, object]]:
    """A peer that gives the recorded reply, byte by byte, to everything but the log-in."""
    _, reply = parts(name)
    head, _, body = reply.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    content_type = re.search(rb"(?im)^content-type: *([^\r\n]+)", head)
    assert content_type is not None

    async def login(_request: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "token_type": "Bearer", "expires_in": 3600})

    async def again(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Content-Type": content_type[1].decode()})

    app = web.Application()
    app.router.add_post("/token", login)
    app.router.add_route("*", "/{tail:.*}", again)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    told = {"order_url": "/order", "cancel_url": "/cancel", "tracking_url": "/tracking", "token_url": "/token"}
    try:
        yield {
            "enabled": True,
            "key": "k",
            "secret": "s",
            "customer_code": "H52_TTHCC",
            **{name: url + path for name, path in told.items()},
        }
    finally:
        await runner.cleanup()


async def call(name: str, peers: Registry) -> object:
    """The call that the recording was made of."""
    if name.startswith("feed"):
        return await peers.port(PEER, TrackingFeed).read(None)
    booking = peers.port(PEER, Booking)
    scripts = {"order_refused": "@refuse.102", "order_unclear": "@refuse.101"}
    told = order(scripts[name]) if name in scripts else order()
    return await (booking.cancel(told) if name.startswith("cancel") else booking.book(told))


def shown(result: object) -> dict[str, object]:
    """What the expectation file holds."""
    if isinstance(result, CallError):
        return {"error": type(result).__name__, "code": result.code, "status": result.status}
    if isinstance(result, BookingReceipt):
        return {"receipt": [result.reference, result.number, result.peer_code, result.peer_text]}
    assert isinstance(result, TrackingBatch)
    rows = [
        {
            "id": event.carrier_event_id,
            "number": event.number,
            "reference": event.reference,
            "code": event.code,
            "movement": event.mapped.movement if event.mapped is not None else None,
            "wall": event.occurred.wall,
            "zone": event.occurred.zone_source,
            "office": event.office,
        }
        for event in result.events
    ]
    complaints = [[complaint.code, complaint.what] for complaint in result.complaints]
    return {"events": rows, "complaints": complaints, "cursor": result.next_cursor, "more": result.more}


@pytest.mark.parametrize("name", NAMES)
async def test_a_recording_means_what_it_meant(name: str) -> None:
    expected = json.loads((HERE / f"{name}.expected.json").read_text(encoding="utf-8"))
    async with replaying(name) as settings:
        peers = Registry.load({PEER: settings}, clock=RealClock())
        with recording() as exchanges:
            try:
                result = await call(name, peers)
            except CallError as error:
                result = error
        await peers.aclose()
    assert shown(result) == expected
    assert exchanges[-1].request.partition(b"\r\n\r\n")[2] == parts(name)[0], "we ask as we asked then"


def test_every_recording_has_its_expectation() -> None:
    assert NAMES
    assert {file.name.partition(".")[0] for file in HERE.glob("*.expected.json")} == set(NAMES)


def test_no_recording_holds_an_identity_number_or_a_token() -> None:
    for file in [*HERE.glob("*.http"), *HERE.glob("*.json")]:
        text = file.read_text(encoding="utf-8")
        digits = re.findall(r"(?<![\d.\-])\d{12}(?![\d.\-])", text)
        assert not [number for number in digits if citizen_id.is_valid(number)], file.name
        assert not re.search(r"(?i)authorization: (?!\*\*\*)", text), file.name
