"""A scanned document as it is bound to a dossier, or waits for a person to bind it."""

import dataclasses
import datetime as dt

from schemas.ids import DossierId, Sha256, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class AttachedDocument:
    """A PDF/A in the blob store. ``key`` is the document key that scanning made from the originals' digests.

    ``dossier`` None puts it into the operator's queue; ``doubts`` says why (message ids of scanning's reasons).
    """

    key: str
    dossier: DossierId | None
    told_code: str
    sha256: Sha256
    size: int
    pages: int
    name: str
    conformance: str
    station: str
    operator: str
    batch: str
    unit: UnitId
    scanned_at: dt.datetime
    attached_at: dt.datetime
    originals: tuple[Sha256, ...]
    doubts: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class KeptAside:
    """A file or page that is in no document: shown to the operator with its reason, the original kept at ``kept``."""

    key: str
    batch: str
    station: str
    source: str
    source_page: int | None
    reason: str
    detail: str
    kept: str
    sha256: Sha256 | None
    at: dt.datetime
