"""Small valid records; each test changes what it is about."""

import dataclasses
import datetime as dt
from typing import Any

from gateway.storage.transaction import GatewayTx
from schemas.attachment import AttachedDocument
from schemas.audit import Act
from schemas.dossier import (
    Address,
    Channel,
    CodeAlias,
    Component,
    Dossier,
    DossierState,
    IdKind,
    IntakeMode,
    Party,
    PartyKind,
    ReturnMethod,
    Step,
)
from schemas.ids import (
    CarrierId,
    DossierCode,
    DossierId,
    ItemId,
    PeerId,
    ProcedureCode,
    Sha256,
    UnitId,
)
from schemas.message import NewInbound, NewMessage, Operation
from schemas.shipment import Item, NumberScheme, Purpose
from schemas.tracking import (
    Direction,
    EventTime,
    EvidenceLevel,
    Fold,
    Mapped,
    Movement,
    Outcome,
    Precision,
    TrackingEvent,
    ZoneSource,
)

T0 = dt.datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=dt.UTC)
PEER = PeerId("dvcqg")
CARRIER = CarrierId("vnpost")
COMMUNE = UnitId("xa-muong-khat")
POST = UnitId("bdx-muong-khat")
PROVINCE = UnitId("tinh-muong-sa")


def later(seconds: float = 0, *, days: int = 0) -> dt.datetime:
    return T0 + dt.timedelta(days=days, seconds=seconds)


def party(name: str = "Giàng A Tủa") -> Party:
    home = Address("Bản Nà Tòng", "Mường Khắt", "Mường Sa", "")
    return Party(PartyKind.CITIZEN, name, IdKind.CCCD, "099084000012", "0100 000 001", home)


def step(state: DossierState, n: int, row: int = 2) -> Step:
    return Step(row, state, 1, later(n), later(n + 1), "Lò Thị Ơi", "desk", COMMUNE, "vì sao", "01", ("Quàng Văn Pọm",))


def dossier(code: str = "000.00.14.H99-260302-0001", owner: str = "Giàng A Tủa", **changes: Any) -> Dossier:
    whole = Dossier(
        id=DossierId(0),
        version=0,
        code=DossierCode(code),
        aliases=(CodeAlias(DossierCode(code), "official", T0, None),),
        intake_mode=IntakeMode.DELEGATED,
        channel=Channel.POST,
        procedure=ProcedureCode("9.000012"),
        procedure_version=2,
        owner=party(owner),
        submitter=party(owner),
        authority="self",
        receiving_unit=POST,
        competent_unit=COMMUNE,
        returning_unit=COMMUNE,
        post_unit=POST,
        state=DossierState.LODGED,
        national=1,
        interrupted=(),
        history=(step(DossierState.DRAFT, 0, 1), step(DossierState.LODGED, 60)),
        submitted_at=later(60),
        accepted_at=None,
        closed_at=None,
        due_at=later(days=3),
        due_final=False,
        calendar_version="holidays-0.109",
        due_history=(),
        requests=(),
        pauses=(),
        supplements=(),
        legs=(),
        components=(Component(1, "Giấy đề nghị", "original", 1, 2),),
        return_method=ReturnMethod.POST,
        return_address=None,
        return_proof=None,
        results=(),
        peer_states=(),
        parcels_declared=1,
        note="",
        correlation_id="c-1",
        created_at=T0,
    )
    return dataclasses.replace(whole, **changes)


def fold(movement: Movement | None = None, **changes: Any) -> Fold:
    return dataclasses.replace(Fold.empty(), movement=movement, **changes)


def item(number: str | None = "EE473124829VN", **changes: Any) -> Item:
    whole = Item(
        id=ItemId(0),
        version=0,
        carrier=CARRIER,
        service="EMS",
        number=number,
        number_scheme=NumberScheme.S10,
        reference=None,
        valid_from=T0,
        valid_to=None,
        aliases=(),
        purpose=Purpose.DOSSIER_IN,
        sender_unit=POST,
        receiver_unit=COMMUNE,
        sender=party(),
        addressee=None,
        origin_office="361000",
        expected_offices=(),
        booked_at=T0,
        handed_over_at=None,
        promised_at=later(days=2),
        storage_until=None,
        attempt_max=2,
        weight_g=120,
        fee_due=30_000,
        cod_due=0,
        evidence_required=EvidenceLevel.SIGNATURE,
        fold=Fold.empty(),
        parcels_declared=1,
        sender_receipt_at=None,
        inquiry_at=None,
        recall_at=None,
    )
    return dataclasses.replace(whole, **changes)


def event(wall: str = "2026-03-02T09:00:00", code: str = "EMA", **changes: Any) -> TrackingEvent:
    at = dt.datetime.fromisoformat(wall).replace(tzinfo=dt.timezone(dt.timedelta(hours=7)))
    low = at.astimezone(dt.UTC)
    mapped = Mapped(Movement.ACCEPTED, Outcome.OPEN, Direction.FORWARD, EvidenceLevel.STATUS_ONLY)
    whole = TrackingEvent(
        carrier=CARRIER,
        source=PEER,
        carrier_event_id=None,
        number="EE473124829VN",
        reference=None,
        code=code,
        code_list="vnpost-1",
        text="Chấp nhận gửi",
        mapped=mapped,
        occurred=EventTime(wall, Precision.SECOND, ZoneSource.CARRIER_DEFAULT, low, low),
        recorded_at=None,
        received_at=later(10),
        office="361000",
        office_name="Mường Khắt",
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
        raw_sha256=Sha256("ab" * 32),
    )
    return dataclasses.replace(whole, **changes)


def message(to: DossierId | None, key: str = "k-1", **changes: Any) -> NewMessage:
    whole = NewMessage(
        peer=PEER,
        operation=Operation.PORTAL_PROGRESS,
        business_key=key,
        dossier=to,
        item=None,
        unit=COMMUNE,
        asserted_state="LODGED",
        as_of=T0,
        body=f'{{"key":"{key}"}}'.encode(),
        correlation_id="c-1",
    )
    return dataclasses.replace(whole, **changes)


def inbound(ext_id: str = "x-1", body: bytes = b"<raw/>", **changes: Any) -> NewInbound:
    whole = NewInbound(
        peer=PEER,
        kind="callback",
        ext_id=ext_id,
        sha256=Sha256("cd" * 32),
        body=body,
        headers=(("content-type", "text/xml"), ("x-n", "1")),
        received_at=T0,
        receipt="r-1",
        correlation_id="c-2",
    )
    return dataclasses.replace(whole, **changes)


def act(n: int = 1, **changes: Any) -> Act:
    whole = Act(later(n), "user:pom", "dossier.lodge", "dossier", f"d-{n}", COMMUNE, f"việc số {n}")
    return dataclasses.replace(whole, **changes)


def attached(key: str = "doc-1", to: DossierId | None = None, **changes: Any) -> AttachedDocument:
    whole = AttachedDocument(
        key=key,
        dossier=to,
        told_code="000.00.14.H99-260302-0001",
        sha256=Sha256("ef" * 32),
        size=12_345,
        pages=8,
        name="ho-so.pdf",
        conformance="2b",
        station="quay-2",
        operator="pom",
        batch="2026-03-02/1",
        unit=COMMUNE,
        scanned_at=T0,
        attached_at=later(5),
        originals=(Sha256("12" * 32),),
        doubts=(),
    )
    return dataclasses.replace(whole, **changes)


def add_dossier(code: str = "000.00.14.H99-260302-0001", **changes: Any) -> "Adds":
    return Adds(dossier(code, **changes))


@dataclasses.dataclass(frozen=True, slots=True)
class Adds:
    """``fn(tx)`` that stores a dossier."""

    dossier: Dossier

    def __call__(self, tx: GatewayTx) -> Dossier:
        return tx.dossiers.add(self.dossier)
