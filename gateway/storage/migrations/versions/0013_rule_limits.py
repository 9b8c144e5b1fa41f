"""Thresholds of rules per carrier, service and route; where offices are."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rule_limit",
        sa.Column("rule", KEY, nullable=False),
        sa.Column("carrier", KEY, nullable=False),
        sa.Column("service", KEY, nullable=False),
        sa.Column("route", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "carrier", "service", "route", name=op.f("pk_rule_limit")),
    )
    op.create_table(
        "office_place",
        sa.Column("office", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("office", name=op.f("pk_office_place")),
    )


def downgrade() -> None:
    for table in ("office_place", "rule_limit"):
        op.drop_table(table)
