"""Words of scanned pages."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "document_text",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("document_key", KEY, nullable=False),
        sa.Column("page_no", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_key"], ["document.key"], name=op.f("fk_document_text_document_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_text")),
        sa.UniqueConstraint("document_key", "page_no", name=op.f("uq_document_text_document_key_page_no")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("document_text")
