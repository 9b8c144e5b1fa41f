"""The audit chain of a store that may be closed: ``lienthong audit verify``, and the head to export every day."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from gateway.storage import address
from gateway.storage.audit import Head, VerifyResult, check, read_head
from gateway.storage.sql import Sql
from schemas.errors import NotFound


def verify(url: str, *, exported: Head | None = None) -> VerifyResult:
    """Go through the whole chain of the store at ``url`` on one snapshot.

    Args:
        url: address of the store; a running gateway is not disturbed.
        exported: a head that was kept outside of the store; without it a cut-off end cannot be seen.
    """
    with _reading(url) as sql:
        return check(sql, exported=exported)


def head(url: str) -> Head:
    """Number and digest of the newest row."""
    with _reading(url) as sql:
        return read_head(sql)


@contextmanager
def _reading(url: str) -> Iterator[Sql]:
    where = address.parse(url)
    if where.path is not None and not where.path.is_file():
        raise NotFound("there is no store here", subject=str(where.path))
    engine = sa.create_engine(where.url, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            if where.path is None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                connection.exec_driver_sql("BEGIN")
            yield Sql(connection)
            connection.rollback()
    finally:
        engine.dispose()
