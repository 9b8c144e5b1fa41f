"""Dossiers: whole aggregates, found by every code they ever had."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import fold_text, from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.dossiers import dossier, dossier_alias, dossier_code, dossier_step, item_number, packing
from schemas.dossier import CodeAlias, Component, Dossier, DossierState, Step
from schemas.errors import NotFound, Stale
from schemas.ids import DossierCode, DossierId, ProcedureCode, UnitId
from schemas.ports.dossier_stores import DossierLine
from tracking import clocks

_ID: Final = sa.bindparam("dossier", type_=sa.BigInteger)
_GET: Final = sa.select(dossier.c.version, dossier.c.doc).where(dossier.c.id == _ID)
_STEPS: Final = sa.select(dossier_step).where(dossier_step.c.dossier_id == _ID).order_by(dossier_step.c.n)
_ALIASES: Final = sa.select(dossier_alias).where(dossier_alias.c.dossier_id == _ID).order_by(dossier_alias.c.n)
_THESE: "Final[sa.BindParameter[Any]]" = sa.bindparam("these", expanding=True)
_MANY: Final = sa.select(dossier.c.id, dossier.c.version, dossier.c.doc).where(dossier.c.id.in_(_THESE))
_STEPS_OF_MANY: Final = (
    sa.select(dossier_step)
    .where(dossier_step.c.dossier_id.in_(_THESE))
    .order_by(dossier_step.c.dossier_id, dossier_step.c.n)
)
_ALIASES_OF_MANY: Final = (
    sa.select(dossier_alias)
    .where(dossier_alias.c.dossier_id.in_(_THESE))
    .order_by(dossier_alias.c.dossier_id, dossier_alias.c.n)
)
_FIND: Final = sa.select(dossier_code.c.dossier_id).where(dossier_code.c.code == sa.bindparam("code"))
_CODES: Final = sa.select(dossier_code.c.code).where(dossier_code.c.dossier_id == _ID)
_UPDATE: Final = sa.update(dossier).where(
    dossier.c.id == sa.bindparam("row_id"), dossier.c.version == sa.bindparam("read")
)
_LINE: Final = sa.select(
    dossier.c.id,
    dossier.c.code,
    dossier.c.owner_name,
    dossier.c.procedure,
    dossier.c.state,
    dossier.c.national,
    dossier.c.competent_unit,
    dossier.c.due_at,
    dossier.c.changed_at,
)
_LAST_CHARACTER: Final = "\U0010ffff"


class Dossiers:
    """:class:`schemas.ports.dossier_stores.DossierStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, dossier: DossierId) -> Dossier:
        """Raises NotFound."""
        row = self._sql.row(_GET, {"dossier": dossier})
        if row is None:
            raise NotFound("no dossier with this row id", subject=str(dossier))
        whole = from_json(row.doc, Dossier)
        return dataclasses.replace(
            whole, id=dossier, version=row.version, aliases=self._aliases(dossier), history=self._history(dossier)
        )

    def find(self, code: str) -> Dossier | None:
        """By the code it has or ever had."""
        found = self._sql.scalar(_FIND, {"code": code})
        return None if found is None else self.get(DossierId(found))

    def add(self, dossier: Dossier) -> Dossier:
        """Store a new one; returns it with its id. Raises Stale where one of its codes is taken."""
        new = DossierId(self._sql.insert(_TABLE, {**_row(dossier), "version": 1}))
        stored = dataclasses.replace(dossier, id=new, version=1)
        self._put_parts(stored, known_steps=())
        return stored

    def put(self, dossier: Dossier) -> Dossier:
        """Store a changed one whose ``version`` is the one read; returns it with the next.

        Raises Stale; raises ValueError where the history was rewritten: steps are appended, never changed.
        """
        stored = dataclasses.replace(dossier, version=dossier.version + 1)
        values = {**_row(stored), "version": stored.version, "row_id": dossier.id, "read": dossier.version}
        if self._sql.run(_UPDATE, values) == 0:
            raise Stale("read it again and repeat the change", subject=dossier.code)
        known = self._history(dossier.id)
        if dossier.history[: len(known)] != known:
            raise ValueError(f"the history of dossier {dossier.code} was rewritten; steps can only be added")
        self._put_parts(stored, known_steps=known)
        return stored

    def search(
        self, text: str, *, units: Sequence[UnitId] | None, limit: int = 50, after: DossierId | None = None
    ) -> tuple[DossierLine, ...]:
        """Newest first, by code prefix or suffix, folded owner name or item number; ``units`` None: every unit."""
        query = _LINE.order_by(dossier.c.id.desc()).limit(limit)
        words = text.strip()
        if words:
            query = query.where(_matches(words))
        if units is not None:
            query = query.where(sa.or_(*(column.in_(list(units)) for column in _UNIT_COLUMNS)))
        if after is not None:
            query = query.where(dossier.c.id < after)
        return tuple(_line(row) for row in self._sql.rows(query))

    def many(self, dossiers: Sequence[DossierId]) -> tuple[Dossier, ...]:
        """Those of these ids that are there, in three queries; no order."""
        steps: dict[int, list[Step]] = {}
        for row in self._sql.rows_in(_STEPS_OF_MANY, dossiers):
            steps.setdefault(row.dossier_id, []).append(_step(row))
        aliases: dict[int, list[CodeAlias]] = {}
        for row in self._sql.rows_in(_ALIASES_OF_MANY, dossiers):
            aliases.setdefault(row.dossier_id, []).append(_alias(row))
        return tuple(
            dataclasses.replace(
                from_json(row.doc, Dossier),
                id=DossierId(row.id),
                version=row.version,
                aliases=tuple(aliases.get(row.id, ())),
                history=tuple(steps.get(row.id, ())),
            )
            for row in self._sql.rows_in(_MANY, dossiers)
        )

    def _put_parts(self, stored: Dossier, *, known_steps: tuple[Step, ...]) -> None:
        steps = [_step_row(stored.id, n, step) for n, step in enumerate(stored.history)][len(known_steps) :]
        self._sql.insert_all(dossier_step, steps)
        if stored.version == 1 or self._aliases(stored.id) != stored.aliases:
            self._sql.run(sa.delete(dossier_alias).where(dossier_alias.c.dossier_id == stored.id))
            self._sql.insert_all(dossier_alias, [_alias_row(stored.id, n, a) for n, a in enumerate(stored.aliases)])
        self._claim_codes(stored)

    def _claim_codes(self, stored: Dossier) -> None:
        mine = {row.code for row in self._sql.rows(_CODES, {"dossier": stored.id})}
        for code in dict.fromkeys((stored.code, *(alias.code for alias in stored.aliases))):
            row = {"code": code, "reversed": code[::-1], "dossier_id": stored.id}
            if code not in mine and not self._sql.insert_new(dossier_code, row):
                raise Stale("another dossier has this code", subject=code)

    def _history(self, dossier: DossierId) -> tuple[Step, ...]:
        return tuple(_step(row) for row in self._sql.rows(_STEPS, {"dossier": dossier}))

    def _aliases(self, dossier: DossierId) -> tuple[CodeAlias, ...]:
        return tuple(_alias(row) for row in self._sql.rows(_ALIASES, {"dossier": dossier}))


_TABLE: Final = dossier
_UNIT_COLUMNS: Final = (
    dossier.c.receiving_unit,
    dossier.c.competent_unit,
    dossier.c.returning_unit,
    dossier.c.post_unit,
)


def _matches(words: str) -> sa.ColumnElement[bool]:
    """A superset is fine for a person; each branch but the name is a range of an index."""
    code = words.upper()
    by_code = sa.select(dossier_code.c.dossier_id).where(
        sa.or_(_begins(dossier_code.c.code, code), _begins(dossier_code.c.reversed, code[::-1]))
    )
    by_item = (
        sa.select(packing.c.dossier_id)
        .join(item_number, item_number.c.item_id == packing.c.item_id)
        .where(_begins(item_number.c.number, code))
    )
    folded = fold_text(words)
    conditions: list[sa.ColumnElement[bool]] = [dossier.c.id.in_(by_code), dossier.c.id.in_(by_item)]
    if folded:
        conditions.append(dossier.c.owner_folded.contains(folded, autoescape=True))
    return sa.or_(*conditions)


def _begins(column: "sa.Column[Any]", prefix: str) -> sa.ColumnElement[bool]:
    return sa.and_(column >= prefix, column < prefix + _LAST_CHARACTER)


def _row(dossier: Dossier) -> dict[str, Any]:
    changed_at = max((step.recorded_at for step in dossier.history), default=dossier.created_at)
    return {
        "code": dossier.code,
        "procedure": dossier.procedure,
        "state": dossier.state,
        "national": dossier.national,
        "receiving_unit": dossier.receiving_unit,
        "competent_unit": dossier.competent_unit,
        "returning_unit": dossier.returning_unit,
        "post_unit": dossier.post_unit,
        "owner_name": dossier.owner.name,
        "owner_folded": fold_text(dossier.owner.name),
        "due_at": dossier.due_at,
        "created_at": dossier.created_at,
        "changed_at": changed_at,
        "correlation_id": dossier.correlation_id,
        "doc": to_json(dataclasses.replace(dossier, aliases=(), history=())),
        **_asked_about(dossier),
    }


def _asked_about(dossier: Dossier) -> dict[str, Any]:
    """What only the nominations look at."""
    return {
        "accepted_at": dossier.accepted_at,
        "closed_at": dossier.closed_at,
        "receipt_at": max((leg.received_at for leg in dossier.legs if leg.received_at), default=None),
        "leg_due_at": dossier.legs[-1].due_at if dossier.legs else None,
        "supplements": len(dossier.supplements),
        "return_method": int(dossier.return_method),
        "peers_apart": any(told.national != dossier.national for told in dossier.peer_states),
        "sheets_apart": _sheets_apart(dossier.components),
        "proven": dossier.return_proof is not None,
        "pauses": len(dossier.pauses),
        "clock_apart": clocks.lawful(dossier) is not clocks.recorded(dossier),
        "on_the_way": any(leg.sent_at and not (leg.received_at or leg.done_at) for leg in dossier.legs),
    }


def _sheets_apart(papers: Sequence[Component]) -> bool:
    """A paper differs, or only some were scanned: then the sum may differ (E-22)."""
    some = len({paper.sheets_scanned is None for paper in papers}) == 2
    return some or any(_apart(paper) for paper in papers)


def _apart(paper: Component) -> bool:
    return any(n is not None and n != paper.sheets_counted for n in (paper.sheets_received, paper.sheets_scanned))


def _line(row: Any) -> DossierLine:
    return DossierLine(
        id=DossierId(row.id),
        code=DossierCode(row.code),
        owner_name=row.owner_name,
        procedure=ProcedureCode(row.procedure),
        state=row.state,
        national=row.national,
        competent_unit=UnitId(row.competent_unit),
        due_at=row.due_at,
        changed_at=row.changed_at,
    )


def _alias(row: Any) -> CodeAlias:
    return CodeAlias(DossierCode(row.code), row.scheme, row.valid_from, row.valid_to)


def _alias_row(dossier: DossierId, n: int, alias: CodeAlias) -> dict[str, Any]:
    return {
        "dossier_id": dossier,
        "n": n,
        "code": alias.code,
        "scheme": alias.scheme,
        "valid_from": alias.valid_from,
        "valid_to": alias.valid_to,
    }


def _step_row(dossier: DossierId, n: int, step: Step) -> dict[str, Any]:
    return {
        "dossier_id": dossier,
        "n": n,
        "row": step.row,
        "state": step.state,
        "national": step.national,
        "at": step.at,
        "recorded_at": step.recorded_at,
        "by": step.by,
        "source": step.source,
        "unit": step.unit,
        "reason": step.reason,
        "form": step.form,
        "approvals": to_json(step.approvals),
    }


def _step(row: Any) -> Step:
    return Step(
        row=row.row,
        state=DossierState(row.state),
        national=row.national,
        at=row.at,
        recorded_at=row.recorded_at,
        by=row.by,
        source=row.source,
        unit=row.unit,
        reason=row.reason,
        form=row.form,
        approvals=from_json(row.approvals, tuple[str, ...]),
    )
