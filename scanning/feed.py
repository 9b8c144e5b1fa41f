"""The files of a folder as a feed: which of them are pages, and in which order they went through the scanner.

Everything visible is taken and judged by its bytes, whatever its name: a file that is left out because of its suffix
would be paper that is lost without a word. Only what file managers and scanners leave beside pages is passed over.
"""

import re
from collections.abc import Sequence
from pathlib import Path

PASSED_OVER = frozenset({"thumbs.db", "desktop.ini", "manifest.json", "duplex.txt"})
DONE_SUFFIX = ".done"
"""Empty side file by which a scanner says that the files beside it are complete."""
DUPLEX_MARK = ".duplex"
"""Empty side file: the sheets lie as two stacks, all fronts and then all backs in reverse."""
_DUPLEX_NAMES = ("duplex.txt", DUPLEX_MARK)
_DUPLEX_SUFFIXES = ("-duplex", "-hai-mat")


def visible_files(folder: Path) -> list[Path]:
    """Regular files below ``folder`` in natural order; no links, nothing hidden, no side files."""
    found = [path for path in folder.rglob("*") if is_page_file(path, folder)]
    return sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))


def is_page_file(path: Path, folder: Path) -> bool:
    """Whether this may be a page. A link is none: it could point at anything on the machine."""
    if path.is_symlink() or not path.is_file():
        return False
    if any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    return path.name.lower() not in PASSED_OVER and path.suffix.lower() != DONE_SUFFIX


def is_duplex(folder: Path) -> bool:
    """Whether a folder is marked as two stacks: by the end of its name, or by a side file in it."""
    return folder.name.lower().endswith(_DUPLEX_SUFFIXES) or any((folder / name).is_file() for name in _DUPLEX_NAMES)


def spoken_for(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """The pages that ``.done`` files speak for: ``p1.done`` or ``p1.jpg.done`` for that page, any other for all."""
    stems = {path.stem for path in done_files(folder)}
    named = [path for path in paths if path.name in stems or path.stem in stems]
    known = {name for path in named for name in (path.name, path.stem)}
    return list(paths) if stems - known else named


def done_files(folder: Path) -> list[Path]:
    """The ``.done`` files that lie in a folder, not below it."""
    return [path for path in folder.iterdir() if path.suffix.lower() == DONE_SUFFIX]


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts page 2 before page 10.

    >>> sorted(["p10.jpg", "p2.jpg", "P1.jpg"], key=natural)
    ['P1.jpg', 'p2.jpg', 'p10.jpg']
    """
    pieces = re.split(r"(\d+)", name.lower())
    return [(int(piece), "") if piece.isdecimal() else (0, piece) for piece in pieces]


def plain_name(number: int, name: str) -> str:
    r"""A name that any journal, screen and share can hold, for one that has control characters or no encoding.

    >>> plain_name(3, "tờ\n1\udcff.jpg")
    '003-tờ_1_.jpg'
    """
    clean = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name)
    return f"{number:03d}-{clean.encode()[-160:].decode('utf-8', 'ignore')}"
