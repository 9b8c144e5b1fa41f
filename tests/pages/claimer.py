"""A station that only claims, in a process of its own: two of them race for one share.

Usage: python -m tests.pages.claimer ROOT STATION; says "ready", waits for a line, prints the names of what it got.
"""

import contextlib
import datetime as dt
import json
import sys
from pathlib import Path

from scanning.intake import HotFolder
from scanning.stillness import Habits
from tests.pages.clock import RealClock


def main(root: Path, station: str) -> None:
    hot = HotFolder(root, station=station, clock=RealClock(), habits=Habits(still_for_s=0.0))
    with contextlib.suppress(EOFError):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
    got = []
    for look in range(40):
        claims = hot.look(dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC) + dt.timedelta(seconds=look))
        got += [[file.name for file in claim.files] for claim in claims]
    sys.stdout.write(json.dumps(got))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
