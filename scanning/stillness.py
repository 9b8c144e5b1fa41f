"""Has the scanner finished with this feed? Learnt by looking again and again; no clock of any machine is believed.

A feed is finished when nothing in it has changed for long enough and every file is whole by its own structure. How long
is enough is learnt: a scanner that was quiet for six seconds and then wrote again will do so once more, so from then on
only a clearly longer pause counts. Quiet time is what was *seen* to pass between two looks, never more than half of
what is asked for at once: a clock that jumps ahead, a machine that slept and a file dated into the future change
nothing, and a clock that is set back costs one look.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanning.structure import BadFile, check_complete
from schemas.document import ScanReason

log = logging.getLogger(__name__)

Print = tuple[int, int]
"""Size and mtime in nanoseconds: compared with each other, never with a clock."""
_MAY_HEAL = frozenset({ScanReason.EMPTY, ScanReason.TRUNCATED})
"""What a file can be while it is still being written. Wrong first bytes never heal."""
_PAUSE_LEAST_S, _PAUSE_FACTOR = 1.0, 2.0
_STILL_MOST_S = 60.0
"""A learnt pause is at most this long: beyond it the feed is two feeds."""
_BACK_OFF_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How the scanners of this folder behave, in seconds."""

    still_for_s: float = 10.0
    """A feed unchanged this long may be finished: scanners that close and reopen their file pause 4 to 7 seconds."""
    patience_s: float = 300.0
    """A file not whole after this long is taken as it is; longer than any pause of a scanner or a slow share."""
    poll_s: float = 2.0
    """Between two looks when no event comes."""
    wants_done: bool = False
    """Take a feed only when a ``.done`` file lies in it, for scanners that write one."""
    events: bool = True
    """Ask the system for events. Off for shares (SMB, NFS), which report none: the folder is only looked at."""


@dataclass(slots=True)
class _File:
    """What is known of one file that waits."""

    shape: Print
    whole: bool = False
    quiet_s: float = 0.0
    look_after_s: float = 0.0
    back_off_s: float = 1.0


@dataclass(slots=True)
class _Feed:
    """What is known of one feed that waits."""

    files: dict[Path, _File] = field(default_factory=dict)
    quiet_s: float = 0.0
    longest_pause_s: float = 0.0


class Stillness:
    """Remembers what it saw of each feed. One object for each hot folder; not for several threads at once."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._feeds: dict[Path, _Feed] = {}
        self._looked_at: dt.datetime | None = None

    def look(self, feeds: Mapping[Path, Sequence[Path]], now: dt.datetime) -> list[Path]:
        """Look at every file of every feed (folder to its page files); returns the folders that are finished."""
        seen_s = self._seen_since(now)
        self._feeds = {folder: known for folder, known in self._feeds.items() if feeds.get(folder)}
        return [folder for folder, paths in feeds.items() if paths and self._is_finished(folder, paths, seen_s)]

    @property
    def unsettled(self) -> int:
        """Feeds that have not lain still long enough yet; those that lie still and are not whole do not count."""
        return sum(known.quiet_s < self._wanted_s(known) for known in self._feeds.values() if known.files)

    def shape(self, folder: Path, path: Path) -> Print | None:
        """Size and mtime as last seen, to compare with the file after it was claimed."""
        known = self._feeds[folder].files.get(path) if folder in self._feeds else None
        return known.shape if known else None

    def forget(self, folder: Path, paths: Iterable[Path]) -> None:
        """These files were claimed: what comes under their names is another matter, perhaps of a quicker scanner."""
        known = self._feeds.get(folder)
        if known is not None:
            known.longest_pause_s /= 2
            for path in paths:
                known.files.pop(path, None)

    def _seen_since(self, now: dt.datetime) -> float:
        """Seconds since the look before, as far as they can be believed."""
        before, self._looked_at = self._looked_at, now
        if before is None:
            return 0.0
        return min(max(0.0, (now - before).total_seconds()), max(self._habits.still_for_s / 2, self._habits.poll_s))

    def _is_finished(self, folder: Path, paths: Sequence[Path], seen_s: float) -> bool:
        known = self._feeds.setdefault(folder, _Feed())
        if self._has_changed(known, paths):
            if _PAUSE_LEAST_S < known.quiet_s < _STILL_MOST_S:
                known.longest_pause_s = max(known.longest_pause_s, known.quiet_s + seen_s)
            known.quiet_s = 0.0
        else:
            known.quiet_s += seen_s
            for file in known.files.values():
                file.quiet_s += seen_s
        if known.quiet_s < self._wanted_s(known):
            return False
        whole = [self._is_whole_or_given_up(path, file) for path, file in known.files.items()]  # each, in each look
        return all(whole)

    def _wanted_s(self, known: _Feed) -> float:
        """How long this feed must lie still; a ``.done`` file ends all guessing about pauses."""
        learnt = 0.0 if self._habits.wants_done else min(known.longest_pause_s * _PAUSE_FACTOR, _STILL_MOST_S)
        return max(self._habits.still_for_s, learnt)

    def _has_changed(self, known: _Feed, paths: Sequence[Path]) -> bool:
        """Take in what there is now; whether anything came, went, grew or was touched."""
        shapes: dict[Path, Print] = {}
        for path in paths:
            try:
                stat = path.stat()
            except OSError:
                return True  # it went away while we looked: the next look sees what is left
            shapes[path] = (stat.st_size, stat.st_mtime_ns)
        if shapes == {path: file.shape for path, file in known.files.items()}:
            return False
        known.files = {path: _kept(known.files.get(path), shape) for path, shape in shapes.items()}
        return bool(known.files)

    def _is_whole_or_given_up(self, path: Path, file: _File) -> bool:
        if file.whole or file.quiet_s < file.look_after_s:
            return file.whole
        file.whole = _is_whole(path) or file.quiet_s >= self._habits.patience_s
        file.look_after_s = file.quiet_s + file.back_off_s
        file.back_off_s = min(file.back_off_s * 2, _BACK_OFF_MOST_S)
        return file.whole


def _kept(known: _File | None, shape: Print) -> _File:
    """What is known of a file that did not change stays; a changed one begins anew."""
    return known if known is not None and known.shape == shape else _File(shape)


def _is_whole(path: Path) -> bool:
    try:
        check_complete(path)
    except BadFile as bad:
        return bad.reason not in _MAY_HEAL
    except OSError as error:
        log.info("%s cannot be read yet: %s", path, error)
        return False
    return True
