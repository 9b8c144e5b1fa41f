"""The address of a store: a SQLite file or a PostgreSQL database."""

import dataclasses
from pathlib import Path

import sqlalchemy as sa

from schemas.errors import BadConfiguration


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """A parsed store URL; ``path`` is the file of SQLite, None for PostgreSQL. Shown without its password."""

    url: sa.URL
    path: Path | None

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)


def parse(url: str) -> Address:
    """Read ``sqlite:///FILE`` or ``postgresql://…``. Raises BadConfiguration for anything else."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadConfiguration("the store's address is not a URL such as sqlite:///var/lienthong.db") from error
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return Address(parsed.set(drivername="postgresql+psycopg"), None)
    if kind != "sqlite":
        raise BadConfiguration(f"no store for {kind}: use sqlite:///FILE or postgresql://…")
    if not parsed.database or parsed.database == ":memory:":
        raise BadConfiguration("a store in memory would lose everything; name a file, sqlite:///var/lienthong.db")
    return Address(parsed, Path(parsed.database))
