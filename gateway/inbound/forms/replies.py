"""What we answer, as records, and how they are written: pydantic as a writer only.

(As a reader, TypeAdapter over a bare dataclass drops unknown fields and takes naive times; requests have forms.)
"""

import dataclasses
import datetime as dt
from typing import Any, Final

from pydantic import TypeAdapter

from gateway.log import redact
from schemas.attachment import AttachedDocument, KeptAside
from schemas.discrepancy import Discrepancy
from schemas.document import TextOfPage
from schemas.dossier import Dossier
from schemas.ids import DossierCode, DossierId, ItemId, MessageNo
from schemas.message import Attempt, AttemptClass, Message
from schemas.ports.dossier_stores import DossierLine
from schemas.shipment import Item
from schemas.tracking import StoredEvent


@dataclasses.dataclass(frozen=True, slots=True)
class FaultReply:
    """One fault of a request: where, which, and a sentence for people."""

    path: str
    code: str
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class ProblemReply:
    """RFC 9457. ``type`` names the kind for programs, ``detail`` is a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    faults: tuple[FaultReply, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class HandoverReply:
    """The receipt: what the citizen takes home, and where to look it up."""

    dossier: DossierId
    code: DossierCode
    item: ItemId | None
    item_number: str | None
    state: str
    national: int | None
    due_at: dt.datetime | None
    due_final: bool
    correlation_id: str
    href: str


@dataclasses.dataclass(frozen=True, slots=True)
class TimelineReply:
    """One line of the merged timeline. ``source``: one_stop, post, portal or scan."""

    at: dt.datetime
    source: str
    kind: str
    key: str
    says: str
    detail: str
    by: str
    place: str
    grave: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ClockReply:
    """One of the two clocks: which share of the way it has run, and whether it runs now."""

    kind: str
    running: bool
    since: dt.datetime | None
    due_at: dt.datetime | None
    used_minutes: int


@dataclasses.dataclass(frozen=True, slots=True)
class ItemReply:
    """A postal item of the dossier with everything that was said about it."""

    item: Item
    events: tuple[StoredEvent, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DossierReply:
    """The whole record of one dossier; numbers of persons are masked."""

    dossier: Dossier
    clocks: tuple[ClockReply, ...]
    timeline: tuple[TimelineReply, ...]
    items: tuple[ItemReply, ...]
    documents: tuple[AttachedDocument, ...]
    messages: tuple[Message, ...]
    discrepancies: tuple[Discrepancy, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DossierListReply:
    """A page of dossiers; ``next_after`` goes into ``after`` for the next one."""

    dossiers: tuple[DossierLine, ...]
    next_after: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class MessageListReply:
    """A page of messages, newest first."""

    messages: tuple[Message, ...]
    next_after: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class AttemptReply:
    """One try, without its raw bytes: these are shown to operators only, in the console, and audited."""

    n: int
    started_at: dt.datetime
    ended_at: dt.datetime | None
    outcome: AttemptClass
    status: int | None
    peer_code: str
    detail: str

    @staticmethod
    def of(attempt: Attempt) -> "AttemptReply":
        """Leave the exchanges out."""
        return AttemptReply(
            n=attempt.n,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            outcome=attempt.outcome,
            status=attempt.status,
            peer_code=attempt.peer_code,
            detail=redact(attempt.detail),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class MessageReply:
    """A message and its tries."""

    message: Message
    attempts: tuple[AttemptReply, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionReply:
    """What a decision on a message came to."""

    message: MessageNo
    state: str


@dataclasses.dataclass(frozen=True, slots=True)
class ActionReply:
    """What an action was about and how it stands now; ``number`` is the item's."""

    subject: str
    state: str
    number: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class DiscrepancyListReply:
    """Cases: the open ones gravest first, or all newest first."""

    discrepancies: tuple[Discrepancy, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class UploadReply:
    """The files lie in the hot folder under this batch."""

    batch: str
    files: int
    bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class TakenReply:
    """A station's parcel is here for good. ``repeated``: it was before, and nothing was done again."""

    key: str
    repeated: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ScanQueueReply:
    """What waits for a person: documents in doubt, and what was set aside with its reason."""

    unassigned: tuple[AttachedDocument, ...]
    aside: tuple[KeptAside, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SnippetReply:
    """Text before, the hit itself, text after; ``match`` is empty where the hit was a number that is masked."""

    before: str
    match: str
    after: str


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentHitReply:
    """A page with the words that were looked for; ``dossier`` is the code it is bound to, null in the queue."""

    document: str
    name: str
    dossier: DossierCode | None
    page_no: int
    scanned_at: dt.datetime
    snippet: SnippetReply


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentListReply:
    """Pages with the words, newest first; ``next_after`` goes into ``after`` for the next ones."""

    documents: tuple[DocumentHitReply, ...]
    next_after: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentTextReply:
    """What was read of a document, page by page; numbers of persons are masked."""

    document: str
    engine: str
    pages: tuple[TextOfPage, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class HealthReply:
    """Whether we can work, part by part."""

    status: str
    parts: dict[str, bool]


_ADAPTERS: Final[dict[type, TypeAdapter[Any]]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Building one costs milliseconds, so each is built once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def write(reply: object) -> bytes:
    """The reply as JSON; instants in ISO 8601 with zone."""
    return _adapter(type(reply)).dump_json(reply)


def schema(kind: type, ref_template: str) -> dict[str, Any]:
    """The JSON Schema of a reply as it is written."""
    return _adapter(kind).json_schema(mode="serialization", ref_template=ref_template)
