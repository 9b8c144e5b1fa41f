"""District scanning stations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "station",
        sa.Column("account", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_station")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("station")
