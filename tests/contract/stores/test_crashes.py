"""The process dies, the disk is full: what was answered is stored, and nothing else is half there."""

import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import failpoints
from gateway.storage import address, chain
from gateway.storage.database import open_database

ROOT = Path(__file__).parents[3]
KILLS = 4


def start(url: str, folder: Path, *, writers: int = 16, body: int = 200, **env: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.contract.stores.writing_child", url, str(folder), str(writers), str(body)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **env})


def lines_until_the_end(child: subprocess.Popen[str], kill_after: int | None = None) -> list[str]:
    assert child.stdout is not None
    told = []
    for line in child.stdout:
        if line.endswith("\n"):
            told.append(line.strip())
        if kill_after is not None and len(told) == kill_after:
            child.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    return told


async def stored(url: str, folder: Path) -> set[str]:
    database = open_database(url, blobs=folder / "blobs")
    rows = await database.read(lambda tx: tx.inbox.pending(limit=1_000_000))
    for row in rows:
        assert await database.read(lambda tx, row=row: len(tx.inbox.body(row.id))) > 0  # type: ignore[misc]  # bound now
    acts = await database.read(lambda tx: tx.audit.rows(limit=1_000_000))
    await database.close()
    assert {row.act.object_key for row in acts} == {row.ext_id for row in rows}
    return {row.ext_id for row in rows}


@pytest.mark.slow
async def test_after_kill_nine_everything_answered_is_stored(url: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    answered: set[str] = set()
    for _ in range(KILLS):
        child = start(url, tmp_path)
        answered |= set(lines_until_the_end(child, chance.randrange(20, 300)))
        assert child.returncode == -signal.SIGKILL
    assert len(answered) >= KILLS * 20
    assert answered <= await stored(url, tmp_path)
    assert chain.verify(url).ok


@pytest.mark.slow
@pytest.mark.parametrize("place", ["writer.before_commit", "writer.after_commit"])
async def test_at_each_place_of_a_commit(url: str, tmp_path: Path, place: str) -> None:
    child = start(url, tmp_path, writers=4, LIENTHONGTEST_FAILPOINT=f"{place}:5")
    answered = set(lines_until_the_end(child))
    assert child.returncode == 137
    kept = await stored(url, tmp_path)
    assert answered <= kept
    if address.parse(url).path is not None and place == "writer.after_commit":
        assert answered < kept  # the group of the end was durable, and nobody heard of it
    assert chain.verify(url).ok


def test_a_place_that_was_not_chosen_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_trap", failpoints._Trap(""))
    failpoints.hit("writer.before_commit")
    trap = failpoints._Trap("writer.before_commit:3")
    assert (trap.name, trap.left) == ("writer.before_commit", 3)


@pytest.mark.slow
async def test_a_full_disk_refuses_and_keeps_what_was_answered(sqlite_url: str, tmp_path: Path) -> None:
    """A file size limit stands for the full disk: the database file and its log may not grow beyond it."""

    open_path = address.parse(sqlite_url).path
    assert open_path is not None
    database = open_database(sqlite_url, blobs=tmp_path / "blobs")
    await database.close()
    command = [sys.executable, "-m", "tests.contract.stores.writing_child", sqlite_url, str(tmp_path), "8", "20000"]
    limit = 4 << 20
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    told = lines_until_the_end(child)
    assert child.returncode == 0
    answered = {line for line in told if line.startswith("x-")}
    (full,) = [line for line in told if line.startswith("full")]
    (readable,) = [line for line in told if line.startswith("readable")]
    kept = await stored(sqlite_url, tmp_path)
    assert answered <= kept and full and int(readable.split()[1]) == len(kept) > 0
    assert chain.verify(sqlite_url).ok
    # The disk has room again: the same store goes on.
    database = open_database(sqlite_url, blobs=tmp_path / "blobs")
    await database.write(lambda tx: tx.numbers.left("a"))
    await database.close()
