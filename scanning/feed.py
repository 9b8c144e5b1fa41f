"""The files of a folder as a feed: which of them are pages, and in which order they went through the scanner.

Everything visible is taken and judged by its bytes, whatever its name: a file that is left out because of its suffix
would be paper that is lost without a word. Only what file managers and scanners leave beside pages is passed over.
"""

import re
from pathlib import Path

PASSED_OVER = frozenset({"thumbs.db", "desktop.ini", "manifest.json"})
DONE_SUFFIX = ".done"
"""Empty side file by which a scanner says that the files beside it are complete."""


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


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts page 2 before page 10.

    >>> sorted(["p10.jpg", "p2.jpg", "P1.jpg"], key=natural)
    ['P1.jpg', 'p2.jpg', 'p10.jpg']
    """
    pieces = re.split(r"(\d+)", name.lower())
    return [(int(piece), "") if piece.isdecimal() else (0, piece) for piece in pieces]
