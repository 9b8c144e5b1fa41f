"""Scanned papers, bags, manifests."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _bag()
    _dispatch()
    _kept_aside()
    _manifest()
    _document()


def downgrade() -> None:
    op.drop_table("document")
    op.drop_table("manifest")
    op.drop_table("kept_aside")
    op.drop_table("dispatch")
    op.drop_table("bag")


def _bag() -> None:
    op.create_table(
        "bag",
        sa.Column("number", KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("target", KEY, nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_bag")),
    )


def _dispatch() -> None:
    op.create_table(
        "dispatch",
        sa.Column("number", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dispatch")),
    )


def _kept_aside() -> None:
    op.create_table(
        "kept_aside",
        sa.Column("key", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("batch", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept_aside")),
    )
    op.create_index(op.f("ix_kept_aside_at"), "kept_aside", ["at"], unique=False)


def _manifest() -> None:
    op.create_table(
        "manifest",
        sa.Column("number", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bag", KEY, nullable=True),
        sa.Column("giver_unit", KEY, nullable=False),
        sa.Column("taker_unit", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", "revision", name=op.f("pk_manifest")),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("key", KEY, nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=True),
        sa.Column("unit", KEY, nullable=False),
        sa.Column("sha256", KEY, nullable=False),
        sa.Column("attached_at", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_document_dossier_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_dossier_id"), "document", ["dossier_id"], unique=False)
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)
    op.create_index(
        "ix_document_waiting",
        "document",
        ["attached_at"],
        unique=False,
        sqlite_where=sa.text("waiting"),
        postgresql_where=sa.text("waiting"),
    )
