"""Events out of VNPost's list and out of its webhook: the same state told twice is the same event."""

import dataclasses
import datetime as dt
import hashlib

from adapters._kit.json import parse
from adapters.vnpost import times
from adapters.vnpost.codes import CODE_LIST, NOT_APPROVED
from adapters.vnpost.terms import Terms
from adapters.vnpost.wire import State
from schemas.errors import Misunderstood
from schemas.ids import PeerId, Sha256
from schemas.tracking import (
    Complaint,
    Direction,
    EventTime,
    Mapped,
    MoneyLine,
    Movement,
    TrackingBatch,
    TrackingEvent,
)
from schemas.wire import RawDocument

PEER = PeerId("vnpost")


def batch_from_data(data: str, raw: bytes, terms: Terms, *, received_at: dt.datetime) -> TrackingBatch:
    """The inner JSON of a delivery whose signature was verified.

    Raises:
        Misunderstood: no such JSON, an item and order without name, or a time that is none.
    """
    told = parse(State, data.encode("utf-8", "surrogatepass"), subject=PEER)
    digest = digest_of(raw)
    if not told.ItemCode and not told.OrderCode:
        raise Misunderstood("Data names neither item nor order", subject=PEER, raw=raw)
    try:
        occurred = times.read(told.LastUpdateTime, written=terms.dates)
    except ValueError as error:
        raise Misunderstood(f"LastUpdateTime: {error}", subject=told.ItemCode, raw=raw) from error
    event = event_of(told, occurred, terms, received_at=received_at, digest=digest)
    return batch_of((event,), (unknown(event),), raw, terms, received_at=received_at)


def batch_of(
    events: tuple[TrackingEvent, ...],
    complaints: tuple[Complaint | None, ...],
    raw: bytes,
    terms: Terms,
    *,
    received_at: dt.datetime,
) -> TrackingBatch:
    """What one body told, with its bytes."""
    return TrackingBatch(
        peer=PEER,
        carrier=terms.carrier,
        events=events,
        complaints=tuple(told for told in complaints if told is not None),
        raw=(RawDocument(digest_of(raw), raw, "application/json"),),
        received_at=received_at,
    )


def event_of(
    told: State, occurred: EventTime, terms: Terms, *, received_at: dt.datetime, digest: Sha256
) -> TrackingEvent:
    """A state as an event."""
    code = told.OrderStatusId or NOT_APPROVED
    causes = (told.OrderStatusName, told.CauseName, told.SolutionName, told.DeliveryNote)
    return TrackingEvent(
        carrier=terms.carrier,
        source=PEER,
        carrier_event_id=None,
        number=told.ItemCode or None,
        reference=told.OrderCode or None,
        code=code,
        code_list=CODE_LIST,
        text=" – ".join(text for text in causes if text),
        mapped=_mapped(told, terms.codes.get(code)),
        occurred=occurred,
        recorded_at=None,
        received_at=received_at,
        office=_office(code, told),
        office_name="",
        next_office=told.ToPOSCode,
        attempt=told.DeliveryTimes or 0,
        forecast=False,
        supersedes=None,
        withdrawn=False,
        recipient=None,
        evidence=(),
        money=(MoneyLine("cod", told.CodAmount),) if told.CodAmount else (),
        weight_g=None,
        seal=None,
        raw_sha256=digest,
    )


def unknown(event: TrackingEvent) -> Complaint | None:
    """The complaint of an event with a number that the table does not know."""
    if event.mapped is not None:
        return None
    return Complaint("unknown_code", f"{event.code} {event.text}".strip(), event.number, event.raw_sha256)


def time_of(text: str, terms: Terms) -> EventTime | None:
    """A time of the list, None where it is none."""
    try:
        return times.read(text, written=terms.dates)
    except ValueError:
        return None


def _mapped(told: State, mapped: Mapped | None) -> Mapped | None:
    """Their cause and solution beside our reading; an attempt on the way back is one of the return."""
    if mapped is None:
        return None
    back = told.IsReturn is True and mapped.movement is Movement.ATTEMPT_FAILED
    return dataclasses.replace(
        mapped,
        direction=Direction.RETURN if back else mapped.direction,
        reason=told.CauseCode or mapped.reason,
        action=told.SolutionCode or mapped.action,
    )


def _office(code: str, told: State) -> str:
    """Where it happened, as far as the two offices of the message let us say (inferred)."""
    if code == "70":
        return told.AcceptancePoscode
    return told.DestinationPoscode if code in ("91", "100") else ""


def digest_of(raw: bytes) -> Sha256:
    """Under which a body is kept."""
    return Sha256(hashlib.sha256(raw).hexdigest())
