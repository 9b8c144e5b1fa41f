"""Statements that are handed to SQLite's driver as text answer what SQLAlchemy answers, lists of any length too."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.storage.prepared import MOST_LISTED
from gateway.storage.sql import Sql

ROWS = 3_000
TABLE = sa.Table("one", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("kind", sa.Text))
THESE: sa.BindParameter[int] = sa.bindparam("these", expanding=True)
KIND = TABLE.c.kind == sa.bindparam("kind")
FIXED = TABLE.c.kind.in_(["a", "b"])
QUERIES = {
    "in": sa.select(TABLE.c.id).where(TABLE.c.id.in_(THESE)),
    "not in, between others": sa.select(TABLE.c.id).where(FIXED, TABLE.c.id.not_in(THESE), KIND).limit(2_000),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_a_list_of_any_length_answers_as_by_sqlalchemy(query: sa.Select[Any]) -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        TABLE.create(connection)
        connection.execute(sa.insert(TABLE), [{"id": n, "kind": "abc"[n % 3]} for n in range(ROWS)])
        sql = Sql(connection)

        def told(these: Sequence[int]) -> list[int]:
            return [row.id for row in sql.rows(query, {"these": these, "kind": "a"})]

        for length in (5, 0, 1, 2, 3, 4, 5, 63, 64, 65, MOST_LISTED, MOST_LISTED + 1, 7):
            these = list(range(1, 1 + length))
            wanted = connection.execute(query, {"these": these, "kind": "a"}).scalars().all()
            assert told(these) == list(wanted), length
            assert told(tuple(these)) == list(wanted), length


def test_a_writing_statement_with_a_list_says_how_many_it_touched() -> None:
    gone = sa.delete(TABLE).where(TABLE.c.id.in_(THESE))
    with sa.create_engine("sqlite://").connect() as connection:
        TABLE.create(connection)
        connection.execute(sa.insert(TABLE), [{"id": n, "kind": "a"} for n in range(100)])
        sql = Sql(connection)
        assert [sql.run(gone, {"these": these}) for these in ([1], [2, 3, 4], [1, 5])] == [1, 3, 1]
        left = connection.execute(sa.select(sa.func.count()).select_from(TABLE)).scalar()
        assert left == 95
