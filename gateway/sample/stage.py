"""The stage of the demo: the gateway and its sandbox peers, each a process of its own on loopback, in one data folder.

Used by ``lienthong demo``, by the kill loop and by the benchmarks. The gateway is started as a stranger would start it
(``lienthong serve --config FILE``); killing it with SIGKILL and starting it again is part of what the stage can do.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

import tomli_w

from adapters._kit.sandbox.process import SandboxProcess
from schemas.errors import LienthongError

PEERS = ("vnpost_hcc", "lien_thong", "dvcqg", "postal_soap")
START_S = 30.0
"""The gateway listens after about 2 s on two idle cores; a loaded machine may need many times that."""
STOP_S = 10.0
SYSTEM_KEY = "demo"
POST_KEY = "buu-dien"


_CALM_RHYTHM = {"outbox_s": 2.0, "watch_s": 2.0, "rules_s": 5.0}
"""For the demo that stays up: quick enough to look at, slow enough to leave the machine alone."""


class StageError(LienthongError):
    """A process of the demo did not do what it should."""


@dataclasses.dataclass(frozen=True, slots=True)
class Secrets:
    """Made anew for each data folder; kept in ``secrets.json`` beside the settings, readable by the owner only."""

    api_key: str
    soap_password: str
    console_password: str


class Stage:
    """``async with Stage(folder) as stage: …`` starts the sandboxes; :meth:`serve` starts the gateway."""

    def __init__(self, folder: Path, *, port: int = 0, quick: bool = False) -> None:
        """``port`` 0 takes a free one and keeps it across restarts; ``quick`` shortens waits (tests, ``--once``)."""
        self.env: dict[str, str] = {}
        """More environment for the next start of the gateway, e.g. a failpoint."""
        self.folder = folder
        self.url = ""
        self.sandboxes: dict[str, SandboxProcess] = {}
        self._port = port or _free_port()
        self._quick = quick
        self._gateway: asyncio.subprocess.Process | None = None
        self.secrets = _secrets(folder)

    async def __aenter__(self) -> "Stage":
        self.folder.mkdir(parents=True, exist_ok=True)
        ledgers = self.folder / "ledgers"
        ledgers.mkdir(exist_ok=True)
        for peer in PEERS:
            self.sandboxes[peer] = SandboxProcess(peer, ledger=ledgers / f"{peer}.jsonl")
        await asyncio.gather(*(sandbox.start() for sandbox in self.sandboxes.values()))
        self._write_settings()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await asyncio.gather(*(sandbox.stop() for sandbox in self.sandboxes.values()))

    @property
    def settings_file(self) -> Path:
        """What the gateway is started with."""
        return self.folder / "lienthong.toml"

    @property
    def log_file(self) -> Path:
        """Where the gateway writes its log."""
        return self.folder / "gateway.log"

    @property
    def hot_folder(self) -> Path:
        """Where the scanner writes."""
        return self.folder / "hot"

    async def serve(self) -> str:
        """Start the gateway and wait until it listens; returns its address. Raises StageError."""
        self._gateway = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "serve", "--config", str(self.settings_file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=self._log(),
            env={**os.environ, "PYTHONSAFEPATH": "1", "LIENTHONG_HTTP__PORT": str(self._port), **self.env},
        )
        try:
            line = await asyncio.wait_for(_first_line(self._gateway), START_S)
        except TimeoutError as error:
            await self.kill()
            raise StageError(f"the gateway does not listen after {START_S:.0f} s; see {self.log_file}") from error
        if not line:
            code = await self._gateway.wait()
            raise StageError(f"the gateway ended with {code} before it listened; see {self.log_file}")
        self.url = json.loads(line)["url"]
        return self.url

    @property
    def running(self) -> bool:
        """Whether the gateway's process lives."""
        return self._gateway is not None and self._gateway.returncode is None

    @property
    def pid(self) -> int:
        """Process id of the gateway. Raises StageError where it does not run."""
        if self._gateway is None:
            raise StageError("the gateway was not started")
        return self._gateway.pid

    async def ended(self) -> int:
        """Wait for the gateway's end; returns its exit code, negative for a signal."""
        if self._gateway is None:
            raise StageError("the gateway was not started")
        return await self._gateway.wait()

    async def kill(self) -> None:
        """Kill -9, as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Stop the gateway in good order, and the hard way when it does not listen."""
        if self._gateway is None or self._gateway.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._gateway.terminate()
        try:
            await asyncio.wait_for(self._gateway.wait(), STOP_S)
        except TimeoutError:
            await self.kill()

    async def _end(self, how: signal.Signals) -> None:
        if self._gateway is not None and self._gateway.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._gateway.send_signal(how)
            await self._gateway.wait()

    def _log(self) -> int:
        return os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _write_settings(self) -> None:
        peers = {peer: {"enabled": True, **sandbox.settings} for peer, sandbox in self.sandboxes.items()}
        peers["vnpost_hcc"]["poll_interval_s"] = 0.3 if self._quick else 5.0
        settings: dict[str, object] = {
            "data_folder": str(self.folder),
            "default_unit": "muong-khat",
            "scan": {"still_s": 0.4 if self._quick else 2.0, "patience_s": 3.0 if self._quick else 10.0},
            "peers": peers,
        }
        settings["rhythm"] = {"outbox_s": 0.5, "watch_s": 0.3, "rules_s": 2.0} if self._quick else _CALM_RHYTHM
        if self._quick:
            settings["retry"] = {"steps_s": [0.2, 0.4, 0.8, 1.6, 3.2, 6.4], "probe_s": 1.0}
        self.settings_file.write_text(tomli_w.dumps(settings), "utf-8")


def _secrets(folder: Path) -> Secrets:
    """Read the folder's secrets, or make them."""
    file = folder / "secrets.json"
    if file.exists():
        return Secrets(**json.loads(file.read_text("utf-8")))
    made = Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(24), secrets.token_urlsafe(9))
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(dataclasses.asdict(made), out)
    return made


def _free_port() -> int:
    """A port that is free now; the gateway keeps it through every restart, so peers find it again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    return await process.stdout.readline() if process.stdout is not None else b""
