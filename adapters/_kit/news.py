"""Events as a carrier's adapter makes them: what nearly no carrier tells is left untold here, once."""

import datetime as dt
import hashlib
from collections.abc import Sequence

from schemas.ids import CarrierId, PeerId, Sha256
from schemas.tracking import Complaint, EventTime, Mapped, TrackingBatch, TrackingEvent
from schemas.wire import RawDocument


def digest_of(raw: bytes) -> Sha256:
    """SHA-256 of a body, as events and complaints name it."""
    return Sha256(hashlib.sha256(raw).hexdigest())


def event(
    *,
    carrier: CarrierId,
    source: PeerId,
    code: str,
    code_list: str,
    mapped: Mapped | None,
    occurred: EventTime,
    received_at: dt.datetime,
    raw_sha256: Sha256,
) -> TrackingEvent:
    """A status at a time; ``dataclasses.replace`` adds what else the carrier tells."""
    return TrackingEvent(
        carrier=carrier,
        source=source,
        carrier_event_id=None,
        number=None,
        reference=None,
        code=code,
        code_list=code_list,
        text="",
        mapped=mapped,
        occurred=occurred,
        recorded_at=None,
        received_at=received_at,
        office="",
        office_name="",
        next_office="",
        attempt=0,
        forecast=False,
        supersedes=None,
        withdrawn=False,
        recipient=None,
        evidence=(),
        money=(),
        weight_g=None,
        seal=None,
        raw_sha256=raw_sha256,
    )


def another(asked: str, told: str, raw: bytes) -> list[Complaint]:
    """The complaint about an answer that speaks of another item than was asked about; its events go by what it says."""
    if told == asked:
        return []
    return [Complaint("shape", f"asked about {asked}, told about {told}", told, digest_of(raw))]


def batch(
    peer: PeerId,
    carrier: CarrierId,
    events: Sequence[TrackingEvent],
    raw: Sequence[bytes],
    *,
    received_at: dt.datetime,
    complaints: Sequence[Complaint] = (),
    content_type: str = "application/json",
) -> TrackingBatch:
    """The events of an answer or a push; each code outside of the table is complained of as well."""
    unknown = [
        Complaint("unknown_code", f"{one.code}: {one.text}", one.number, one.raw_sha256)
        for one in events
        if one.mapped is None
    ]
    return TrackingBatch(
        peer=peer,
        carrier=carrier,
        events=tuple(events),
        complaints=(*complaints, *unknown),
        raw=tuple(RawDocument(digest_of(body), body, content_type) for body in raw),
        received_at=received_at,
    )
