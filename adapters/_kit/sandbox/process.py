"""A sandbox as a child process, and its remote control: for the contract suite, the demo and the simulation."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from adapters._kit.sandbox.server import CONTROL

START_S = 20.0
"""A Python process with aiohttp listens after about 0.6 s here; a loaded machine may need many times that."""
STOP_S = 5.0


class SandboxControl:
    """Speaks to the control addresses of a sandbox that runs at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def health(self) -> dict[str, Any]:
        """What it announced at its start: settings, samples, operations, verbs."""
        return await self._call("GET", "/health", None)

    async def event(self, **told: object) -> dict[str, Any]:
        """Let something happen now: number, reference, code, at (ISO), office, text. Returns the ledger line."""
        return await self._call("POST", "/event", told)

    async def steps(self, n: int = 1, key: str | None = None) -> int:
        """Let the next planned steps happen now; returns how many did."""
        return int((await self._call("POST", "/steps", {"n": n, "key": key}))["happened"])

    async def chaos(self, verb: str, operation: str = "*", **more: object) -> None:
        """Add a rule: times (1; None: for ever), probability, skip, seed."""
        await self._call("POST", "/chaos", {"verb": verb, "operation": operation, **more})

    async def calm(self) -> None:
        """Forget every rule."""
        await self._call("DELETE", "/chaos", None)

    async def clock(self, at: str | None) -> None:
        """Tell the sandbox another time (ISO), or None for the real one."""
        await self._call("POST", "/clock", {"at": at})

    async def ledger(self, **wanted: str) -> list[dict[str, Any]]:
        """The ledger's lines; wanted: kind, operation, key, after."""
        answer = await self._call("GET", "/ledger", None, wanted)
        lines: list[dict[str, Any]] = answer["lines"]
        return lines

    async def applied(self, operation: str | None = None) -> list[dict[str, Any]]:
        """What really took effect at the peer."""
        return await self.ledger(kind="applied", **({"operation": operation} if operation else {}))

    async def _call(
        self, method: str, path: str, body: object, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        async with (
            ClientSession(timeout=ClientTimeout(total=10.0)) as session,
            session.request(method, f"{self.url}{CONTROL}{path}", json=body, params=params) as reply,
        ):
            text = await reply.text()
            if reply.status != 200:
                raise ValueError(f"{self.url}{CONTROL}{path}: {text}")
            answer: dict[str, Any] = json.loads(text)
            return answer


class SandboxProcess:
    """``async with SandboxProcess("vnpost_hcc", ledger=file) as sandbox: sandbox.settings, sandbox.control``."""

    def __init__(
        self,
        peer: str,
        *,
        ledger: Path,
        port: int = 0,
        options: Mapping[str, str] | None = None,
        chaos: Sequence[Mapping[str, object]] = (),
    ) -> None:
        self.peer = peer
        self.url = ""
        self.settings: dict[str, object] = {}
        self.samples: dict[str, str] = {}
        self.operations: dict[str, str] = {}
        self._ledger = ledger
        self._port = port
        self._options = dict(options or {})
        self._chaos = list(chaos)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def control(self) -> SandboxControl:
        """Its remote control."""
        return SandboxControl(self.url)

    async def __aenter__(self) -> "SandboxProcess":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it listens; after a kill it comes back at the same address. Raises RuntimeError."""
        options = [part for name, value in self._options.items() for part in ("--set", f"{name}={value}")]
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"adapters.{self.peer}.sandbox", "--port", str(self._port)),
            *("--ledger", str(self._ledger), "--chaos", json.dumps(self._chaos), "--with-parent", *options),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            line = await asyncio.wait_for(_first_line(self._process), START_S)
        except TimeoutError as error:
            await self.kill()
            raise RuntimeError(f"sandbox {self.peer} does not listen after {START_S} s") from error
        if not line:
            raise RuntimeError(f"sandbox {self.peer} ended with {await self._process.wait()} before it listened")
        told = json.loads(line)
        self.url, self.settings = told["url"], told["settings"]
        self.samples, self.operations = told["samples"], told["operations"]
        self._port = int(self.url.rpartition(":")[2])

    async def kill(self) -> None:
        """End it by SIGKILL, as a power cut would; :meth:`start` brings it back from its ledger."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Stop it in good order; kill it when it does not listen."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            await self.kill()


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    return await process.stdout.readline() if process.stdout is not None else b""
