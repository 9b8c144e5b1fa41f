"""Where two sides disagree: the finding of a rule and the life of the case (domain model §2, tracking facts §5.2)."""

import dataclasses
import datetime as dt
import enum

from schemas.ids import DiscrepancyId, Sha256, UnitId


class Subject(enum.StrEnum):
    """What a rule looks at."""

    DOSSIER = "dossier"
    ITEM = "item"
    BAG = "bag"
    FEED = "feed"
    INVOICE = "invoice"


class Severity(enum.IntEnum):
    """How grave; comparable, so that ``--fail-on`` can ask for at least."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class DiscrepancyState(enum.StrEnum):
    """Life of a case."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting"
    RESOLVED = "resolved"
    REOPENED = "reopened"


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """A row that a finding stands on: ``kind`` (event, step, booking, item, receipt, feed, message) and its key."""

    kind: str
    key: str
    says: str
    at: dt.datetime | None
    sha256: Sha256 | None = None
    values: tuple[tuple[str, str], ...] = ()
    """Places of the sentence that the catalogue keeps for this proof: ``evidence.<rule>.<kind>``, ``<kind>_2`` …"""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says now: pure, the same for the same inputs. ``epoch`` tells a new case from the old one."""

    rule: str
    subject_kind: Subject
    subject: str
    """Row id of the subject as text (dossier id, item id), bag number or peer."""
    epoch: str
    severity: Severity
    evidence: tuple[Proof, ...]
    remedy: str
    """Id of the remedy in the catalogue of sentences."""
    units: tuple[UnitId, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Discrepancy:
    """A case. ``id`` is the digest of (rule, subject_kind, subject, epoch), so the same finding never opens two."""

    id: DiscrepancyId
    rule: str
    subject_kind: Subject
    subject: str
    epoch: str
    severity: Severity
    state: DiscrepancyState
    shadow: bool
    opened_at: dt.datetime
    acknowledged_at: dt.datetime | None
    resolved_at: dt.datetime | None
    reopened_at: dt.datetime | None
    owner: str
    parent: DiscrepancyId | None
    evidence: tuple[Proof, ...]
    remedy: str
    reason: str
    resolved_by: str
    """``auto`` when the cause went away, else the person."""
    second_person: str
    units: tuple[UnitId, ...]
