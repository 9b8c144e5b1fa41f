"""What the log taught, volumes of feeds by the hour, the ledger of calls to peers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "feed_hour",
        sa.Column("peer", KEY, nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "hour", "way", name=op.f("pk_feed_hour")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "peer_call",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("peer", KEY, nullable=False),
        sa.Column("purpose", KEY, nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "peer", "purpose", name=op.f("pk_peer_call")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "learned",
        sa.Column("name", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_learned")),
    )


def downgrade() -> None:
    for table in ("learned", "peer_call", "feed_hour"):
        op.drop_table(table)
