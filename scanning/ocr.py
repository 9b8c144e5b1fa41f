"""The text reader: Tesseract as a child process, behind two Protocols.

:class:`OcrEngine` stands on the worker's side and takes pixels; :class:`PageReader` stands on the line's side and takes
the place of a page. A machine without Tesseract, or without one of the languages asked for, is a named state
(:class:`NoTextReader`), never a fault of a file: the line runs on without text and says so.

Pages go in as gray at :data:`TEXT_DPI` through stdin. Drawn Vietnamese pages of 8 to 12.5 points (14,000 letters) read
as well as at 300 dpi that way (character error rate 0.0011 against 0.0012) in four fifths of the time; 150 dpi read
worse (0.0016). One thread: two pages at once on two cores take 3.5 s with one thread each, 14.8 s without that limit.
English beside Vietnamese costs a third more time and reads Vietnamese worse (0.0023): a choice (docs/adr/0087).
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from scanning import protocol
from scanning.structure import BadFile
from schemas.document import ScanReason
from schemas.ids import MessageId

TEXT_DPI: Final = 200
"""Finer pages are made this coarse for the reader; coarser ones stay as they are."""
LANGUAGES: Final = "vie"
READ_S: Final = 60.0
"""Deadline of the reader for one page, which takes 1 to 3 s; a page of noise can take for ever."""
JOB_S: Final = READ_S + 30.0
"""Deadline of the whole job: opening the page comes before the reader."""
NICE: Final = 10
"""Reading yields to everything else on the machine: to the counters, and to pages that are still to be measured."""

_PROGRAM: Final = "tesseract"
_QUICK_S: Final = 10.0
_LANGUAGES: Final = re.compile(r"[A-Za-z0-9_]+(?:\+[A-Za-z0-9_]+)*")


class NoTextReader(Exception):
    """This machine has no text reader, or not the language asked for; the line runs on without text."""

    text = MessageId("scan.no_text_reader")


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of one page: NFC text, mean confidence of its words (``None`` without one), and who read it.

    ``layer`` is a PDF of one page with nothing but the text, when it was asked for and there is a word to lay.
    """

    text: str
    confidence: float | None
    engine: str
    layer: Path | None = None


class OcrEngine(Protocol):
    """Reads pixels; lives in a worker child."""

    @property
    def name(self) -> str:
        """Program, version and languages."""
        ...

    def read(self, image: bytes, *, dpi: int, layer: Path | None) -> Reading:
        """Read a binary PGM; write the text alone as a PDF to ``layer``. Raises BadFile past the deadline."""
        ...


@dataclass(frozen=True, slots=True)
class PageToRead:
    """A page as the line knows it; fields as in :class:`scanning.assemble.Leaf`."""

    path: Path
    kind: str
    page_no: int
    dpi: int
    skew_deg: float = 0.0
    rotate_deg: int = 0


class PageReader(Protocol):
    """Reads pages wherever they lie; lives beside the line."""

    async def read(self, page: PageToRead, *, layer: Path | None = None) -> Reading:
        """The words of one page.

        Raises:
            BadFile: this page cannot be read; others may.
            NoTextReader: no page can be read on this machine as it is.
            LineDown: not now.
        """
        ...


class Jobs(Protocol):
    """What reading needs of :class:`scanning.pool.WorkerPool`."""

    async def run(self, op: str, *, deadline_s: float, **job: Any) -> protocol.Json:
        """Run one job on a worker child."""
        ...


class PoolReader:
    """A :class:`PageReader` over worker children: hostile pages are decoded there and nowhere else."""

    def __init__(self, pool: Jobs, *, languages: str = LANGUAGES) -> None:
        """``languages`` as Tesseract writes them: "vie", "vie+eng"."""
        self._pool = pool
        self._languages = languages

    async def read(self, page: PageToRead, *, layer: Path | None = None) -> Reading:
        """One job of a worker."""
        answer = await self._pool.run(
            protocol.READ,
            deadline_s=JOB_S,
            path=str(page.path),
            kind=page.kind,
            page_no=page.page_no,
            dpi=page.dpi,
            skew_deg=page.skew_deg,
            rotate_deg=page.rotate_deg,
            languages=self._languages,
            layer=str(layer) if layer else None,
        )
        return reading_from_json(answer)


def reading_from_json(raw: Mapping[str, Any]) -> Reading:
    """A worker's answer as a reading.

    Raises:
        NoTextReader: the worker found none.
        KeyError, TypeError, ValueError: the object is no such answer.
    """
    if raw.get("missing"):
        raise NoTextReader(str(raw["missing"]))
    confidence, layer = raw["confidence"], raw["layer"]
    return Reading(
        str(raw["text"]),
        None if confidence is None else float(confidence),
        str(raw["engine"]),
        Path(layer) if layer else None,
    )


def reading_to_json(reading: Reading) -> protocol.Json:
    """The reading as a worker answers it and as the journal keeps it."""
    return {
        "text": reading.text,
        "confidence": reading.confidence,
        "engine": reading.engine,
        "layer": str(reading.layer) if reading.layer else None,
    }


@functools.lru_cache(maxsize=4)  # a failure is not kept: whoever installs the reader need not start anything anew
def find_engine(languages: str = LANGUAGES) -> "Tesseract":
    """The reader of this machine.

    Raises:
        NoTextReader: it is not installed, or one of the languages is not.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise NoTextReader("Tesseract is not installed.")
    if not _LANGUAGES.fullmatch(languages):
        raise NoTextReader(f"{languages!r} names no languages; they are written as vie or vie+eng.")
    has = _told(program, "--list-langs").split()
    missing = [language for language in languages.split("+") if language not in has]
    if missing:
        raise NoTextReader(f"Tesseract has no model for {', '.join(missing)}.")
    version = re.search(r"tesseract v?([0-9][\w.]*)", _told(program, "--version"))
    return Tesseract(program, languages, version=version[1] if version else "?")


def _told(program: str, question: str) -> str:
    try:
        answer = subprocess.run(
            [program, question],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=_QUICK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoTextReader(f"Tesseract does not answer: {error}") from error
    return answer.stdout.decode("utf-8", "replace")


class Tesseract:
    """An :class:`OcrEngine`: one child process a page, with one thread, a low priority and a deadline."""

    def __init__(self, program: str, languages: str, *, version: str, deadline_s: float = READ_S) -> None:
        """``program`` is the path of the executable."""
        self._command = [program, "stdin"]
        if nice := shutil.which("nice"):
            self._command[:0] = [nice, "-n", str(NICE)]
        self._languages = languages
        self._version = version
        self._deadline_s = deadline_s

    @property
    def name(self) -> str:
        """For the record, as ``tesseract 5.3.0 vie``."""
        return f"{_PROGRAM} {self._version} {self._languages}"

    def read(self, image: bytes, *, dpi: int, layer: Path | None) -> Reading:
        """Read a binary PGM.

        Raises:
            BadFile: DEADLINE; UNREADABLE when the reader gives up on the pixels.
        """
        with tempfile.TemporaryDirectory(prefix="read-") as name:
            folder = Path(name)
            self._run(image, folder, dpi, ["txt", "tsv", *(["pdf"] if layer else [])])
            text = _clean((folder / "page.txt").read_text("utf-8", "replace"))
            confidence = mean_confidence((folder / "page.tsv").read_text("utf-8", "replace").splitlines())
            if layer is not None and text:
                shutil.move(folder / "page.pdf", layer)
            return Reading(text, confidence, self.name, layer if text else None)

    def _run(self, image: bytes, folder: Path, dpi: int, outputs: Sequence[str]) -> None:
        options = ["-l", self._languages, "--dpi", str(dpi), "-c", "textonly_pdf=1"]
        try:
            done = subprocess.run(
                [*self._command, str(folder / "page"), *options, *outputs],
                input=image,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                timeout=self._deadline_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BadFile(ScanReason.DEADLINE, f"The text reader has {self._deadline_s:g} seconds.") from None
        if done.returncode != 0:
            raise BadFile(ScanReason.UNREADABLE, f"The text reader ended with {done.returncode}.")


def _clean(text: str) -> str:
    """NFC, no form feed, at most one empty line in a row."""
    lines = unicodedata.normalize("NFC", text.replace("\f", "")).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def mean_confidence(rows: Sequence[str]) -> float | None:
    """Mean of the words' confidences in Tesseract's table, ``None`` where there is no word; other rows say -1."""
    found = []
    for row in rows[1:]:
        columns = row.split("\t")
        if len(columns) == 12 and columns[0] == "5" and columns[11].strip():
            found.append(float(columns[10]))
    words = [value for value in found if value >= 0]
    return round(sum(words) / len(words), 1) if words else None
