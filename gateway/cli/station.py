"""``lienthong station``: the scan line of a district machine, which hands over to the gateway when it can."""

import asyncio
import contextlib
import dataclasses
import json as json_text
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import cyclopts
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from gateway import log
from gateway.cli.output import Exit, Json, complain, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.console.catalogue import sentence
from gateway.sealing import configured_sealer
from gateway.workers.district import District, Outcome, open_district
from scanning.outbound import Counts, OutboundQueue, Parcel
from scanning.pool import LineDown
from scanning.progress import BatchProgress, Phase, ProgressBoard
from schemas.ports.clock import Clock

_PHASES = {
    Phase.INSPECTING: "Kiểm tra tệp",
    Phase.MEASURING: "Đọc trang",
    Phase.BUILDING: "Lập PDF/A",
    Phase.WAITING: "Đang chờ",
    Phase.ENDED: "Xong",
}


def station(
    *,
    config: Config = None,
    once: Annotated[
        bool, cyclopts.Parameter(help="Process what lies in the hot folder, hand over what can be, and end.")
    ] = False,
    status: Annotated[
        bool, cyclopts.Parameter(help="Only tell what waits, what was handed over and what is parked, with its reason.")
    ] = False,
    retry: Annotated[bool, cyclopts.Parameter(help="Let everything that is parked be tried again.")] = False,
    json: Json = False,
) -> int:
    """Chạy trạm quét cấp huyện: quét không cần mạng, bàn giao cho cổng liên thông khi có mạng, mỗi tài liệu một lần.

    Exit codes: 0 stopped in good order, or with --once: everything is handed over; 1 a setting is wrong (it is named);
    2 with --once: something was set aside or is parked; 3 another process works in the data folder, or with --once:
    the line or the gateway is away, and what waits is kept.
    """
    settings = load_settings(config)
    if status or retry:
        return asyncio.run(_tell(settings, retry=retry, as_json=json))
    log.configure(settings.log.level)
    try:
        return asyncio.run(_once(settings, as_json=json) if once else _serve(settings))
    except LineDown as down:
        complain(f"{sentence('trouble.line_down')} {down}")
        return Exit.DEPENDENCY


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stop.set)
    async with _open(settings) as district:
        district.start()
        ready = {
            "station": settings.scan.station,
            "hot_folder": str(settings.hot_folder.absolute()),
            "gateway": settings.station.gateway_url or None,
        }
        say(json_text.dumps(ready, ensure_ascii=False))
        sys.stdout.flush()
        await stop.wait()
    return Exit.DONE


async def _once(settings: Settings, *, as_json: bool) -> int:
    async with _open(settings) as district:
        outcome = await district.once()
        parked = await district.queue.parked()
    if as_json:
        say(json_text.dumps(_outcome(outcome, parked), ensure_ascii=False))
    else:
        say(f"{outcome.batches} lô, {outcome.documents} tài liệu, {outcome.faults} tệp hoặc trang để riêng vì lỗi.")
        _print(outcome.counts, parked)
    if outcome.trouble is not None:
        complain(f"{sentence(outcome.trouble.text)} [{outcome.trouble.subject}] {outcome.trouble.detail}")
    if not outcome.all_through and settings.station.gateway_url:
        return Exit.DEPENDENCY
    return Exit.BAD_INPUT if outcome.faults or outcome.counts.parked else Exit.DONE


async def _tell(settings: Settings, *, retry: bool, as_json: bool) -> int:
    """Look into the queue beside a running station, or without one."""
    queue = OutboundQueue(settings.data_folder, clock=SystemClock())
    try:
        if retry:
            await queue.retry_parked()
        counts, parked = await queue.counts(), await queue.parked()
    finally:
        queue.close()
    if as_json:
        say(json_text.dumps(_state(counts, parked), ensure_ascii=False))
    else:
        _print(counts, parked)
    return Exit.DONE


def _outcome(outcome: Outcome, parked: list[Parcel]) -> dict[str, object]:
    return {
        "batches": outcome.batches,
        "documents": outcome.documents,
        "faults": outcome.faults,
        "trouble": str(outcome.trouble.text) if outcome.trouble else None,
        **_state(outcome.counts, parked),
    }


def _state(counts: Counts, parked: list[Parcel]) -> dict[str, object]:
    told = [{"kind": parcel.kind.value, "key": parcel.key, "why": parcel.why} for parcel in parked]
    return {"outbound": dataclasses.asdict(counts), "parked": told}


def _print(counts: Counts, parked: list[Parcel]) -> None:
    say(f"Chờ gửi: {counts.waiting}; đã bàn giao: {counts.handed_over}; bị từ chối: {counts.parked}.")
    if parked:
        rows = [(parcel.no, parcel.kind.value, parcel.key[:12], parcel.why) for parcel in parked]
        table("Bị từ chối", ("", "Loại", "Khóa", "Lý do"), rows)


@contextlib.asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[District]:
    clock = SystemClock()
    with _bars(clock) as board:
        async with (
            configured_sealer(settings.seal, clock=clock) as sealer,
            open_district(settings, clock=clock, board=board, sealer=sealer) as district,
        ):
            yield district


@contextlib.contextmanager
def _bars(clock: Clock) -> Iterator[ProgressBoard]:
    """A bar for each batch under way, on standard error and only where somebody watches."""
    if not sys.stderr.isatty():
        yield ProgressBoard(clock)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def stroke(told: BatchProgress) -> None:
            if told.batch.id not in tasks:
                tasks[told.batch.id] = progress.add_task("", total=None)
            label = f"{told.batch.id}  {_PHASES[told.phase]}  {told.documents} tài liệu, {told.set_aside} để riêng"
            progress.update(
                tasks[told.batch.id], description=label, total=told.pages_total or None, completed=told.pages_done
            )
            if told.phase is Phase.ENDED:
                progress.print(label)
                progress.remove_task(tasks.pop(told.batch.id))

        yield ProgressBoard(clock, on_change=stroke)
