"""The benchmarks run. What they find is no matter of a test: a shared machine has slow minutes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 240


@pytest.mark.slow
def test_the_quick_run_starts_a_gateway_and_writes_every_figure_with_its_rounds(tmp_path: Path) -> None:
    out = tmp_path / "latest.json"
    words = ("--quick", "--only", "startup", "--out", str(out))
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(out.read_text("utf-8"))
    figures = {figure["name"]: figure for figure in told["figures"]}
    assert set(figures) == {"startup.seconds", "startup.floor", "memory.serve", "memory.children"}
    assert figures["startup.seconds"]["median"] > 0
    assert figures["memory.serve"]["median"] > 0
    assert told["quick"] is True
    assert "startup.seconds" in ran.stdout


def test_a_name_that_is_no_benchmark_is_bad_usage(tmp_path: Path) -> None:
    words = ("--only", "nothing-of-the-kind", "--out", str(tmp_path / "latest.json"))
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ran.returncode != 0
    assert "nothing-of-the-kind" in ran.stderr
    assert list(tmp_path.iterdir()) == []
