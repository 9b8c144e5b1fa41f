"""Cases: where two sides disagree."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.house import discrepancy, discrepancy_unit
from schemas.discrepancy import Discrepancy, Subject
from schemas.errors import NotFound
from schemas.ids import DiscrepancyId, UnitId
from schemas.ports.house_stores import CaseFilter

_TABLE: Final = discrepancy
_DOC: Final = sa.select(discrepancy.c.doc)
_GET: Final = _DOC.where(discrepancy.c.id == sa.bindparam("discrepancy"))
_NEWEST: Final = (discrepancy.c.opened_at.desc(), discrepancy.c.id)
_OF_SUBJECT: Final = _DOC.where(
    discrepancy.c.subject_kind == sa.bindparam("kind"), discrepancy.c.subject == sa.bindparam("subject")
).order_by(*_NEWEST)
_OF_SUBJECTS: Final = _DOC.where(
    discrepancy.c.subject_kind == sa.bindparam("kind"),
    discrepancy.c.subject.in_(sa.bindparam("these", expanding=True)),
).order_by(*_NEWEST)
_IS_OPEN: Final = sa.text("discrepancy.state <> 'resolved'")
_GRAVEST: Final = (discrepancy.c.severity.desc(), discrepancy.c.opened_at, discrepancy.c.id)
_FORGET_UNITS: Final = sa.delete(discrepancy_unit).where(
    discrepancy_unit.c.discrepancy_id == sa.bindparam("discrepancy")
)


class Discrepancies:
    """:class:`schemas.ports.house_stores.DiscrepancyStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, discrepancy: DiscrepancyId) -> Discrepancy:
        """Raises NotFound."""
        found = self.find(discrepancy)
        if found is None:
            raise NotFound("no case with this id", subject=discrepancy)
        return found

    def find(self, discrepancy: DiscrepancyId) -> Discrepancy | None:
        """The case, or None."""
        row = self._sql.row(_GET, {"discrepancy": discrepancy})
        return None if row is None else _case(row)

    def put(self, discrepancy: Discrepancy) -> None:
        """Insert or replace by id."""
        row = {
            "id": discrepancy.id,
            "rule": discrepancy.rule,
            "subject_kind": discrepancy.subject_kind,
            "subject": discrepancy.subject,
            "severity": int(discrepancy.severity),
            "state": discrepancy.state,
            "shadow": discrepancy.shadow,
            "opened_at": discrepancy.opened_at,
            "owner": discrepancy.owner,
            "doc": to_json(discrepancy),
        }
        self._sql.put(_TABLE, row)
        self._sql.run(_FORGET_UNITS, {"discrepancy": discrepancy.id})
        units = [{"discrepancy_id": discrepancy.id, "unit": unit} for unit in dict.fromkeys(discrepancy.units)]
        self._sql.insert_all(discrepancy_unit, units)

    def of_subject(self, kind: Subject, subject: str) -> tuple[Discrepancy, ...]:
        """All cases of a subject, newest first."""
        return tuple(_case(row) for row in self._sql.rows(_OF_SUBJECT, {"kind": kind, "subject": subject}))

    def of_subjects(self, kind: Subject, subjects: Sequence[str]) -> dict[str, tuple[Discrepancy, ...]]:
        """:meth:`of_subject` of each of these."""
        found: dict[str, list[Discrepancy]] = {subject: [] for subject in subjects}
        values = {"kind": kind, "these": list(subjects)}
        for row in self._sql.rows(_OF_SUBJECTS, values) if subjects else ():
            case = _case(row)
            found[case.subject].append(case)
        return {subject: tuple(cases) for subject, cases in found.items()}

    def search(self, wanted: CaseFilter, *, now: dt.datetime, limit: int = 200) -> tuple[Discrepancy, ...]:
        """Cases that ``wanted`` picks: open ones gravest and oldest first, with resolved ones newest first."""
        query = _DOC.order_by(*_NEWEST) if wanted.resolved else _DOC.where(_IS_OPEN).order_by(*_GRAVEST)
        exactly = {"rule": wanted.rule, "severity": wanted.severity, "owner": wanted.owner, "state": wanted.state}
        told = {name: value for name, value in {**exactly, "shadow": wanted.shadow}.items() if value is not None}
        query = query.where(*(discrepancy.c[name] == value for name, value in told.items()))
        if wanted.age is not None:
            least, most = wanted.age.hours
            query = query.where(discrepancy.c.opened_at <= now - dt.timedelta(hours=least))
            if most is not None:
                query = query.where(discrepancy.c.opened_at > now - dt.timedelta(hours=most))
        return self._list(query, wanted.units, limit)

    def open(self, *, units: Sequence[UnitId] | None = None, limit: int = 200) -> tuple[Discrepancy, ...]:
        """Cases that are not resolved, gravest and oldest first."""
        return self._list(_DOC.where(_IS_OPEN).order_by(*_GRAVEST), units, limit)

    def list(self, *, units: Sequence[UnitId] | None = None, limit: int = 200) -> tuple[Discrepancy, ...]:
        """All cases, newest first."""
        return self._list(_DOC.order_by(*_NEWEST), units, limit)

    def _list(self, query: sa.Select[Any], units: Sequence[UnitId] | None, limit: int) -> tuple[Discrepancy, ...]:
        if units is not None:
            query = query.where(
                sa.exists().where(
                    discrepancy_unit.c.discrepancy_id == discrepancy.c.id, discrepancy_unit.c.unit.in_(units)
                )
            )
        return tuple(_case(row) for row in self._sql.rows(query.limit(limit)))


def _case(row: Any) -> Discrepancy:
    return from_json(row.doc, Discrepancy)
