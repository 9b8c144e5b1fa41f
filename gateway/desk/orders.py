"""Orders at a carrier, as a person handles them: what one would cost, calling one off, announcing a dossier.

A carrier that cancels by our order number cancels whatever is open under it, and collect, return and retry share the
number (domain model §1.1): so an order is called off only where it is the one open booking of its number.
"""

import dataclasses
import datetime as dt
from typing import Final

from gateway.accounts import Principal
from gateway.desk import handover
from gateway.outbox import payload as payloads
from gateway.outbox.bells.bell import Bell
from schemas.audit import Act
from schemas.calendar import VIETNAM
from schemas.dossier import Dossier
from schemas.errors import GuardFailed, NotAllowed, NotFound
from schemas.ids import CarrierId, ItemId, PeerId
from schemas.message import Message, MessageState, NewMessage, Operation, Payload
from schemas.ports.clock import Clock
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Store, Tx
from schemas.shipment import Booking, BookingOrder, BookingState, Item, LegDirection, PostalRegistration, Purpose

OPEN: Final = frozenset({BookingState.OPEN, BookingState.ACCEPTED, BookingState.UNKNOWN})
_LEGS: Final = {LegDirection.TO_OFFICE: Purpose.DOSSIER_IN, LegDirection.TO_CITIZEN: Purpose.RESULT_OUT}


@dataclasses.dataclass(frozen=True, slots=True)
class CalledOff:
    """An order that is being called off; ``message`` None: it had not been sent, and will not be."""

    booking: Booking
    message: Message | None


class OrderDesk:
    """The use cases with their store."""

    def __init__(self, store: Store, *, clock: Clock, bell: Bell) -> None:
        """``bell`` wakes the lane of the carrier's peer."""
        self._store = store
        self._clock = clock
        self._bell = bell

    async def draft(self, code: str, direction: LegDirection, *, carrier: CarrierId, weight_g: int) -> BookingOrder:
        """The order that a leg of the dossier would be, for asking its price; nothing is stored.

        Raises NotFound.
        """
        now = self._clock.now()
        return await self._store.read(
            lambda tx: _draft(tx, _dossier(tx, code), direction, carrier=carrier, weight_g=weight_g, now=now)
        )

    async def call_off(self, code: str, direction: LegDirection, reason: str, principal: Principal) -> CalledOff:
        """Call off the open order of a leg.

        Raises:
            NotFound: no such dossier, or no open order of this leg.
            NotAllowed: no reason.
            GuardFailed: several bookings are open under its number, so the carrier could cancel another one.
        """
        if not reason.strip():
            raise NotAllowed("calling an order off needs a reason", subject=code)

        def transact(tx: Tx) -> CalledOff:
            now = self._clock.now()
            dossier = _dossier(tx, code)
            item, booking = _open_booking(tx, dossier, direction)
            _only_one(tx, booking)
            message = self._withdraw(tx, dossier, item, booking, reason, now)
            what = f"{booking.peer} {booking.reference}/{booking.direction}/{booking.seq}: {reason}"
            _note(tx, principal, "order.called_off", dossier, what, now)
            return CalledOff(booking, message)

        return await self._store.write(transact)

    async def announce(
        self, code: str, peer: PeerId, carrier: CarrierId, *, collect: bool, bring: bool, principal: Principal
    ) -> Message:
        """Announce the dossier with its legs to the carrier's peer; a repetition finds the same message.

        Raises:
            NotFound: no such dossier.
            NotAllowed: neither leg is wanted.
        """
        if not (collect or bring):
            raise NotAllowed("an announced dossier has at least one leg", subject=code)

        def transact(tx: Tx) -> Message:
            now = self._clock.now()
            dossier = _dossier(tx, code)
            told = _registration(tx, dossier, carrier, collect=collect, bring=bring, now=now)
            legs = f"{'c' if collect else ''}{'b' if bring else ''}"
            key = f"{dossier.code}/{legs}"
            message = self._put(tx, peer, Operation.CARRIER_REGISTER, key, dossier, told, now=now)
            _note(tx, principal, "dossier.announced", dossier, peer, now)
            return message

        return await self._store.write(transact)

    def _withdraw(
        self, tx: Tx, dossier: Dossier, item: Item, booking: Booking, reason: str, now: dt.datetime
    ) -> Message | None:
        """Ask the carrier, or take the order back where it never left the house."""
        key = f"{booking.reference}/{booking.direction}/{booking.seq}"
        unsent = _unsent(tx, booking.peer, dossier, key)
        if unsent is not None:
            tx.messages.set_state(unsent.id, MessageState.CANCELLED, reason=reason, now=now)
            tx.items.put_booking(dataclasses.replace(booking, state=BookingState.CANCELLED, window_to=now))
            return None
        order = dataclasses.replace(
            handover.order_of(tx, dossier, item, booking.direction, booking.window_from),
            reference=booking.reference,
            seq=booking.seq,
        )
        return self._put(tx, booking.peer, Operation.CARRIER_CANCEL, key, dossier, order, now=now, item=item.id)

    def _put(
        self,
        tx: Tx,
        peer: PeerId,
        operation: Operation,
        key: str,
        dossier: Dossier,
        payload: Payload,
        *,
        now: dt.datetime,
        item: ItemId | None = None,
    ) -> Message:
        message = NewMessage(
            peer=peer,
            operation=operation,
            business_key=key,
            dossier=dossier.id,
            item=item,
            unit=dossier.receiving_unit,
            asserted_state="",
            as_of=now,
            body=payloads.encode(payload),
            correlation_id=dossier.correlation_id,
        )
        put = tx.messages.put(message, now=now)
        self._bell.ring(tx, peer)
        return put


def _dossier(tx: Tx, code: str) -> Dossier:
    dossier = tx.dossiers.find(code)
    if dossier is None:
        raise NotFound(subject=code)
    return dossier


def _note(tx: Tx, principal: Principal, what: str, dossier: Dossier, detail: str, now: dt.datetime) -> None:
    unit = dossier.receiving_unit
    tx.audit.write(Act(now, principal.who, what, "dossier", str(dossier.id), unit, detail))


def _open_booking(tx: Tx, dossier: Dossier, direction: LegDirection) -> tuple[Item, Booking]:
    for packing in reversed(tx.items.packings_in(dossier.id)):
        for booking in tx.items.bookings_of(packing.item):
            if booking.direction is direction and booking.state in OPEN:
                return tx.items.get(packing.item), booking
    raise NotFound(f"no open order of this leg ({direction})", subject=dossier.code)


def _only_one(tx: Tx, booking: Booking) -> None:
    others = [one for one in tx.items.bookings(booking.peer, booking.reference) if one.state in OPEN and one != booking]
    if others:
        told = ", ".join(f"{one.direction}/{one.seq}" for one in others)
        what = f"besides {booking.direction}/{booking.seq} these are open under the same number: {told}"
        raise GuardFailed(f"{what}; the carrier could cancel another one: telephone it", subject=booking.reference)


def _unsent(tx: Tx, peer: PeerId, dossier: Dossier, key: str) -> Message | None:
    where = MessageFilter(peer=peer, dossier=dossier.id)
    for message in tx.messages.list(where, limit=200):
        if message.operation is Operation.CARRIER_BOOK and message.business_key == key:
            never = message.state is MessageState.PENDING and message.tries == 0
            return message if never else None
    return None


def _draft(
    tx: Tx, dossier: Dossier, direction: LegDirection, *, carrier: CarrierId, weight_g: int, now: dt.datetime
) -> BookingOrder:
    office = handover.office(tx, dossier.competent_unit, now)
    collects = direction is LegDirection.TO_OFFICE
    citizen = dossier.submitter if collects else dossier.owner
    item = dataclasses.replace(
        Item.heard_of(carrier, now, _LEGS[direction]),
        service=handover.SERVICE,
        reference=dossier.code,
        sender=citizen if collects else office,
        addressee=office if collects else citizen,
        weight_g=weight_g,
    )
    return handover.order_of(tx, dossier, item, direction, now)


def _registration(
    tx: Tx, dossier: Dossier, carrier: CarrierId, *, collect: bool, bring: bool, now: dt.datetime
) -> PostalRegistration:
    procedure = tx.catalogue.procedure(dossier.procedure, now.astimezone(VIETNAM).date())
    return PostalRegistration(
        carrier=carrier,
        dossier=dossier.id,
        dossier_code=dossier.code,
        reference=dossier.code,
        procedure=dossier.procedure,
        procedure_title=procedure.name if procedure else dossier.procedure,
        category=procedure.field_name if procedure else "",
        elements=tuple(part.name for part in dossier.components),
        collect_from=dossier.submitter if collect else None,
        bring_to=dossier.owner if bring else None,
        announced_at=now,
    )
