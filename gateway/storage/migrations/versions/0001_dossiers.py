"""Dossiers, postal items and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _dossier()
    _item()
    _booking()
    _dossier_alias()
    _dossier_code()
    _dossier_step()
    _event()
    _item_number()
    _packing()


def downgrade() -> None:
    op.drop_table("packing")
    op.drop_table("item_number")
    op.drop_table("event")
    op.drop_table("dossier_step")
    op.drop_table("dossier_code")
    op.drop_table("dossier_alias")
    op.drop_table("booking")
    op.drop_table("item")
    op.drop_table("dossier")


def _dossier() -> None:
    op.create_table(
        "dossier",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("procedure", KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("national", sa.BigInteger(), nullable=True),
        sa.Column("receiving_unit", KEY, nullable=False),
        sa.Column("competent_unit", KEY, nullable=False),
        sa.Column("returning_unit", KEY, nullable=False),
        sa.Column("post_unit", KEY, nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("owner_folded", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_dossier_competent_unit_id"), "dossier", ["competent_unit", "id"], unique=False)
    op.create_index(op.f("ix_dossier_state_id"), "dossier", ["state", "id"], unique=False)


def _item() -> None:
    op.create_table(
        "item",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("carrier", KEY, nullable=False),
        sa.Column("number", KEY, nullable=True),
        sa.Column("reference", KEY, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sender_unit", KEY, nullable=True),
        sa.Column("receiver_unit", KEY, nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("movement", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("evidence", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("last_event_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("poll_at", sa.BigInteger(), nullable=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_item_poll",
        "item",
        ["carrier", "poll_at"],
        unique=False,
        sqlite_where=sa.text("poll_at IS NOT NULL"),
        postgresql_where=sa.text("poll_at IS NOT NULL"),
    )
    op.create_index(
        "ix_item_unsettled",
        "item",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT settled"),
        postgresql_where=sa.text("NOT settled"),
    )


def _booking() -> None:
    op.create_table(
        "booking",
        sa.Column("peer", KEY, nullable=False),
        sa.Column("reference", KEY, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("carrier", KEY, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("window_from", sa.BigInteger(), nullable=False),
        sa.Column("window_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_booking_item_id")),
        sa.PrimaryKeyConstraint("peer", "reference", "direction", "seq", name=op.f("pk_booking")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_booking_item_id"), "booking", ["item_id"], unique=False)


def _dossier_alias() -> None:
    op.create_table(
        "dossier_alias",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_alias_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "n", name=op.f("pk_dossier_alias")),
        sqlite_with_rowid=False,
    )


def _dossier_code() -> None:
    op.create_table(
        "dossier_code",
        sa.Column("code", KEY, nullable=False),
        sa.Column("reversed", KEY, nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_code_dossier_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_dossier_code")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_dossier_code_dossier_id"), "dossier_code", ["dossier_id"], unique=False)
    op.create_index(op.f("ix_dossier_code_reversed"), "dossier_code", ["reversed"], unique=False)


def _dossier_step() -> None:
    op.create_table(
        "dossier_step",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("national", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("approvals", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_step_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "n", name=op.f("pk_dossier_step")),
        sqlite_with_rowid=False,
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("occurred_key", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("office", KEY, nullable=False),
        sa.Column("attempt_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("carrier", KEY, nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("utc_low", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("quarantine", KEY, nullable=True),
        sa.Column("seen_n", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_event_item_id")),
        sa.PrimaryKeyConstraint("item_id", "occurred_key", "code", "office", "attempt_no", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_event_unknown",
        "event",
        ["carrier", "code", "last_seen_at"],
        unique=False,
        sqlite_where=sa.text("NOT known"),
        postgresql_where=sa.text("NOT known"),
    )


def _item_number() -> None:
    op.create_table(
        "item_number",
        sa.Column("number", KEY, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("carrier", KEY, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_number_item_id")),
        sa.PrimaryKeyConstraint("number", "item_id", name=op.f("pk_item_number")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_item_number_item_id"), "item_number", ["item_id"], unique=False)


def _packing() -> None:
    op.create_table(
        "packing",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("components", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_packing_dossier_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_packing_item_id")),
        sa.PrimaryKeyConstraint("dossier_id", "item_id", "since", name=op.f("pk_packing")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_packing_item_id"), "packing", ["item_id"], unique=False)
