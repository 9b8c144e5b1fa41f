"""Units, procedures, agreements, succession and calendars as dated rows: nothing is ever renamed in place.

Days are inclusive on both ends; where two rows hold on one day (the last of the old, the first of the new) the one
that began later counts.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.house import agreement, calendar, procedure, succession, unit, unit_code
from schemas.calendar import WorkCalendar
from schemas.errors import NotFound
from schemas.ids import ProcedureCode, UnitId
from schemas.organisation import Agreement, ProcedureVersion, Succession, Unit

T = TypeVar("T")

_ON: Final = sa.bindparam("on", type_=sa.Date)


def _in_force(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.valid_from <= _ON, sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= _ON))


_UNITS: Final = (
    sa.select(unit.c.id.label("key"), unit.c.doc).where(_in_force(unit)).order_by(unit.c.id, unit.c.valid_from)
)
_UNIT: Final = (
    sa.select(unit.c.doc)
    .where(unit.c.id == sa.bindparam("of_unit"), _in_force(unit))
    .order_by(unit.c.valid_from.desc())
    .limit(1)
)
_UNIT_BY_CODE: Final = (
    sa.select(unit_code.c.unit)
    .where(
        unit_code.c.scheme == sa.bindparam("of_scheme"),
        unit_code.c.code == sa.bindparam("of_code"),
        _in_force(unit_code),
    )
    .order_by(unit_code.c.valid_from.desc(), unit_code.c.unit_from.desc())
    .limit(1)
)
_FORGET_CODES: Final = sa.delete(unit_code).where(
    unit_code.c.unit == sa.bindparam("of_unit"), unit_code.c.unit_from == sa.bindparam("of_from")
)
_SUCCESSIONS: Final = sa.select(succession.c.doc).order_by(succession.c.on, succession.c.old, succession.c.new)
_PROCEDURES: Final = (
    sa.select(procedure.c.code.label("key"), procedure.c.doc)
    .where(_in_force(procedure))
    .order_by(procedure.c.code, procedure.c.valid_from, procedure.c.version)
)
_PROCEDURE: Final = (
    sa.select(procedure.c.doc)
    .where(procedure.c.code == sa.bindparam("of_code"), _in_force(procedure))
    .order_by(procedure.c.valid_from.desc(), procedure.c.version.desc())
    .limit(1)
)
_PAIR: Final = agreement.c.government + sa.literal("\n") + agreement.c.post
_AGREEMENTS: Final = (
    sa.select(_PAIR.label("key"), agreement.c.doc)
    .where(_in_force(agreement))
    .order_by(agreement.c.government, agreement.c.post, agreement.c.valid_from)
)
_AGREEMENT: Final = (
    sa.select(agreement.c.doc)
    .where(
        agreement.c.government == sa.bindparam("of_government"),
        agreement.c.post == sa.bindparam("of_post"),
        _in_force(agreement),
    )
    .order_by(agreement.c.valid_from.desc())
    .limit(1)
)
_COMMON: Final = ""
_CALENDAR: Final = (
    sa.select(calendar.c.doc)
    .where(calendar.c.unit.in_([sa.bindparam("of_unit"), _COMMON]))
    .order_by(calendar.c.unit.desc())
    .limit(1)
)


class Catalogue:
    """:class:`schemas.ports.house_stores.CatalogueStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def unit(self, unit: UnitId, on: dt.date) -> Unit:
        """Raises NotFound."""
        found = self._first(_UNIT, Unit, {"of_unit": unit, "on": on})
        if found is None:
            raise NotFound(f"no such unit on {on.isoformat()}", subject=unit)
        return found

    def units(self, on: dt.date) -> tuple[Unit, ...]:
        """All units in force."""
        return self._newest(_UNITS, Unit, on)

    def unit_by_code(self, scheme: str, code: str, on: dt.date) -> Unit | None:
        """The unit that had this outside code, as it was on that day."""
        found = self._sql.scalar(_UNIT_BY_CODE, {"of_scheme": scheme, "of_code": code, "on": on})
        return None if found is None else self._first(_UNIT, Unit, {"of_unit": found, "on": on})

    def successions(self) -> tuple[Succession, ...]:
        """All, oldest first."""
        return tuple(from_json(row.doc, Succession) for row in self._sql.rows(_SUCCESSIONS))

    def procedure(self, code: ProcedureCode, on: dt.date) -> ProcedureVersion | None:
        """The version in force on the day, or None."""
        return self._first(_PROCEDURE, ProcedureVersion, {"of_code": code, "on": on})

    def procedures(self, on: dt.date) -> tuple[ProcedureVersion, ...]:
        """All in force."""
        return self._newest(_PROCEDURES, ProcedureVersion, on)

    def agreement(self, government: UnitId, post: UnitId, on: dt.date) -> Agreement | None:
        """The agreement in force, or None."""
        return self._first(_AGREEMENT, Agreement, {"of_government": government, "of_post": post, "on": on})

    def agreements(self, on: dt.date) -> tuple[Agreement, ...]:
        """All agreements in force."""
        return self._newest(_AGREEMENTS, Agreement, on)

    def calendar(self, unit: UnitId) -> WorkCalendar:
        """The unit's calendar, or the common one. Raises NotFound where there is neither."""
        found = self._first(_CALENDAR, WorkCalendar, {"of_unit": unit})
        if found is None:
            raise NotFound("neither this unit nor everybody has a working calendar; put one", subject=unit)
        return found

    def put_units(self, units: Iterable[Unit]) -> None:
        """Insert or replace by (id, valid_from)."""
        for one in units:
            row = {"id": one.id, "valid_from": one.valid_from, "valid_to": one.valid_to, "doc": to_json(one)}
            self._sql.put(_UNIT_TABLE, row)
            self._sql.run(_FORGET_CODES, {"of_unit": one.id, "of_from": one.valid_from})
            self._sql.put_all(unit_code, _code_rows(one))

    def put_procedures(self, procedures: Iterable[ProcedureVersion]) -> None:
        """Insert or replace by (code, version)."""
        for one in procedures:
            row = {
                "code": one.code,
                "version": one.version,
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
                "doc": to_json(one),
            }
            self._sql.put(_PROCEDURE_TABLE, row)

    def put_agreements(self, agreements: Iterable[Agreement]) -> None:
        """Insert or replace by (government, post, valid_from)."""
        for one in agreements:
            row = {
                "government": one.government,
                "post": one.post,
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
                "doc": to_json(one),
            }
            self._sql.put(_AGREEMENT_TABLE, row)

    def put_successions(self, successions: Iterable[Succession]) -> None:
        """Insert or replace by (old, new, on)."""
        for one in successions:
            self._sql.put(succession, {"old": one.old, "new": one.new, "on": one.on, "doc": to_json(one)})

    def put_calendar(self, calendar: WorkCalendar) -> None:
        """Insert or replace by unit (None: the common one)."""
        row = {"unit": calendar.unit or _COMMON, "version": calendar.version, "doc": to_json(calendar)}
        self._sql.put(_CALENDAR_TABLE, row)

    def _first(self, query: sa.Select[Any], kind: type[T], values: dict[str, Any]) -> T | None:
        doc = self._sql.scalar(query, values)
        return None if doc is None else from_json(doc, kind)

    def _newest(self, query: sa.Select[Any], kind: type[T], on: dt.date) -> tuple[T, ...]:
        by_key = {row.key: row.doc for row in self._sql.rows(query, {"on": on})}
        return tuple(from_json(doc, kind) for doc in by_key.values())


_UNIT_TABLE: Final = unit
_PROCEDURE_TABLE: Final = procedure
_AGREEMENT_TABLE: Final = agreement
_CALENDAR_TABLE: Final = calendar


def _code_rows(one: Unit) -> list[dict[str, Any]]:
    return [
        {
            "scheme": code.scheme,
            "code": code.code,
            "unit": one.id,
            "unit_from": one.valid_from,
            "valid_from": code.valid_from,
            "valid_to": code.valid_to,
        }
        for code in one.codes
    ]
