"""The merged timeline of a dossier: what the one-stop side, the post, the portal and the scan line each said, in order.

Pure. A line carries ids of sentences, so that screen and API tell it in either language.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Iterator

from gateway.inbound.views.whole import ItemWhole, Whole
from schemas.attachment import AttachedDocument
from schemas.calendar import WorkCalendar
from schemas.dossier import Dossier, Step
from schemas.message import Message, MessageState, Operation
from schemas.tracking import Outcome, StoredEvent
from tracking import clocks as working_clocks
from tracking.clocks import Processing


class Source(enum.StrEnum):
    """Who said it."""

    ONE_STOP = "one_stop"
    POST = "post"
    PORTAL = "portal"
    SCAN = "scan"


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. ``says`` is the id of a sentence, ``values`` fill it, ``detail`` is told as it came."""

    at: dt.datetime
    source: Source
    kind: str
    """``step``, ``event``, ``document`` or ``message``."""
    key: str
    says: str
    values: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    by: str = ""
    place: str = ""
    grave: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Clock:
    """One of the two clocks. ``used`` is office time for the processing clock, plain time for the postal one."""

    kind: str
    running: bool
    since: dt.datetime | None
    due_at: dt.datetime | None
    used: dt.timedelta


def merged(whole: Whole) -> tuple[Line, ...]:
    """Every line, oldest first."""
    lines: list[Line] = [_step(n, step) for n, step in enumerate(whole.dossier.history)]
    for item in whole.items:
        lines += _signature(item)
        lines += (_event(item, event) for event in item.events)
    lines += (_document(document) for document in whole.documents)
    lines += (_message(message) for message in whole.messages)
    # A step that an event moved bears the event's own time: the cause is told first.
    return tuple(sorted(lines, key=lambda line: (line.at, line.kind != "event" or not line.by)))


def clocks(whole: Whole, now: dt.datetime) -> tuple[Clock, Clock]:
    """The processing clock (Pr) and the postal clock (Po)."""
    return _processing(whole.dossier, whole.calendar, now), _postal(whole.items, now)


def _step(n: int, step: Step) -> Line:
    source = Source.POST if step.source.startswith("tracking") else Source.ONE_STOP
    return Line(
        at=step.at,
        source=source,
        kind="step",
        key=f"step:{n}",
        says=f"state.{step.state.value}",
        detail=step.reason,
        by=step.by,
        place=step.unit or "",
    )


def _signature(whole: ItemWhole) -> Iterator[Line]:
    if whole.item.handed_over_at is not None:
        yield Line(
            at=whole.item.handed_over_at,
            source=Source.POST,
            kind="event",
            key=f"item:{whole.item.id}:signed",
            says="timeline.post_signed",
            values=(("number", whole.item.number or whole.item.reference or "–"),),
        )


def _event(whole: ItemWhole, stored: StoredEvent) -> Line:
    event = stored.event
    known = event.mapped is not None
    return Line(
        at=event.occurred.utc_low,
        source=Source.POST,
        kind="event",
        key=f"item:{whole.item.id}:{event.occurred.wall}:{event.code}",
        says=f"movement.{event.mapped.movement.value}" if event.mapped else "movement.unknown_code",
        values=(("code", event.code), ("number", event.number or event.reference or "–")),
        detail=event.text,
        by=event.carrier,
        place=event.office_name or event.office,
        grave=not known or stored.withdrawn_at is not None or stored.quarantine is not None,
    )


def _document(document: AttachedDocument) -> Line:
    return Line(
        at=document.attached_at,
        source=Source.SCAN,
        kind="document",
        key=f"document:{document.key}",
        says="timeline.document",
        values=(
            ("pages", str(document.pages)),
            ("conformance", document.conformance),
            ("digest", document.sha256[:12]),
        ),
        by=document.operator,
        place=document.station,
        grave=bool(document.doubts),
    )


_SOURCES = {
    Operation.PORTAL_DOSSIER: Source.PORTAL,
    Operation.PORTAL_PROGRESS: Source.PORTAL,
    Operation.PORTAL_STATUS: Source.PORTAL,
    Operation.PORTAL_RATING: Source.PORTAL,
    Operation.PORTAL_ANSWER: Source.PORTAL,
    Operation.PORTAL_FAQ: Source.PORTAL,
    Operation.ONE_STOP_DOSSIER: Source.ONE_STOP,
    Operation.ONE_STOP_STATUS: Source.ONE_STOP,
    Operation.ONE_STOP_REQUEST: Source.ONE_STOP,
    Operation.EXCHANGE_DOCUMENT: Source.ONE_STOP,
    Operation.EXCHANGE_STATUS: Source.ONE_STOP,
    Operation.CARRIER_BOOK: Source.POST,
    Operation.CARRIER_CANCEL: Source.POST,
    Operation.CARRIER_INSTRUCT: Source.POST,
    Operation.CARRIER_REGISTER: Source.POST,
}
_TROUBLE = frozenset({MessageState.REFUSED, MessageState.PARKED, MessageState.UNKNOWN})


def _message(message: Message) -> Line:
    settled = message.state is MessageState.DELIVERED and message.settled_at is not None
    return Line(
        at=message.settled_at if settled and message.settled_at else message.created_at,
        source=_SOURCES[message.operation],
        kind="message",
        key=f"message:{message.id}",
        says=f"operation.{message.operation.value}",
        values=(("state", message.asserted_state),),
        detail=message.last_detail if message.state in _TROUBLE else "",
        by=message.peer,
        place=f"message_state.{message.state.value}",
        grave=message.state in _TROUBLE,
    )


def _processing(dossier: Dossier, calendar: WorkCalendar, now: dt.datetime) -> Clock:
    """Office time since acceptance, without the stops."""
    used = working_clocks.processing_time(dossier, calendar, now)
    running = working_clocks.recorded(dossier) is Processing.RUNS
    return Clock("processing", running, dossier.accepted_at, dossier.due_at, used)


def _postal(items: Iterable[ItemWhole], now: dt.datetime) -> Clock:
    """Time in which the post held an item of the dossier: overlapping parcels count once."""
    used = working_clocks.postal_time((whole.item for whole in items), now)
    running = [whole for whole in items if _with_post(whole)]
    since = max((whole.item.fold.accepted_at for whole in running if whole.item.fold.accepted_at), default=None)
    promised = min((whole.item.promised_at for whole in running if whole.item.promised_at), default=None)
    return Clock("postal", bool(running), since, promised, used)


def _with_post(whole: ItemWhole) -> bool:
    fold = whole.item.fold
    return fold.accepted_at is not None and fold.outcome is Outcome.OPEN
