"""Every sandbox as a process: what it applied is on disk before it answers, and kill -9 makes it forget nothing."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import PEERS_FOLDER
from schemas.errors import CallError, Unknown
from schemas.ids import PeerId
from schemas.message import Operation
from schemas.ports.carrier import TrackingFeed
from tests.contract.adapters.bench import Bench
from tests.contract.adapters.peers import MANIFESTS, SENDING, has_wire, sends

PLAYED = [name for name, manifest in MANIFESTS.items() if has_wire(manifest)]


def bench_on(sandbox: SandboxProcess) -> Bench:
    told = {
        "url": sandbox.url,
        "settings": sandbox.settings,
        "samples": sandbox.samples,
        "operations": sandbox.operations,
    }
    return Bench(MANIFESTS[PeerId(sandbox.peer)], told)


@pytest.mark.parametrize("peer", PLAYED)
async def test_it_announces_settings_that_the_manifest_knows(peer: PeerId, tmp_path: Path) -> None:
    async with SandboxProcess(peer, ledger=tmp_path / "ledger.jsonl") as sandbox:
        assert set(sandbox.settings) <= {spec.name for spec in MANIFESTS[peer].settings}
        assert "unknown" in sandbox.samples
        served = set(sandbox.operations.values())
        wanted = {SENDING[rule.operation] for rule in MANIFESTS[peer].operations}
        assert wanted <= served


@pytest.mark.parametrize(("peer", "operation"), sends(wire_only=True))
async def test_what_was_applied_survives_kill_9(peer: PeerId, operation: Operation, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with SandboxProcess(peer, ledger=ledger) as sandbox:
        bench = bench_on(sandbox)
        send = await bench.sender(operation)
        await bench.hands.fault("reply_lost", SENDING[operation])
        with pytest.raises(Unknown):
            await send()
        await sandbox.kill()
        lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
        assert [line for line in lines if line["kind"] == "applied"]
        before = sandbox.url
        await sandbox.start()
        assert sandbox.url == before, "it comes back where it was"
        assert await sandbox.control.ledger() == lines
        try:
            await send()
        except CallError as error:
            assert type(error).__name__ == "Duplicate", error
        await bench.aclose()


async def test_a_script_goes_on_after_kill_9(tmp_path: Path) -> None:
    """The steps that were planned before the kill happen after it, and none happens twice."""
    wanted = {"Booking", "TrackingFeed"}
    peer = next(name for name in PLAYED if wanted <= set(MANIFESTS[name].capabilities))
    script = {"default_script": "@sequence.0s-1.9d-4"}
    async with SandboxProcess(peer, ledger=tmp_path / "ledger.jsonl", options=script) as sandbox:
        bench = bench_on(sandbox)
        await (await bench.sender(Operation.CARRIER_BOOK))()
        feed = bench.port(TrackingFeed)
        assert [event.code for event in (await feed.read(None)).events] == ["1"]
        await sandbox.kill()
        await sandbox.start()
        assert [event.code for event in (await feed.read(None)).events] == ["1"]
        assert await sandbox.control.steps(1) == 1
        assert [event.code for event in (await feed.read(None)).events] == ["1", "4"]
        assert await sandbox.control.steps(1) == 0
        await bench.aclose()


async def test_it_stops_when_the_one_who_started_it_is_gone(tmp_path: Path) -> None:
    """A demo that is killed by force leaves no peers behind."""
    starter = (
        "import asyncio, pathlib, sys\n"
        "from adapters._kit.sandbox.process import SandboxProcess\n"
        "async def main():\n"
        "    sandbox = SandboxProcess(sys.argv[1], ledger=pathlib.Path(sys.argv[2]))\n"
        "    await sandbox.start()\n"
        "    print(sandbox.url, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", starter, PLAYED[0], str(tmp_path / "ledger.jsonl")),
        stdout=asyncio.subprocess.PIPE,
        cwd=PEERS_FOLDER.parent,
        env={**os.environ, "PYTHONPATH": str(PEERS_FOLDER.parent)},
    )
    assert process.stdout is not None
    port = int((await process.stdout.readline()).decode().rpartition(":")[2])
    process.kill()
    await process.wait()
    async with asyncio.timeout(20):
        while await listens(port):
            pass


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
