"""What leaves the judge's hands: files that are approved, and files that are sealed. No decoder is needed to hold one.

The types force the order ``PdfDraft -> PdfA -> SealedPdf``: only :func:`scanning.verify.judge` makes a :class:`PdfA`
(the parent makes it again from a worker's answer, through :func:`approved_from_json`), only a :class:`Sealer` makes a
:class:`SealedPdf` of one, and the line delivers nothing else. Nothing takes a SealedPdf and writes it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schemas.document import SealNote
from schemas.errors import SealingWaits as SealingWaits


@dataclass(frozen=True, slots=True)
class PageNote:
    """What became of a page's image: digest of the bytes embedded, and what had to be changed (``None``: untouched)."""

    image_sha256: str
    conversion: str | None


@dataclass(frozen=True, slots=True)
class PdfA:
    """A file on disk that every judge of the line approved. ``flavour`` is part and level, such as '2b'."""

    path: Path
    sha256: str
    size_bytes: int
    flavour: str
    notes: tuple[PageNote, ...] = field(default=())

    @property
    def conformance(self) -> str:
        """As people write it: PDF/A-2b."""
        return f"PDF/A-{self.flavour}"


@dataclass(frozen=True, slots=True)
class SealedPdf:
    """An approved file with a seal appended: its first bytes are the approved ones, to the last. ``note`` tells whose.

    ``flavour`` is that of the file that was approved.
    """

    path: Path
    sha256: str
    size_bytes: int
    flavour: str
    note: SealNote

    @property
    def conformance(self) -> str:
        """As people write it: PDF/A-2b."""
        return f"PDF/A-{self.flavour}"


class Sealer(Protocol):
    """Seals approved files, one at a time or several at once."""

    async def seal(self, approved: PdfA, out: Path) -> SealedPdf:
        """Write the sealed file to ``out``, whole or not at all; ``approved`` stays as it is.

        Raises:
            SealingWaits: not now (time-stamp authority, token, certificate; the kind tells); no document is at fault,
                try again later.
            BadFile: this document cannot be sealed (SIGNED: it is already), or the seal did not pass its check.
        """
        ...


def approved_from_json(raw: Mapping[str, Any], path: Path) -> PdfA:
    """The approved file of a worker's ``build`` answer, at ``path``.

    Raises:
        KeyError, TypeError, ValueError: the object is no such answer.
    """
    notes = tuple(PageNote(str(image_sha256), conversion) for image_sha256, conversion in raw["notes"])
    flavour = str(raw["conformance"]).removeprefix("PDF/A-")
    return PdfA(path, str(raw["sha256"]), int(raw["size_bytes"]), flavour, notes)


def holds(path: Path, sha256: str | None) -> bool:
    """Whether the file at ``path`` has these bytes still; reads the file."""
    if sha256 is None or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
