"""Messages, tries, inbox, peers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _body()
    _breaker()
    _feed()
    _first_answer()
    _inbox()
    _nonce()
    _message()
    _message_indexes()
    _attempt()
    _exchange()


def downgrade() -> None:
    op.drop_table("exchange")
    op.drop_table("attempt")
    op.drop_table("message")
    op.drop_table("nonce")
    op.drop_table("inbox")
    op.drop_table("first_answer")
    op.drop_table("feed")
    op.drop_table("breaker")
    op.drop_table("body")


def _body() -> None:
    op.create_table(
        "body",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kept_since", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "owner", "n", name=op.f("pk_body")),
    )
    op.create_index(op.f("ix_body_kept_since"), "body", ["kept_since"], unique=False)


def _breaker() -> None:
    op.create_table(
        "breaker",
        sa.Column("peer", KEY, nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", name=op.f("pk_breaker")),
    )


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("peer", KEY, nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", name=op.f("pk_feed")),
    )


def _first_answer() -> None:
    op.create_table(
        "first_answer",
        sa.Column("principal", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_first_answer")),
    )
    op.create_index(op.f("ix_first_answer_at"), "first_answer", ["at"], unique=False)


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("peer", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ext_id", KEY, nullable=False),
        sa.Column("sha256", KEY, nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("peer", "ext_id", name=op.f("uq_inbox_peer_ext_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_inbox_pending",
        "inbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'received'"),
        postgresql_where=sa.text("state = 'received'"),
    )


def _nonce() -> None:
    op.create_table(
        "nonce",
        sa.Column("realm", KEY, nullable=False),
        sa.Column("nonce", KEY, nullable=False),
        sa.Column("keep_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("realm", "nonce", name=op.f("pk_nonce")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_nonce_keep_until"), "nonce", ["keep_until"], unique=False)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("peer", KEY, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("business_key", KEY, nullable=False),
        sa.Column("nonce", KEY, nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("unit", KEY, nullable=False),
        sa.Column("asserted_state", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("last_class", sa.Text(), nullable=False),
        sa.Column("last_detail", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replay_of", sa.BigInteger(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_message_dossier_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_message_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("peer", "dossier_id", "sequence", name=op.f("uq_message_peer_dossier_id_sequence")),
        sa.UniqueConstraint(
            "peer", "operation", "business_key", "nonce", name=op.f("uq_message_peer_operation_business_key_nonce")
        ),
        sqlite_autoincrement=True,
    )


def _message_indexes() -> None:
    op.create_index(op.f("ix_message_dossier_id_id"), "message", ["dossier_id", "id"], unique=False)
    op.create_index(
        "ix_message_due",
        "message",
        ["peer", "next_try_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'unknown')"),
        postgresql_where=sa.text("state IN ('pending', 'unknown')"),
    )
    op.create_index(
        "ix_message_lease",
        "message",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_message_open",
        "message",
        ["peer", "dossier_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("state NOT IN ('delivered', 'resolved', 'cancelled')"),
        postgresql_where=sa.text("state NOT IN ('delivered', 'resolved', 'cancelled')"),
    )
    op.create_index(op.f("ix_message_state_id"), "message", ["state", "id"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("applied", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("peer_code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("message_id", "n", name=op.f("uq_attempt_message_id_n")),
        sqlite_autoincrement=True,
    )


def _exchange() -> None:
    op.create_table(
        "exchange",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_exchange_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", "n", name=op.f("pk_exchange")),
        sqlite_with_rowid=False,
    )
