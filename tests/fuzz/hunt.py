"""atheris searches by coverage: ``python -m tests.fuzz.hunt SECONDS [NAME…]``, each target in a process of its own.

A process may have 3 GB (``RLIMIT_AS``) and 1.2 GB resident, and dies of more. Exit codes: 0 nothing found; 1 a crash,
and where the bytes of it lie; 3 atheris is not installed.
"""

import importlib
import importlib.util
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MEMORY_BYTES = 3_000_000_000
INSTRUMENTED = ["adapters", "gateway.inbound.forms"]
CHILD = "--child"


def hunt(name: str, seconds: int) -> None:
    """Search in this process until the time is over; ends it."""
    atheris: Any = importlib.import_module("atheris")  # Any: it has no types, and not every Python has it
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz import choosing
    target, begin = choosing.target_of(name)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    folder = Path(tempfile.mkdtemp(prefix="hunt-"))
    for n, raw in enumerate(begin):
        (folder / f"seed-{n}").write_bytes(raw)
    words = [sys.argv[0], str(folder), f"-max_total_time={seconds}", "-max_len=65536", "-rss_limit_mb=1200"]
    atheris.Setup([*words, f"-artifact_prefix={folder}/crash-"], target)
    atheris.Fuzz()


def main(words: list[str]) -> int:
    """Hunt for so many seconds at each target."""
    if words[:1] == [CHILD]:
        hunt(words[1], int(words[2]))
        return 0
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed on this Python; tests/fuzz/test_rubbish.py runs without it\n")
        return 3
    from tests.fuzz import choosing

    seconds, chosen = int(words[0]) if words else 10, words[1:] or choosing.names()
    failed = []
    for name in chosen:
        ran = subprocess.run([sys.executable, "-m", "tests.fuzz.hunt", CHILD, name, str(seconds)], capture_output=True)
        tried = re.findall(rb"Done ([0-9]+) ", ran.stderr)
        found = f"CRASH ({ran.returncode})" if ran.returncode else f"nothing in {int(tried[-1]) if tried else 0} tries"
        sys.stdout.write(f"{name}: {found}\n")
        sys.stdout.flush()
        if ran.returncode:
            sys.stdout.buffer.write(ran.stderr[-3000:])
            failed.append(name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
