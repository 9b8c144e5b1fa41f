"""The command in a process that is forked from a server which has its modules loaded.

Importing them costs a command 0.85 of its 0.95 s of processor time, and the suite runs some hundred commands. This
module imports nothing of ours, because every child imports it. ``test_readme`` sees how a command starts by itself.
"""

import importlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["gateway.cli.main", "gateway.cli.opening", "gateway.config", "adapters.registry"])


def run(words: tuple[str, ...], cwd: Path | None, env: Mapping[str, str], *, limit_s: float) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``lienthong words``. Raises TimeoutError."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        child = _server.Process(target=_command, args=(words, cwd, dict(env), out, err))
        child.start()
        child.join(limit_s)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise TimeoutError(f"lienthong {' '.join(words)}: no end within {limit_s} s")
        return child.exitcode, out.read_text(), err.read_text()


def _command(words: tuple[str, ...], cwd: Path | None, env: dict[str, str], out: Path, err: Path) -> None:
    """In the child: be the command, from its environment to its exit code."""
    for fd, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), fd)
    os.environ.clear()
    os.environ.update(env)
    if cwd is not None:
        os.chdir(cwd)
    sys.argv[:] = ["lienthong", *words]
    importlib.import_module("gateway.cli.main").main()
