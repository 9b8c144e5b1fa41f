"""``lienthong peers``: which systems are known, which are switched on, and whether they answer."""

import asyncio
from typing import Annotated

import cyclopts

from adapters.registry import PeerCheck, PeerRow, Registry
from gateway.budgets import PeerBudget, budgets
from gateway.cli.opening import store
from gateway.cli.output import Exit, Json, complain, record, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from schemas.calendar import VIETNAM
from schemas.ids import PeerId

_PURPOSES = {"message": "gửi tin", "feed": "đọc luồng", "question": "hỏi bưu gửi"}
_TRIED = {True: "kết nối được", False: "KHÔNG kết nối được", None: "không thử được (không có phép thử vô hại)"}


app = cyclopts.App(name="peers", help="Các hệ thống kết nối: danh sách, thử kết nối.")


@app.command(name="list")
def list_peers(
    *,
    budget: Annotated[
        bool, cyclopts.Parameter(help="Calls of today by purpose, beside the quota, of the peers that are on.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Liệt kê mọi hệ thống đã biết, bật hay tắt, và việc nó làm được.

    Exit codes: 0 printed; 1 a setting is wrong (it is named); 2 with --budget: there is no store yet.
    """
    if budget:
        return asyncio.run(_budgets(load_settings(config), json=json))
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


async def _budgets(settings: Settings, *, json: bool) -> int:
    clock = SystemClock()
    registry = Registry.load(settings.peers, clock=clock)
    try:
        async with store(settings) as opened:
            told = await budgets(opened, registry, clock.now())
    finally:
        await registry.aclose()
    if json:
        record(told)
        return Exit.DONE
    table("Số lần gọi hôm nay", ("Tên", "Hôm nay", "Hạn mức", "Theo việc", "Hết lúc"), map(_budget, told))
    return Exit.DONE


def _budget(told: PeerBudget) -> tuple[object, ...]:
    purposes = ", ".join(f"{_PURPOSES.get(name, name)} {calls}" for name, calls in told.by_purpose)
    gone = "" if told.gone_at is None else f"{told.gone_at.astimezone(VIETNAM):%H:%M}"
    quota = "không rõ" if told.calls_per_day is None else str(told.calls_per_day)
    return (told.peer, told.calls_today, quota, purposes, gone)


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
