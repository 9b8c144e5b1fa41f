"""In continuous integration a skipped test fails the run; on a desk it is named and no more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import rules

pytestmark = pytest.mark.slow

SKIPPING = """
import pytest
def test_runs():
    assert True
def test_left_out():
    pytest.skip("the stack is not here")
"""


def run(folder: Path, source: str, *, ci: str, workers: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    lean = [word for unused in ("hypothesispytest", "aiohttp", "asyncio") for word in ("-p", f"no:{unused}")]
    ours = ["-p", "tests.conftest", "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "-n", workers, *lean, *ours]
    env = {**os.environ, "CI": ci, "PYTHONPATH": str(rules.ROOT)}
    return subprocess.run([*command, str(folder)], cwd=folder, env=env, capture_output=True, text=True)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_skip_in_ci_fails_the_run_and_is_named(tmp_path: Path, workers: str) -> None:
    told = run(tmp_path, SKIPPING, ci="true", workers=workers)
    assert told.returncode == 1, told.stdout
    assert "the stack is not here" in told.stdout
    assert "1 skipped, which counts as failed" in told.stdout


def test_a_skip_on_a_desk_is_named_and_passes(tmp_path: Path) -> None:
    told = run(tmp_path, SKIPPING, ci="", workers="0")
    assert told.returncode == 0, told.stdout
    assert "the stack is not here" in told.stdout


def test_a_run_without_skips_passes_in_ci(tmp_path: Path) -> None:
    assert run(tmp_path, "def test_runs():\n    assert True\n", ci="true", workers="0").returncode == 0
