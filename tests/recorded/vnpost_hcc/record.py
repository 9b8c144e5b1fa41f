"""Records the exchanges of this folder anew from the sandbox: ``python -m tests.recorded.vnpost_hcc.record``."""

import asyncio
import contextlib
import dataclasses
import re
import tempfile
from pathlib import Path

from adapters._kit.http import recording
from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from schemas.errors import CallError
from schemas.ids import CarrierId, DossierCode, PeerId
from schemas.ports.carrier import Booking, TrackingFeed
from schemas.shipment import BookingOrder
from tests.contract.adapters import records
from tests.contract.adapters.bench import RealClock

HERE = Path(__file__).parent
PEER = PeerId("vnpost_hcc")
CODE = DossierCode("000.00.14.H99-261120-0007")
BETWEEN = b"\r\n\r\n--- reply ---\r\n\r\n"
CLOCK = "2026-11-20T10:00:00+07:00"


def order(contents: str = "Tên thủ tục: Cấp bản sao từ sổ gốc") -> BookingOrder:
    """The order of every recording."""
    plain = records.order(CarrierId("vnpost"))
    return dataclasses.replace(plain, dossier_code=CODE, reference=CODE, number="EL000000005VN", contents=contents)


async def record() -> None:
    """Play each scene once and write it down."""
    with tempfile.TemporaryDirectory() as folder:
        async with SandboxProcess(PEER, ledger=Path(folder) / "ledger.jsonl") as sandbox:
            peers = Registry.load({PEER: {**sandbox.settings, "enabled": True}}, clock=RealClock())
            booking, feed = peers.port(PEER, Booking), peers.port(PEER, TrackingFeed)
            await write("order_accepted", booking.book(order()))
            await write("order_refused", booking.book(order("@refuse.102")))
            await write("order_unclear", booking.book(order("@refuse.101")))
            await sandbox.control.chaos("html_503", "postOrder")
            await write("order_html_503", booking.book(order()))
            await write("cancel_accepted", booking.cancel(order()))
            await sandbox.control.clock(CLOCK)
            at = "2026-11-20T09:58:00+07:00"
            for code, number in (("1", ""), ("2", "EL000000005VN"), ("4", "EL000000005VN")):
                await sandbox.control.event(reference=CODE, number=number, code=code, at=at, office="360000")
            await sandbox.control.clock(None)
            await write("feed_page", feed.read(None))
            await peers.aclose()


async def write(name: str, call: object) -> None:
    """Make the call and keep its last exchange; what differs in each run is replaced."""
    assert asyncio.iscoroutine(call)
    with recording() as exchanges, contextlib.suppress(CallError):
        await call
    last = exchanges[-1]
    text = last.request + BETWEEN + last.reply
    text = re.sub(rb"127\.0\.0\.1:\d+", b"lgsp.example", text)
    text = re.sub(rb"(?m)^(Date|Server): .*?\r\n", b"", text)
    (HERE / f"{name}.http").write_bytes(text)


if __name__ == "__main__":
    asyncio.run(record())
