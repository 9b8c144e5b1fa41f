"""What the scan line makes of paper: pages with their measures, documents, and what was set aside and why.

A *document* is one PDF/A of one dossier out of one batch. Its ``key`` depends on the bytes of the originals only, so
the same sheets give the same key on every station and after every crash: that makes delivery exactly once possible.
Pixels are counted in the source's own raster, angles in degrees clockwise, page numbers start at one.
"""

import datetime as dt
import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from schemas.ids import DossierCode, MessageId, Sha256

Point = tuple[int, int]
"""(x, y) in pixels of the source, origin in the upper left corner."""


class ScanReason(enum.StrEnum):
    """Why a file, page or document is not simply good. ``sentence`` is English; ``text`` names the Vietnamese one."""

    EMPTY = "empty"
    NOT_A_SCAN = "not_a_scan"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    SIGNED = "signed"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    UNSUPPORTED = "unsupported"
    WORKER_DIED = "worker_died"
    DEADLINE = "deadline"
    NOT_CONFORMANT = "not_conformant"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    BLANK = "blank"
    SEPARATOR = "separator"
    NO_COVER = "no_cover"
    SEVERAL_CODES = "several_codes"
    OTHER_CODE = "other_code"
    MAYBE_BLANK = "maybe_blank"
    BLURRED = "blurred"
    FAINT = "faint"
    COARSE = "coarse"
    GAP = "gap"
    NEAR_MISS = "near_miss"
    ODD_SIZE = "odd_size"
    UNSURE_WAY_UP = "unsure_way_up"
    STACK_ORDER = "stack_order"
    REDRAWN = "redrawn"

    @property
    def sentence(self) -> str:
        """One plain English sentence for the operator."""
        return _SENTENCES[self]

    @property
    def text(self) -> MessageId:
        """Key of the Vietnamese sentence in the message catalogue."""
        return MessageId(f"scan.{self.value}")

    @property
    def is_fault(self) -> bool:
        """True when the input was bad; false for what is set aside by rule (blanks, separators, second copies)."""
        return self not in _BY_RULE


_SENTENCES = {
    ScanReason.EMPTY: "The file has no bytes.",
    ScanReason.NOT_A_SCAN: "The file is neither an image nor a PDF, whatever its name says.",
    ScanReason.TRUNCATED: "The file stops before its end: it was cut off while it was written or copied.",
    ScanReason.DAMAGED: "The file is damaged and cannot be read.",
    ScanReason.ENCRYPTED: "The PDF asks for a password.",
    ScanReason.SIGNED: "The PDF is signed already; scanning it again would break the signature.",
    ScanReason.TOO_LARGE: "The image claims more pixels than any sheet of paper needs.",
    ScanReason.TOO_MANY_PAGES: "The file claims more pages than one file may have.",
    ScanReason.UNSUPPORTED: "The file uses a way of storing images that the line does not read.",
    ScanReason.WORKER_DIED: "Reading the file broke the reading process; the file may be hostile.",
    ScanReason.DEADLINE: "Reading the file took longer than allowed.",
    ScanReason.NOT_CONFORMANT: "The result was not approved as PDF/A.",
    ScanReason.UNREADABLE: "The file cannot be opened.",
    ScanReason.DUPLICATE: "The same file was scanned before.",
    ScanReason.BLANK: "The page is blank.",
    ScanReason.SEPARATOR: "The sheet only separates documents.",
    ScanReason.NO_COVER: "No cover sheet says which dossier these pages belong to.",
    ScanReason.SEVERAL_CODES: "One sheet carries the codes of several dossiers.",
    ScanReason.OTHER_CODE: "A sheet has another dossier's code, small or of another office; please see where it goes.",
    ScanReason.MAYBE_BLANK: "The page is almost blank; please look.",
    ScanReason.BLURRED: "The page is blurred.",
    ScanReason.FAINT: "The print is faint.",
    ScanReason.COARSE: "The resolution is below 200 dpi.",
    ScanReason.NEAR_MISS: "A code on the sheet is damaged by one character; please choose the dossier that it means.",
    ScanReason.ODD_SIZE: "The resolution that the scanner states makes no paper format; please check the paper's size.",
    ScanReason.UNSURE_WAY_UP: "It is not certain which way up the page belongs; please look.",
    ScanReason.STACK_ORDER: "Fronts and backs of the stack do not fit together; the pages are as they were fed.",
    ScanReason.REDRAWN: "The page of the PDF could not be archived as it was; what you see is a drawing of it.",
    ScanReason.GAP: "A sheet among these could not be read; it may have been a cover. Please look.",
}
_BY_RULE = frozenset({ScanReason.DUPLICATE, ScanReason.BLANK, ScanReason.SEPARATOR})
_DOUBTS = frozenset({ScanReason.MAYBE_BLANK, ScanReason.NEAR_MISS, ScanReason.UNSURE_WAY_UP})


class PageVerdict(enum.StrEnum):
    """What the quality gate says of one page."""

    GOOD = "good"
    WARN = "warn"
    RESCAN = "rescan"


class PageRole(enum.StrEnum):
    """What a sheet is in its batch."""

    COVER = "cover"
    """Carries the dossier code; stays in the document, does not count as one of the citizen's sheets."""
    CONTENT = "content"
    SEPARATOR = "separator"
    """Only parts two documents; never in a PDF."""


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code read from a page, as printed; the corners go clockwise from the symbol's own upper left."""

    format: str
    text: str
    box: tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A text that would be a dossier code or an item number but for one character. Offered to a person, never used.

    ``text`` is what was read, ``candidates`` are the valid numbers one edit away, most likely first.
    """

    text: str
    candidates: tuple[str, ...]


Crop = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels of the source: what of it is paper and not the scanner's bed."""


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """One sheet side with what was measured on it.

    ``sha256`` is that of the original file the page came from, ``image_sha256`` that of the image bytes inside our PDF
    (empty until built; equal to ``sha256`` for an untouched JPEG file). ``conversion`` says what had to be changed in
    the image (``None``: embedded untouched). ``sharpness`` is ``None`` without edges to judge by. ``blank`` means no
    ink besides specks and punch holes. ``rotate_deg`` is the quarter turn clockwise (0, 90, 180, 270) that makes the
    page readable, on top of what the file itself asks a viewer for. ``paper`` is the format the pixels make at ``dpi``
    ("A4", "A3", "A5", "ID-1" …), ``None`` when it is none. ``component`` is the number of the dossier's component that
    a person assigned the page to.
    """

    source: str
    source_page: int
    sha256: Sha256
    width_px: int
    height_px: int
    dpi: int
    skew_deg: float
    blank: bool
    sharpness: float | None
    contrast: float
    barcodes: tuple[Barcode, ...]
    verdict: PageVerdict
    reasons: tuple[ScanReason, ...] = ()
    role: PageRole = PageRole.CONTENT
    image_sha256: str = ""
    conversion: str | None = None
    rotate_deg: int = 0
    crop: Crop | None = None
    paper: str | None = None
    near_misses: tuple[NearMiss, ...] = ()
    component: int | None = None


@dataclass(frozen=True, slots=True)
class ScanSource:
    """An original file as it came; it is kept."""

    name: str
    sha256: Sha256
    size_bytes: int


class FeedOrder(enum.StrEnum):
    """How the sides of the sheets went through the scanner."""

    AS_FED = "as_fed"
    """Side after side as they belong: single-sided paper, or a scanner with a duplex unit."""
    STACK = "stack"
    """All fronts, then the turned stack: all backs in reverse, as a scanner without a duplex unit gives them."""


@dataclass(frozen=True, slots=True)
class ScanBatch:
    """Files that lay together: one feed of the scanner, one dropped folder, one upload.

    ``order`` is ``None`` where nobody said how the sheets were fed: then the station's habit holds.
    """

    id: str
    station: str
    operator: str | None
    begun_at: dt.datetime
    order: FeedOrder | None = None


@dataclass(frozen=True, slots=True)
class SealNote:
    """What a seal says of itself: the PAdES level reached ("B-B", "B-T", "B-LTA"), whose it is, and the time in it."""

    level: str
    signer: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ScannedDocument:
    """A judged PDF/A, ready to be attached.

    ``dossier_code`` is ``None`` when no cover sheet names it: the document then waits in the operator's queue with its
    ``reasons``. ``path`` holds the bytes until :meth:`DocumentInbox.deliver` returns; the inbox copies them.
    ``part_no`` is the document's place in its batch. ``seal`` is ``None`` for a document that is not sealed. A document
    that a person made anew out of the same batch names what it ``replaces`` (a document key), its ``version`` (from 1)
    and, from version 2 on, why.
    """

    key: str
    batch: ScanBatch
    part_no: int
    dossier_code: DossierCode | None
    s10: str | None
    sha256: Sha256
    size_bytes: int
    path: Path
    conformance: str
    pages: tuple[ScannedPage, ...]
    sources: tuple[ScanSource, ...]
    reasons: tuple[ScanReason, ...] = ()
    seal: SealNote | None = None
    version: int = 1
    replaces: str | None = None
    version_reason: str = ""

    @property
    def sheets(self) -> int:
        """Pages that are the citizen's own: covers do not count (rule E-22 compares this number)."""
        return sum(page.role is PageRole.CONTENT for page in self.pages)

    @property
    def doubts(self) -> tuple[ScanReason, ...]:
        """Why a person should look before the document is sealed: its own reasons, and those of its pages that count.

        A page that is only a little blurred or faint is no doubt; one that should be scanned again is.
        """
        told = [
            reason
            for page in self.pages
            for reason in page.reasons
            if reason in _DOUBTS or page.verdict is PageVerdict.RESCAN
        ]
        return tuple(dict.fromkeys((*self.reasons, *told)))


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file (``source_page`` ``None``) or a page that is in no document, and why; ``kept`` is where it lies."""

    key: str
    batch: ScanBatch
    source: str
    source_page: int | None
    reason: ScanReason
    detail: str
    kept: Path
    sha256: Sha256 | None = None

    def __str__(self) -> str:
        """The sentence for the operator, with the detail where there is one."""
        return f"{self.reason.sentence} {self.detail}".rstrip()


@dataclass(frozen=True, slots=True)
class TextOfPage:
    """What was read on one page, and what in it looks worth indexing: offered to a person, never applied.

    ``text`` is NFC. ``codes`` are dossier codes, ``items`` S10 numbers, ``dates`` ISO days, each in the page's order;
    ``near_misses`` are words that would be a code or a number but for letters that readers take for digits.
    ``confidence`` is the reader's own mean over the words, 0 to 100 (``None``: no word). ``fault`` says why the page
    could not be read; then there is no text, and the document's other pages have theirs.
    """

    page_no: int
    text: str
    codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    confidence: float | None = None
    fault: ScanReason | None = None


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of a document. ``key`` is the document's; ``engine`` names the reader and its model."""

    key: str
    engine: str
    pages: tuple[TextOfPage, ...]


def document_key(dossier_code: str | None, pages: Iterable[tuple[str, int]]) -> str:
    """Key of a document: hex SHA-256 over the dossier code and the (source SHA-256, page number) of each page.

    >>> document_key(None, [("ab" * 32, 1)]) == document_key(None, [("ab" * 32, 1)])
    True
    >>> document_key(None, [("ab" * 32, 1)]) == document_key("H99.1-261122-0001", [("ab" * 32, 1)])
    False
    """
    digest = hashlib.sha256(f"lienthong-document-1\n{dossier_code or ''}\n".encode())
    for sha256, page_no in pages:
        digest.update(f"{sha256}#{page_no}\n".encode())
    return digest.hexdigest()
