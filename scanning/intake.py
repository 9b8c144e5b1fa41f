"""The hot folder: when is a feed of pages finished, and whose is it then?

No single sign is enough. Scanners close and reopen their file between pages (gaps of 4 to 7 seconds were seen), shares
report no events, and a rename succeeds on half a file. So a feed is claimed when every file in it is still and whole by
its own structure (:mod:`scanning.stillness`), and stays as it was through the rename into ``.work/`` on the same file
system. A file that is not whole waits with back-off; after ``patience_s`` it goes in as it is, and the line sets it
aside with the reason: paper never hangs in the folder for ever, and no other place decides what is broken.

A feed is one folder in the hot folder, or all files that lie loose in it. Events only make it faster: the folder is
looked at every ``poll_s`` anyway, which is what works on SMB and NFS. Several stations may share one folder: a claim
carries its station's name, and of a feed that two want the first file decides, since only one of them can rename it.
"""

import asyncio
import contextlib
import datetime as dt
import fcntl
import hashlib
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import watchfiles

from scanning.feed import (
    DUPLEX_MARK,
    done_files,
    is_duplex,
    is_page_file,
    natural,
    plain_name,
    spoken_for,
    visible_files,
)
from scanning.pipeline import InputFile
from scanning.stillness import Habits, Stillness
from scanning.trouble import Trouble, TroubleKind, of_error
from schemas.document import FeedOrder, ScanBatch
from schemas.ports.clock import Clock

log = logging.getLogger(__name__)

WORK, CLAIMING, ORIGINALS = ".work", ".claiming", ".originals"
_NAME_MOST = 200
"""Bytes of a name that may still get a suffix; file systems end at 255."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A feed that is ours: its batch, its files in order, and the folder under ``.work/`` that holds them."""

    batch: ScanBatch
    folder: Path
    files: tuple[InputFile, ...]


class HotFolder:
    """Watches one folder. ``look`` is one step without waiting; ``claims`` goes on for ever."""

    def __init__(self, root: Path, *, station: str, clock: Clock, habits: Habits | None = None) -> None:
        """Makes the folder where it can: a share that is away now may be there at the first look."""
        self.root = root
        self.trouble: Trouble | None = None
        """What keeps this folder from being worked, while it does."""
        self._station = station
        self._mark = _slug(station)
        self._clock = clock
        self._habits = habits or Habits()
        self._stillness = Stillness(self._habits)
        with contextlib.suppress(OSError):
            self._make_folders()

    @property
    def unsettled(self) -> int:
        """Feeds that may be finished soon: a station that works once waits for them."""
        return self._stillness.unsettled

    # --- looking -------------------------------------------------------------------------------------------------

    def look(self, now: dt.datetime) -> list[Claim]:
        """Look once and claim what is finished. Blocks on the file system only; :attr:`trouble` says how it went."""
        met: list[Trouble] = []
        claims: list[Claim] = []
        try:
            self._make_folders()
            self._put_half_claims_back()
            feeds = dict(self._feeds())
            for folder in self._stillness.look(feeds, now):
                claim = self._claim_spoken(folder, feeds[folder], now, met)
                claims += [claim] if claim else []
        except OSError as error:
            met.append(of_error(error, str(self.root)))
        self._tell(met[0] if met else None)
        return claims

    def _tell(self, trouble: Trouble | None) -> None:
        """Hold the trouble; a line in the log only when it comes, changes or goes."""
        if trouble != self.trouble:
            if trouble is None:
                log.info("hot folder %s works again", self.root)
            else:
                log.warning("hot folder: %s", trouble)
        self.trouble = trouble

    def _make_folders(self) -> None:
        for name in (WORK, ORIGINALS):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def _feeds(self) -> Iterator[tuple[Path, list[Path]]]:
        """(folder, its page files in order); the root itself stands for the loose files."""
        entries = list(self.root.iterdir())
        loose = [path for path in entries if is_page_file(path, self.root)]
        yield self.root, sorted(loose, key=lambda path: natural(path.name))
        for path in sorted(entries, key=lambda path: natural(path.name)):
            if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
                yield path, visible_files(path)

    # --- claiming ------------------------------------------------------------------------------------------------

    def _claim_spoken(self, folder: Path, paths: list[Path], now: dt.datetime, met: list[Trouble]) -> Claim | None:
        """Claim the feed, or that part of it that ``.done`` files speak for where they are wanted."""
        if self._habits.wants_done:
            spoken = spoken_for(folder, paths)
            if not spoken or (folder != self.root and len(spoken) < len(paths)):
                return None
            paths = spoken
        return self._claim(folder, paths, now, met)

    def _claim(self, folder: Path, paths: Sequence[Path], now: dt.datetime, met: list[Trouble]) -> Claim | None:
        """Rename the feed into ``.work/``; put it back if a file moved under our hands or a rename is refused."""
        work = self.root / WORK / f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}-{self._mark}"
        claiming = work.with_name(work.name + CLAIMING)
        shapes = {path.relative_to(folder): self._stillness.shape(folder, path) for path in paths}
        try:
            self._move(folder, paths, claiming)
            unchanged = all(_shape(claiming / name) == shape for name, shape in shapes.items())
        except FileNotFoundError:  # another station was first, or somebody took a file away: no trouble of ours
            unchanged = False
        except OSError as error:
            met.append(of_error(error, str(folder)))
            self._put_back(claiming, folder)
            return None  # it is as still as before, and the next look tries again
        self._stillness.forget(folder, paths)
        if not unchanged:
            self._put_back(claiming, folder)
            return None
        claiming.rename(work)
        return self._claimed(work, now)

    def _move(self, folder: Path, paths: Sequence[Path], claiming: Path) -> None:
        if folder != self.root:
            duplex = is_duplex(folder)
            folder.rename(claiming)
            if duplex:
                (claiming / DUPLEX_MARK).touch()  # the folder's name ends here
            return
        spoken = done_files(folder) if self._habits.wants_done else []
        claiming.mkdir()
        for path in paths:
            path.rename(claiming / path.name)
        taken = {name for path in paths for name in (path.name, path.stem)}
        everything = {path.stem for path in spoken} - taken
        for done in spoken:
            if done.stem in taken or everything:
                done.unlink(missing_ok=True)  # it spoke of this feed, not of the next

    def _put_half_claims_back(self) -> None:
        """A claim of ours that a crash or a full disk stopped half way belongs into the folder."""
        for work in self._ours():
            if work.name.endswith(CLAIMING):
                self._put_back(work, self.root)

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
            path.rename(target if not target.exists() else _beside(target))
        with contextlib.suppress(OSError):
            (claiming / DUPLEX_MARK).unlink(missing_ok=True)
            claiming.rmdir()

    def _claimed(self, work: Path, now: dt.datetime) -> Claim:
        _rename_odd(work)
        originals = self.root / ORIGINALS / work.name
        names = [path.relative_to(work) for path in visible_files(work)]
        files = tuple(InputFile(name.as_posix(), work / name, originals / name) for name in names)
        order = FeedOrder.STACK if is_duplex(work) else None  # what is not marked goes by the line's own policy
        return Claim(ScanBatch(work.name, self._station, None, now, order), work, files)

    # --- the life of a claim -------------------------------------------------------------------------------------

    def unfinished(self, now: dt.datetime) -> list[Claim]:
        """Claims that a crash left behind: half claims go back to the folder, whole ones are to be processed again."""
        self._make_folders()
        self._put_half_claims_back()
        return [self._claimed(work, now) for work in self._ours()]

    def _ours(self) -> list[Path]:
        """Folders under ``.work/`` of this station, oldest first; those without a name are from before it was kept."""
        found = []
        for work in sorted((self.root / WORK).iterdir()):
            mark = work.name.removesuffix(CLAIMING).split("-", 2)[2:]
            if work.is_dir() and mark in ([], [self._mark]):
                found.append(work)
        return found

    def finish(self, claim: Claim) -> None:
        """The batch is through: keep the originals, read-only, under ``.originals/``. Raises OSError: call again."""
        for file in claim.files:
            with contextlib.suppress(OSError):  # the scanner's account may own the file; then its rights stay
                file.path.chmod(0o444)
        kept = self.root / ORIGINALS / claim.folder.name
        if claim.folder.exists():
            claim.folder.rename(kept)

    async def claims(self) -> AsyncIterator[Claim]:
        """Every finished feed, for ever; those of an earlier run first."""
        stirred = asyncio.Event()
        with contextlib.ExitStack() as held:
            while not await asyncio.to_thread(self._begin, held):
                await self._wait(stirred)
            for claim in await asyncio.to_thread(self.unfinished, self._clock.now()):
                yield claim
            watching = asyncio.create_task(self._watch(stirred))
            try:
                while True:
                    for claim in await asyncio.to_thread(self.look, self._clock.now()):
                        yield claim
                    stirred.clear()
                    await self._wait(stirred)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _begin(self, held: contextlib.ExitStack) -> bool:
        """Take this station's place in the folder; False while the folder is away or another one sits there.

        Two stations of one name would take up each other's claims. The lock is the kernel's and goes with the process;
        a file system that knows no locks is trusted.
        """
        try:
            self._make_folders()
            lock = os.open(self.root / f".{self._mark}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            self._tell(of_error(error, str(self.root)))
            return False
        held.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.pop_all().close()
            self._tell(Trouble(TroubleKind.TAKEN, str(self.root), self._station))
            return False
        except OSError as error:
            log.info("no locks on %s (%s)", self.root, error)
        self._tell(None)
        return True

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
        if not self._habits.events:
            return
        try:
            async for _ in watchfiles.awatch(self.root, watch_filter=self._is_outside_work, step=200, recursive=True):
                stirred.set()
        except (OSError, RuntimeError) as error:  # no inotify here, or its limit is reached
            log.warning("no events from %s (%s); it is looked at every %g s", self.root, error, self._habits.poll_s)

    def _is_outside_work(self, _change: watchfiles.Change, path: str) -> bool:
        inner = Path(path).relative_to(self.root) if Path(path).is_relative_to(self.root) else Path(path)
        return not inner.parts or not inner.parts[0].startswith(".")


def _slug(station: str) -> str:
    """The station's name as part of a folder's name; a digest tells apart what the letters do not."""
    clean = re.sub(r"[^\w.-]+", "_", station)[:32]
    return clean if clean == station else f"{clean}.{hashlib.sha256(station.encode()).hexdigest()[:6]}"


def _shape(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _beside(target: Path) -> Path:
    """A free name beside one that is taken."""
    stem = target.stem.encode("utf-8", "surrogateescape")[:_NAME_MOST].decode("utf-8", "ignore")
    return target.with_name(f"{stem}-{secrets.token_hex(3)}{target.suffix[:20]}")


def _rename_odd(work: Path) -> None:
    """Names with control characters or without an encoding get one that journals and screens can hold."""
    for number, path in enumerate(visible_files(work), start=1):
        name = path.relative_to(work).as_posix()
        if not name.isprintable():
            path.rename(work / plain_name(number, name))
