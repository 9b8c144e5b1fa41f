"""Dossiers, items and orders by the thousand, put straight into a fresh store: what the benchmarks work on."""

import dataclasses
import datetime as dt
from pathlib import Path

from gateway.storage.database import Database, open_database
from schemas.dossier import DossierState
from schemas.ids import DossierCode, DossierId, ItemId, UnitId
from schemas.message import Fact, NewMessage, Operation
from schemas.numbers import s10
from schemas.ports.stores import Tx
from schemas.shipment import BookingOrder, Item, LegDirection, Packing, Purpose
from schemas.tracking import Movement, TrackingBatch, TrackingEvent
from tests.unit.tracking.build import CARRIER, OFFICE, OWNER, PEER, T0, after, calendar, dossier, event, item

WAVES = (
    (Movement.ACCEPTED, 1.0),
    (Movement.IN_TRANSIT, 3.0),
    (Movement.IN_TRANSIT, 9.0),
    (Movement.OUT_FOR_DELIVERY, 20.0),
    (Movement.DELIVERED, 22.0),
)
"""The life of an item: movement and hours after it was handed over."""


@dataclasses.dataclass(frozen=True, slots=True)
class Carried:
    """A dossier in the post and its item."""

    dossier: DossierId
    code: DossierCode
    item: ItemId
    number: str


def open_fresh(folder: Path) -> Database:
    """A store in an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return open_database(f"sqlite:///{folder / 'gateway.sqlite'}", blobs=folder / "blobs")


def put_items(tx: Tx, first: int, last: int, *, packed: bool) -> list[Carried]:
    """Items ``first`` to ``last`` - 1; ``packed``: each with a dossier inside, which waits at the counter."""
    if first == 0:
        tx.catalogue.put_calendar(calendar())
    made = []
    for n in range(first, last):
        code = DossierCode(f"000.00.01.H99-261116-{n:05d}")
        stored = tx.items.add(_item(n, code))
        number = stored.number or ""
        if not packed:
            made.append(Carried(DossierId(0), code, stored.id, number))
            continue
        plain = dossier(DossierState.LODGED, id=DossierId(0), version=0, code=code, national=1)
        inside = tx.dossiers.add(plain).id
        tx.items.pack(Packing(inside, stored.id, 1, 1, (), T0, None))
        made.append(Carried(inside, code, stored.id, number))
    return made


def _item(n: int, code: DossierCode) -> Item:
    return item(number=s10.mint("EL", n), reference=str(code), id=ItemId(0), version=0)


def waves(of: list[Carried]) -> list[TrackingEvent]:
    """What the carrier tells of these items in all: one wave after the other, as its feed would."""
    return [event(movement, after(hours), number=each.number) for movement, hours in WAVES for each in of]


def batch(events: list[TrackingEvent]) -> TrackingBatch:
    """One page of a feed."""
    return TrackingBatch(PEER, CARRIER, tuple(events), (), (), NOW)


NOW: dt.datetime = after(30)


def nobody(tx: Tx, fact: Fact) -> None:
    """Nobody is told: what messages cost is the matter of `sends`."""


def order_of(of: Carried) -> BookingOrder:
    """An order to collect this item."""
    return BookingOrder(
        carrier=CARRIER,
        dossier=of.dossier,
        dossier_code=of.code,
        item=of.item,
        number=of.number,
        reference=str(of.code),
        direction=LegDirection.TO_OFFICE,
        seq=1,
        purpose=Purpose.DOSSIER_IN,
        service="HCC",
        sender=OWNER,
        addressee=OWNER,
        contents="Tên thủ tục: Đăng ký thành lập hộ kinh doanh",
        cod_due=0,
        weight_g=120,
        ordered_at=T0,
    )


def message_of(of: Carried, body: bytes) -> NewMessage:
    """The message that tells the order."""
    return NewMessage(
        peer=PEER,
        operation=Operation.CARRIER_BOOK,
        business_key=f"{of.code}/to_office/1",
        dossier=of.dossier,
        item=of.item,
        unit=UnitId(OFFICE),
        asserted_state="lodged",
        as_of=T0,
        body=body,
        correlation_id=str(of.code),
    )
