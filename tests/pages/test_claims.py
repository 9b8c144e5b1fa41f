"""Whose feed is it: claims of two stations, half claims, and folders that are away, full or refuse."""

import contextlib
import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind
from scanning.trouble import TroubleKind, of_error
from tests.pages.test_hot_folder import Looker, put

pytestmark = [pytest.mark.pages]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def looker(tmp_path: Path) -> Looker:
    return Looker(tmp_path / "hot")


@pytest.fixture
def jpeg(drawn: dict[Kind, list[Path]]) -> bytes:
    return drawn["jpeg"][1].read_bytes()


def test_two_stations_want_the_same_feeds_and_each_goes_to_exactly_one(tmp_path: Path, jpeg: bytes) -> None:
    root = tmp_path / "share"
    root.mkdir()
    for number in range(30):
        put(root / f"lo-{number:02d}", "1.jpg", jpeg)
    for number in range(5):
        put(root, f"loose-{number}.jpg", jpeg)
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.pages.claimer", str(root), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for name in ("tram-1", "tram-2")
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [json.loads(child.communicate(timeout=60)[0]) for child in children]
    assert sorted(told[0] + told[1]) == sorted([["1.jpg"]] * 30 + [[f"loose-{n}.jpg" for n in range(5)]])
    assert not [path for path in root.iterdir() if not path.name.startswith(".")]
    assert not list((root / ".work").glob("*.claiming"))


def test_a_second_station_of_the_same_name_waits_and_says_so(tmp_path: Path) -> None:
    first, second = Looker(tmp_path / "hot").hot, Looker(tmp_path / "hot").hot
    with contextlib.ExitStack() as held:
        assert first._begin(held)
        assert not second._begin(contextlib.ExitStack())
        assert second.trouble is not None
        assert second.trouble.kind is TroubleKind.TAKEN
    with contextlib.ExitStack() as held:
        assert second._begin(held)
        assert second.trouble is None


def test_a_folder_that_is_away_is_named_and_the_station_goes_on_when_it_is_back(looker: Looker, jpeg: bytes) -> None:
    root = looker.hot.root
    looker.look(0)
    for name in (".work", ".originals"):
        (root / name).rmdir()
    root.rmdir()
    root.write_bytes(b"a share that is not mounted")
    assert looker.look(1) == []
    assert looker.hot.trouble is not None
    assert (looker.hot.trouble.kind, looker.hot.trouble.subject) == (TroubleKind.AWAY, str(root))
    root.unlink()
    put(root, "1.jpg", jpeg)
    assert len(looker.at(8)) == 1
    assert looker.hot.trouble is None


def test_a_folder_that_may_not_be_written_is_named_and_the_station_goes_on_when_it_may(jpeg: bytes) -> None:
    with without_rights(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        looker = Looker(folder / "hot")
        put(looker.hot.root, "1.jpg", jpeg)
        looker.look(0)
        looker.hot.root.chmod(0o555)
        assert looker.at(8) == []
        assert trouble_of(looker) is TroubleKind.REFUSED
        looker.hot.root.chmod(0o755)
        (claim,) = looker.at(20)
        assert trouble_of(looker) is None
        assert claim.files[0].path.read_bytes() == jpeg


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, TroubleKind.FULL),
        (errno.EDQUOT, TroubleKind.FULL),
        (errno.EROFS, TroubleKind.REFUSED),
        (errno.ESTALE, TroubleKind.AWAY),
        (errno.EHOSTDOWN, TroubleKind.AWAY),
    ],
)
def test_what_the_system_says_becomes_a_trouble_with_a_sentence(code: int, kind: TroubleKind) -> None:
    trouble = of_error(OSError(code, os.strerror(code)), "/hot")
    assert (trouble.kind, trouble.subject) == (kind, "/hot")
    assert kind.sentence in str(trouble)


def trouble_of(looker: Looker) -> TroubleKind | None:
    return looker.hot.trouble.kind if looker.hot.trouble else None


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """As an account that folders may refuse: the superuser is refused nothing. A temporary folder is made its own."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)
