"""SQL nominates: for each rule a superset of the subjects that it may find fault with; the pure rule decides.

A query may name too many, never too few. `tests/contract/stores/test_nominate.py` proves that over generated stores for
every rule of the catalogue, on both databases. A rule without a query here gets everything that is still open, and the
same test fails until somebody writes one.

Conditions that an index is made for are written as the text of that index: SQLite uses a partial index only for the
very same term.
"""

import datetime as dt
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.sql import Sql
from gateway.storage.tables.dossiers import dossier, event, item, packing
from gateway.storage.tables.house import discrepancy
from gateway.storage.tables.papers import bag
from schemas.calendar import VIETNAM
from schemas.discrepancy import Subject
from schemas.dossier import DossierState
from schemas.ids import BagNumber, UnitId
from schemas.ports.nominations import UnitTotal
from schemas.shipment import Purpose
from schemas.tracking import Movement, Outcome

Condition = sa.ColumnElement[bool]
S, M = DossierState, Movement

_CUT: Final = sa.bindparam("cut", type_=item.c.since.type)
"""``now`` minus the shortest wait of the rule."""
_UNSETTLED: Final = sa.text("NOT item.settled")
_OPEN_CASE: Final = sa.text("discrepancy.state <> 'resolved'")
_AT_REST: Final = (S.CLOSED.value, S.VOID.value)


def _packed(*conditions: Any, still: bool = True) -> Condition:
    """A dossier that is (``still``) or ever was in an item of these conditions."""
    inside = [packing.c.until.is_(None)] if still else []
    return (
        sa.select(packing.c.dossier_id)
        .join(item, item.c.id == packing.c.item_id)
        .where(packing.c.dossier_id == dossier.c.id, *inside, *conditions)
        .exists()
    )


def _state(*states: DossierState) -> Condition:
    return dossier.c.state.in_([state.value for state in states])


_ITEMS: Final[dict[str, tuple[Any, ...]]] = {
    "D-01": (
        _UNSETTLED,
        item.c.handed_over_at <= _CUT,
        item.c.accepted_at.is_(None),
        item.c.outcome == Outcome.OPEN,
    ),
    "D-20": (sa.text("item.wrong_number"),),
    "D-31": (sa.text("item.regressed"),),
    "D-35": (item.c.id.in_(sa.select(event.c.item_id).where(sa.text("NOT event.known"))),),
}
_DOSSIERS: Final[dict[str, tuple[Any, ...]]] = {
    "D-03": (
        _state(S.LODGED, S.IN_POST, S.RESULT_IN_POST, S.RESULT_HELD),
        _packed(
            item.c.purpose.in_([Purpose.DOSSIER_IN.value, Purpose.RESULT_OUT.value]),
            item.c.movement == M.DELIVERED,
            item.c.since <= _CUT,
            item.c.evidence >= item.c.evidence_required,
        ),
    ),
    "E-20": (
        _state(S.LODGED, S.IN_POST, S.ARRIVED, S.ACCEPTED, S.BETWEEN_UNITS),
        dossier.c.receipt_at <= _CUT,
    ),
    "E-21": (sa.text("dossier.peers_apart"),),
}
_BAGS: Final[dict[str, tuple[Any, ...]]] = {}


class Nominations:
    """:class:`schemas.ports.nominations.NominationStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def known(self, rule: str) -> bool:
        """False where no query was written for the rule."""
        return rule in _ITEMS or rule in _DOSSIERS or rule in _BAGS

    def rows(self, rule: str, subject: Subject, *, now: dt.datetime, waited: dt.timedelta) -> tuple[int, ...]:
        """Row ids of items or dossiers, ascending, each once."""
        query = _QUERIES.get((subject, rule)) or _FALLBACK[subject]
        values = {"cut": now - waited} if "cut" in query.compile().params else {}
        return tuple(sorted({row[0] for row in self._sql.rows(query, values)}))

    def bags(self, rule: str, *, now: dt.datetime, waited: dt.timedelta) -> tuple[BagNumber, ...]:
        """Numbers of bags, ascending."""
        query = _BAG_QUERIES.get(rule, _EVERY_BAG)
        values = {"cut": now - waited} if "cut" in query.compile().params else {}
        return tuple(BagNumber(row[0]) for row in self._sql.rows(query, values))

    def with_open_case(self, subject: Subject) -> tuple[str, ...]:
        """Keys of subjects that have a case which is not resolved."""
        return tuple(row[0] for row in self._sql.rows(_CASES, {"kind": subject}))

    def every(self, subject: Subject) -> tuple[int, ...]:
        """Row ids of all items or dossiers, ascending."""
        return tuple(row[0] for row in self._sql.rows(_EVERY[subject]))

    def every_bag(self) -> tuple[BagNumber, ...]:
        """Numbers of all bags, ascending."""
        return tuple(BagNumber(row[0]) for row in self._sql.rows(_EVERY_BAG))

    def unit_totals(self, since: dt.datetime, until: dt.datetime) -> tuple[UnitTotal, ...]:
        """Items handed over in [since, until) by sending unit and day."""
        return tuple(
            UnitTotal(UnitId(row.unit) if row.unit else None, _FIRST_DAY + dt.timedelta(row.day), *row[2:])
            for row in self._sql.rows(_TOTALS, {"since": since, "until": until})
        )


def _living() -> tuple[Any, ...]:
    """Everything that is not settled, packed for a dossier that lives, or packed for none."""
    mine = sa.select(packing.c.item_id).where(packing.c.item_id == item.c.id)
    alive = mine.join(dossier, dossier.c.id == packing.c.dossier_id).where(dossier.c.state.not_in(_AT_REST))
    return (sa.or_(_UNSETTLED, alive.exists(), ~mine.exists()),)


_QUERIES: Final[dict[tuple[Subject, str], sa.Select[Any]]] = {
    **{(Subject.ITEM, rule): sa.select(item.c.id).where(*conditions) for rule, conditions in _ITEMS.items()},
    **{(Subject.DOSSIER, rule): sa.select(dossier.c.id).where(*conditions) for rule, conditions in _DOSSIERS.items()},
}
_BAG_QUERIES: Final = {
    rule: sa.select(bag.c.number).where(*conditions).order_by(bag.c.number) for rule, conditions in _BAGS.items()
}
_FALLBACK: Final = {
    Subject.ITEM: sa.select(item.c.id).where(*_living()),
    Subject.DOSSIER: sa.select(dossier.c.id).where(dossier.c.state != S.VOID),
}
_EVERY: Final = {
    Subject.ITEM: sa.select(item.c.id).order_by(item.c.id),
    Subject.DOSSIER: sa.select(dossier.c.id).order_by(dossier.c.id),
}
_EVERY_BAG: Final = sa.select(bag.c.number).order_by(bag.c.number)
_CASES: Final = (
    sa.select(discrepancy.c.subject)
    .where(_OPEN_CASE, discrepancy.c.subject_kind == sa.bindparam("kind"))
    .distinct()
    .order_by(discrepancy.c.subject)
)
_DAY_US: Final = 86_400_000_000
_SHIFT_US: Final = int((dt.datetime(1970, 1, 1, tzinfo=VIETNAM).utcoffset() or dt.timedelta()).total_seconds() * 1e6)
_FIRST_DAY: Final = dt.date(1970, 1, 1)


def _totals() -> sa.Select[Any]:
    """Days are counted from 1970 in local time: whole-number division is the same on both databases."""
    at = sa.type_coerce(item.c.handed_over_at, sa.BigInteger)
    shifted = at + sa.literal_column(str(_SHIFT_US), sa.BigInteger)
    day = shifted.op("/", return_type=sa.BigInteger())(sa.literal_column(str(_DAY_US))).label("day")
    return (
        sa.select(
            item.c.sender_unit.label("unit"),
            day,
            sa.func.count().label("handed_over"),
            sa.func.count(item.c.accepted_at).label("seen"),
            sa.func.sum(sa.case((item.c.outcome != Outcome.OPEN, 1), else_=0)).label("ended"),
        )
        .where(item.c.handed_over_at >= sa.bindparam("since"), item.c.handed_over_at < sa.bindparam("until"))
        .group_by(item.c.sender_unit, day)
        .order_by(day, item.c.sender_unit)
    )


_TOTALS: Final = _totals()
