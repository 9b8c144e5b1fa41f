"""The parent's side of the workers: N long-lived children, a deadline for each job, a new child for a dead one.

A process pool of the standard library loses every waiting job when one child dies; here a death costs the job that the
child had, and nothing else notices. The parent never decodes: it sends paths and receives about two kilobytes a page.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scanning.protocol import Json
from scanning.structure import BadFile
from schemas.document import ScanReason

log = logging.getLogger(__name__)

RECYCLE_AFTER = 500
"""Jobs after which a child is replaced, so that a slow leak in a codec never adds up."""
GREETING_S = 60.0
"""Time for a child to load its libraries; a cold disk and a busy machine take a few seconds."""
_LINE_BYTES = 32 << 20
_PASSED_ON = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT", "TESSDATA_PREFIX")
_ROOT = str(Path(__file__).resolve().parent.parent)


class LineDown(Exception):
    """The scan line itself cannot work: workers do not start, or the disk is full. No file is blamed for it."""


class WorkerPool:
    """Children that run one job each at a time. Use as an async context manager, or call :meth:`close`."""

    def __init__(self, size: int | None = None, *, nice: int = 0) -> None:
        """Plan ``size`` children (default: one a processor); each is started when it is first needed.

        ``nice`` is added to their priority number: 10 yields to everything else on the machine.
        """
        self.size = size or os.cpu_count() or 1
        self._idle: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()
        self._children = [_Child(nice) for _ in range(self.size)]
        for child in self._children:
            self._idle.put_nowait(child)
        self.restarts = 0
        """Children that died or were stopped at a deadline; for the metrics."""

    async def run(self, op: str, *, deadline_s: float, **job: Any) -> Json:
        """Run one job on the next idle child and return its result.

        Raises:
            BadFile: the file's fault: refused, past its deadline, or the child died over it.
            LineDown: not the file's fault; try again later.
        """
        child = await self._idle.get()
        try:
            return await child.call({"op": op, **job}, deadline_s)
        except BadFile as bad:
            if bad.reason in (ScanReason.WORKER_DIED, ScanReason.DEADLINE):
                self.restarts += 1
            raise
        finally:
            self._idle.put_nowait(child)

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that are up."""
        return [child.pid for child in self._children if child.pid is not None]

    @property
    def busy(self) -> int:
        """Children that have a job; for the metrics."""
        return self.size - self._idle.qsize()

    async def close(self) -> None:
        """Stop every child."""
        await asyncio.gather(*(child.stop() for child in self._children))

    async def __aenter__(self) -> Self:
        """Return the pool; children start on demand."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every child."""
        await self.close()


class _Child:
    """One worker process, started on demand, replaced when it is dead, old or out of step."""

    _numbers = itertools.count(1)

    def __init__(self, nice: int) -> None:
        self._nice = nice
        self._process: asyncio.subprocess.Process | None = None
        self._jobs_done = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def call(self, job: Json, deadline_s: float) -> Json:
        process = await self._running()
        number = next(self._numbers)
        try:
            async with asyncio.timeout(deadline_s):
                answer = await _exchange(process, {"id": number, **job})
        except TimeoutError:
            await self.stop()
            raise BadFile(ScanReason.DEADLINE, f"The limit is {deadline_s:g} seconds.") from None
        except (OSError, EOFError, ValueError) as error:
            await self.stop()
            code = process.returncode
            raise BadFile(ScanReason.WORKER_DIED, f"It ended with {code}." if code else str(error)) from error
        except asyncio.CancelledError:
            await self.stop()  # its answer would be taken for the next job's
            raise
        self._jobs_done += 1
        if self._jobs_done >= RECYCLE_AFTER:
            await self.stop()
        return _result(answer, number)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.stdout is not None and self._process.stdout.at_eof():
            await self.stop()  # it died between two jobs: no file is to blame
        if self._process is None or self._process.returncode is not None:
            self._process = await _start(self._nice)
            self._jobs_done = 0
        return self._process

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill the child if it runs, and leave nothing of it behind."""
    if process.returncode is None:
        try:
            _kill(process)
        except ProcessLookupError:
            log.debug("worker %s was gone already", process.pid)
    await process.wait()
    await _closed(process)


async def _closed(process: asyncio.subprocess.Process) -> None:
    """Close the pipes of a child that ended; a transport left open complains once the loop is gone."""
    if process.stdin is not None:
        process.stdin.close()
        with contextlib.suppress(OSError):  # the other end is gone
            await process.stdin.wait_closed()
    transport: asyncio.SubprocessTransport = process._transport  # type: ignore[attr-defined]  # no public way to it
    transport.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill the child and what it started, such as a text reader: its session is its own."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


async def _start(nice: int) -> asyncio.subprocess.Process:
    """Start a child and wait for its greeting.

    Raises:
        LineDown: it does not come up; the installation is broken, not a file.
    """
    process = await _spawned()
    try:
        if nice and sys.platform != "win32":
            os.setpriority(os.PRIO_PROCESS, process.pid, nice)  # before it has threads or children: they inherit it
        greeting = await _greeting(process)
    except BaseException:  # above all a start that is cancelled because another child did not come up
        await _ended(process)
        raise
    if greeting is None:
        await _ended(process)
        code = process.returncode
        raise LineDown(f"A scan worker does not start (exit code {code}); run python -m scanning.worker to see why.")
    if not greeting.get("zbar"):
        log.info("libzbar0 is not installed: the last-chance barcode reader is off")
    if not greeting.get("osd"):
        log.info("tesseract is not installed: pages that seem to lie on their side are only reported")
    return process


async def _spawned() -> asyncio.subprocess.Process:
    """A new child; a cancelled start is waited for, as it would leave a process that nobody knows."""
    environment = {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "PYTHONPATH": _ROOT,
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "OMP_THREAD_LIMIT": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    spawning = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "scanning.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # libraries complain there about every odd byte of a scan
            env=environment,
            limit=_LINE_BYTES,
            start_new_session=True,  # Ctrl-C is for the parent; a child it killed would look like a hostile file
        )
    )
    try:
        return await asyncio.shield(spawning)
    except asyncio.CancelledError:
        await _ended(await spawning)
        raise


async def _greeting(process: asyncio.subprocess.Process) -> Json | None:
    """What the child says of itself once its libraries are loaded; ``None`` when it says anything else."""
    assert process.stdout is not None, "asked for a pipe"
    try:
        async with asyncio.timeout(GREETING_S):
            said = json.loads(await process.stdout.readline() or b"null")
    except (TimeoutError, ValueError) as error:
        log.warning("scan worker said %s instead of its greeting", error)
        return None
    return said if isinstance(said, dict) and "hello" in said else None


async def _exchange(process: asyncio.subprocess.Process, job: Json) -> Any:  # what came: checked by _result
    assert process.stdin is not None, "asked for a pipe"
    assert process.stdout is not None, "asked for a pipe"
    process.stdin.write(json.dumps(job).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        await process.wait()
        raise EOFError("It ended without an answer.")
    return json.loads(line)


def _result(answer: Any, number: int) -> Json:
    if not isinstance(answer, dict) or answer.get("id") != number:
        raise LineDown("A scan worker answered another job; please report this.")
    if "refused" in answer:
        raise BadFile(ScanReason(answer["refused"]["reason"]), str(answer["refused"]["detail"]))
    if "failed" in answer:
        raise LineDown(str(answer["failed"]))
    result: Json = answer["ok"]
    return result
