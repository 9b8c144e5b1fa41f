"""A call of our SOAP client against zeep.AsyncClient and against a bare aiohttp POST of the same bytes; a long reply.

The server is one process that answers with the same bytes at once. Ours builds the request with a UsernameToken digest,
sends it, holds the reply against the XSD and maps it into records; zeep builds, signs, sends and parses (it holds
nothing against the XSD); the bare POST sends bytes that were built before and reads the reply's bytes.

Turns are short and alternate, so that what else the machine does meets all three alike. The long reply is measured in
processor time: nothing waits there.
"""

import asyncio
import datetime as dt
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp
import httpx
import uvloop
import zeep
import zeep.transports
import zeep.wsse.username
from lxml import etree

from adapters._kit import xml
from adapters._kit.http import recording
from adapters._kit.soap import envelope, names
from adapters.postal_soap import translate
from adapters.registry import Registry
from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.wiring import leave_start_alone
from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import TrackingPull

PEER: Final = PeerId("postal_soap")
NUMBER: Final = "EL000047113VN"
AT: Final = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
EVENTS: Final = 5
"""Of one item in an ordinary reply."""
TURNS: Final = 9
IN_FLIGHT: Final = 4
"""As in the peer's manifest."""
CONTRACT: Final = Path(translate.__file__).parents[2] / "schemas" / "contract"
WSDL, XSD = "postal-tracking.wsdl", "postal-tracking.xsd"
NOWHERE: Final = "https://postal-tracking.invalid/soap/postal-tracking"
"""The address in the pinned WSDL."""

Call = Callable[[], Awaitable[object]]


def reply(events: int) -> bytes:
    """A GetItemHistoryResponse with as many events, written as a post would."""
    body = xml.element("GetItemHistoryResponse", names.CONTRACT)
    xml.add(body, "itemNumber", NUMBER)
    xml.add(body, "found", value=True)
    xml.add(body, "complete", value=True)
    xml.add(body, "asOf", AT.isoformat())
    inside = xml.add(body, "events")
    for n in range(events):
        _event(inside, n)
    return envelope.wrap(body)


def _event(parent: xml.Element, n: int) -> None:
    event = xml.add(parent, "event")
    xml.add(event, "eventId", f"e-{n}")
    xml.add(event, "itemNumber", NUMBER)
    xml.add(event, "code", "EMC", list="M40")
    xml.add(event, "text", "Rời bưu cục khai thác, đang chuyển đến bưu cục phát")
    occurred = xml.add(event, "occurred")
    xml.add(occurred, "at", (AT + dt.timedelta(minutes=n)).isoformat())
    xml.add(occurred, "precision", "SECOND")
    office = xml.add(event, "office")
    xml.add(office, "code", "550000")
    xml.add(office, "scheme", "POST")
    xml.add(event, "direction", "FORWARD")


def measure(extent: Extent) -> list[Figure]:
    """Three figures."""
    return [*uvloop.run(_calls(extent)), _long_reply(extent)]


async def _calls(extent: Extent) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "reply.xml"
        file.write_bytes(reply(EVENTS))
        server = subprocess.Popen(  # noqa: ASYNC220  # started once, before anything is measured
            [sys.executable, "-m", "benchmarks.soap_peer", str(file)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            return await _against(server.stdout.readline().strip(), extent)
        finally:
            server.terminate()
            server.wait()


async def _against(url: str, extent: Extent) -> list[Figure]:
    registry = Registry.load(
        {PEER: {"enabled": True, "url": url, "username": "us", "password": "a long shared password"}},
        clock=SystemClock(),
    )
    pull = registry.port(PEER, TrackingPull)

    async def ours() -> object:
        batch = await pull.fetch([NUMBER], since=None)
        assert len(batch.events) == EVENTS
        return batch

    theirs, client = _zeep(url)
    with recording() as exchanges:
        await ours()
    sent = exchanges[0].request.partition(b"\r\n\r\n")[2]
    leave_start_alone()  # as the service does before it serves
    count, few = extent.of(400, 40), extent.of(80, 20)
    fast, slow, bare = [], [], []
    async with aiohttp.ClientSession() as session:

        async def post() -> object:
            async with session.post(url, data=sent, headers={"Content-Type": "text/xml; charset=utf-8"}) as answer:
                return await answer.read()

        for _ in range(extent.of(TURNS, 1)):
            bare.append(await _per_second(post, count))
            fast.append(await _per_second(ours, count))
            slow.append(await _per_second(theirs, few))
    await client.aclose()
    await registry.aclose()
    says = "SOAP calls: build, sign, send, hold against the XSD, map"
    return [
        Figure("soap.zeep", f"{says} ÷ zeep.AsyncClient", "calls/s", fast, slow, Aim(8)),
        Figure("soap.bare", f"{says} ÷ bare aiohttp POST of the same bytes", "calls/s", fast, bare, Aim(0.4)),
    ]


def _zeep(url: str) -> tuple[Call, httpx.AsyncClient]:
    """As the manual of zeep says: one client, loaded once, with a UsernameToken digest."""
    client = httpx.AsyncClient()
    transport = zeep.transports.AsyncTransport(client=client)  # type: ignore[no-untyped-call]  # zeep has no annotations
    token = zeep.wsse.username.UsernameToken("us", "a long shared password", use_digest=True)  # type: ignore[no-untyped-call]  # zeep has no annotations
    with tempfile.TemporaryDirectory() as folder:
        for name in (WSDL, XSD):
            text = (CONTRACT / name).read_text("utf-8")
            (Path(folder) / name).write_text(text.replace(NOWHERE, url), "utf-8")
        # What ours is measured against.
        made = zeep.AsyncClient(f"{folder}/{WSDL}", transport=transport, wsse=token)  # type: ignore[no-untyped-call]  # noqa: TID251  # it is what ours is measured against

    async def call() -> object:
        told = await made.service.GetItemHistory(itemNumber=NUMBER, maxEvents=500)
        assert len(told.events.event) == EVENTS
        return told

    return call, client


async def _per_second(call: Call, count: int) -> float:
    """Calls in a second, IN_FLIGHT at a time, after a warm-up."""
    for _ in range(8):
        await call()
    left = count

    async def lane() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
    return count / (time.perf_counter() - began)


def _long_reply(extent: Extent) -> Figure:
    """A reply of 1,000 events: parsed, validated and mapped, against lxml parse and XSD alone."""
    raw = reply(1000)
    sender = translate.Sender(PEER, CarrierId("vnpost"))
    schema = _schema()
    now = SystemClock().now()
    published = xml.load_schema(names.CONTRACT_FILES, XSD)

    def ours() -> None:
        body = envelope.read_envelope(raw).body
        lawful = published.holds(body)
        page = translate.history_from_reply(body, raw, sender, asked=NUMBER, received_at=now, lawful=lawful)
        assert len(page.batch.events) == 1000 and not page.batch.complaints

    def floor() -> None:
        body = etree.fromstring(raw)[0][0]
        schema.assertValid(body)

    times = extent.of(10, 2)
    mine, alone = [], []
    for _ in range(extent.of(TURNS, 1)):
        alone.append(_milliseconds(floor, times))
        mine.append(_milliseconds(ours, times))
    says = "reply of 1,000 events: parsed, validated, mapped ÷ lxml parse and XSD alone"
    return Figure("soap.long_reply", says, "ms", mine, alone, Aim(6, at_most=True))


def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(CONTRACT / XSD)))


def _milliseconds(act: Callable[[], None], times: int) -> float:
    act()
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) * 1000 / times
