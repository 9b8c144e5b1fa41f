"""``lienthong peers``: which systems are known, which are switched on, and whether they answer."""

import asyncio
from typing import Annotated

import cyclopts

from adapters.registry import PeerCheck, PeerRow, Registry
from gateway.cli.output import Exit, Json, complain, record, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from schemas.ids import PeerId

_TRIED = {True: "kết nối được", False: "KHÔNG kết nối được", None: "không thử được (không có phép thử vô hại)"}


app = cyclopts.App(name="peers", help="Các hệ thống kết nối: danh sách, thử kết nối.")


@app.command(name="list")
def list_peers(*, config: Config = None, json: Json = False) -> int:
    """Liệt kê mọi hệ thống đã biết, bật hay tắt, và việc nó làm được.

    Exit codes: 0 printed; 1 a setting is wrong (it is named).
    """
    rows = asyncio.run(_rows(load_settings(config)))
    if json:
        record(rows)
        return Exit.DONE
    shown = [
        (row.peer, "bật" if row.enabled else "tắt", row.title, row.carrier, ", ".join(row.capabilities)) for row in rows
    ]
    table("Hệ thống kết nối", ("Tên", "Bật/tắt", "Là gì", "Hãng", "Làm được"), shown)
    return Exit.DONE


@app.command
def check(
    peer: Annotated[
        str | None,
        cyclopts.Parameter(help="Folder name of the adapter, e.g. vnpost_hcc; without it every peer that is on."),
    ] = None,
    /,
    *,
    config: Config = None,
    json: Json = False,
) -> int:
    """Thử kết nối một hệ thống, hoặc mọi hệ thống đang bật; không gửi hồ sơ nào.

    Exit codes: 0 every peer answered; 1 no such peer, or none is switched on; 3 a peer failed its check.
    """
    checks = asyncio.run(_check(load_settings(config), None if peer is None else PeerId(peer)))
    if json:
        record(checks)
    elif checks:
        table("Thử kết nối", ("Tên", "Kết quả", "Trả lời", "Thời gian", "Lệch giờ"), map(_row, checks))
    if not checks:
        complain("Chưa bật hệ thống nào: đặt enabled = true trong [peers.<tên>] của tệp thiết lập.")
        return Exit.USAGE
    failed = any(told.probe is not None and not told.probe.ok for told in checks)
    return Exit.DEPENDENCY if failed else Exit.DONE


async def _rows(settings: Settings) -> tuple[PeerRow, ...]:
    registry = Registry.load(settings.peers, clock=SystemClock())
    try:
        return registry.rows()
    finally:
        await registry.aclose()


async def _check(settings: Settings, peer: PeerId | None) -> list[PeerCheck]:
    registry = Registry.load(settings.peers, clock=SystemClock())
    try:
        chosen = [one.manifest.name for one in registry.peers] if peer is None else [peer]
        return await asyncio.gather(*(registry.check(name) for name in chosen))
    finally:
        await registry.aclose()


def _row(told: PeerCheck) -> tuple[object, ...]:
    if told.probe is None:
        return (told.peer, _TRIED[None], "", "", "")
    skew = "" if told.probe.clock_skew_s is None else f"{told.probe.clock_skew_s:+.1f} s"
    return (told.peer, _TRIED[told.probe.ok], told.probe.what, f"{told.probe.latency_ms:.0f} ms", skew)
