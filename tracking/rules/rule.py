"""The base of every rule: what it is called, what it looks at, how long it waits and what it answers."""

import abc
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import ClassVar, Generic, TypeVar

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.ids import CarrierId, UnitId
from schemas.shipment import Item
from schemas.tracking import StoredEvent
from tracking import deadlines
from tracking.lag import provinces_of
from tracking.rules.context import Context, Limits, Wait

View = TypeVar("View")

AT_ONCE = Limits(Wait(0), Wait(0))


class Rule(abc.ABC, Generic[View]):
    """One way to disagree. Subclasses state the class variables and yield findings; they keep no state."""

    id: ClassVar[str]
    subject: ClassVar[Subject]
    severity: ClassVar[Severity]
    """Past the hard limit; between soft and hard it is one step lower."""
    limits: ClassVar[Limits] = AT_ONCE
    remedy: ClassVar[str]
    """Id of the sentence that tells people what to do."""
    parents: ClassVar[tuple[str, ...]] = ()
    """Rules whose open case explains a case of this one: of a feed that should tell, or of the same event."""
    held_by: ClassVar[tuple[str, ...]] = ()
    """Rules on feeds: while one of their cases is young, no case of this rule is opened (one parent, not ten thousand
    children); those that were open before stay."""
    escalates: ClassVar[str] = ""
    """The milder rule whose case this one continues: the same cause, one case, under the graver name."""
    silenced_by: ClassVar[tuple[str, ...]] = ()
    """Rules that say more: while one of them finds something here, this one is silent."""
    shadow: ClassVar[bool] = False
    """Recorded but not shown: a rule that is still being compared with the world."""

    @abc.abstractmethod
    def findings(self, view: View, context: Context) -> Iterator[Finding]:
        """What is wrong with the subject now; pure."""

    def shortest(self, context: Context) -> dt.timedelta:
        """The least time by the clock after which the rule may speak, with every limit in force: for the nominations.

        Negative where it speaks so long before a term. Office hours take at least as long by the clock.
        """
        in_force = (self.limits, *(limits for key, limits in context.limits.items() if key[0] == self.id))
        return dt.timedelta(hours=min(min(one.soft.hours, one.hard.hours) for one in in_force))

    def due(
        self,
        context: Context,
        since: dt.datetime,
        *,
        unit: UnitId | None = None,
        carrier: CarrierId | None = None,
        service: str = "",
        route: str = "",
    ) -> Severity | None:
        """How grave it is that this has lasted since ``since``: None before the soft limit."""
        limits = context.limits_of(self.id, self.limits, carrier, service, route)
        if lasted(context, since, limits.hard, unit):
            return self.severity
        if lasted(context, since, limits.soft, unit):
            return Severity(max(Severity.LOW, self.severity - 1))
        return None

    def due_of(
        self, context: Context, since: dt.datetime, item: Item, *, unit: UnitId | None = None
    ) -> Severity | None:
        """As :meth:`due`, with the limits of the item's carrier, service and route."""
        return self.due(context, since, unit=unit, carrier=item.carrier, service=item.service, route=provinces_of(item))

    def found(
        self,
        subject: str,
        epoch: str,
        severity: Severity,
        evidence: tuple[Proof, ...],
        units: tuple[UnitId | None, ...] = (),
    ) -> Finding:
        """A finding of this rule; units that nobody knows are left out."""
        named = tuple(dict.fromkeys(unit for unit in units if unit is not None))
        return Finding(self.id, self.subject, subject, epoch, severity, evidence, self.remedy, named)


def name_of(item: Item) -> str:
    """What people call the item: its number, else its reference."""
    return item.number or item.reference or ""


def working_days(context: Context, unit: UnitId | None, days: int) -> Wait:
    """``days`` working days of the unit, in its own office hours."""
    day = deadlines.working_day_length(context.calendar(unit))
    return Wait(days * day.total_seconds() / 3600, working=True)


def counted(events: Iterable[StoredEvent]) -> Iterator[StoredEvent]:
    """Events that happened as far as the carrier says now: not taken back, no forecasts."""
    for stored in events:
        if stored.withdrawn_at is None and not stored.event.withdrawn and not stored.event.forecast:
            yield stored


def event_proof(stored: StoredEvent, says: str, **values: str) -> Proof:
    """An event as evidence: its key, when it happened and the digest of the bytes that told it."""
    event = stored.event
    key = f"{event.number or event.reference}|{event.occurred.wall}|{event.code}|{event.office}|{event.attempt}"
    told = {"number": event.number or event.reference or "", "code": event.code, "office": event.office, **values}
    return Proof("event", key, says, event.occurred.utc_low, event.raw_sha256, tuple(told.items()))


def lasted(context: Context, since: dt.datetime, wait: Wait, unit: UnitId | None) -> bool:
    """True where ``wait`` is over: by the clock, or by the office hours of ``unit``."""
    needed = dt.timedelta(hours=wait.hours)
    if not wait.working:
        return context.now - since >= needed
    if context.now - since < needed:
        return False
    return deadlines.working_time(context.calendar(unit), since, context.now) >= needed
