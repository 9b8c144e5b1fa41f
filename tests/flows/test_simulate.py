"""A small world played through the real store, ingest, desk moves and full pass; and the command around it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from gateway.clock import SystemClock
from gateway.simulate import drive, families, truth
from gateway.simulate.drive import Played
from gateway.simulate.parcel import PUSH
from gateway.simulate.plot import Plot
from gateway.simulate.truth import Kind
from gateway.simulate.world import World
from schemas.ports.carrier import TrackingPull
from schemas.tracking import Direction
from tracking import normalise

SEED = 4
TIMEOUT_S = 300
PROVED = ("D-01", "D-20", "D-31", "D-35", "E-20")
"""Types of the first rules: enough to see that faults are found and look-alikes are not."""


async def play(folder: Path) -> Played:
    folder.mkdir()
    world = World(SEED)
    families.plant(world, faults=2, mimics=3, ordinary=6, only=PROVED)
    return await drive.run(world, folder)


@pytest.mark.slow
async def test_planted_faults_are_found_look_alikes_are_not_and_a_second_run_says_the_same(tmp_path: Path) -> None:
    first, second = await play(tmp_path / "first"), await play(tmp_path / "second")
    assert first.slips == ()
    assert first.score == second.score
    for rule in PROVED:
        found = first.score.types[rule]
        assert (found.found, found.fooled) == (found.planted, 0), rule
    assert first.score.recall == 1.0
    assert first.ours.duplicates == first.ours.regressions == first.ours.false_deliveries == 0
    assert first.naive.duplicates > 0
    told = truth.read(tmp_path / "first" / "truth.jsonl")
    assert sum(entry.kind is Kind.FAULT for entry in told) == 2 * len(PROVED)


async def test_what_the_world_scans_reads_the_same_through_a_real_sandbox_and_its_adapter(tmp_path: Path) -> None:
    world = World(SEED)
    for n in range(4):
        families.PAIRS["D-15"].fault(Plot(world, "D-15", Kind.FAULT, n))  # out, failed, on its way back, given back
    scans = {number: events for number, events in world.scans.items() if number}
    async with SandboxProcess("postal_soap", ledger=tmp_path / "ledger.jsonl") as sandbox:
        for event in (event for events in scans.values() for event in events):
            back = event.mapped is not None and event.mapped.direction is Direction.RETURN
            at = event.occurred.utc_low.isoformat()
            told: dict[str, object] = {
                "number": event.number,
                "code": event.code,
                "at": at,
                "office": event.office,
                "push": False,
            }
            told |= {"attempt": event.attempt} if event.attempt else {}
            await sandbox.control.event(**told, direction="RETURN" if back else "FORWARD")
        settings = {"postal_soap": {"enabled": True, **sandbox.settings}}
        registry = Registry.load(settings, clock=SystemClock())
        try:
            batch = await registry.port(PUSH, TrackingPull).fetch(tuple(scans), since=None)
        finally:
            await registry.aclose()
    heard = {(event.number, normalise.key_of(event)): event.mapped for event in batch.events}
    assert set(heard) == {(number, normalise.key_of(event)) for number, events in scans.items() for event in events}
    for number, events in scans.items():
        for event in events:
            theirs = heard[number, normalise.key_of(event)]
            assert theirs is not None
            assert event.mapped is not None
            assert (theirs.movement, theirs.outcome) == (event.mapped.movement, event.mapped.outcome)


@pytest.mark.slow
def test_the_command_prints_recall_and_precision_overall_and_per_type(tmp_path: Path) -> None:
    words = (
        "--seed",
        str(SEED),
        "--check",
        "--json",
        "--faults",
        "1",
        "--mimics",
        "1",
        "--ordinary",
        "5",
        "--out",
        str(tmp_path),
    )
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "simulate", *words], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert 0 <= told["precision"] <= 1
    assert 0 <= told["recall"] <= 1
    assert set(families.PAIRS) <= set(told["types"])
    assert (tmp_path / "truth.jsonl").exists()
