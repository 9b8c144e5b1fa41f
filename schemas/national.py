"""What the national portal is told and tells besides our dossiers: catalogue, questions, ratings, dossiers born there.

Foreign codes stay inside the adapter; here are our own words, dates with zone and whole đồng. What could not be read
of a list is a :class:`UnreadRow` beside the rows that could.
"""

import dataclasses
import datetime as dt
import enum

from schemas.dossier import Party
from schemas.ids import DossierCode, DossierId, MessageId, ProcedureCode, Sha256
from schemas.portal import Attachment
from schemas.wire import RawDocument


@dataclasses.dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row of a list that could not be read; its neighbours could. ``row`` counts from 0."""

    row: int
    what: str
    raw: bytes


# --- the catalogue ---------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class ListedProcedure:
    """A line of the national list of procedures."""

    code: str
    """As the portal writes it; not every one has the form of :mod:`schemas.numbers.procedure_code`."""
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class ProcedureList:
    """The national list of procedures."""

    procedures: tuple[ListedProcedure, ...]
    unread: tuple[UnreadRow, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ProcedureFee:
    """A fee of a procedure; ``amount`` in đồng, None where the portal tells no whole number."""

    code: str
    amount: int | None
    unit: str
    what: str


@dataclasses.dataclass(frozen=True, slots=True)
class ProcedureWay:
    """A way in which a procedure can be asked for, with its time and its fees; ``term`` is the portal's own text."""

    channel: str
    """``1`` in person, ``2`` online, ``3`` by post, as the portal writes it."""
    term: str
    term_unit: str
    fees: tuple[ProcedureFee, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ProcedurePaper:
    """A paper that a procedure asks for; ``case`` is the case in which it does."""

    case: str
    code: str
    name: str
    form: str
    form_url: str


@dataclasses.dataclass(frozen=True, slots=True)
class NamedCode:
    """A code and what it is called."""

    code: str
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class NationalProcedure:
    """A procedure in full, as the portal publishes it."""

    code: str
    name: str
    publisher: str
    fields: tuple[NamedCode, ...]
    steps: tuple[str, ...]
    ways: tuple[ProcedureWay, ...]
    papers: tuple[ProcedurePaper, ...]
    results: tuple[NamedCode, ...]
    units: tuple[NamedCode, ...]
    legal_bases: tuple[NamedCode, ...]
    applicants: tuple[str, ...]
    requirements: str


@dataclasses.dataclass(frozen=True, slots=True)
class DictionaryRow:
    """A row of one of the portal's dictionaries; ``more`` are its other fields, name and value as told."""

    code: str
    name: str
    more: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Dictionary:
    """One of the portal's dictionaries."""

    name: str
    rows: tuple[DictionaryRow, ...]
    unread: tuple[UnreadRow, ...]


# --- looking up ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class FoundStep:
    """A progress step as the portal shows it; ``at`` None where its time cannot be read."""

    at: dt.datetime | None
    national: int | None
    by: str
    what: str


@dataclasses.dataclass(frozen=True, slots=True)
class FoundDossier:
    """A dossier as the portal has it. ``national`` None: no state that we know. ``steps`` None: it tells none."""

    code: DossierCode
    national: int | None
    told_state: str
    steps: tuple[FoundStep, ...] | None


# --- national indicators ---------------------------------------------------------------------------------------------


class Judgement(enum.StrEnum):
    """What the portal's figures will make of a dossier as it stands."""

    MET = "met"
    FAILS = "fails"
    LATER = "later"
    """Judged only once the dossier has ended; nothing stands against it yet."""
    NOT_COUNTED = "not_counted"
    """The dossier is not in the figure at all."""


@dataclasses.dataclass(frozen=True, slots=True)
class Indicator:
    """One national indicator of one dossier, foretold. ``reason`` names a sentence of the catalogue."""

    number: str
    """As published, e.g. ``4.1``."""
    judgement: Judgement
    reason: MessageId
    values: tuple[tuple[str, str], ...] = ()


# --- what we tell ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class PortalStatus:
    """A state of ours for a dossier that was born at the portal; the payload of ``portal.status``."""

    dossier: DossierId
    code: DossierCode
    """The portal's own code of the dossier."""
    local_code: DossierCode
    owner_reference: str
    """The applicant's technical id at the portal, empty where it is not known."""
    national: int
    at: dt.datetime
    note: str
    files: tuple[Attachment, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Satisfaction:
    """Shares in percent; they need not make 100, because not everybody answers."""

    very: float
    content: float
    not_content: float


@dataclasses.dataclass(frozen=True, slots=True)
class PortalRating:
    """What citizens said of a unit in a month; the payload of ``portal.rating``."""

    unit_code: str
    unit_name: str
    year: int
    month: int
    compiled_at: dt.datetime
    people: int
    staff: Satisfaction
    service: Satisfaction
    remarks: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class PortalAnswer:
    """Our answer to a citizen's question at the portal; the payload of ``portal.answer``."""

    question: str
    """The portal's key of the question."""
    unit_code: str
    by: str
    title: str
    at: dt.datetime
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class PublishedQuestion:
    """A question of our own collection with its answer, for the portal to publish; the payload of ``portal.faq``."""

    key: str
    """Our number of it, digits only: the portal knows it by that."""
    field_code: str
    unit_code: str
    unit_name: str
    question: str
    answer_key: str
    answer: str


# --- what comes in ---------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class WaitingQuestion:
    """A row of the portal's list of questions, as bytes; ``key`` is empty where the row tells none."""

    key: str
    raw: RawDocument


@dataclasses.dataclass(frozen=True, slots=True)
class CitizenQuestion:
    """A question put to us through the portal, understood. ``answer`` is empty while it has none there."""

    key: str
    asked_by: str
    email: str
    field_code: str
    procedure: str
    unit_code: str
    unit_name: str
    text: str
    answer_key: str
    answer: str


@dataclasses.dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that the portal holds for a question."""

    key: str
    text: str


class NoticeKind(enum.StrEnum):
    """What the portal delivers to us."""

    DOSSIER = "dossier"
    """A dossier that a citizen or a business submitted at the portal."""
    AMENDMENT = "amendment"
    """Amended papers of a dossier that we have."""
    LAND_TAX = "land_tax"
    """A notice of land tax (NhanThongBaoThueDat)."""
    PAYMENT = "payment"
    """A receipt for such a tax (NhanChungTuThueDat)."""


@dataclasses.dataclass(frozen=True, slots=True)
class NoticeFile:
    """A file of a delivery: its bytes stand in the raw delivery (``url`` empty) or at an address of the portal."""

    name: str
    url: str
    bytes: int
    sha256: Sha256 | None


@dataclasses.dataclass(frozen=True, slots=True)
class PortalNotice:
    """A delivery of the portal, understood. ``owner`` is None where it names nobody; ``paid`` in đồng."""

    kind: NoticeKind
    code: DossierCode
    procedure: ProcedureCode | None
    owner: Party | None
    note: str
    files: tuple[NoticeFile, ...]
    at: dt.datetime | None
    paid: int | None
    service: str
    """The portal's own name of the delivery, empty for a bare dossier."""
