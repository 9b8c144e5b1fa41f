"""Tickets: given by us, with the pages of their answers, and opened by us at peers."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    op.create_table(
        "given_ticket",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("request", KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_given_ticket")),
        sa.UniqueConstraint("account", "request", name=op.f("uq_given_ticket_account_request")),
    )
    op.create_index(op.f("ix_given_ticket_expires_at"), "given_ticket", ["expires_at"])
    op.create_index(
        "ix_given_ticket_waiting", "given_ticket", ["opened_at"], sqlite_where=PENDING, postgresql_where=PENDING
    )
    op.create_table(
        "ticket_page",
        sa.Column("ticket", KEY, nullable=False),
        sa.Column("page", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["given_ticket.id"], name=op.f("fk_ticket_page_ticket")),
        sa.PrimaryKeyConstraint("ticket", "page", name=op.f("pk_ticket_page")),
    )
    op.create_table(
        "opened_ticket",
        sa.Column("peer", KEY, nullable=False),
        sa.Column("request", KEY, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "request", name=op.f("pk_opened_ticket")),
    )


def downgrade() -> None:
    for table in ("opened_ticket", "ticket_page", "given_ticket"):
        op.drop_table(table)
