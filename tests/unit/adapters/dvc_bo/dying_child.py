"""A process that registers one dossier and dies: ``python -m … SETTINGS KEPT WHERE N``.

``WHERE`` is ``before`` or ``after`` the ``N``-th keeping (from 1); it dies there by SIGKILL. ``never`` lets it live.
"""

import asyncio
import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

from schemas.portal import Registration
from tests.unit.adapters.dvc_bo.records import DOSSIER, FileDesk, make_adapter


class Doomed(FileDesk):
    """Dies where it was told."""

    def __init__(self, file: Path, where: str, n: int) -> None:
        super().__init__(file)
        self.where = where
        self.n = n

    async def keep(self, registration: Registration) -> None:
        if (self.where, self.n) == ("before", len(self.kept) + 1):
            os.kill(os.getpid(), signal.SIGKILL)
        await super().keep(registration)
        if (self.where, self.n) == ("after", len(self.kept)):
            os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    desk = Doomed(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    adapter, http = make_adapter(json.loads(sys.argv[1]))
    async with http:
        await adapter.register_in_steps(dataclasses.replace(DOSSIER, registration=desk.read()), desk)


if __name__ == "__main__":
    asyncio.run(main())
