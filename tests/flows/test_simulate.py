"""A small world played through the real store, ingest, desk moves and full pass; and the command around it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.simulate import drive, families, truth
from gateway.simulate.drive import Played
from gateway.simulate.truth import Kind
from gateway.simulate.world import World

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


@pytest.mark.slow
def test_the_command_prints_recall_and_precision_overall_and_per_type(tmp_path: Path) -> None:
    words = ("--seed", str(SEED), "--check", "--json", "--faults", "1", "--mimics", "1", "--out", str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "simulate", *words], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert 0 <= told["precision"] <= 1
    assert 0 <= told["recall"] <= 1
    assert set(families.PAIRS) <= set(told["types"])
    assert (tmp_path / "truth.jsonl").exists()
