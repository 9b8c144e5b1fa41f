"""Which item an event speaks of: by number in its time, else by the order's reference, else a new orphan.

Numbers are used again, and collect, return and retry share a reference: so a number is looked up at the time of the
event, and a reference leads to the open booking whose window holds that time, the newest where several do, and of those
made at once the leg whose turn it is (domain model §1.1). An item that nobody told us of is created as an orphan and
kept: its story may be claimed later.
"""

import dataclasses
from collections.abc import Iterable

from schemas.errors import InvalidNumber
from schemas.ids import CarrierId, PeerId
from schemas.numbers import s10
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingState, Item, LegDirection, NumberScheme, Purpose
from schemas.tracking import TrackingEvent
from tracking import bags
from tracking.normalise import EARLY

_TAKES_NEWS = frozenset({BookingState.OPEN, BookingState.ACCEPTED, BookingState.UNKNOWN})


class Names:
    """Who has or had a number, read once for all numbers of a batch, and again for a name that changed in between."""

    def __init__(self, tx: Tx, numbers: Iterable[str] = ()) -> None:
        self._tx = tx
        self._named = tx.items.named(tuple(dict.fromkeys(numbers)))

    def of(self, number: str) -> tuple[Item, ...]:
        """Every item that ever had this number, newest first."""
        if number not in self._named:
            self._named[number] = self._tx.items.find_number(number)
        return self._named[number]

    def changed(self, item: Item) -> Item:
        """The item was added or has other names now: what was read under its names is no longer true."""
        for name in (item.number, item.reference, *item.aliases):
            self._named.pop(name or "", None)
        return item


def item_of(tx: Tx, peer: PeerId, event: TrackingEvent, names: Names | None = None) -> Item:
    """The item that ``event`` speaks of; an orphan is created where there is none."""
    known = names or Names(tx)
    if bags.of_bag(event):
        return known.changed(bags.item_of(tx, event))
    found = known_item(tx, peer, event, known)
    if found is None:
        return known.changed(tx.items.add(_orphan(event)))
    widened = _widened(found, event)
    return found if widened is found else known.changed(tx.items.put(widened))


def known_item(tx: Tx, peer: PeerId, event: TrackingEvent, names: Names | None = None) -> Item | None:
    """The item that ``event`` speaks of, or None; a look-up that changes nothing."""
    return _by_number(names or Names(tx), event) or _by_reference(tx, peer, event)


def scheme_of(number: str | None) -> NumberScheme:
    """S10 for whatever has the shape of an S10 number, even with a wrong check digit (D-20 must see it)."""
    if number is None:
        return NumberScheme.REFERENCE
    try:
        s10.validate(number)
    except InvalidNumber:
        clean = s10.compact(number)
        shaped = len(clean) == s10.LENGTH and clean[:2].isalpha() and clean[2:11].isdigit() and clean[11:].isalpha()
        return NumberScheme.S10 if shaped else NumberScheme.CARRIER
    return NumberScheme.S10


def _by_number(names: Names, event: TrackingEvent) -> Item | None:
    if event.number is None:
        return None
    at = event.occurred.utc_low
    ever = [item for item in names.of(event.number) if item.carrier == event.carrier]
    open_ones = [item for item in ever if item.valid_to is None or at <= item.valid_to]
    exact = next((item for item in open_ones if item.valid_from <= at), None)
    if exact is not None:
        return exact
    early = [item for item in open_ones if at >= item.valid_from - EARLY]
    return early[0] if early else (open_ones[-1] if open_ones else None)


def _by_reference(tx: Tx, peer: PeerId, event: TrackingEvent) -> Item | None:
    if event.reference is None:
        return None
    at = event.occurred.utc_high
    windows = [booking for booking in tx.items.bookings(peer, event.reference) if _holds(booking, event)]
    started = [booking for booking in windows if booking.window_from <= at] or windows
    if started:
        newest = max(booking.window_from for booking in started)
        return _first_leg(tx, [booking for booking in started if booking.window_from == newest], event)
    orphan = tx.items.find(event.carrier, event.reference, event.occurred.utc_low) if event.number is None else None
    return orphan if orphan is not None and orphan.number is None else None


def _holds(booking: Booking, event: TrackingEvent) -> bool:
    """The event's time lies in the booking's window; one that was called off or closed keeps what came before."""
    if booking.window_from - EARLY > event.occurred.utc_high:
        return False
    if booking.window_to is not None:
        return event.occurred.utc_low <= booking.window_to
    return booking.state in _TAKES_NEWS


def _first_leg(tx: Tx, together: list[Booking], event: TrackingEvent) -> Item:
    """Of bookings made at once: the way to the office until it is over, then the way home, then a retry."""
    items = {booking: tx.items.get(booking.item) for booking in together}
    going = [booking for booking in together if not _over(items[booking], event)] or together
    return items[min(going, key=lambda booking: (booking.direction is LegDirection.TO_CITIZEN, -booking.seq))]


def _over(item: Item, event: TrackingEvent) -> bool:
    """The item had come to its end before this event; a second copy of the end itself is still its own."""
    fold = item.fold
    ended = fold.movement is not None and fold.movement.terminal
    return ended and fold.since is not None and fold.since < event.occurred.utc_low


def _widened(item: Item, event: TrackingEvent) -> Item:
    """Learn the carrier's number of an item booked without one; an orphan is as old as its oldest event."""
    changed = item
    if event.number is not None and item.number is None:
        changed = dataclasses.replace(changed, number=event.number, number_scheme=scheme_of(event.number))
    elif event.number is not None and event.number != item.number and event.number not in item.aliases:
        changed = dataclasses.replace(changed, aliases=(*item.aliases, event.number))
    if item.purpose is Purpose.UNKNOWN and event.occurred.utc_low < item.valid_from:
        changed = dataclasses.replace(changed, valid_from=event.occurred.utc_low)
    return changed


def _orphan(event: TrackingEvent) -> Item:
    return dataclasses.replace(
        Item.heard_of(CarrierId(event.carrier), event.occurred.utc_low, Purpose.UNKNOWN),
        number=event.number,
        number_scheme=scheme_of(event.number),
        reference=event.reference,
    )
