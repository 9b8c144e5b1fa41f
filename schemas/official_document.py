"""Official documents between state offices (QCVN 102:2016/BTTTT), and what a receiver says became of one.

A document is told by one office to one or more others, with its files; each receiver answers with statuses. Codes of
the wire stay as told beside what they mean to us: a code that is in no list we know is ``UNKNOWN`` and keeps its text.
"""

import dataclasses
import datetime as dt
import enum
from pathlib import Path

from schemas.ids import Sha256


@dataclasses.dataclass(frozen=True, slots=True)
class Organ:
    """An office as a document names it. ``id`` is its Mã định danh (:mod:`schemas.numbers.unit_code`)."""

    id: str
    name: str
    in_charge: str = ""
    """The office above it that answers for it (OrganizationInCharge)."""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentSigner:
    """Who signed the document (the person, not the XML signature)."""

    full_name: str
    position: str = ""
    competence: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Staff:
    """The official who handled it."""

    department: str = ""
    name: str = ""
    mobile: str = ""
    email: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """One office that passed the document on; ``at`` is aware."""

    organ_id: str
    at: dt.datetime


class Business(enum.StrEnum):
    """What the document does to the ones before it."""

    NEW = "new"
    REVOKE = "revoke"
    UPDATE = "update"
    REPLACE = "replace"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class EnclosedFile:
    """A file that travels with a document. ``name`` is data and never a path of ours.

    ``path`` says where its bytes lie on this machine just now; empty in a stored record, whose bytes lie by ``sha256``.

    ``signed`` is False where the document's XML signature does not cover it. ``size`` in bytes.
    """

    name: str
    content_type: str
    content_id: str
    sha256: Sha256
    size: int
    path: str = dataclasses.field(default="", compare=False)
    description: str = ""
    signed: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class OfficialDocument:
    """One document. ``id`` is what every office knows it by: ``{organ},{yyyy/MM/dd},{number}/{notation}`` or a UUID.

    ``number`` and ``notation`` make "12/BTTT-THH". ``signed_by`` is the SHA-256 fingerprint of the pinned certificate
    that proved the bytes, None for a document without XML signature. ``business_code`` is BussinessDocType as told.
    """

    id: str
    sender: Organ
    receivers: tuple[Organ, ...]
    number: str
    notation: str
    promulgated_on: dt.date
    subject: str
    place: str = ""
    type_code: str = ""
    type_name: str = ""
    type_detail: str = ""
    content: str = ""
    signer: DocumentSigner | None = None
    due_on: dt.date | None = None
    to_places: tuple[str, ...] = ()
    priority: str = ""
    sphere: str = ""
    typer_notation: str = ""
    copies: str = ""
    pages: str = ""
    appendixes: tuple[str, ...] = ()
    steering_type: str = ""
    business: Business = Business.NEW
    business_code: str = "0"
    business_reason: str = ""
    staff: Staff | None = None
    paper: str = ""
    """1: the paper follows by post (Paper); 0: it does not; empty: not told."""
    traces: tuple[Trace, ...] = ()
    files: tuple[EnclosedFile, ...] = ()
    signed_by: Sha256 | None = None


class Handling(enum.StrEnum):
    """What a receiver did with a document."""

    ARRIVED = "arrived"
    REFUSED = "refused"
    RECEIVED = "received"
    ASSIGNED = "assigned"
    PROCESSING = "processing"
    DONE = "done"
    RECALL_ASKED = "recall_asked"
    RECALL_GRANTED = "recall_granted"
    RECALL_REFUSED = "recall_refused"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentStatus:
    """News of a receiver (``sender``) about a document of ``about_organ``; ``code`` is StatusCode as told.

    ``about_code`` is the document's number and notation in one, "12/BTTT-THH".
    """

    about_organ: str
    about_code: str
    about_date: dt.date | None
    about_document: str
    sender: Organ
    handling: Handling
    code: str
    at: dt.datetime
    description: str = ""
    staff: Staff | None = None
    signed_by: Sha256 | None = None


class MessageKind(enum.StrEnum):
    """What waits on the axis."""

    DOCUMENT = "document"
    STATUS = "status"


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentRef:
    """Something that waits: its key at the axis, who sent it and when (None: not told)."""

    key: str
    kind: MessageKind
    sender_id: str
    created_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class FetchedFile:
    """A document's bytes as they came, whole and on disk; nobody has read them yet. ``size`` in bytes."""

    path: Path
    sha256: Sha256
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class ExchangeReceipt:
    """The axis took it; ``key`` is its own id for it."""

    key: str
    text: str
