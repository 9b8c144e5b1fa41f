"""Alembic's way in: only ever run by :mod:`gateway.storage.schema`, on the connection that it hands over."""

from typing import Any, Literal

from alembic import context

from gateway.storage.tables import dossiers, house, messages, papers, tickets, trade
from gateway.storage.tables.columns import Micros, Word, metadata

_TABLES = (dossiers, messages, papers, house, tickets, trade)  # importing them is what fills the metadata


def render(kind: str, thing: Any, _autogen: object) -> str | Literal[False]:
    """Write our column types into a revision as what they are in the database: a revision must not change with them."""
    if kind == "type" and isinstance(thing, Micros):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(thing, Word):
        return "sa.Text()"
    return False


def chosen(thing: Any, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Whether to compare a table: a new revision may be about some of them only."""
    tables: set[str] | None = context.config.attributes.get("tables")
    return kind != "table" or tables is None or name in tables


def run() -> None:
    """Run the migrations in one transaction."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_item=render, include_object=chosen)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


run()
