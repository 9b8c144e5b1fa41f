"""Drives wrk against a door: every request its own signed body, the answer as figures."""

import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("signed.lua")
CONNECTIONS = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw, latencies in milliseconds. ``wrapped``: the bodies did not last, so some came twice."""

    requests: int
    seconds: float
    errors: int
    wrapped: bool
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def wrk() -> str:
    """Where wrk is. Raises FileNotFoundError, naming the line to type."""
    found = shutil.which("wrk")
    if found is None:
        raise FileNotFoundError("wrk is not installed; please type:  sudo apt-get install -y wrk")
    return found


def drive(url: str, bodies: Path, *, seconds: int) -> Load:
    """Load ``url`` for so many seconds with 64 connections of one thread; the bodies come from the file, in order.

    Raises:
        RuntimeError: an answer that was not 2xx, or too few bodies: the figure would be of something else.
    """
    done = subprocess.run(
        [wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), url],
        env={**os.environ, "BODIES": str(bodies)},
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    told = json.loads(done.stdout.rpartition("LOAD ")[2])
    load = Load(**told)
    if load.errors or load.wrapped or not load.requests:
        raise RuntimeError(f"{url}: {load}\n{done.stdout}")
    return load
