"""Whether the item is where it should be: office of delivery, corridor. Offices are judged as of the event's day."""

import datetime as dt
from collections.abc import Iterator

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.invoice import Corridor
from schemas.shipment import Item
from schemas.tracking import GOING_BACK, Direction, Movement, StoredEvent
from tracking import normalise
from tracking.rules.context import Context
from tracking.rules.rule import Rule, counted, event_proof, name_of
from tracking.rules.views import ItemView

_AT_THE_DOOR = frozenset(
    {Movement.OUT_FOR_DELIVERY, Movement.ATTEMPT_FAILED, Movement.READY_FOR_COLLECTION, Movement.DELIVERED}
)
_ON_THE_WAY = frozenset({Movement.ACCEPTED, Movement.IN_TRANSIT, Movement.HELD})


def way_out(view: ItemView) -> Iterator[StoredEvent]:
    """The item's own scans at an office, in order, up to the first one of its way back."""
    for stored in normalise.ordered(counted(view.events)):
        mapped = stored.event.mapped
        if mapped is None or stored.event.derived or stored.quarantine is not None:
            continue
        if mapped.direction is Direction.RETURN or mapped.movement in GOING_BACK:
            return
        if stored.event.office:
            yield stored


def day_of(stored: StoredEvent) -> dt.date:
    """The day of an event in Vietnam, by its later end."""
    return stored.event.occurred.utc_high.astimezone(VIETNAM).date()


class WrongDestination(Rule[ItemView]):
    """D-12: it is at the door of an office that is not among the expected ones, or was delivered there.

    The newest scan at a door decides: sent on to the right office, the case closes. An office expected from a later
    moment (a redirection told since) does not excuse a delivery before it; a scan of the redirection's own time is
    excused. Offices are compared through succession at the event's day (domain model §4).

    Nominated by: item ``movement`` out_for_delivery, attempt_failed, ready_for_collection, delivered or later.
    """

    id = "D-12"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-12"
    silenced_by = ("D-21",)

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each wrong office."""
        item = view.item
        doors = [one for one in way_out(view) if _moves(one) in _AT_THE_DOOR]
        if not doors or not item.expected_offices:
            return
        last = doors[-1]
        due = [one.office for one in item.expected_offices if one.since <= last.event.occurred.utc_high]
        expected = due or [one.office for one in item.expected_offices]
        if any(context.same_place(last.event.office, office, day_of(last)) for office in expected):
            return
        wanted = ", ".join(expected)
        asked = Proof("item", name_of(item), f"expected at {wanted}", item.booked_at, values=(("expected", wanted),))
        proofs = (event_proof(last, f"{_moves(last)} at {last.event.office}"), asked)
        yield self.found(str(item.id), last.event.office, self.severity, proofs, (item.sender_unit, item.receiver_unit))


class Misrouted(Rule[ItemView]):
    """D-13: the newest scan on the way lies off the corridor that was agreed for its two ends.

    In shadow: carriers change their ways without telling, so it is compared with the world first and is left out of
    the published recall (domain model §4). Without a corridor for the two ends it is silent.

    Nominated by: item ``movement`` accepted, in_transit or held, of a carrier with corridors.
    """

    id = "D-13"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-13"
    shadow = True

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each office off the corridor."""
        item, scans = view.item, list(way_out(view))
        if not scans or _moves(scans[-1]) not in _ON_THE_WAY:
            return
        last = scans[-1]
        corridor = _corridor(item, context, day_of(last))
        if corridor is None:
            return
        allowed = (corridor.origin, corridor.target, *corridor.offices)
        if any(context.same_place(last.event.office, office, day_of(last)) for office in allowed):
            return
        says = f"{corridor.origin} > {corridor.target}"
        way = Proof("corridor", name_of(item), says, None, values=(("corridor", says),))
        proofs = (event_proof(last, f"{_moves(last)} at {last.event.office}, off the corridor"), way)
        yield self.found(str(item.id), last.event.office, self.severity, proofs, (item.sender_unit, item.receiver_unit))


def _corridor(item: Item, context: Context, on: dt.date) -> Corridor | None:
    for one in reversed(context.corridors(item.carrier)):
        in_force = one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)
        if not in_force or not item.origin_office:
            continue
        starts = context.same_place(item.origin_office, one.origin, on)
        if starts and any(context.same_place(one.target, end.office, on) for end in item.expected_offices):
            return one
    return None


def _moves(stored: StoredEvent) -> Movement | None:
    mapped = stored.event.mapped
    return None if mapped is None else mapped.movement
