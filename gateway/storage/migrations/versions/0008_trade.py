"""What carriers bill and what was agreed with them; lines of bags and manifests by item."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TERMS = {"tariff": ("service", "zone"), "corridor": ("origin", "target"), "service_profile": ("service",)}


def upgrade() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("carrier", KEY, nullable=False),
        sa.Column("invoice", KEY, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("billed", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("carrier", "invoice", "line", name=op.f("pk_invoice_line")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_invoice_line_number"), "invoice_line", ["number"])
    for table, names in TERMS.items():
        op.create_table(
            table,
            *(sa.Column(name, KEY, nullable=False) for name in ("carrier", *names)),
            sa.Column("valid_from", sa.Date(), nullable=False),
            sa.Column("doc", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("carrier", *names, "valid_from", name=op.f(f"pk_{table}")),
        )
    _lines()
    _fill()


def _lines() -> None:
    op.create_table(
        "bag_item",
        sa.Column("bag", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bag"], ["bag.number"], name=op.f("fk_bag_item_bag")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_bag_item_item_id")),
        sa.PrimaryKeyConstraint("bag", "seq", name=op.f("pk_bag_item")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_bag_item_item_id"), "bag_item", ["item_id"])
    op.create_table(
        "manifest_line",
        sa.Column("manifest", KEY, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("dossier_id", sa.BigInteger(), nullable=True),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("manifest", "line", name=op.f("pk_manifest_line")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_manifest_line_item_id"), "manifest_line", ["item_id"])
    op.create_index(op.f("ix_manifest_line_dossier_id"), "manifest_line", ["dossier_id"])
    op.create_index(op.f("ix_manifest_bag"), "manifest", ["bag"])


def _fill() -> None:
    """Bags and manifests that are there get their lines; there are few of them, so they go in one piece."""
    connection = op.get_bind()
    bag_item = sa.table("bag_item", *map(sa.column, ("bag", "seq", "item_id")))
    rows = [
        {"bag": number, "seq": line["seq"], "item_id": line["item"]}
        for number, doc in connection.execute(sa.text("SELECT number, doc FROM bag"))
        for line in json.loads(doc)["lines"]
        if line["item"] is not None
    ]
    _insert(connection, bag_item, rows)
    names = ("manifest", "line", "item_id", "dossier_id", "released")
    newest = (
        "SELECT number, doc FROM manifest m"
        " WHERE revision = (SELECT max(revision) FROM manifest n WHERE n.number = m.number)"
    )
    _insert(
        connection,
        sa.table("manifest_line", *map(sa.column, names)),
        [row for number, doc in connection.execute(sa.text(newest)) for row in _rows(number, json.loads(doc))],
    )


def _rows(number: str, doc: dict[str, Any]) -> list[dict[str, Any]]:
    released = doc["giver"]["signed_at"] is not None and doc["taker"]["signed_at"] is None
    return [
        {
            "manifest": number,
            "line": place,
            "item_id": line["item"],
            "dossier_id": line["dossier"],
            "released": released,
        }
        for place, line in enumerate(doc["lines"], 1)
    ]


def _insert(connection: sa.Connection, table: sa.TableClause, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def downgrade() -> None:
    op.drop_index(op.f("ix_manifest_bag"), "manifest")
    for table in ("manifest_line", "bag_item", *TERMS, "invoice_line"):
        op.drop_table(table)
