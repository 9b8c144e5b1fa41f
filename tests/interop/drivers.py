"""The foreign stacks as long-lived children of the test session.

A client takes a job and answers it, one JSON object a line:

=========  ========================================  =====================================================
operation  more in the job                           answer
=========  ========================================  =====================================================
ping       echo                                      echo, accepting, contract
history    number                                    found, complete, next, events [code, list, at (s), text]
push       batch, sent_at, events [number, code,     repeated, accepted, rejected,
           list, at, text]                           results [index, outcome, code]
others     name, number, at: OpenTicket, one         state, page, items (their number), manifest (its
           GetItemsByTicket, ConfirmManifest         status), revision
=========  ========================================  =====================================================

Every job has version, wsdl, url, user, password, gzip (ask for it), chunked and packed (send so; packed only where the
stack has a switch for it). What failed is ``fault`` (side, code, vi) or ``error`` (a sentence). A server takes no jobs;
its first line tells ``port``.
"""

import contextlib
import dataclasses
import functools
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent / "stacks"
BUILT: Final = Path(sys.prefix) / "interop"
"""Where `make stacks` puts what the stacks need."""
START_S: Final = 60.0
ANSWER_S: Final = 60.0
_JVM: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-Dfile.encoding=UTF-8")


@dataclasses.dataclass(frozen=True, slots=True)
class Stack:
    """One stack in one role. ``needs`` are files without which it is not installed; ``program`` is on the path."""

    title: str
    program: str
    command: tuple[str, ...]
    needs: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def _npm(script: str) -> Stack:
    modules = BUILT / "npm" / "node_modules"
    command = ("node", str(HERE / "npm" / script))
    return Stack("npm soap", "node", command, (modules / "soap",), (("NODE_PATH", str(modules)),))


def _php(script: str) -> Stack:
    return Stack("PHP ext-soap", "php", ("php", str(HERE / "php" / script)))


def _java(main: str) -> Stack:
    built = BUILT / "java"
    command = ("java", *_JVM, "-cp", f"{built / 'classes'}:{built}/*", main)
    return Stack("Metro (JAX-WS RI)", "java", command, (built / "classes" / f"{main}.class",))


CLIENTS: Final = {
    "zeep": Stack("zeep", sys.executable, (sys.executable, "-m", "tests.interop.stacks.zeep_client")),
    "npm": _npm("client.cjs"),
    "php": _php("client.php"),
    "java": _java("Client"),
}
SERVERS: Final = {
    "spyne": Stack(
        "spyne",
        sys.executable,
        (sys.executable, "-m", "tests.interop.stacks.spyne_server"),
        (BUILT / "spyne" / "spyne",),
        (("PYTHONPATH", str(BUILT / "spyne")),),
    ),
    "npm": _npm("server.cjs"),
    "php": _php("server.php"),
    "java": _java("Server"),
}

HOUSE: Final = Stack("our server", sys.executable, (sys.executable, "-m", "tests.interop.house"))
WSDL: Final = Path(__file__).parents[2] / "schemas" / "contract" / "postal-tracking.wsdl"


def missing(stack: Stack) -> str:
    """What of the stack is not installed; empty when it can start."""
    if shutil.which(stack.program) is None:
        return f"{stack.program} is not installed"
    absent = [path for path in stack.needs if not path.exists()]
    if absent:
        return f"{absent[0].name} is not built"
    if stack.program == "php" and "soap" not in _php_modules():
        return "ext-soap is not installed"
    return ""


@functools.cache
def _php_modules() -> list[str]:
    told = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
    return told.lower().split()


class Driver:
    """A running stack; ``hello`` is its first line."""

    def __init__(self, stack: Stack, *arguments: str) -> None:
        """Start it. Raises AssertionError when it does not come up."""
        self.stack = stack
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._child = subprocess.Popen(
            [*stack.command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict(stack.environment)},
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.hello = self._line(START_S)
        assert self.hello.get("ready"), f"{stack.title} does not start: {self.hello}"

    def ask(self, job: dict[str, object]) -> dict[str, Any]:  # Any: an answer of another language
        """Hand it a job and wait for the answer."""
        assert self._child.stdin is not None, "asked for pipes"
        self._child.stdin.write(json.dumps(job).encode() + b"\n")
        self._child.stdin.flush()
        return self._line(ANSWER_S)

    def close(self) -> None:
        """Close its stdin, upon which it ends; kill it where it does not."""
        assert self._child.stdin is not None, "asked for pipes"
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _read(self) -> None:
        assert self._child.stdout is not None, "asked for pipes"
        for line in self._child.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _line(self, within_s: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=within_s)
        except queue.Empty:
            raise AssertionError(f"{self.stack.title} said nothing within {within_s:.0f} s") from None
        assert line, f"{self.stack.title} ended with {self._child.wait()}"
        told: dict[str, Any] = json.loads(line)
        return told


def start(stack: Stack, *arguments: str) -> Driver:
    """Start a stack; a named skip where it is not installed (in CI a skip fails the run)."""
    what = missing(stack)
    if what:
        pytest.skip(f"{stack.title}: {what}; `make stacks` installs it")
    return Driver(stack, *arguments)
