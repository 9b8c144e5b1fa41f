"""``lienthong sandbox`` as it is typed: two peers in processes of their own, told from another shell to misbehave."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.registry import Registry
from gateway.clock import SystemClock
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import Booking, TrackingFeed
from tests.contract.adapters import records
from tests.flows.command import run

pytestmark = pytest.mark.slow
HCC = PeerId("vnpost_hcc")
PEERS = (HCC, "lien_thong")
MODULE = (sys.executable, "-m", "gateway")


@contextlib.asynccontextmanager
async def started(folder: Path, *words: str) -> AsyncIterator[dict[str, dict[str, object]]]:
    """``lienthong sandbox start``; yields what each peer left in the folder."""
    command = ("sandbox", "start", *PEERS, "--folder", str(folder), *words)
    process = await asyncio.create_subprocess_exec(*MODULE, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        printed = b""
        async with asyncio.timeout(60):
            while printed.count(b"enabled = true") < len(PEERS) or not printed.endswith(b"\n\n"):
                line = await process.stdout.readline()
                assert line, f"it ended after {printed!r}"
                printed += line
        told = {peer: json.loads((folder / f"{peer}.json").read_text()) for peer in PEERS}
        assert all(str(one["url"]).encode() in printed for one in told.values())
        yield told
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_sandboxes_are_started_told_to_misbehave_and_read(tmp_path: Path) -> None:
    at = ("--folder", str(tmp_path))
    async with started(tmp_path) as told:
        registry = Registry.load({HCC: {**told[HCC]["settings"], "enabled": True}}, clock=SystemClock())  # type: ignore[dict-item]  # JSON: the settings are a table
        listed, verbs, done, wrong = await asyncio.gather(
            run("sandbox", "list", "--json", *at),
            run("sandbox", "chaos", HCC, *at),
            run("sandbox", "chaos", HCC, "truncate", "--operation", "postOrder", *at),
            run("sandbox", "chaos", "lien_thong", "change_number", *at),
        )
        assert {row["peer"]: row["url"] for row in listed.json}[HCC] == told[HCC]["url"]
        assert "history_rewritten" in verbs.json
        assert done.code == 0, done.err
        assert (wrong.code, "does not do" in wrong.err) == (2, True)
        order = records.order(CarrierId("vnpost"))
        with pytest.raises(Misunderstood):
            await registry.port(HCC, Booking).book(order)
        moved = await run("sandbox", "event", HCC, f"reference={order.reference}", "code=4", "office=360000", *at)
        assert moved.code == 0, moved.err
        (event,) = (await registry.port(HCC, TrackingFeed).read(None)).events
        assert (event.reference, event.office) == (order.reference, "360000")
        applied, strikes, shown = await asyncio.gather(
            run("sandbox", "ledger", HCC, "--kind", "applied", "--json", *at),
            run("sandbox", "ledger", str(told[HCC]["url"]), "--kind", "strike", "--json", *at),
            run("sandbox", "ledger", HCC, *at),
        )
        assert [line["key"] for line in applied.json] == [order.reference]
        assert [line["data"]["verb"] for line in strikes.json] == ["truncate"]
        assert "postOrder" in shown.out
        clock, steps, calm = await asyncio.gather(
            run("sandbox", "clock", HCC, "2026-12-01T08:00:00+07:00", *at),
            run("sandbox", "steps", HCC, "3", *at),
            run("sandbox", "chaos", HCC, "--calm", *at),
        )
        assert (clock.code, steps.out.strip(), calm.code) == (0, "0", 0)
        await registry.aclose()
    assert not (tmp_path / f"{HCC}.json").exists(), "nobody is found where nobody runs"
    async with started(tmp_path, "--chaos", f"{HCC}.html_503"):
        again = await run("sandbox", "ledger", HCC, "--kind", "applied", "--json", *at)
        assert again.json == applied.json, "a start in the same folder goes on"


async def test_who_is_not_there_is_named(tmp_path: Path) -> None:
    nobody, unknown, gone = await asyncio.gather(
        run("sandbox", "ledger", HCC, "--folder", str(tmp_path)),
        run("sandbox", "start", "nobody", "--folder", str(tmp_path)),
        run("sandbox", "clock", "http://127.0.0.1:9"),
    )
    assert (nobody.code, unknown.code, gone.code) == (2, 2, 2)
    assert f"lienthong sandbox start {HCC}" in nobody.err
    assert "vnpost_hcc" in unknown.err
    assert list(tmp_path.iterdir()) == []
