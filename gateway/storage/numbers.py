"""Leased blocks of numbers; a number is given out once and never again."""

import datetime as dt
from typing import Final

import sqlalchemy as sa

from gateway.storage.sql import Sql
from gateway.storage.tables.house import number_block
from schemas.errors import NumbersExhausted, Stale

_SCOPE: Final = number_block.c.scope == sa.bindparam("of_scope")
_OVERLAP: Final = sa.select(number_block.c.first, number_block.c.last).where(
    _SCOPE, number_block.c.first <= sa.bindparam("high"), number_block.c.last >= sa.bindparam("low")
)
_NEXT: Final = (
    sa.select(number_block.c.first, number_block.c.next)
    .where(_SCOPE, number_block.c.next <= number_block.c.last)
    .order_by(number_block.c.first)
    .limit(1)
)
_TAKE: Final = sa.update(number_block).where(_SCOPE, number_block.c.first == sa.bindparam("of_first"))
_LEFT: Final = sa.select(sa.func.coalesce(sa.func.sum(number_block.c.last - number_block.c.next + 1), 0)).where(_SCOPE)


class Numbers:
    """:class:`schemas.ports.house_stores.NumberStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def grant(self, scope: str, first: int, last: int, *, now: dt.datetime) -> None:
        """Lease the block ``first`` to ``last`` (both included) to ``scope``.

        A block that starts where one of the scope already starts is the same block: nothing changes. Raises Stale where
        it overlaps another block of the scope, ValueError for an empty block.
        """
        if first > last:
            raise ValueError(f"the block {first} to {last} is empty")
        self._sql.lock("numbers", scope)
        known = self._sql.rows(_OVERLAP, {"of_scope": scope, "low": first, "high": last})
        if first in (row.first for row in known):
            return
        if known:
            raise Stale(f"some of the numbers {first} to {last} were leased before", subject=scope)
        row = {"scope": scope, "first": first, "last": last, "next": first, "granted_at": now}
        self._sql.insert_all(number_block, [row])

    def take(self, scope: str) -> int:
        """The next number of the scope's blocks, lowest block first. Raises NumbersExhausted."""
        self._sql.lock("numbers", scope)
        row = self._sql.row(_NEXT, {"of_scope": scope})
        if row is None:
            raise NumbersExhausted("lease another block", subject=scope)
        self._sql.run(_TAKE, {"of_scope": scope, "of_first": row.first, "next": row.next + 1})
        return int(row.next)

    def left(self, scope: str) -> int:
        """How many are left."""
        return int(self._sql.scalar(_LEFT, {"of_scope": scope}))
