"""Bringing a database to this version's schema; runs on a connection of its own before any writer opens.

Alembic is loaded only where there is something to do: it costs a third of a second, and nearly every start finds the
schema as it should be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.storage import address
from gateway.storage.sqlite import prepare
from schemas.errors import BadConfiguration

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSION: Final = sa.text("SELECT version_num FROM alembic_version")
_LOCK: Final = sa.text("SELECT pg_advisory_lock(hashtextextended('lienthong/upgrade', 0))")


def upgrade(url: str, revision: str = "head") -> str:
    """Bring the database at ``url`` to ``revision``; makes the file (and its folder) where there is none.

    Returns the revision it has now. Two processes may call it at once: the second waits, and finds the work done.
    """
    where = address.parse(url)
    if where.path is not None:
        where.path.parent.mkdir(parents=True, exist_ok=True)
    with _connected(where) as connection:
        if revision != "head" or _revision(connection) != newest():
            _run_migrations(connection, revision)
        return _revision(connection) or ""


def current(url: str) -> str:
    """The revision of the database at ``url``, empty for one that was never set up."""
    with _connected(address.parse(url)) as connection:
        return _revision(connection) or ""


def newest() -> str:
    """The revision that this program wants."""
    return max(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def require(url: str) -> None:
    """Raises BadConfiguration unless the database has exactly this version's schema."""
    has, wants = current(url), newest()
    if has != wants:
        raise BadConfiguration(
            f"the store's schema is {has or 'not there'}, this program needs {wants}: run lienthong upgrade",
            subject=str(address.parse(url)),
        )


def _run_migrations(connection: Connection, revision: str) -> None:
    import alembic.command
    import alembic.config

    config = alembic.config.Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(_VERSION).scalar()
    return found


@contextmanager
def _connected(where: address.Address) -> Iterator[Connection]:
    engine = sa.create_engine(where.url, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            if where.path is None:
                connection.execute(_LOCK)
                connection.commit()
            else:
                _prepare(connection)
            yield connection
    finally:
        engine.dispose()


def _prepare(connection: Connection) -> None:
    driver = connection.connection.dbapi_connection
    if driver is not None:
        prepare(driver)  # type: ignore[arg-type]  # the address says SQLite, so the driver's connection is sqlite3's
