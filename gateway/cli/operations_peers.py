"""``lienthong peers``: which systems are known, which are switched on, and whether they answer."""

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Annotated

import cyclopts

from adapters.checking import Examined, Line, State, Step, examine
from adapters.registry import PeerRow, Registry
from gateway.budgets import PeerBudget, budgets
from gateway.cli.opening import store
from gateway.cli.output import Exit, Json, complain, record, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from schemas.calendar import VIETNAM
from schemas.ids import PeerId

_PURPOSES = {"message": "gửi tin", "feed": "đọc luồng", "question": "hỏi bưu gửi", "probe": "thử kết nối"}
_STEPS = {
    Step.CONNECTION: "kết nối",
    Step.LOG_IN: "đăng nhập",
    Step.CLOCK: "lệch giờ",
    Step.CERTIFICATE: "chứng thư của họ",
    Step.OWN_CERTIFICATE: "chứng thư của ta",
}
_STATES = {State.OK: "được", State.WARN: "CHÚ Ý", State.BAD: "KHÔNG ĐƯỢC", State.SKIPPED: "không thử được"}
_NEXT = {
    (Step.CONNECTION, State.BAD): "Kiểm tra địa chỉ trong [peers.{peer}], DNS và tường lửa từ máy này đến đó.",
    (Step.LOG_IN, State.BAD): "Xem câu trả lời; kiểm tra tài khoản và mật khẩu trong [peers.{peer}] với bên đó.",
    (Step.CLOCK, State.WARN): "Kiểm tra NTP của máy này; nếu đúng thì báo bên đó.",
    (
        Step.CLOCK,
        State.BAD,
    ): "Đồng bộ NTP của máy này, hoặc báo bên đó: lệch quá 5 phút thì chữ ký bị từ chối.",
    (Step.CERTIFICATE, State.WARN): "Báo bên đó gia hạn chứng thư trước khi hết hạn.",
    (
        Step.CERTIFICATE,
        State.BAD,
    ): "Hết hạn: báo bên đó. Chưa tin tổ chức cấp: đặt tls_ca_file trong [peers.{peer}].",
    (Step.OWN_CERTIFICATE, State.WARN): "Xin cấp chứng thư mới và đặt vào tls_client_cert_file trước khi hết hạn.",
    (Step.OWN_CERTIFICATE, State.BAD): "Thay tệp trong tls_client_cert_file của [peers.{peer}].",
}


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
    """Thử từng bước với một hệ thống, hoặc mọi hệ thống đang bật: nối, đăng nhập, đồng hồ, chứng thư; không gửi gì.

    Exit codes: 0 every peer answered; 1 no such peer, or none is switched on; 3 a peer failed a step.
    """
    told = asyncio.run(_check(load_settings(config), None if peer is None else PeerId(peer)))
    if json:
        record([checked(one) for one in told])
    elif told:
        table(
            "Thử kết nối",
            ("Tên", "Bước", "Kết quả", "Trả lời", "Cần làm"),
            [row for one in told for row in _rows_of(one)],
        )
    if not told:
        complain("Chưa bật hệ thống nào: đặt enabled = true trong [peers.<tên>] của tệp thiết lập.")
        return Exit.USAGE
    return Exit.DEPENDENCY if any(one.bad for one in told) else Exit.DONE


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
    of = {peer: "" if len(told.peers) == 1 else f" ({peer})" for peer in told.peers}
    purposes = ", ".join(f"{_PURPOSES.get(name, name)}{of[peer]} {calls}" for peer, name, calls in told.by_user)
    gone = "" if told.gone_at is None else f"{told.gone_at.astimezone(VIETNAM):%H:%M}"
    quota = "không rõ" if told.calls_per_day is None else str(told.calls_per_day)
    return (" + ".join(told.peers), told.calls_today, quota, purposes, gone)


async def _check(settings: Settings, peer: PeerId | None) -> list[Examined]:
    clock = SystemClock()
    registry = Registry.load(settings.peers, clock=clock)
    try:
        chosen = [one.manifest.name for one in registry.peers] if peer is None else [peer]
        return await asyncio.gather(*(examine(registry, name, clock.now()) for name in chosen))
    finally:
        await registry.aclose()


def checked(told: Examined) -> dict[str, object]:
    """A peer's check as JSON: its probe, and each line with what to do next."""
    lines = [{**dataclasses.asdict(line), "next": next_step(told.peer, line)} for line in told.lines]
    return {"peer": told.peer, "probe": told.probe.probe, "lines": lines}


def next_step(peer: PeerId, line: Line) -> str:
    """What to do about a line, in Vietnamese; empty where nothing is to be done."""
    return _NEXT.get((line.step, line.state), "").format(peer=peer)


def _rows_of(told: Examined) -> Iterator[tuple[object, ...]]:
    latency = "" if told.probe.probe is None else f" ({told.probe.probe.latency_ms:.0f} ms)"
    for line in told.lines:
        what = line.what if line.days_left is None else f"{line.what}: còn {line.days_left} ngày"
        what += latency if line.step is Step.LOG_IN else ""
        yield (told.peer, _STEPS[line.step], _STATES[line.state], what, next_step(told.peer, line))
