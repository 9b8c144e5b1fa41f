"""Builds records for the tracking tests: whole and valid, each test changes what it is about."""

import dataclasses
import datetime as dt
from typing import Any

from schemas.calendar import VIETNAM, DayOverride, Span, WorkCalendar
from schemas.dossier import (
    Address,
    Channel,
    Dossier,
    DossierState,
    IdKind,
    IntakeMode,
    Party,
    PartyKind,
    ReturnMethod,
)
from schemas.ids import CarrierId, DossierCode, DossierId, ItemId, PeerId, ProcedureCode, Sha256, UnitId
from schemas.shipment import Item, NumberScheme, Packing, Purpose
from schemas.tracking import (
    Direction,
    EventTime,
    EvidenceLevel,
    Mapped,
    Movement,
    Outcome,
    Precision,
    StoredEvent,
    TrackingEvent,
    ZoneSource,
)

T0 = dt.datetime(2026, 11, 16, 8, 0, tzinfo=VIETNAM)
"""A Monday morning; office hours have begun an hour ago."""
POST = UnitId("bd-muong-sa")
OFFICE = UnitId("ubnd-ban-lau")
CARRIER = CarrierId("vnpost")
PEER = PeerId("vnpost_hcc")
DAY = (Span(dt.time(7), dt.time(11, 30)), Span(dt.time(13), dt.time(16, 30)))


def after(hours: float = 0, minutes: float = 0, days: float = 0) -> dt.datetime:
    return T0 + dt.timedelta(days=days, hours=hours, minutes=minutes)


def calendar(*overrides: tuple[str, bool, str], first: int = 2018, last: int = 2027) -> WorkCalendar:
    rows = [DayOverride(dt.date.fromisoformat(day), working, why) for day, working, why in sorted(overrides)]
    return WorkCalendar(
        None, "test", dt.date(first, 1, 1), dt.date(last, 12, 31), (*(DAY,) * 5, (), ()), DAY, tuple(rows)
    )


ADDRESS = Address("Số 1", "Bản Lầu", "Mường Sa", "33")
OWNER = Party(PartyKind.CITIZEN, "Lò Thị Én", IdKind.CCCD, "038190000015", "0912000111", ADDRESS)
EMPTY_DOSSIER = Dossier(
    id=DossierId(1),
    version=1,
    code=DossierCode("000.00.01.H99-261116-0001"),
    aliases=(),
    intake_mode=IntakeMode.FORWARDED,
    channel=Channel.POST,
    procedure=ProcedureCode("1.000948"),
    procedure_version=1,
    owner=OWNER,
    submitter=OWNER,
    authority="self",
    receiving_unit=OFFICE,
    competent_unit=OFFICE,
    returning_unit=OFFICE,
    post_unit=POST,
    state=DossierState.DRAFT,
    national=None,
    interrupted=(),
    history=(),
    submitted_at=None,
    accepted_at=None,
    closed_at=None,
    due_at=None,
    due_final=False,
    calendar_version="",
    due_history=(),
    requests=(),
    pauses=(),
    supplements=(),
    legs=(),
    components=(),
    return_method=ReturnMethod.POST,
    return_address=ADDRESS,
    return_proof=None,
    results=(),
    peer_states=(),
    parcels_declared=1,
    note="",
    correlation_id="c-1",
    created_at=T0,
)


def dossier(state: DossierState = DossierState.DRAFT, **changes: Any) -> Dossier:
    return dataclasses.replace(EMPTY_DOSSIER, state=state, **changes)


def item(purpose: Purpose = Purpose.DOSSIER_IN, **changes: Any) -> Item:
    plain = dataclasses.replace(
        Item.heard_of(CARRIER, T0, purpose),
        id=ItemId(1),
        version=1,
        service="HCC",
        number="EL000000005VN",
        number_scheme=NumberScheme.S10,
        reference="000.00.01.H99-261116-0001",
        sender_unit=POST,
        receiver_unit=OFFICE,
        sender=OWNER,
        addressee=OWNER,
        booked_at=T0,
        handed_over_at=T0,
        attempt_max=2,
    )
    return dataclasses.replace(plain, **changes)


def packing(of: Item, **changes: Any) -> Packing:
    return dataclasses.replace(Packing(DossierId(1), of.id, 1, 1, (), T0, None), **changes)


OUTCOMES = {
    Movement.DELIVERED: Outcome.DELIVERED,
    Movement.RETURNED: Outcome.RETURNED,
    Movement.LOST: Outcome.LOST,
    Movement.DESTROYED: Outcome.DESTROYED,
    Movement.CANCELLED: Outcome.CANCELLED,
}


def mapped(movement: Movement, **changes: Any) -> Mapped:
    delivered = movement is Movement.DELIVERED
    proof = EvidenceLevel.STATUS_ONLY if delivered else EvidenceLevel.NONE
    plain = Mapped(movement, OUTCOMES.get(movement, Outcome.OPEN), Direction.FORWARD, proof)
    return dataclasses.replace(plain, **changes)


def event(movement: Movement | None, at: dt.datetime, *, code: str = "", **changes: Any) -> TrackingEvent:
    wall = at.astimezone(VIETNAM)
    plain = TrackingEvent(
        carrier=CARRIER,
        source=PEER,
        carrier_event_id=None,
        number="EL000000005VN",
        reference=None,
        code=code or (movement.value if movement is not None else "?"),
        code_list="test",
        text="",
        mapped=mapped(movement) if movement is not None else None,
        occurred=EventTime(wall.strftime("%Y-%m-%dT%H:%M:%S"), Precision.SECOND, ZoneSource.EXPLICIT, at, at),
        recorded_at=None,
        received_at=at + dt.timedelta(minutes=5),
        office="330000",
        office_name="Bưu cục Mường Sa",
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
        raw_sha256=Sha256("0" * 64),
    )
    return dataclasses.replace(plain, **changes)


def whole_day(day: dt.date) -> EventTime:
    low = dt.datetime.combine(day, dt.time(), VIETNAM)
    high = low + dt.timedelta(days=1) - dt.timedelta(microseconds=1)
    return EventTime(day.isoformat(), Precision.DAY, ZoneSource.CARRIER_DEFAULT, low, high)


def stored(
    told: TrackingEvent, *, quarantine: str | None = None, withdrawn_at: dt.datetime | None = None
) -> StoredEvent:
    known = quarantine if quarantine or told.mapped is not None else "EV-13"
    return StoredEvent(told, 1, told.received_at, told.received_at, withdrawn_at, known)


def log(*steps: tuple[Movement, float]) -> tuple[StoredEvent, ...]:
    """Movements with the hours after T0 at which they happened."""
    return tuple(stored(event(movement, after(hours))) for movement, hours in steps)
