"""`lienthong scan` as a person types it: its options, its seal, its bar."""

import asyncio
import os
import pty
import sys
from pathlib import Path

import pytest
from asn1crypto import x509

from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from scanning.seal_check import verify_sealed
from tests.flows.command import run
from tests.flows.news import CODE
from tests.pages.clock import RealClock
from tests.pages.seal_key import PASSPHRASE, SIGNER, write_key

pytestmark = [pytest.mark.flow, pytest.mark.pages, pytest.mark.slow]
NUMBER = "EL000000005VN"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cover and one page."""
    folder = tmp_path_factory.mktemp("feed")
    draw_batch([CoverFor(CODE, NUMBER, 1, "Lò Thị Ơi")], folder, kind="jpeg", seed=3)
    return folder


async def test_a_seal_is_made_as_the_settings_say(feed: Path, tmp_path: Path) -> None:
    write_key(tmp_path, RealClock().now())
    (tmp_path / "secret").write_bytes(PASSPHRASE)
    (tmp_path / "secret").chmod(0o600)
    settings = tmp_path / "lienthong.toml"
    settings.write_text(
        '[seal]\nlevel = "B-B"\nvisible = false\n'
        f'p12 = "{tmp_path}/seal.p12"\nsecret_file = "{tmp_path}/secret"\nroots = "{tmp_path}/seal.pem"\n'
    )
    told = await run(
        *("scan", str(feed), "--out", str(tmp_path / "out"), "--seal", "--provenance"),
        *("--config", str(settings), "--json"),
    )
    assert told.code == 0, told.err
    (document,) = told.json["documents"]
    assert document["conformance"] == "PDF/A-3b"
    assert (document["seal"]["level"], document["seal"]["signer"]) == ("B-B", SIGNER)
    root = x509.Certificate.load((tmp_path / "seal.pem").read_bytes())
    await verify_sealed(tmp_path / "out" / document["file"], [root])


async def test_what_cannot_be_done_is_named_and_has_its_exit_code(feed: Path, tmp_path: Path) -> None:
    unset, tongue, order = await asyncio.gather(
        run("scan", str(feed), "--out", str(tmp_path / "a"), "--seal", cwd=tmp_path),
        run("scan", str(feed), "--out", str(tmp_path / "b"), "--text", "sidecar", "--languages", "tlh"),
        run("scan", str(feed), "--out", str(tmp_path / "c"), "--duplex", "both"),
    )
    assert unset.code == 1
    assert "seal.level" in unset.err
    assert tongue.code == 3
    assert "tlh" in tongue.err
    assert (tmp_path / "b" / "manifest.json").exists(), "what could be made is there"
    assert order.code == 1


async def test_a_bar_moves_where_somebody_watches_and_only_there(feed: Path, tmp_path: Path) -> None:
    """Standard error is a terminal, standard output a pipe."""
    master, slave = pty.openpty()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "scan", str(feed), "--out", str(tmp_path / "out"), "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(slave)
    seen = asyncio.create_task(asyncio.to_thread(_all_of, master))
    out, _ = await child.communicate()
    shown = (await seen).decode("utf-8", "replace")
    assert child.returncode == 0
    assert out.startswith(b"{")
    assert "━" in shown, "which stages it names depends on how fast two pages are read"
    assert "2/2" in shown
    quiet = await run("scan", str(feed), "--out", str(tmp_path / "quiet"))
    assert "━" not in quiet.err


def _all_of(terminal: int) -> bytes:
    """Everything that is written to the terminal until nobody holds its other end."""
    seen = b""
    try:
        while more := os.read(terminal, 65536):
            seen += more
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(terminal)
    return seen
