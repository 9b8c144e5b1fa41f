"""SQL nominates: for each rule a superset of the subjects that it may find fault with; the pure rule decides.

A query may name too many, never too few. `tests/contract/stores/test_nominate.py` proves that over generated stores for
every rule of the catalogue, on both databases. A rule without a query gets everybody, and the same test fails until
somebody writes one.

The conditions themselves are in :mod:`gateway.storage.suspects`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage import suspects
from gateway.storage.codec import from_json
from gateway.storage.sql import Sql
from gateway.storage.tables.dossiers import dossier, item
from gateway.storage.tables.house import discrepancy
from gateway.storage.tables.papers import bag
from schemas.bag import Bag
from schemas.calendar import VIETNAM
from schemas.discrepancy import Subject
from schemas.ids import BagNumber, UnitId
from schemas.ports.nominations import BagTotal, UnitTotal
from schemas.tracking import Outcome

_OPEN_CASE: Final = sa.text("discrepancy.state <> 'resolved'")


class Nominations:
    """:class:`schemas.ports.nominations.NominationStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def known(self, rule: str) -> bool:
        """False where no query was written for the rule."""
        return rule in suspects.ITEMS or rule in suspects.DOSSIERS or rule in suspects.BAGS

    def rows(
        self, rule: str, subject: Subject, *, now: dt.datetime, waited: dt.timedelta, offices: Sequence[str] = ()
    ) -> tuple[int, ...]:
        """Row ids of items or dossiers, ascending, each once."""
        query = _QUERIES.get((subject, rule), _EVERY[subject])
        told = {"cut": now - waited, "now": now, "offices": list(offices)}
        values = {name: told[name] for name in query.compile().params if name in told}
        return tuple(sorted({row[0] for row in self._sql.rows(query, values)}))

    def bags(self, rule: str, *, now: dt.datetime, waited: dt.timedelta) -> tuple[BagNumber, ...]:
        """Numbers of bags, ascending."""
        query = _BAG_QUERIES.get(rule, _EVERY_BAG)
        told = {"cut": now - waited, "now": now}
        values = {name: told[name] for name in query.compile().params if name in told}
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
        """Items handed over in [since, until) by sending unit and day, and what had happened to them at ``until``."""
        return tuple(
            UnitTotal(UnitId(row.unit) if row.unit else None, _FIRST_DAY + dt.timedelta(row.day), *row[2:])
            for row in self._sql.rows(_TOTALS, {"since": since, "until": until})
        )

    def bag_totals(self, since: dt.datetime, until: dt.datetime) -> tuple[BagTotal, ...]:
        """Bags closed in [since, until), by day and number, as they stood at ``until``."""
        rows = self._sql.rows(_CLOSED_BAGS, {"since": since, "until": until})
        return tuple(_bag_total(from_json(row.doc, Bag), until) for row in rows)


_QUERIES: Final[dict[tuple[Subject, str], sa.Select[Any]]] = {
    **{(Subject.ITEM, rule): sa.select(item.c.id).where(*conditions) for rule, conditions in suspects.ITEMS.items()},
    **{
        (Subject.DOSSIER, rule): sa.select(dossier.c.id).where(*conditions)
        for rule, conditions in suspects.DOSSIERS.items()
    },
}
_BAG_QUERIES: Final = {
    rule: sa.select(bag.c.number).where(*conditions).order_by(bag.c.number)
    for rule, conditions in suspects.BAGS.items()
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
    shifted = (at + sa.literal_column(str(_SHIFT_US), sa.BigInteger)).self_group()
    ended = sa.and_(item.c.outcome != Outcome.OPEN, item.c.since < sa.bindparam("until"))
    day = shifted.op("/", return_type=sa.BigInteger())(sa.literal_column(str(_DAY_US))).label("day")
    return (
        sa.select(
            item.c.sender_unit.label("unit"),
            day,
            sa.func.count().label("handed_over"),
            sa.func.sum(sa.case((item.c.accepted_at < sa.bindparam("until"), 1), else_=0)).label("seen"),
            sa.func.sum(sa.case((ended, 1), else_=0)).label("ended"),
        )
        .where(item.c.handed_over_at >= sa.bindparam("since"), item.c.handed_over_at < sa.bindparam("until"))
        .group_by(item.c.sender_unit, day)
        .order_by(day, item.c.sender_unit)
    )


_TOTALS: Final = _totals()
_CLOSED_BAGS: Final = (
    sa.select(bag.c.doc)
    .where(bag.c.closed_at >= sa.bindparam("since"), bag.c.closed_at < sa.bindparam("until"))
    .order_by(bag.c.closed_at, bag.c.number)
)


def _bag_total(closed: Bag, until: dt.datetime) -> BagTotal:
    """Lines that the giver listed have a time of putting in; what was only found on opening has none."""
    opened = closed.opened_at is not None and closed.opened_at <= until
    put_in = sum(line.put_in_at is not None for line in closed.lines)
    taken_out = sum(line.taken_out_at is not None and line.taken_out_at <= until for line in closed.lines)
    day = (closed.closed_at or until).astimezone(VIETNAM).date()
    return BagTotal(closed.number, closed.origin, closed.target, day, put_in, taken_out if opened else None)
