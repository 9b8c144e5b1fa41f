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


class Age(enum.StrEnum):
    """Buckets of how long a case has been open."""

    HOURS_4 = "0-4h"
    HOURS_24 = "4-24h"
    DAYS_3 = "1-3d"
    DAYS_7 = "3-7d"
    OLDER = "over-7d"

    @property
    def hours(self) -> tuple[int, int | None]:
        """From (included) and to (not included), in hours; None: no end."""
        return _AGES[self]

    @classmethod
    def of(cls, opened_at: dt.datetime, now: dt.datetime) -> "Age":
        """The bucket of a case that was opened at ``opened_at``."""
        hours = (now - opened_at) / dt.timedelta(hours=1)
        return next((age for age, (_, most) in _AGES.items() if most is not None and hours < most), cls.OLDER)


_AGES = {
    Age.HOURS_4: (0, 4),
    Age.HOURS_24: (4, 24),
    Age.DAYS_3: (24, 72),
    Age.DAYS_7: (72, 168),
    Age.OLDER: (168, None),
}


class ReasonCode(enum.StrEnum):
    """Why a person resolved a case; the sentence is ``case_reason.<code>``."""

    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    """Both sides confirmed that all is well; one of them told it late or wrong."""
    FOUND = "found"
    REPLACED = "replaced"
    COMPENSATED = "compensated"
    FALSE_ALARM = "false_alarm"
    ACCEPTED = "accepted"
    """It cannot be mended and is accepted as it is."""


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
    """Who confirmed the resolution of a grave case; never the one who proposed it."""
    units: tuple[UnitId, ...]
    reason_code: ReasonCode | None = None
    evidence_sha256: Sha256 | None = None
    """Digest of the evidence that the person saw who resolved it."""
    proposed_by: str = ""
    """Who proposed to resolve a grave case (a stable name of the account); it waits for a second person."""
