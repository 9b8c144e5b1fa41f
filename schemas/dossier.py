"""The dossier (hồ sơ) and everything that happened to it (domain model §2 and §3)."""

import dataclasses
import datetime as dt
import enum

from schemas.ids import DossierCode, DossierId, PeerId, ProcedureCode, Sha256, UnitId


class DossierState(enum.StrEnum):
    """States of domain model §3; the national code is a function of them (:mod:`tracking.transitions`)."""

    DRAFT = "DRAFT"
    LODGED = "LODGED"
    VOID = "VOID"
    IN_POST = "IN_POST"
    ARRIVED = "ARRIVED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    SUPP_ASKED = "SUPP_ASKED"
    SUPP_IN_POST = "SUPP_IN_POST"
    SUPP_ARRIVED = "SUPP_ARRIVED"
    PROCESSING = "PROCESSING"
    BETWEEN_UNITS = "BETWEEN_UNITS"
    FEE_ASKED = "FEE_ASKED"
    STOPPED = "STOPPED"
    WITHDRAW_ASKED = "WITHDRAW_ASKED"
    WITHDRAWN = "WITHDRAWN"
    RESULT_READY = "RESULT_READY"
    RESULT_IN_POST = "RESULT_IN_POST"
    RESULT_HELD = "RESULT_HELD"
    PROOF_WAIT = "PROOF_WAIT"
    RETURNED = "RETURNED"
    RESULT_GOING_BACK = "RESULT_GOING_BACK"
    RESULT_BACK = "RESULT_BACK"
    PAPERS_OUT = "PAPERS_OUT"
    CLOSED = "CLOSED"
    LOST_HOLD = "LOST_HOLD"


class IntakeMode(enum.StrEnum):
    """How the dossier gets its code (domain model §1.8)."""

    DELEGATED = "delegated"
    FORWARDED = "forwarded"
    ONLINE = "online"


class Channel(enum.IntEnum):
    """KenhThucHien: 1 in person, 2 online, 3 public post."""

    IN_PERSON = 1
    ONLINE = 2
    POST = 3


class IdKind(enum.StrEnum):
    """Kind of identity paper."""

    CCCD = "cccd"
    CMND = "cmnd"
    PASSPORT = "passport"
    TAX_CODE = "tax_code"


class PartyKind(enum.StrEnum):
    """Who owns a dossier; every peer has its own codes for these."""

    CITIZEN = "citizen"
    BUSINESS = "business"
    STATE_BODY = "state_body"
    ORGANISATION = "organisation"


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """A postal address; old and new commune names are both lawful (product facts §4.1 f)."""

    line: str
    commune: str
    province: str
    province_code: str
    """Postal province code of the carrier's table as text, or empty where it is not known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Party:
    """A person or an organisation. Names are taken as they are: no rule about words or surnames."""

    kind: PartyKind
    name: str
    id_kind: IdKind | None
    id_number: str | None
    phone: str
    address: Address
    email: str = ""
    id_issued_on: dt.date | None = None
    """Day of issue of the identity paper, where it was read or told."""


@dataclasses.dataclass(frozen=True, slots=True)
class CodeAlias:
    """A code that the dossier has or had; all of them find it for ever."""

    code: DossierCode
    scheme: str
    """``official``, ``provisional`` or ``peer:<peer id>``."""
    valid_from: dt.datetime
    valid_to: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One lawful move: row of the transition table, who said so, and what the portal will hear."""

    row: int
    """Number of the row in domain model §3."""
    state: DossierState
    national: int | None
    at: dt.datetime
    """When it happened in the world."""
    recorded_at: dt.datetime
    by: str
    """Person or system, as the portal may show it (no identity number)."""
    source: str
    """``desk``, ``peer:<id>``, ``tracking`` or ``clock``."""
    unit: UnitId | None
    reason: str = ""
    form: str = ""
    approvals: tuple[str, ...] = ()


class RequestKind(enum.StrEnum):
    """What a unit or the citizen asked for."""

    SUPPLEMENT = "supplement"
    FEE = "fee"
    WITHDRAWAL = "withdrawal"


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A request on the dossier and whether it is settled."""

    kind: RequestKind
    asked_at: dt.datetime
    amount: int | None
    due_at: dt.datetime | None
    settled_at: dt.datetime | None
    reason: str = ""


class PauseEffect(enum.StrEnum):
    """What a pause does to the processing clock."""

    PAUSE = "pause"
    RESTART = "restart"


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """The processing clock stood still from ``since`` to ``until``."""

    kind: RequestKind
    since: dt.datetime
    until: dt.datetime | None
    effect: PauseEffect


@dataclasses.dataclass(frozen=True, slots=True)
class Supplement:
    """The ``n``-th request to complete the papers; more than one counts as overdue (indicator 2.1)."""

    n: int
    asked_at: dt.datetime
    due_at: dt.datetime | None
    arrived_at: dt.datetime | None
    settled_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of the way between units; ``received_at`` is the unit's own receipt, not the post's delivery."""

    origin: UnitId
    target: UnitId
    sent_at: dt.datetime | None
    received_at: dt.datetime | None
    due_at: dt.datetime | None
    done_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Component:
    """A paper of the dossier and its sheets: counted at the counter, received by the unit, scanned."""

    no: int
    name: str
    kind: str
    copies: int
    sheets_counted: int
    sheets_received: int | None = None
    sheets_scanned: int | None = None


class ReturnMethod(enum.IntEnum):
    """HinhThuc: 0 at the counter, 1 by post."""

    COUNTER = 0
    POST = 1


class ProofKind(enum.StrEnum):
    """What proves that the citizen has the result."""

    COUNTER_SIGNATURE = "counter_signature"
    ELECTRONIC = "electronic"
    POSTAL = "postal"


@dataclasses.dataclass(frozen=True, slots=True)
class ReturnProof:
    """Proof of return; ``at`` is the time of delivery (NgayTra)."""

    kind: ProofKind
    at: dt.datetime
    by: str
    evidence: Sha256 | None


@dataclasses.dataclass(frozen=True, slots=True)
class DueChange:
    """A promised date that was; promises never move without a row here."""

    due_at: dt.datetime
    calendar_version: str
    changed_at: dt.datetime
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class PeerState:
    """What a peer believes, as far as it told us or confirmed to us."""

    peer: PeerId
    national: int
    as_of: dt.datetime
    from_us: bool = False
    """True where it knows because we told it and it took it; False where it told us."""
    reason: str = ""
    due_at: dt.datetime | None = None
    result_codes: tuple[str, ...] = ()
    """What it said with it: a report that ran ahead of the post's news is followed with its own words later."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """A result paper: its official code and, when it was scanned, the digest of its file."""

    code: str
    sha256: Sha256 | None


@dataclasses.dataclass(frozen=True, slots=True)
class Dossier:
    """The whole dossier as one aggregate; ``version`` counts its changes (optimistic lock).

    ``id`` is 0 until the store has given one. ``post_unit`` is the post office that took it in, None for a dossier
    handed in at the agency's own counter.
    """

    id: DossierId
    version: int
    code: DossierCode
    aliases: tuple[CodeAlias, ...]
    intake_mode: IntakeMode
    channel: Channel
    procedure: ProcedureCode
    procedure_version: int
    owner: Party
    submitter: Party
    authority: str
    """What entitles the submitter, e.g. ``self`` or the number of a letter of authority."""
    receiving_unit: UnitId
    competent_unit: UnitId
    returning_unit: UnitId
    post_unit: UnitId | None
    state: DossierState
    national: int | None
    interrupted: tuple[DossierState, ...]
    """Stack of interrupted states; the last one is *prev* of the transition table."""
    history: tuple[Step, ...]
    submitted_at: dt.datetime | None
    accepted_at: dt.datetime | None
    closed_at: dt.datetime | None
    due_at: dt.datetime | None
    due_final: bool
    """False while the date is only expected (before acceptance)."""
    calendar_version: str
    due_history: tuple[DueChange, ...]
    requests: tuple[Request, ...]
    pauses: tuple[Pause, ...]
    supplements: tuple[Supplement, ...]
    legs: tuple[Leg, ...]
    components: tuple[Component, ...]
    return_method: ReturnMethod
    return_address: Address | None
    return_proof: ReturnProof | None
    results: tuple[Result, ...]
    peer_states: tuple[PeerState, ...]
    parcels_declared: int
    note: str
    correlation_id: str
    created_at: dt.datetime
