"""What the national portal and the one-stop systems are told and tell us, in our own words.

Code numbers of a peer stay inside its adapter; here are dates with zone, our enums and whole đồng.
"""

import dataclasses
import datetime as dt
import enum

from schemas.dossier import Channel, Component, Party, RequestKind, ReturnMethod
from schemas.ids import DossierCode, DossierId, ProcedureCode, Sha256, UnitId


class Reuse(enum.IntEnum):
    """Whether a paper was used again instead of being asked for: not, yes, or as the result of an earlier procedure."""

    NONE = 0
    REUSED = 1
    RESULT = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the dossier that a peer may fetch by its address."""

    sha256: Sha256
    name: str
    component_no: int | None
    url: str
    digitised: bool
    reuse: Reuse = Reuse.NONE
    replaced_result: str = ""
    """Code of the earlier result that stands for this paper (``reuse`` RESULT)."""
    from_store: bool = False
    """Taken from the citizen's national document store."""


class OnlinePayment(enum.IntEnum):
    """Whether the fee was paid online, and where."""

    NONE = 0
    PORTAL = 1
    GATEWAY = 2


@dataclasses.dataclass(frozen=True, slots=True)
class ResultPaper:
    """A result of the dossier; ``url`` is empty while its file is not known."""

    code: str
    name: str
    sha256: Sha256 | None
    url: str


@dataclasses.dataclass(frozen=True, slots=True)
class PortalFee:
    """A fee of the dossier in đồng; ``when``: 1 at intake, 2 at a supplement, 4 with the result."""

    name: str
    code: str
    amount: int
    when: int


@dataclasses.dataclass(frozen=True, slots=True)
class PortalSupplement:
    """A request to complete the papers, with the promised dates before and after it."""

    n: int
    asked_by: str
    what: str
    asked_at: dt.datetime
    arrived_at: dt.datetime | None
    settled: bool
    due_before: dt.datetime | None
    due_after: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class PeerFile:
    """A file of ours that a peer keeps: its id there, and the digest that the peer told of it."""

    sha256: Sha256
    peer_id: str
    peer_digest: str


@dataclasses.dataclass(frozen=True, slots=True)
class Registration:
    """How far a portal has come with a dossier that it takes in several calls; kept between each two of them."""

    number: str = ""
    """The code that the portal gave the dossier; empty while none was asked for."""
    files: tuple[PeerFile, ...] = ()
    """Files that it has."""
    creating: bool = False
    """The call that makes the dossier there may have been sent."""
    peer_id: str = ""
    """Its own id of the dossier; told when the dossier was made, and lost where that answer was."""
    created: bool = False
    """The dossier is there, for certain."""


@dataclasses.dataclass(frozen=True, slots=True)
class PortalDossier:
    """Snapshot of a dossier for DongBoHoSoMC; the payload of ``portal.dossier``. National codes as domain model §3."""

    dossier: DossierId
    code: DossierCode
    procedure: ProcedureCode
    procedure_name: str
    field_code: str
    field_name: str
    channel: Channel
    owner: Party
    summary: str
    submitted_at: dt.datetime | None
    accepted_at: dt.datetime | None
    due_at: dt.datetime | None
    returned_at: dt.datetime | None
    finished_at: dt.datetime | None
    refused_at: dt.datetime | None
    national: int
    return_method: ReturnMethod
    unit_name: str
    unit_code: str
    components: tuple[Component, ...]
    attachments: tuple[Attachment, ...]
    as_of: dt.datetime
    results: tuple[ResultPaper, ...] = ()
    fees: tuple[PortalFee, ...] = ()
    supplements: tuple[PortalSupplement, ...] = ()
    owner_reference: str = ""
    """The owner's technical id at the portal (TechID), where it is known."""
    vneid_verified: bool = False
    paid_online: OnlinePayment = OnlinePayment.NONE
    databases: tuple[str, ...] = ()
    """Codes of the national databases that were asked instead of the citizen."""
    born_at_portal: bool = False
    registration: Registration | None = None
    """Filled in when it is sent, for a portal that takes a dossier in several calls."""


@dataclasses.dataclass(frozen=True, slots=True)
class ProgressStep:
    """One progress step for CapNhatTienDoHoSoMC."""

    at: dt.datetime
    national: int
    by: str
    title: str
    department: str
    what: str
    started_at: dt.datetime | None
    due_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class PortalProgress:
    """Up to ten progress steps of one dossier, in order; the payload of ``portal.progress``, settled as a whole."""

    dossier: DossierId
    code: DossierCode
    steps: tuple[ProgressStep, ...]
    registration: Registration | None = None
    """As in :class:`PortalDossier`."""


@dataclasses.dataclass(frozen=True, slots=True)
class PortalReceipt:
    """The portal took it. ``created`` is False where it turned into an update of what was there."""

    created: bool
    peer_code: str
    peer_text: str
    registration: Registration | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class OneStopDossier:
    """A dossier for the one-stop system of the competent unit; the payload of ``one_stop.dossier``."""

    dossier: DossierId
    code: DossierCode
    procedure: ProcedureCode
    procedure_name: str
    owner: Party
    submitter: Party
    origin: UnitId
    origin_code: str
    target: UnitId
    target_code: str
    submitted_at: dt.datetime | None
    due_at: dt.datetime | None
    return_method: ReturnMethod
    item_number: str | None
    components: tuple[Component, ...]
    attachments: tuple[Attachment, ...]
    note: str


@dataclasses.dataclass(frozen=True, slots=True)
class OneStopStatus:
    """News of ours for the one-stop system (sendStatusProfile); the payload of ``one_stop.status``."""

    dossier: DossierId
    code: DossierCode
    origin_code: str
    target_code: str
    national: int
    at: dt.datetime
    by: str
    note: str


@dataclasses.dataclass(frozen=True, slots=True)
class OneStopRequest:
    """Papers or money that are asked for, or were brought; the payload of ``one_stop.request``."""

    dossier: DossierId
    code: DossierCode
    origin_code: str
    target_code: str
    kind: RequestKind
    answered: bool
    """False: it is asked for. True: the papers are here, the fee is paid."""
    national: int
    """The dossier's code with it."""
    amount: int | None
    """Đồng, for a fee whose amount is known."""
    at: dt.datetime
    by: str
    note: str
    attachments: tuple[Attachment, ...]


class ReportKind(enum.StrEnum):
    """What a one-stop system reports about a dossier."""

    RECEIVED = "received"
    """The unit signs for the envelope: its receipt, not yet its acceptance."""
    STATUS = "status"
    """The national code at the unit is now ``national``."""
    PAID = "paid"
    """The fee that was asked for is paid; the national code is what it was before."""


@dataclasses.dataclass(frozen=True, slots=True)
class ProfileRef:
    """A report that waits at the one-stop side: its key there."""

    key: str
    unit_code: str


@dataclasses.dataclass(frozen=True, slots=True)
class OneStopReport:
    """A report of a one-stop system, understood. ``national`` is None for RECEIVED and PAID."""

    key: str
    kind: ReportKind
    code: DossierCode
    national: int | None
    at: dt.datetime
    by: str
    due_at: dt.datetime | None
    reason: str
    result_codes: tuple[str, ...]
    raw_sha256: Sha256
    amount: int | None = None
    """Đồng that are asked for or were paid, where it is told."""
