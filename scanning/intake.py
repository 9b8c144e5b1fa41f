"""The hot folder: when is a feed of pages finished, and whose is it then?

No single sign is enough. Scanners close and reopen their file between pages (gaps of 4 to 7 seconds were seen), shares
report no events, and a rename succeeds on half a file. So a feed is claimed when every file in it is still, whole by
its own structure, and stays as it was through the rename into ``.work/`` on the same file system. A file that is not
whole waits with back-off; after ``patience_s`` it goes in as it is, and the line sets it aside with the reason: paper
never hangs in the folder for ever, and no other place decides what is broken.

A feed is one folder in the hot folder, or all files that lie loose in it. Events only make it faster: the folder is
looked at every ``poll_s`` anyway, which is what works on SMB and NFS.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import watchfiles

from scanning.feed import DONE_SUFFIX, is_page_file, natural, visible_files
from scanning.pipeline import InputFile
from scanning.structure import BadFile, check_complete
from schemas.document import ScanBatch, ScanReason
from schemas.ports.clock import Clock

log = logging.getLogger(__name__)

WORK, CLAIMING, ORIGINALS = ".work", ".claiming", ".originals"
_MAY_HEAL = frozenset({ScanReason.EMPTY, ScanReason.TRUNCATED})
"""What a file can be while it is still being written. Wrong first bytes never heal."""
_BACK_OFF_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How the scanners of this folder behave, in seconds."""

    still_for_s: float = 3.0
    """A file unchanged this long may be finished; shorter than many pauses, which is why structure is asked too."""
    patience_s: float = 300.0
    """A file not whole after this long is taken as it is; longer than any pause of a scanner or a slow share."""
    poll_s: float = 2.0
    """Between two looks when no event comes."""
    wants_done: bool = False
    """Take a feed only when a ``.done`` file lies in it, for scanners that write one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A feed that is ours: its batch, its files in order, and the folder under ``.work/`` that holds them."""

    batch: ScanBatch
    folder: Path
    files: tuple[InputFile, ...]


@dataclass(slots=True)
class _Watched:
    """What is known of a file that waits."""

    size: int
    mtime_ns: int
    since: dt.datetime
    look_at: dt.datetime
    waits_s: float
    whole: bool = False


class HotFolder:
    """Watches one folder. ``look`` is one step without waiting; ``claims`` goes on for ever."""

    def __init__(self, root: Path, *, station: str, clock: Clock, habits: Habits | None = None) -> None:
        self.root = root
        self._station = station
        self._clock = clock
        self._habits = habits or Habits()
        self._watched: dict[Path, _Watched] = {}
        for name in (WORK, ORIGINALS):
            (root / name).mkdir(parents=True, exist_ok=True)

    # --- looking -------------------------------------------------------------------------------------------------

    def look(self, now: dt.datetime) -> list[Claim]:
        """Look once and claim what is finished. Blocks on the file system only."""
        feeds = list(self._feeds())
        present = {path for _, paths in feeds for path in paths}
        self._watched = {path: known for path, known in self._watched.items() if path in present}
        return [claim for folder, paths in feeds if (claim := self._claim_finished(folder, paths, now))]

    def _feeds(self) -> Iterator[tuple[Path, list[Path]]]:
        """(folder, its page files in order); the root itself stands for the loose files."""
        entries = list(self.root.iterdir())
        loose = [path for path in entries if is_page_file(path, self.root)]
        yield self.root, sorted(loose, key=lambda path: natural(path.name))
        for path in sorted(entries, key=lambda path: natural(path.name)):
            if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
                yield path, visible_files(path)

    def _claim_finished(self, folder: Path, paths: list[Path], now: dt.datetime) -> Claim | None:
        finished = [self._is_finished(path, now) for path in paths]  # every file is looked at, in each look
        if not finished or not all(finished):
            return None
        if self._habits.wants_done and not any(folder.glob(f"*{DONE_SUFFIX}")):
            return None
        return self._claim(folder, paths, now)

    def _is_finished(self, path: Path, now: dt.datetime) -> bool:
        """Still and whole, or given up on."""
        try:
            stat = path.stat()
        except OSError:
            return False
        known = self._watched.get(path)
        if known is None or (known.size, known.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
            still = dt.timedelta(seconds=self._habits.still_for_s)
            self._watched[path] = _Watched(stat.st_size, stat.st_mtime_ns, now, now + still, self._habits.still_for_s)
            return still == dt.timedelta() and self._is_finished(path, now)
        if known.whole or now < known.look_at:
            return known.whole
        known.whole = self._is_whole(path) or now - known.since >= dt.timedelta(seconds=self._habits.patience_s)
        known.waits_s = min(known.waits_s * 2, _BACK_OFF_MOST_S) or 1.0
        known.look_at = now + dt.timedelta(seconds=known.waits_s)
        return known.whole

    def _is_whole(self, path: Path) -> bool:
        try:
            check_complete(path)
        except BadFile as bad:
            return bad.reason not in _MAY_HEAL
        except OSError as error:
            log.info("%s cannot be read yet: %s", path, error)
            return False
        return True

    # --- claiming ------------------------------------------------------------------------------------------------

    def _claim(self, folder: Path, paths: list[Path], now: dt.datetime) -> Claim | None:
        """Rename the feed into ``.work/``; put it back if a file moved under our hands or a rename is refused."""
        batch_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        claiming = self.root / WORK / f"{batch_id}{CLAIMING}"
        names = {path: path.relative_to(folder) for path in paths}
        try:
            if folder == self.root:
                claiming.mkdir()
                for path in paths:
                    path.rename(claiming / path.name)
            else:
                folder.rename(claiming)
            unchanged = all(self._is_as_seen(path, claiming / name) for path, name in names.items())
        except OSError as error:
            log.info("the feed in %s cannot be claimed yet: %s", folder, error)
            unchanged = False
        if not unchanged:
            self._put_back(claiming, folder)
            return None
        work = claiming.with_name(batch_id)
        claiming.rename(work)
        for path in paths:
            self._watched.pop(path, None)
        if folder == self.root:
            for done in folder.glob(f"*{DONE_SUFFIX}"):
                done.unlink(missing_ok=True)  # it spoke of this feed, not of the next
        return self._claimed(work, now)

    def _is_as_seen(self, path: Path, moved: Path) -> bool:
        stat, known = moved.stat(), self._watched[path]
        return (known.size, known.mtime_ns) == (stat.st_size, stat.st_mtime_ns)

    def _put_back(self, claiming: Path, folder: Path) -> None:
        if not claiming.exists():
            return
        if folder != self.root and not folder.exists():
            claiming.rename(folder)
            return
        folder.mkdir(exist_ok=True)
        for path in visible_files(claiming):
            target = folder / path.relative_to(claiming)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target if not target.exists() else target.with_stem(f"{target.stem}-{secrets.token_hex(3)}"))
        with contextlib.suppress(OSError):
            claiming.rmdir()

    def _claimed(self, work: Path, now: dt.datetime) -> Claim:
        originals = self.root / ORIGINALS / work.name
        names = [path.relative_to(work) for path in visible_files(work)]
        files = tuple(InputFile(name.as_posix(), work / name, originals / name) for name in names)
        return Claim(ScanBatch(work.name, self._station, None, now), work, files)

    # --- the life of a claim -------------------------------------------------------------------------------------

    def unfinished(self, now: dt.datetime) -> list[Claim]:
        """Claims that a crash left behind: half claims go back to the folder, whole ones are to be processed again."""
        claims = []
        for work in sorted((self.root / WORK).iterdir()):
            if work.name.endswith(CLAIMING):
                self._put_back(work, self.root)
            elif work.is_dir():
                claims.append(self._claimed(work, now))
        return claims

    def finish(self, claim: Claim) -> None:
        """The batch is through: keep the originals, read-only, under ``.originals/``."""
        for file in claim.files:
            file.path.chmod(0o444)
        claim.folder.rename(self.root / ORIGINALS / claim.folder.name)

    async def claims(self) -> AsyncIterator[Claim]:
        """Every finished feed, for ever; those of an earlier run first."""
        for claim in await asyncio.to_thread(self.unfinished, self._clock.now()):
            yield claim
        stirred = asyncio.Event()
        watching = asyncio.create_task(self._watch(stirred))
        try:
            while True:
                for claim in await self._look_patiently():
                    yield claim
                stirred.clear()
                await self._wait(stirred)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _look_patiently(self) -> list[Claim]:
        """Look, unless the folder is away: a share that dropped comes back."""
        try:
            return await asyncio.to_thread(self.look, self._clock.now())
        except OSError as error:
            log.warning("the hot folder cannot be looked at: %s", error)
            return []

    async def _wait(self, stirred: asyncio.Event) -> None:
        """Until something moves in the folder or the next look is due."""
        due = self._clock.now() + dt.timedelta(seconds=self._habits.poll_s)
        waits = [asyncio.create_task(stirred.wait()), asyncio.ensure_future(self._clock.wait_until(due))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _watch(self, stirred: asyncio.Event) -> None:
        try:
            async for _ in watchfiles.awatch(self.root, watch_filter=self._is_outside_work, step=200, recursive=True):
                stirred.set()
        except (OSError, RuntimeError) as error:
            log.warning("no events from %s (%s); it is looked at every %g s", self.root, error, self._habits.poll_s)

    def _is_outside_work(self, _change: watchfiles.Change, path: str) -> bool:
        inner = Path(path).relative_to(self.root) if Path(path).is_relative_to(self.root) else Path(path)
        return not inner.parts or not inner.parts[0].startswith(".")
