"""Bodies of a district station: finished documents, what it set aside, texts, and how it stands.

The shapes are those that :mod:`scanning.records` writes, read strictly: a station is a machine of ours far away, and
what it says is checked like anybody's.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from gateway.inbound.forms.fields import DossierCodeText, Form, Instant, ItemNumberText, Line, Name, fault
from schemas.document import (
    Barcode,
    DocumentText,
    FeedOrder,
    NearMiss,
    PageRole,
    PageVerdict,
    ScanBatch,
    ScannedDocument,
    ScannedPage,
    ScanReason,
    ScanSource,
    SealNote,
    SetAside,
    TextOfPage,
    document_key,
)
from schemas.ids import DossierCode, Sha256

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_MOST_PAGES: Final = 5_000
"""Pages of one document; the line itself sets aside files that claim more."""
_MOST_CODES: Final = 64
_MOST_WORDS: Final = 500
_MOST_TEXT: Final = 100_000
"""Letters on one page: ten times a page of small print."""

Digest = Annotated[str, StringConstraints(pattern=_HEX)]
Raw = Annotated[str, StringConstraints(max_length=1_000)]
"""Text as it came from paper or from a file's name: nothing is cleaned, so that it stays what it was."""
Pixels = Annotated[int, Field(ge=-100_000, le=200_000)]
Point = tuple[Pixels, Pixels]
Turn = Literal[0, 90, 180, 270]


class BarcodeForm(Form):
    """A code as read."""

    format: Raw
    text: Raw
    box: tuple[Point, Point, Point, Point] = Field(strict=False)

    def record(self) -> Barcode:
        """As the house knows it."""
        return Barcode(self.format, self.text, self.box)


class NearMissForm(Form):
    """A text one letter away from a code."""

    text: Raw
    candidates: tuple[Raw, ...] = Field(max_length=_MOST_CODES, strict=False)

    def record(self) -> NearMiss:
        """As the house knows it."""
        return NearMiss(self.text, self.candidates)


class PageForm(Form):
    """A page with its measures."""

    source: Raw
    source_page: int = Field(ge=1, le=_MOST_PAGES)
    sha256: Digest
    width_px: int = Field(ge=0, le=200_000)
    height_px: int = Field(ge=0, le=200_000)
    dpi: int = Field(ge=0, le=10_000)
    skew_deg: float = Field(ge=-360, le=360)
    blank: bool
    sharpness: float | None
    contrast: float
    barcodes: tuple[BarcodeForm, ...] = Field(max_length=_MOST_CODES, strict=False)
    verdict: PageVerdict
    reasons: tuple[ScanReason, ...] = Field(max_length=_MOST_CODES, strict=False)
    role: PageRole
    image_sha256: Annotated[str, StringConstraints(max_length=64)]
    conversion: Raw | None
    rotate_deg: Turn
    crop: tuple[Pixels, Pixels, Pixels, Pixels] | None = Field(strict=False)
    paper: Raw | None
    near_misses: tuple[NearMissForm, ...] = Field(max_length=_MOST_CODES, strict=False)
    component: int | None = Field(ge=1, le=99)

    def record(self) -> ScannedPage:
        """As the house knows it."""
        return ScannedPage(
            source=self.source,
            source_page=self.source_page,
            sha256=Sha256(self.sha256),
            width_px=self.width_px,
            height_px=self.height_px,
            dpi=self.dpi,
            skew_deg=self.skew_deg,
            blank=self.blank,
            sharpness=self.sharpness,
            contrast=self.contrast,
            barcodes=tuple(code.record() for code in self.barcodes),
            verdict=self.verdict,
            reasons=self.reasons,
            role=self.role,
            image_sha256=self.image_sha256,
            conversion=self.conversion,
            rotate_deg=self.rotate_deg,
            crop=self.crop,
            paper=self.paper,
            near_misses=tuple(miss.record() for miss in self.near_misses),
            component=self.component,
        )


class SourceForm(Form):
    """An original that the station keeps."""

    name: Raw
    sha256: Digest
    size_bytes: int = Field(ge=0)


class BatchForm(Form):
    """The feed that the document came out of."""

    id: Name
    station: Name
    operator: Line | None
    begun_at: Instant
    order: FeedOrder | None

    def record(self) -> ScanBatch:
        """As the house knows it."""
        return ScanBatch(self.id, self.station, self.operator, self.begun_at, self.order)


class SealForm(Form):
    """What the seal is said to be; the seal itself is in the file and is asked."""

    level: Literal["B-B", "B-T", "B-LTA"]
    signer: Line
    at: Instant


class DocumentForm(Form):
    """A finished document without its bytes. Versions are made where the review is, never at a district station."""

    key: Digest
    batch: BatchForm
    part_no: int = Field(ge=1, le=_MOST_PAGES)
    dossier_code: DossierCodeText | None
    s10: ItemNumberText | None
    sha256: Digest
    size_bytes: int = Field(ge=1)
    conformance: Annotated[str, StringConstraints(pattern=r"^PDF/A-[23][abu]$")]
    pages: tuple[PageForm, ...] = Field(min_length=1, max_length=_MOST_PAGES, strict=False)
    sources: tuple[SourceForm, ...] = Field(min_length=1, max_length=_MOST_PAGES, strict=False)
    reasons: tuple[ScanReason, ...] = Field(max_length=_MOST_CODES, strict=False)
    seal: SealForm | None
    version: Literal[1]
    replaces: None
    version_reason: Literal[""]

    @model_validator(mode="after")
    def _key_is_of_these_pages(self) -> "DocumentForm":
        if self.key != document_key(self.dossier_code, [(page.sha256, page.source_page) for page in self.pages]):
            raise fault("form.document_key")
        return self

    def record(self, path: Path) -> ScannedDocument:
        """As the house knows it, its bytes at ``path``."""
        return ScannedDocument(
            key=self.key,
            batch=self.batch.record(),
            part_no=self.part_no,
            dossier_code=DossierCode(self.dossier_code) if self.dossier_code else None,
            s10=self.s10,
            sha256=Sha256(self.sha256),
            size_bytes=self.size_bytes,
            path=path,
            conformance=self.conformance,
            pages=tuple(page.record() for page in self.pages),
            sources=tuple(ScanSource(one.name, Sha256(one.sha256), one.size_bytes) for one in self.sources),
            reasons=self.reasons,
            seal=SealNote(self.seal.level, self.seal.signer, self.seal.at) if self.seal else None,
        )


class AsideForm(Form):
    """News of a file or page that is in no document; the original stays at the station."""

    key: Digest
    batch: BatchForm
    source: Raw
    source_page: int | None = Field(ge=1, le=_MOST_PAGES)
    reason: ScanReason
    detail: Annotated[str, BeforeValidator(lambda told: told[:2_000] if isinstance(told, str) else told)]
    kept: Raw
    sha256: Digest | None

    def record(self) -> SetAside:
        """As the house knows it; the path is the station's own and only shown."""
        return SetAside(
            key=self.key,
            batch=self.batch.record(),
            source=self.source,
            source_page=self.source_page,
            reason=self.reason,
            detail=self.detail,
            kept=Path(PurePosixPath(self.kept)),
            sha256=Sha256(self.sha256) if self.sha256 else None,
        )


class TextPageForm(Form):
    """What was read on one page."""

    page_no: int = Field(ge=1, le=_MOST_PAGES)
    text: Annotated[str, StringConstraints(max_length=_MOST_TEXT)]
    codes: tuple[Raw, ...] = Field(max_length=_MOST_WORDS, strict=False)
    names: tuple[Raw, ...] = Field(max_length=_MOST_WORDS, strict=False)
    dates: tuple[Raw, ...] = Field(max_length=_MOST_WORDS, strict=False)
    items: tuple[Raw, ...] = Field(max_length=_MOST_WORDS, strict=False)
    near_misses: tuple[NearMissForm, ...] = Field(max_length=_MOST_WORDS, strict=False)
    confidence: float | None = Field(ge=0, le=100)
    fault: ScanReason | None

    def record(self) -> TextOfPage:
        """As the house knows it."""
        return TextOfPage(
            page_no=self.page_no,
            text=self.text,
            codes=self.codes,
            names=self.names,
            dates=self.dates,
            items=self.items,
            near_misses=tuple(miss.record() for miss in self.near_misses),
            confidence=self.confidence,
            fault=self.fault,
        )


class TextForm(Form):
    """The text of a document that was handed over before."""

    key: Digest
    engine: Line
    pages: tuple[TextPageForm, ...] = Field(max_length=_MOST_PAGES, strict=False)

    def record(self) -> DocumentText:
        """As the house knows it."""
        return DocumentText(self.key, self.engine, tuple(page.record() for page in self.pages))


class StationForm(Form):
    """How a station stands."""

    name: Name
    documents: int = Field(ge=0, description="Documents that it handed over, ever.")
    waiting: int = Field(ge=0, description="Parcels that wait in its outbound queue.")
    parked: int = Field(ge=0, description="Parcels that were refused; a person at the station decides.")
    trouble: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="Id of the sentence that says what keeps it from working; empty for none."
    )

    @field_validator("trouble")
    @classmethod
    def _known_family(cls, told: str) -> str:
        if told and not re.fullmatch(r"trouble\.[a-z_]+", told):
            raise fault("form.invalid")
        return told
