"""Durable answers a second: a peer's signed delivery is proven, recognised, on the disk, and then answered.

One process on uvloop, wrk with 64 connections, every body new and signed. The doors take turns: trivial, bare, ours,
applying, and again. After each load the rows in the store are counted: an answer without its row ends the run.
"""

import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from adapters.loopback.wire import events_to_json
from adapters.loopback.world import World
from benchmarks import load
from benchmarks.doors import SECRET
from benchmarks.figures import Aim, Extent, Figure
from benchmarks.load import Load
from gateway.clock import SystemClock

KINDS = ("trivial", "bare", "ours", "applying")
PER_S = 40_000
"""Bodies made for each second of load: more than the trivial handler can take in."""
START_S = 60


def measure(extent: Extent) -> list[Figure]:
    """Throughput against the trivial handler, and latency against a bare group commit."""
    load.wrk()
    seconds = extent.of(4, 1)
    seen: dict[str, list[Load]] = {kind: [] for kind in KINDS}
    cpu_us: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="bench-acks-") as name:
        bodies = Path(name) / "bodies.txt"
        _write_bodies(bodies, PER_S * seconds)
        for n in range(extent.rounds):
            for kind in KINDS:
                folder = Path(name) / f"{kind}-{n}"
                folder.mkdir()
                with door(kind, folder) as (url, pid):
                    before = cpu_s(pid)
                    measured = load.drive(url, bodies, seconds=seconds)
                    cpu_us[kind].append((cpu_s(pid) - before) / measured.requests * 1e6)
                _check(kind, folder, measured)
                seen[kind].append(measured)
    return _figures(seen, cpu_us)


def _figures(seen: dict[str, list[Load]], cpu_us: dict[str, list[float]]) -> list[Figure]:
    per_s = {kind: [each.per_s for each in loads] for kind, loads in seen.items()}
    p99 = {kind: [each.p99_ms for each in loads] for kind, loads in seen.items()}
    durable = "durable answers ÷ trivial handler (64 connections, one process each)"
    bare = "the same ÷ bare handler: HMAC and a group commit of the same rows by sqlite3"
    slowest = "99th percentile of the durable answer ÷ that of the bare handler (less is better)"
    work = "processor time of a durable answer ÷ that of the trivial one (less is better; least moved by neighbours)"
    own = "processor time of a durable answer ÷ that of the bare one (less is better)"
    busy = "durable answers ÷ trivial handler while the loops of the same process apply them"
    return [
        Figure("acks.durable", durable, "answers/s", per_s["ours"], per_s["trivial"], Aim(0.35)),
        Figure("acks.bare", bare, "answers/s", per_s["ours"], per_s["bare"]),
        Figure("acks.floor", "bare handler ÷ trivial handler", "answers/s", per_s["bare"], per_s["trivial"]),
        Figure("acks.p99", slowest, "ms", p99["ours"], p99["bare"]),
        Figure("acks.cpu", work, "µs", cpu_us["ours"], cpu_us["trivial"]),
        Figure("acks.cpu_bare", own, "µs", cpu_us["ours"], cpu_us["bare"]),
        Figure("acks.applying", busy, "answers/s", per_s["applying"], per_s["trivial"]),
    ]


@contextlib.contextmanager
def door(kind: str, folder: Path) -> Iterator[tuple[str, int]]:
    """A door in a process of its own: its address and process id. Its log goes to a file, as that of a service does."""
    with (folder / "door.log").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.doors", kind, str(folder)], stdout=subprocess.PIPE, stderr=told
        )
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise RuntimeError(f"the door {kind} did not open:\n{(folder / 'door.log').read_text('utf-8')}")
            yield json.loads(line)["url"], process.pid
        finally:
            process.terminate()
            try:
                process.wait(START_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used. Linux only, like wrk's package."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _write_bodies(path: Path, count: int) -> None:
    """Deliveries of one event each, every one of another item; ``signature<TAB>body`` a line."""
    event = World().happen(code="in_transit", at=SystemClock().now(), number="number-here", office="990140")
    template = events_to_json([event]).decode()
    with path.open("w", encoding="utf-8") as out:
        for n in range(count):
            body = template.replace("number-here", f"LB{n:09d}VN")
            out.write(f"{hmac.digest(SECRET.encode(), body.encode(), hashlib.sha256).hex()}\t{body}\n")


def _check(kind: str, folder: Path, measured: Load) -> None:
    """Every answer has its row. Raises RuntimeError."""
    if kind == "trivial":
        return
    with contextlib.closing(sqlite3.connect(folder / "gateway.sqlite")) as store:
        rows = store.execute("SELECT count(*) FROM inbox").fetchone()[0]
        bodies = store.execute("SELECT count(*) FROM body WHERE kind = 'inbox'").fetchone()[0]
    if not measured.requests <= rows == bodies:
        raise RuntimeError(f"{kind}: {measured.requests} answers, {rows} rows, {bodies} bodies")
