"""Pictures of pages for the screen, made in a worker child when they are first looked at and kept in a bounded folder.

A picture is named by the digest of the file it came from, the page, the turn and the box, so it never goes stale; when
the folder is full, those that nobody looked at longest go first. What is deleted is drawn again when it is wanted.
"""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanning import protocol
from scanning.pool import WorkerPool
from schemas.document import Crop, Point

RENDER_S: Final = 20.0
"""Deadline of one picture; an A4 page at 300 dpi takes 0.1 s, so this is for hostile ones."""
_KEEP: Final = 0.8
"""Share of the bound that a clearing leaves, so that not every picture clears."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture: which page of which file, how turned, how large, and what is outlined in it."""

    path: Path
    kind: str
    page_no: int
    sha256: str
    box_px: int
    turn_deg: int = 0
    codes: tuple[Sequence[Point], ...] = ()
    crop: Crop | None = None

    @property
    def name(self) -> str:
        """File name of the picture."""
        told = f"{self.sha256}#{self.page_no}/{self.box_px}/{self.turn_deg}/{self.codes}/{self.crop}"
        return f"{hashlib.sha256(told.encode()).hexdigest()[:40]}.jpg"


class Previews:
    """Draws on demand; the same picture wanted twice at once is drawn once."""

    def __init__(self, pool: WorkerPool, folder: Path, *, most_bytes: int) -> None:
        """Keep at most about ``most_bytes`` in ``folder``."""
        self._pool = pool
        self._folder = folder
        self._most_bytes = most_bytes
        self._bytes: int | None = None
        self._under_way: dict[str, asyncio.Task[Path]] = {}

    async def get(self, wanted: Wanted) -> Path:
        """The picture on disk.

        Raises:
            BadFile: the page cannot be read.
            LineDown: not now.
        """
        path = self._folder / wanted.name
        if await asyncio.to_thread(_touched, path):
            return path
        task = self._under_way.get(wanted.name)
        if task is None:
            task = asyncio.create_task(self._draw(wanted, path))
            self._under_way[wanted.name] = task
            task.add_done_callback(lambda _: self._under_way.pop(wanted.name, None))
        return await asyncio.shield(task)

    async def _draw(self, wanted: Wanted, path: Path) -> Path:
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        answer = await self._pool.run(
            protocol.RENDER,
            deadline_s=RENDER_S,
            path=str(wanted.path),
            kind=wanted.kind,
            page_no=wanted.page_no,
            out=str(path),
            box_px=wanted.box_px,
            turn_deg=wanted.turn_deg,
            codes=[list(corners) for corners in wanted.codes],
            crop=wanted.crop,
        )
        await asyncio.to_thread(self._keep_bounded, int(answer["size_bytes"]), path)
        return path

    def _keep_bounded(self, added: int, newest: Path) -> None:
        """Count what was added; over the bound, the pictures looked at longest ago go."""
        self._bytes = added + self._bytes if self._bytes is not None else sum(size for _, size, _ in self._kept())
        if self._bytes <= self._most_bytes:
            return
        for _, size, path in sorted(self._kept()):
            if self._bytes <= self._most_bytes * _KEEP:
                break
            if path != newest:
                path.unlink(missing_ok=True)
                self._bytes -= size

    def _kept(self) -> list[tuple[int, int, Path]]:
        """(time of the last look in ns, bytes, path) of every picture."""
        found = ((path.stat(), path) for path in self._folder.glob("*.jpg"))
        return [(stat.st_mtime_ns, stat.st_size, path) for stat, path in found]


def _touched(path: Path) -> bool:
    """Whether the picture is there; a look keeps it young."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
