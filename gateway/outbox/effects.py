"""What a delivered message changes in our own rows, in the transaction that settles it (T4)."""

import dataclasses

from gateway.outbox import registrations
from gateway.outbox.dispatch import Sent
from schemas.dossier import PeerState
from schemas.ids import PeerId
from schemas.message import Message, Operation
from schemas.national import PortalStatus
from schemas.portal import OneStopRequest, OneStopStatus, PortalDossier, PortalReceipt
from schemas.ports.stores import Tx
from schemas.shipment import BookingOrder, BookingReceipt, BookingState


def apply(tx: Tx, message: Message, sent: Sent) -> None:
    """Write what the peer now has: an accepted booking, the state that a portal knows."""
    if isinstance(sent.payload, BookingOrder):
        number = sent.receipt.number if isinstance(sent.receipt, BookingReceipt) else None
        _ordered(tx, message, sent.payload, number)
    else:
        _told(tx, message.peer, sent.payload)
        _registered(tx, message, sent.payload, sent.receipt)


def confirmed(tx: Tx, message: Message, payload: object) -> None:
    """The peer said on asking that it has the message: the same change, without a receipt."""
    if isinstance(payload, BookingOrder):
        _ordered(tx, message, payload, None)
    else:
        _told(tx, message.peer, payload)
        _registered(tx, message, payload, None)


def _registered(tx: Tx, message: Message, told: object, receipt: object) -> None:
    """The numbers that a portal gave the dossier; the receipt's, else those that were kept on the way."""
    if isinstance(told, PortalDossier):
        known = receipt.registration if isinstance(receipt, PortalReceipt) else told.registration
        if known is not None and known.number:
            registrations.remember(tx, told.dossier, message.peer, known, told.as_of)


def _ordered(tx: Tx, message: Message, order: BookingOrder, number: str | None) -> None:
    if message.operation is Operation.CARRIER_CANCEL:
        _called_off(tx, message, order)
    else:
        _booked(tx, message.peer, order, number)


def _called_off(tx: Tx, message: Message, order: BookingOrder) -> None:
    """The booking takes no news of times after the wish; what happened before it is still its own."""
    for booking in tx.items.bookings(message.peer, order.reference):
        if (booking.direction, booking.seq) == (order.direction, order.seq):
            over = dataclasses.replace(booking, state=BookingState.CANCELLED, window_to=message.as_of)
            tx.items.put_booking(over)


def _booked(tx: Tx, peer: PeerId, order: BookingOrder, number: str | None) -> None:
    for booking in tx.items.bookings(peer, order.reference):
        if (booking.direction, booking.seq) == (order.direction, order.seq):
            tx.items.put_booking(dataclasses.replace(booking, state=BookingState.ACCEPTED))
    if number:
        item = tx.items.get(order.item)
        if item.number is None:
            tx.items.put(dataclasses.replace(item, number=number))
        elif number not in (item.number, *item.aliases):
            tx.items.put(dataclasses.replace(item, aliases=(*item.aliases, number)))


def _told(tx: Tx, peer: PeerId, told: object) -> None:
    """The peer knows this national code of the dossier now, because we told it."""
    if isinstance(told, PortalDossier):
        state = PeerState(peer, told.national, told.as_of, from_us=True)
    elif isinstance(told, OneStopStatus | OneStopRequest | PortalStatus):
        state = PeerState(peer, told.national, told.at, from_us=True)
    else:
        return
    dossier = tx.dossiers.get(told.dossier)
    others = tuple(known for known in dossier.peer_states if known.peer != peer)
    tx.dossiers.put(dataclasses.replace(dossier, peer_states=(*others, state)))
