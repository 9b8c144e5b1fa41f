"""The base of every rule: what it is called, what it looks at, how long it waits and what it answers."""

import abc
import datetime as dt
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.ids import CarrierId, UnitId
from schemas.tracking import StoredEvent
from tracking import deadlines
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
    """Rules whose open case explains a case of this one."""
    silenced_by: ClassVar[tuple[str, ...]] = ()
    """Rules that say more: while one of them finds something here, this one is silent."""
    shadow: ClassVar[bool] = False
    """Recorded but not shown: a rule that is still being compared with the world."""

    @abc.abstractmethod
    def findings(self, view: View, context: Context) -> Iterator[Finding]:
        """What is wrong with the subject now; pure."""

    def due(
        self,
        context: Context,
        since: dt.datetime,
        *,
        unit: UnitId | None = None,
        carrier: CarrierId | None = None,
        service: str = "",
    ) -> Severity | None:
        """How grave it is that this has lasted since ``since``: None before the soft limit."""
        limits = context.limits_of(self.id, self.limits, carrier, service)
        if lasted(context, since, limits.hard, unit):
            return self.severity
        if lasted(context, since, limits.soft, unit):
            return Severity(max(Severity.LOW, self.severity - 1))
        return None

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
