"""What the loopback remembers: what was applied, which events happened, which reports wait."""

import dataclasses
import datetime as dt

from schemas.ids import CarrierId, PeerId, Sha256
from schemas.message import Payload
from schemas.portal import OneStopReport
from schemas.tracking import (
    GOING_BACK,
    Direction,
    EventTime,
    EvidenceLevel,
    Mapped,
    Movement,
    Precision,
    TrackingEvent,
    ZoneSource,
)

PEER = PeerId("loopback")
CARRIER = CarrierId("loopback")
NO_BYTES = Sha256("0" * 64)
"""Digest of an event that never was bytes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Applied:
    """An effect: the operation, the key that the peer knows it by, the record."""

    operation: str
    key: str
    payload: Payload


class World:
    """The memory of one loopback."""

    def __init__(self) -> None:
        self.applied: list[Applied] = []
        self.events: list[TrackingEvent] = []
        self.reports: dict[str, OneStopReport] = {}
        self.acknowledged: list[tuple[str, bool]] = []

    def apply(self, operation: str, key: str, payload: Payload) -> bool:
        """Apply it, again if it was there; True where it was new."""
        new = all((operation, key) != (done.operation, done.key) for done in self.applied)
        self.applied.append(Applied(operation, key, payload))
        return new

    def happen(
        self, *, code: str, at: dt.datetime, number: str | None = None, reference: str | None = None, office: str = ""
    ) -> TrackingEvent:
        """An event: ``code`` is a movement's own word; any other code stays unmapped."""
        event = TrackingEvent(
            carrier=CARRIER,
            source=PEER,
            carrier_event_id=str(len(self.events) + 1),
            number=number,
            reference=reference,
            code=code,
            code_list="loopback",
            text=code,
            mapped=mapped(code),
            occurred=EventTime(
                at.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
                Precision.SECOND,
                ZoneSource.EXPLICIT,
                at,
                at,
            ),
            recorded_at=at,
            received_at=at,
            office=office,
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
            raw_sha256=NO_BYTES,
        )
        self.events.append(event)
        return event


def mapped(code: str) -> Mapped | None:
    """A movement's own word is its code; anything else is unknown."""
    if code not in {str(movement) for movement in Movement}:
        return None
    movement = Movement(code)
    direction = Direction.RETURN if movement in GOING_BACK else Direction.FORWARD
    proof = EvidenceLevel.SIGNATURE if movement is Movement.DELIVERED else EvidenceLevel.NONE
    return Mapped(movement, movement.outcome, direction, proof)
