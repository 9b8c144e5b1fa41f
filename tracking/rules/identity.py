"""Whether the number is the item's own: another item's story, one number on two items, two numbers on one parcel."""

import datetime as dt
from collections.abc import Iterator

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.shipment import Item, NumberScheme, Purpose
from schemas.tracking import Direction, Movement, StoredEvent
from tracking import normalise
from tracking.rules.context import Context
from tracking.rules.rule import Rule, counted, event_proof, name_of
from tracking.rules.views import Companion, ItemView

WEIGHT_SHARE = 0.2
WEIGHT_G = 50
"""Scales of counters and carriers differ by grams; a fifth and 50 g more is another item (our decision, no source)."""
REUSE = dt.timedelta(days=365)
"""An S10 number is not given out again before twelve months (UPU S10, domain model §1.7)."""
SAME_SCANS = 2
"""One scan in common is chance (a sorting machine stamps hundreds at one second); two in a row are one parcel."""

Doubt = tuple[str, str, StoredEvent | None]
"""Attribute, what both sides say, and the event that says otherwise."""


class NumberOfAnotherItem(Rule[ItemView]):
    """D-21: the carrier's story is that of another item: two attributes or more disagree with the hand-over.

    Attributes: office of origin, day, destination and weight, each only where both sides tell it. One alone has lawful
    causes (a mistyped weight, a redirection, another counter). It closes when the number is corrected: the events of
    the wrong number then belong to its own item.

    Nominated by: item with events whose purpose is known (``events_n`` > 0).
    """

    id = "D-21"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-21"
    at_least = 2

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for the number."""
        item = view.item
        if item.number is None or item.purpose in (Purpose.UNKNOWN, Purpose.BAG):
            return
        told = [one for one in normalise.ordered(counted(view.events)) if not one.event.derived]
        doubts = [doubt for doubt in (_origin(item, told, context), _day(item, told)) if doubt]
        doubts += [doubt for doubt in (_destination(item, told, context), _weight(item, told)) if doubt]
        if len(doubts) < self.at_least:
            return
        proofs = tuple(
            Proof(attribute, name_of(item), says, stored.event.occurred.utc_low if stored else None, values=_both(says))
            for attribute, says, stored in doubts
        )
        yield self.found(str(item.id), item.number, self.severity, proofs, (item.sender_unit, item.receiver_unit))


def _both(says: str) -> tuple[tuple[str, str], ...]:
    ours, _, theirs = says.partition(" ≠ ")
    return (("ours", ours), ("theirs", theirs))


def _day_of(stored: StoredEvent) -> dt.date:
    return stored.event.occurred.utc_high.astimezone(VIETNAM).date()


def _origin(item: Item, told: list[StoredEvent], context: Context) -> Doubt | None:
    first = next((one for one in told if one.event.office and _is(one, Movement.ACCEPTED)), None)
    ours = item.origin_office
    if first is None or not ours or context.same_place(first.event.office, ours, _day_of(first)):
        return None
    return "origin", f"{ours} ≠ {first.event.office}", first


def _day(item: Item, told: list[StoredEvent]) -> Doubt | None:
    """Events that lie a day or more before the item existed; late ones have innocent causes by the dozen."""
    begun = min([item.valid_from, *(at for at in (item.booked_at, item.handed_over_at) if at is not None)])
    first = next((one for one in told if one.event.occurred.utc_high < begun - normalise.EARLY), None)
    if first is None:
        return None
    return "day", f"{begun.astimezone(VIETNAM).date()} ≠ {first.event.occurred.wall[:10]}", first


def _destination(item: Item, told: list[StoredEvent], context: Context) -> Doubt | None:
    at_the_end = (Movement.OUT_FOR_DELIVERY, Movement.READY_FOR_COLLECTION, Movement.DELIVERED)
    last = next((one for one in reversed(told) if one.event.office and _is(one, *at_the_end)), None)
    expected = [one.office for one in item.expected_offices]
    if last is None or not expected:
        return None
    if any(context.same_place(last.event.office, office, _day_of(last)) for office in expected):
        return None
    return "destination", f"{', '.join(expected)} ≠ {last.event.office}", last


def _weight(item: Item, told: list[StoredEvent]) -> Doubt | None:
    weighed = next((one for one in told if one.event.weight_g is not None), None)
    if weighed is None or item.weight_g is None:
        return None
    theirs = weighed.event.weight_g or 0
    if abs(theirs - item.weight_g) <= max(WEIGHT_SHARE * item.weight_g, WEIGHT_G):
        return None
    return "weight", f"{item.weight_g} g ≠ {theirs} g", weighed


def _is(stored: StoredEvent, *movements: Movement) -> bool:
    mapped = stored.event.mapped
    return mapped is not None and mapped.direction is Direction.FORWARD and mapped.movement in movements


class SameNumberTwice(Rule[ItemView]):
    """D-22: one number is active on two items of a carrier, or was given out again before twelve months.

    The younger of the two has the case, so a pair is one case. Twelve months hold for S10 numbers only; a carrier's own
    numbers must only not be active together. A number that became an alias of the other item was linked (D-23).

    Nominated by: ``item_number.number`` shared by two items.
    """

    id = "D-22"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-22"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each older item of the same number."""
        item = view.item
        if item.number is None or item.purpose is Purpose.BAG:
            return
        for other in view.namesakes:
            if (other.valid_from, other.id) >= (item.valid_from, item.id) or other.number != item.number:
                continue
            end = _end(other)
            if end is not None and item.valid_from >= end + _reuse(item):
                continue
            says = "active at the same time" if end is None or item.valid_from < end else "used again too early"
            proofs = tuple(
                Proof(
                    "item", name_of(one), says, one.valid_from, values=(("number", name_of(one)), ("row", str(one.id)))
                )
                for one in (other, item)
            )
            yield self.found(str(item.id), f"{other.id}", self.severity, proofs, (item.sender_unit, other.sender_unit))


def _reuse(item: Item) -> dt.timedelta:
    return REUSE if item.number_scheme is NumberScheme.S10 else dt.timedelta()


def _end(item: Item) -> dt.datetime | None:
    """When the item gave its number free; None while it is active."""
    ended = item.fold.movement is not None and item.fold.movement.terminal and not item.fold.regressed
    ends = [at for at in (item.valid_to, item.fold.since if ended else None) if at is not None]
    return min(ends, default=None)


class TwoNumbersOneParcel(Rule[ItemView]):
    """D-23: more items carry the dossier than parcels were declared, and two of them have the same scans.

    k declared parcels that travel together have the same scans lawfully, so the number declared decides. The younger
    item has the case; it closes when its number becomes an alias of the other.

    Nominated by: packings that are open, more of one dossier and purpose than the items' ``parcels``.
    """

    id = "D-23"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-23"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each older item of the same parcel."""
        item = view.item
        alike = [other for other in view.companions if other.item.carrier == item.carrier]
        declared = max([item.parcels_declared, *(other.item.parcels_declared for other in alike)])
        if item.number is None or len(alike) + 1 <= declared:
            return
        for other in alike:
            older = (other.item.valid_from, other.item.id) < (item.valid_from, item.id)
            common = _common(view.events, other)
            if not older or other.item.number in (None, item.number) or not common:
                continue
            proofs = (
                _two(other.item, declared),
                _two(item, declared),
                *(event_proof(one, "the same scan") for one in common[:1]),
            )
            units = (item.sender_unit, item.receiver_unit)
            yield self.found(str(item.id), f"{other.item.id}", self.severity, proofs, units)


def _two(item: Item, declared: int) -> Proof:
    values = (("number", name_of(item)), ("declared", str(declared)))
    return Proof("item", name_of(item), f"of {declared} declared", item.valid_from, values=values)


def _common(events: tuple[StoredEvent, ...], other: Companion) -> list[StoredEvent]:
    """The scans in common where the shorter log is wholly in the longer one; else nothing."""
    mine = {_scan(one): one for one in counted(events) if not one.event.derived}
    theirs = {_scan(one) for one in counted(other.events) if not one.event.derived}
    common = mine.keys() & theirs
    if len(common) < SAME_SCANS or len(common) < min(len(mine), len(theirs)):
        return []
    return [mine[scan] for scan in sorted(common)]


def _scan(stored: StoredEvent) -> tuple[str, str, str]:
    event = stored.event
    return (event.occurred.wall, event.code, event.office)
