"""What the database's own errors mean for the house."""

import errno
import sqlite3
from typing import Final

import sqlalchemy.exc

_SQLITE_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""A quota or a file size limit shows as a failed write, not as FULL."""
_PG_FULL: Final = frozenset({"53100", "53200"})
"""disk_full, out_of_memory."""
_PG_AGAIN: Final = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: PostgreSQL asks to run the transaction again."""


def origin(error: BaseException) -> BaseException:
    """The driver's error inside SQLAlchemy's."""
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig is not None:
        return error.orig
    return error


def is_full(error: BaseException) -> bool:
    """True when there is no space for what was to be written."""
    inner = origin(error)
    if isinstance(inner, sqlite3.Error):
        return getattr(inner, "sqlite_errorcode", None) in _SQLITE_FULL
    if _is_pg(inner):
        return _state(inner) in _PG_FULL
    return isinstance(inner, OSError) and inner.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def may_run_again(error: BaseException) -> bool:
    """True when nothing was committed and the same transaction may simply be run once more."""
    inner = origin(error)
    if not _is_pg(inner):
        return False
    lost = isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated
    return lost or _state(inner) in _PG_AGAIN


def _is_pg(error: BaseException) -> bool:
    """Whether psycopg raised it. By name: importing the driver costs a store on SQLite 0.1 s and 10 MB for nothing."""
    return any(kind.__module__ == "psycopg" and kind.__name__ == "Error" for kind in type(error).__mro__)


def _state(error: BaseException) -> str | None:
    state: str | None = getattr(error, "sqlstate", None)
    return state
