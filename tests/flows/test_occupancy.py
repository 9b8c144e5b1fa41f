"""One gateway to a data folder: the second one is told so, and the first one's death frees it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import load
from gateway.occupancy import FolderTaken
from gateway.wiring import open_house
from tests.flows.command import run

pytestmark = pytest.mark.flow

_HOLD = """
import sys, pathlib
from gateway.occupancy import occupied
with occupied(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


async def test_a_second_gateway_is_refused_and_commands_beside_it_work(tmp_path: Path) -> None:
    env = {"LIENTHONG_DATA_FOLDER": str(tmp_path), "LIENTHONG_HTTP__PORT": "0"}
    async with open_house(load(env=env)):
        second, beside = await asyncio.gather(run("serve", env=env), run("audit", "verify", env=env))
    assert (second.code, second.out) == (3, "")
    assert str(tmp_path) in second.err
    assert f"process {os.getpid()} " in second.err
    assert beside.code == 0, beside.err
    async with open_house(load(env=env)):
        pass  # closed in good order, the folder is free again


async def test_a_killed_gateway_frees_its_folder(tmp_path: Path) -> None:
    env = {"LIENTHONG_DATA_FOLDER": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
        with pytest.raises(FolderTaken, match=f"process {holder.pid} "):
            async with open_house(load(env=env)):
                pass
        holder.kill()
    async with open_house(load(env=env)):
        pass
