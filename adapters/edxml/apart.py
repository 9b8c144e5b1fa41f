"""Takes long base64 out of a document before it is parsed, so that 50 MB never stand in memory or in a tree.

A run of base64 letters and white space between ``>`` and ``<`` that is longer than :data:`LONG` goes to a file of its
own and a random word takes its place. What is left, the skeleton, is small and is parsed as usual. The word and the run
are of the same kind of letters: parser and canonical form hand both on unchanged wherever they are text, so the
canonical form of the document is that of the skeleton with the words replaced again. Where they are no text (a
comment), the word is lost, and the document is refused.
"""

import base64
import binascii
import dataclasses
import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from adapters._kit import xml
from schemas.errors import Misunderstood
from schemas.ids import Sha256

LONG = 64 * 1024
"""Bytes; a shorter run stays where it is."""
CHUNK = 192 * 1024
"""Bytes read in one go; a multiple of three and of four, so that base64 may be made and read piece by piece."""
_RUN = re.compile(rb"[A-Za-z0-9+/= \t\r\n]*")
_WHITE = b" \t\r\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """A long run: the word that stands for it, and the file that holds its letters.

    ``encoded`` False: the file holds the plain bytes, which are written as base64 without line breaks.
    """

    word: str
    path: Path
    encoded: bool = True

    def letters(self) -> Iterator[bytes]:
        """The run in pieces, as it stands in the document."""
        for piece in _pieces(self.path):
            yield piece if self.encoded else base64.b64encode(piece)


@dataclasses.dataclass(frozen=True, slots=True)
class Apart:
    """A document taken apart."""

    skeleton: bytes
    runs: tuple[Run, ...]


def new_word() -> str:
    """A word that nobody can have put into a document before."""
    return f"LT{secrets.token_hex(16)}"


def take_apart(file: Path, folder: Path) -> Apart:
    """Split ``file``; runs are written to ``folder``.

    Raises:
        Misunderstood: the skeleton is longer than the parser takes, or a long run is cut off or not base64.
    """
    splitter = _Splitter(folder)
    try:
        for piece in _pieces(file):
            splitter.feed(piece)
        return splitter.finish()
    finally:
        splitter.close()


def whole(form: bytes, runs: Sequence[Run]) -> Iterator[bytes]:
    """``form`` with every word replaced by its run, in pieces."""
    by_word = {run.word.encode(): run for run in runs}
    if not by_word:
        yield form
        return
    for part in re.split(b"(" + b"|".join(by_word) + b")", form):
        run = by_word.get(part)
        if run is None:
            yield part
        else:
            yield from run.letters()


def decode(letters: Iterable[bytes], into: Path) -> tuple[Sha256, int]:
    """Write what base64 ``letters`` say to ``into``; returns its digest and its size in bytes.

    Raises:
        Misunderstood: not base64, or cut off.
    """
    digest, size, rest, ended = hashlib.sha256(), 0, b"", False
    with into.open("xb") as out:
        for piece in letters:
            text = rest + piece.translate(None, _WHITE)
            ready = len(text) - len(text) % 4
            rest = text[ready:]
            if ended and text:
                raise Misunderstood("the base64 of an enclosed file goes on after its end", code="base64")
            try:
                plain = binascii.a2b_base64(text[:ready], strict_mode=True)
            except binascii.Error as error:
                raise Misunderstood(f"an enclosed file is not base64: {error}", code="base64") from error
            ended = ended or b"=" in text[:ready]
            digest.update(plain)
            size += len(plain)
            out.write(plain)
    if rest:
        raise Misunderstood("the base64 of an enclosed file is cut off", code="base64")
    return Sha256(digest.hexdigest()), size


class _Splitter:
    """Reads bytes once, in pieces of any length."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._skeleton = bytearray()
        self._runs: list[Run] = []
        self._inside = False
        self._held = bytearray()
        self._out: BinaryIO | None = None
        self._return = False

    def feed(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            if not self._inside:
                end = piece.find(b">", at) + 1 or len(piece)
                self._keep(piece[at:end])
                self._inside = piece[end - 1 : end] == b">"
                at = end
                continue
            found = _RUN.match(piece, at)
            end = found.end() if found is not None else at
            self._hold(piece[at:end])
            at = end
            if at < len(piece):
                self._end(closed=piece[at : at + 1] == b"<")

    def finish(self) -> Apart:
        if self._out is not None:
            raise Misunderstood("the document ends inside an enclosed file", code="xml")
        self._keep(bytes(self._held))
        return Apart(bytes(self._skeleton), tuple(self._runs))

    def close(self) -> None:
        if self._out is not None:
            self._out.close()

    def _keep(self, piece: bytes) -> None:
        self._skeleton += piece
        if len(self._skeleton) > xml.MAX_BYTES:
            raise Misunderstood(f"more than {xml.MAX_BYTES} bytes besides its enclosed files", code="size")

    def _hold(self, piece: bytes) -> None:
        if self._out is None:
            self._held += piece
            if len(self._held) <= LONG:
                return
            run = Run(new_word(), self._folder / f"run-{len(self._runs)}.b64")
            self._runs.append(run)
            self._out = run.path.open("xb")
            piece = bytes(self._held)
            self._held.clear()
        # Line ends as a parser reads them: CR LF and CR are LF, also where a piece ends between the two.
        if self._return and piece.startswith(b"\n"):
            piece = piece[1:]
        self._return = piece.endswith(b"\r") if piece else self._return
        self._out.write(piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))

    def _end(self, *, closed: bool) -> None:
        self._inside = False
        if self._out is None:
            self._keep(bytes(self._held))
            self._held.clear()
            return
        self._out.close()
        self._out, self._return = None, False
        if not closed:
            raise Misunderstood(f"a text longer than {LONG} bytes that is not base64", code="base64")
        self._keep(self._runs[-1].word.encode())


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(CHUNK):
            yield piece
