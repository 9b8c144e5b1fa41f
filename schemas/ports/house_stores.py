"""Rows of the house itself: catalogue, numbers, cases, audit, schedule.

The rules of :mod:`schemas.ports.stores` hold: synchronous, inside one transaction, database only.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Protocol

from schemas.audit import Act, AuditRow
from schemas.calendar import WorkCalendar
from schemas.discrepancy import Age, Discrepancy, DiscrepancyState, Severity, Subject
from schemas.ids import DiscrepancyId, ProcedureCode, UnitId
from schemas.organisation import Agreement, ProcedureVersion, Succession, Unit


@dataclasses.dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows; a field that is None does not filter."""

    units: Sequence[UnitId] | None = None
    rule: str | None = None
    severity: Severity | None = None
    owner: str | None = None
    """Empty: those that nobody took."""
    age: Age | None = None
    state: DiscrepancyState | None = None
    shadow: bool | None = False
    """False: only what is shown; True: only shadow findings; None: both."""
    resolved: bool = False
    """True: resolved ones too."""


class DiscrepancyStore(Protocol):
    """Cases."""

    def get(self, discrepancy: DiscrepancyId) -> Discrepancy:
        """Raises NotFound."""
        ...

    def find(self, discrepancy: DiscrepancyId) -> Discrepancy | None:
        """The case, or None."""
        ...

    def put(self, discrepancy: Discrepancy) -> None:
        """Insert or replace by id."""
        ...

    def of_subject(self, kind: Subject, subject: str) -> tuple[Discrepancy, ...]:
        """All cases of a subject, newest first."""
        ...

    def of_subjects(self, kind: Subject, subjects: Sequence[str]) -> dict[str, tuple[Discrepancy, ...]]:
        """:meth:`of_subject` of each of these, in a few queries; a subject without cases has an empty tuple."""
        ...

    def search(self, wanted: CaseFilter, *, now: dt.datetime, limit: int = 200) -> tuple[Discrepancy, ...]:
        """Cases that ``wanted`` picks: open ones gravest and oldest first, with resolved ones newest first."""
        ...

    def open(self, *, units: Sequence[UnitId] | None = None, limit: int = 200) -> tuple[Discrepancy, ...]:
        """Cases that are not resolved, gravest and oldest first."""
        ...

    def list(self, *, units: Sequence[UnitId] | None = None, limit: int = 200) -> tuple[Discrepancy, ...]:
        """All cases, newest first."""
        ...


class NumberStore(Protocol):
    """Leased blocks of numbers; a number is given out once and never again."""

    def grant(self, scope: str, first: int, last: int, *, now: dt.datetime) -> None:
        """Lease the block ``first`` to ``last`` (both included) to ``scope``, e.g. ``dossier:<unit>:<yymmdd>``.

        A block that starts where one of the scope already starts is the same block: nothing changes, so no number is
        ever given out again.
        """
        ...

    def take(self, scope: str) -> int:
        """The next number of the scope's blocks. Raises NumbersExhausted."""
        ...

    def left(self, scope: str) -> int:
        """How many are left."""
        ...


class CatalogueStore(Protocol):
    """Units, procedures, agreements, succession and calendars, as of a date."""

    def unit(self, unit: UnitId, on: dt.date) -> Unit:
        """Raises NotFound."""
        ...

    def units(self, on: dt.date) -> tuple[Unit, ...]:
        """All units in force."""
        ...

    def unit_by_code(self, scheme: str, code: str, on: dt.date) -> Unit | None:
        """The unit that had this outside code."""
        ...

    def successions(self) -> tuple[Succession, ...]:
        """All, oldest first."""
        ...

    def procedure(self, code: ProcedureCode, on: dt.date) -> ProcedureVersion | None:
        """The version in force on the day, or None."""
        ...

    def procedures(self, on: dt.date) -> tuple[ProcedureVersion, ...]:
        """All in force."""
        ...

    def agreement(self, government: UnitId, post: UnitId, on: dt.date) -> Agreement | None:
        """The agreement in force, or None."""
        ...

    def agreements(self, on: dt.date) -> tuple[Agreement, ...]:
        """All agreements in force."""
        ...

    def calendar(self, unit: UnitId) -> WorkCalendar:
        """The unit's calendar, or the common one."""
        ...

    def put_units(self, units: Iterable[Unit]) -> None:
        """Insert or replace by (id, valid_from)."""
        ...

    def put_procedures(self, procedures: Iterable[ProcedureVersion]) -> None:
        """Insert or replace by (code, version)."""
        ...

    def put_agreements(self, agreements: Iterable[Agreement]) -> None:
        """Insert or replace by (government, post, valid_from)."""
        ...

    def put_successions(self, successions: Iterable[Succession]) -> None:
        """Insert or replace by (old, new, on)."""
        ...

    def put_calendar(self, calendar: WorkCalendar) -> None:
        """Insert or replace by unit (None: the common one)."""
        ...


class AuditLog(Protocol):
    """The hash chain."""

    def write(self, act: Act) -> None:
        """Append one act; its digest is computed when the transaction commits, in order."""
        ...

    def rows(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditRow, ...]:
        """By ascending number."""
        ...


class ScheduleStore(Protocol):
    """Slots of periodic work; a slot is claimed once, whoever ticks twice. And where long work stands."""

    def progress(self, name: str) -> str | None:
        """What was kept of the work ``name``, None where nothing was."""
        ...

    def keep_progress(self, name: str, doc: str | None) -> None:
        """Keep where the work stands, in the transaction that brought it there; None forgets it."""
        ...

    def claim(self, name: str, slot_at: dt.datetime) -> bool:
        """True for the first claim."""
        ...
