"""From exec to the line that says where it listens, and the memory of an idle gateway, on the sample province.

The gateway is started as a stranger starts it (``lienthong serve --config FILE``), its sandbox peers beside it. The
floor of the start is an interpreter that imports nothing but aiohttp and SQLAlchemy's core and ends.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Aim, Extent, Figure
from gateway import config
from gateway.clock import SystemClock
from gateway.sample.load import load
from gateway.sample.stage import Stage
from gateway.storage.database import open_database

FLOOR = "import asyncio, aiohttp.web, sqlalchemy, pydantic"
MIB = 1024 * 1024


def measure(extent: Extent) -> list[Figure]:
    """Seconds to start, against the floor; then MiB when idle."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as name:
        starts, floors, own, children = asyncio.run(_measure(extent, Path(name)))
    return [
        Figure("startup.seconds", "serve: exec to the ready line, with the sample", "s", starts, (), Aim(3, True)),
        Figure("startup.floor", f"the same ÷ `{FLOOR}`", "s", starts, floors),
        Figure("memory.serve", "resident memory of serve alone, idle", "MiB", own, (), Aim(200, True)),
        Figure("memory.children", "resident memory of all its children, idle", "MiB", children),
    ]


async def _measure(extent: Extent, folder: Path) -> tuple[list[float], list[float], list[float], list[float]]:
    starts, floors, own, children = [], [], [], []
    idle_s = extent.of(10, 1)
    async with Stage(folder) as stage:
        await _load(stage)
        await stage.serve()
        await stage.stop()  # the first start of all compiles modules and prepares the schema: not what is measured
        for n in range(extent.rounds):
            floors.append(await asyncio.to_thread(_floor))
            began = time.perf_counter()
            await stage.serve()
            starts.append(time.perf_counter() - began)
            last = n == extent.rounds - 1
            await _idle(idle_s if last else 0)
            if last:
                own.append(rss_mib(stage.pid))
                children.append(sum(rss_mib(pid) for pid in children_of(stage.pid)))
            await stage.stop()
    return starts, floors, own, children


async def _load(stage: Stage) -> None:
    settings = config.load(stage.settings_file, {})
    database = await asyncio.to_thread(open_database, settings.database_url, blobs=settings.blobs_folder)
    try:
        await load(database, settings, stage.secrets, clock=SystemClock())
    finally:
        await database.close()


async def _idle(seconds: int) -> None:
    if seconds:
        await asyncio.sleep(seconds)  # noqa: TID251  # idle time is what is measured here: there is nothing to wait for


def _floor() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", FLOOR], check=True)
    return time.perf_counter() - began


def rss_mib(pid: int) -> float:
    """Resident memory of one process; 0 for one that is gone."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MIB
    return 0.0


def children_of(pid: int) -> list[int]:
    """Children and their children. Linux only, as the figure is."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text("ascii").split():
                found += [int(child), *children_of(int(child))]
    return found
