"""The parent's side of the workers when they do not come up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanning import pool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="asks for a session of its own")

BROKEN_WORKER = """
import pathlib, sys
try:
    (pathlib.Path(__file__).parent / "first").touch(exist_ok=False)
except FileExistsError:
    sys.stdin.read()  # the second never greets, until it is ended
raise ImportError("a library is missing")
"""
PARENT = """
import asyncio, gc, sys
from scanning import pool

pool._ROOT = sys.argv[1]

async def main():
    async with pool.WorkerPool(2) as workers:
        await asyncio.gather(*(workers.run("inspect", deadline_s=60, path="x") for _ in range(2)))

try:
    asyncio.run(main())
except pool.LineDown as down:
    print(down)
gc.collect()  # a transport left open would be found now, with its loop closed
"""


def test_a_worker_that_does_not_start_is_one_plain_sentence(tmp_path: Path) -> None:
    """One child fails while another is still starting: both are gone, and no transport complains of it."""
    broken = tmp_path / "scanning"
    broken.mkdir()
    (broken / "__init__.py").touch()
    (broken / "worker.py").write_text(BROKEN_WORKER)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", PARENT, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(pool.__file__).parent.parent), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.startswith("A scan worker does not start (exit code 1)")
    assert done.stderr == ""
