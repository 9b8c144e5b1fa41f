"""A simulated postal item: how it is registered, what the carrier's clerks scan, and how late we hear of it."""

import dataclasses
import datetime as dt
import hashlib
import random
import unicodedata
from typing import Any, Final, Protocol

from gateway.sample import province
from gateway.simulate.world import HOUR, Heard, World
from schemas.calendar import VIETNAM
from schemas.dossier import Party
from schemas.ids import DossierId, ItemId, PeerId, Sha256, UnitId
from schemas.ports.stores import Tx
from schemas.shipment import ExpectedOffice, Item, NumberScheme, Packing, Purpose
from schemas.tracking import (
    Direction,
    EventTime,
    EvidenceLevel,
    Mapped,
    Movement,
    Precision,
    Recipient,
    TrackingEvent,
    ZoneSource,
)

FEED: Final = PeerId("vnpost_hcc")
PUSH: Final = PeerId("postal_soap")
CODES: Final = {
    Movement.ACCEPTED: "EMA",
    Movement.IN_TRANSIT: "EDE",
    Movement.HELD: "EDF",
    Movement.OUT_FOR_DELIVERY: "EDG",
    Movement.READY_FOR_COLLECTION: "EDH",
    Movement.ATTEMPT_FAILED: "EMH",
    Movement.DELIVERED: "EMI",
    Movement.RETURNING: "EDD",
    Movement.RETURNED: "EMI",
    Movement.LOST: "LST",
    Movement.DAMAGED: "DMG",
    Movement.DESTROYED: "DST",
    Movement.CANCELLED: "EXX",
}
"""UPU codes (on the way back the direction tells what they mean); the carrier's own for losses."""
HUB: Final = "990100"
OFFICE_OF: Final = {
    province.POST: "990141",
    province.OTHER_POST: "990151",
    province.COMMUNE: "990140",
    province.OTHER_COMMUNE: "990150",
    province.THIRD_COMMUNE: "990160",
}
"""Post office that serves a unit; the feed names offices by these codes."""


REPEATED: Final = 0.1
"""Share of scans that come a second time, with an edited text: pages overlap, clerks write remarks."""
STORM_H: Final = 4.0
"""What a storm costs on the trunk road, in hours of work."""


class Parcel:
    """An item of the world. ``template`` may be changed until it is registered; ``id`` is set from then on."""

    def __init__(self, world: World, rng: random.Random, template: Item) -> None:
        self.world = world
        self.rng = rng
        self.template = template
        self.id: ItemId | None = None
        self.seen: list[TrackingEvent] = []

    @property
    def number(self) -> str:
        """Its number as registered, or its reference."""
        return self.template.number or self.template.reference or ""

    def change(self, **changes: Any) -> "Parcel":
        """Change the template; only before it is registered."""
        self.template = dataclasses.replace(self.template, **changes)
        return self

    def register(self, at: dt.datetime) -> "Parcel":
        """The item becomes a row at ``at``."""
        self.world.at(at, self._register)
        return self

    def pack(self, dossier: "Filed", at: dt.datetime, *, part: int = 1, parts: int = 1) -> "Parcel":
        """The dossier goes into the item at ``at``."""
        self.world.at(
            at, lambda tx, now: tx.items.pack(Packing(dossier.filed(), self.stored(), part, parts, (), at, None))
        )
        return self

    def amend(self, at: dt.datetime, **changes: Any) -> None:
        """Somebody writes into the item's row at ``at``: an inquiry, a recall, a receipt."""

        def act(tx: Tx, now: dt.datetime) -> None:
            tx.items.put(dataclasses.replace(tx.items.get(self.stored()), **changes))

        self.world.at(at, act)

    def stored(self) -> ItemId:
        """Its row id."""
        if self.id is None:
            raise LookupError(f"{self.number} is not registered yet")
        return self.id

    def say(
        self,
        movement: Movement | None,
        at: dt.datetime,
        *,
        office: str = HUB,
        peer: PeerId = PUSH,
        lag: dt.timedelta | None = None,
        complete: bool = False,
        **changes: Any,
    ) -> TrackingEvent:
        """The carrier scans it at ``at``; we hear of it after ``lag`` (drawn where None)."""
        told = self.event(movement, at, office=office, peer=peer, lag=lag, **changes)
        self.seen.append(told)
        self.world.scans.setdefault(told.number or "", []).append(told)
        self.world.tell(peer, Heard(told, complete))
        if self.rng.random() < REPEATED:
            self.say_again(told, told.received_at + 5 * HOUR, text="(cập nhật nội dung)")
        return told

    def say_again(self, event: TrackingEvent, at: dt.datetime, *, complete: bool = False, **changes: Any) -> None:
        """The same event once more, heard at ``at``: a page that overlaps, a full history, a withdrawal."""
        told = dataclasses.replace(event, received_at=at.replace(microsecond=0), **changes)
        if told.withdrawn and event in self.world.scans.get(event.number or "", ()):
            self.world.scans[event.number or ""].remove(event)
        self.world.tell(event.source, Heard(told, complete))

    def event(
        self,
        movement: Movement | None,
        at: dt.datetime,
        *,
        office: str = HUB,
        peer: PeerId = PUSH,
        lag: dt.timedelta | None = None,
        **changes: Any,
    ) -> TrackingEvent:
        """An event of this item as the adapters make it, without telling it."""
        at = at.replace(microsecond=0)
        waited = lag if lag is not None else self._lag()
        plain = _event(self.template, movement, at, office, peer, (at + waited).replace(microsecond=0))
        return dataclasses.replace(plain, **changes)

    def _lag(self) -> dt.timedelta:
        """Most scans come within the hour; a few from the mountains after several."""
        return dt.timedelta(minutes=min(1.0 + self.rng.expovariate(1 / 20), 170.0))

    def _register(self, tx: Tx, now: dt.datetime) -> None:
        self.id = tx.items.add(self.template).id

    def travel(self, at: dt.datetime, *, until: Movement = Movement.DELIVERED, **last: Any) -> dt.datetime:
        """The usual way, from acceptance after ``at`` to ``until``; answers when the last scan was.

        The post's counters pause at night, on Sundays and holidays; a storm costs the trunk road some hours.
        """
        steps = (
            (Movement.ACCEPTED, self._origin(), (0.2, 1.0)),
            (Movement.IN_TRANSIT, HUB, (2.0, 4.0)),
            (Movement.OUT_FOR_DELIVERY, self.destination(), (4.0, 6.5)),
            (Movement.DELIVERED, self.destination(), (0.4, 2.0)),
        )
        for movement, office, (low, high) in steps:
            trunk = movement is Movement.OUT_FOR_DELIVERY
            storm = STORM_H if trunk and at.astimezone(VIETNAM).date() in self.world.storms else 0.0
            leave = self.world.round if trunk else self.world.counter
            at = leave(at, self.rng.uniform(low, high) + storm)
            end = movement is until
            self.say(movement, at, office=office, **(last if end else {}))
            if end:
                break
        return at

    def _origin(self) -> str:
        return self.template.origin_office

    def destination(self) -> str:
        """The office where it should be delivered."""
        return self.template.expected_offices[-1].office if self.template.expected_offices else HUB


class Filed(Protocol):
    """Anything that has a dossier's row id once it is stored."""

    def filed(self) -> DossierId:
        """The row id. Raises LookupError before it is stored."""
        ...


def plain_item(
    number: str | None,
    purpose: Purpose,
    at: dt.datetime,
    *,
    sender_unit: UnitId | None,
    receiver_unit: UnitId | None,
    sender: Party | None,
    addressee: Party | None,
    target: str,
) -> Item:
    """An item handed to the post at ``at``, its delivery expected at the office ``target``."""
    return dataclasses.replace(
        Item.heard_of(province.CARRIER, at, purpose),
        service="HCC",
        number=number,
        number_scheme=NumberScheme.S10,
        sender_unit=sender_unit,
        receiver_unit=receiver_unit,
        sender=sender,
        addressee=addressee,
        origin_office=OFFICE_OF.get(sender_unit, HUB) if sender_unit else HUB,
        expected_offices=(ExpectedOffice(target, at, "address"),),
        booked_at=at,
        handed_over_at=at,
        attempt_max=2,
        weight_g=120,
        evidence_required=EvidenceLevel.STATUS_ONLY if receiver_unit else EvidenceLevel.NAME,
    )


def name_hash(name: str) -> str:
    """How the adapters digest a recipient's name."""
    return hashlib.sha256(unicodedata.normalize("NFC", name).casefold().encode()).hexdigest()


def _event(
    item: Item, movement: Movement | None, at: dt.datetime, office: str, peer: PeerId, received: dt.datetime
) -> TrackingEvent:
    wall = at.astimezone(VIETNAM).replace(tzinfo=None).isoformat()
    code = CODES[movement] if movement is not None else "X77"
    proof = EvidenceLevel.SIGNATURE if movement is Movement.DELIVERED else EvidenceLevel.NONE
    back = movement in (Movement.RETURNING, Movement.RETURNED)
    meaning = None
    if movement is not None:
        direction = Direction.RETURN if back else Direction.FORWARD
        meaning = Mapped(movement, movement.outcome, direction, proof)
    recipient = None
    if movement is Movement.DELIVERED and item.addressee is not None:
        recipient = Recipient("ADDRESSEE", name_hash(item.addressee.name))
    said = f"{item.number} {code} {wall} {office}"
    return TrackingEvent(
        carrier=item.carrier,
        source=peer,
        carrier_event_id=None,
        number=item.number,
        reference=None,
        code=code,
        code_list="M40",
        text="",
        mapped=meaning,
        occurred=EventTime(wall, Precision.SECOND, ZoneSource.EXPLICIT, at, at),
        recorded_at=None,
        received_at=received,
        office=office,
        office_name="",
        next_office="",
        attempt=0,
        forecast=False,
        supersedes=None,
        withdrawn=False,
        recipient=recipient,
        evidence=(),
        money=(),
        weight_g=None,
        seal=None,
        raw_sha256=Sha256(hashlib.sha256(said.encode()).hexdigest()),
    )
