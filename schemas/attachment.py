"""A scanned document as it is bound to a dossier, or waits for a person to bind it; and the versions of it.

A document is never changed: a person who finds a fault makes a new one, which names what it ``replaces``. The old one
stays, with what it was ``superseded_by``; it waits for nobody, counts no sheets and is told to no peer any more.
"""

import dataclasses
import datetime as dt

from schemas.ids import DossierId, Sha256, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class SheetsOf:
    """How many of the citizen's sheets a document has of one component; ``component`` None: nobody sorted them yet."""

    component: int | None
    sheets: int


@dataclasses.dataclass(frozen=True, slots=True)
class AttachedDocument:
    """A PDF/A in the blob store. ``key`` is the document key that scanning made from the originals' digests.

    ``dossier`` None puts it into the operator's queue; ``doubts`` says why (message ids of scanning's reasons).
    ``pages`` counts the citizen's own sheets; ``components`` counts the same sheets by component. ``version`` counts
    from 1; from 2 on ``version_reason`` says why. ``sealed`` is the seal's level ("B-T"), empty without a seal.
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
    components: tuple[SheetsOf, ...] = ()
    version: int = 1
    version_reason: str = ""
    replaces: tuple[str, ...] = ()
    superseded_by: str = ""
    superseded_at: dt.datetime | None = None
    sealed: str = ""

    @property
    def waits(self) -> bool:
        """Whether a person has to decide about it."""
        return not self.superseded_by and (self.dossier is None or bool(self.doubts))


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
