"""Cases, numbers, catalogue, accounts, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _account()
    _agreement()
    _api_key()
    _audit()
    _calendar()
    _discrepancy()
    _number_block()
    _procedure()
    _schedule_slot()
    _succession()
    _unit()
    _unit_code()
    _discrepancy_unit()
    _login()


def downgrade() -> None:
    op.drop_table("login")
    op.drop_table("discrepancy_unit")
    op.drop_table("unit_code")
    op.drop_table("unit")
    op.drop_table("succession")
    op.drop_table("schedule_slot")
    op.drop_table("procedure")
    op.drop_table("number_block")
    op.drop_table("discrepancy")
    op.drop_table("calendar")
    op.drop_table("audit")
    op.drop_table("api_key")
    op.drop_table("agreement")
    op.drop_table("account")


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name_folded", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name_folded", name=op.f("uq_account_name_folded")),
        sqlite_autoincrement=True,
    )


def _agreement() -> None:
    op.create_table(
        "agreement",
        sa.Column("government", KEY, nullable=False),
        sa.Column("post", KEY, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("government", "post", "valid_from", name=op.f("pk_agreement")),
    )


def _api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("name", KEY, nullable=False),
        sa.Column("secret_sha256", KEY, nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_key")),
    )
    op.create_index(
        "uq_api_key_secret",
        "api_key",
        ["secret_sha256"],
        unique=True,
        sqlite_where=sa.text("secret_sha256 <> ''"),
        postgresql_where=sa.text("secret_sha256 <> ''"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object_kind", KEY, nullable=False),
        sa.Column("object_key", KEY, nullable=False),
        sa.Column("unit", KEY, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_object_kind_object_key"), "audit", ["object_kind", "object_key"], unique=False)


def _calendar() -> None:
    op.create_table(
        "calendar",
        sa.Column("unit", KEY, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_calendar")),
    )


def _discrepancy() -> None:
    op.create_table(
        "discrepancy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("rule", KEY, nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
    )
    op.create_index(
        "ix_discrepancy_open",
        "discrepancy",
        ["severity", "opened_at"],
        unique=False,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index(op.f("ix_discrepancy_opened_at"), "discrepancy", ["opened_at"], unique=False)
    op.create_index(
        op.f("ix_discrepancy_subject_kind_subject"), "discrepancy", ["subject_kind", "subject"], unique=False
    )


def _number_block() -> None:
    op.create_table(
        "number_block",
        sa.Column("scope", KEY, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "first", name=op.f("pk_number_block")),
    )


def _procedure() -> None:
    op.create_table(
        "procedure",
        sa.Column("code", KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_procedure")),
    )


def _schedule_slot() -> None:
    op.create_table(
        "schedule_slot",
        sa.Column("name", KEY, nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot_at", name=op.f("pk_schedule_slot")),
    )


def _succession() -> None:
    op.create_table(
        "succession",
        sa.Column("old", KEY, nullable=False),
        sa.Column("new", KEY, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("old", "new", "on", name=op.f("pk_succession")),
    )


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "valid_from", name=op.f("pk_unit")),
    )


def _unit_code() -> None:
    op.create_table(
        "unit_code",
        sa.Column("scheme", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("unit", KEY, nullable=False),
        sa.Column("unit_from", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("scheme", "code", "unit", "unit_from", "valid_from", name=op.f("pk_unit_code")),
    )


def _discrepancy_unit() -> None:
    op.create_table(
        "discrepancy_unit",
        sa.Column("discrepancy_id", KEY, nullable=False),
        sa.Column("unit", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["discrepancy_id"], ["discrepancy.id"], name=op.f("fk_discrepancy_unit_discrepancy_id")
        ),
        sa.PrimaryKeyConstraint("discrepancy_id", "unit", name=op.f("pk_discrepancy_unit")),
        sqlite_with_rowid=False,
    )


def _login() -> None:
    op.create_table(
        "login",
        sa.Column("token_sha256", KEY, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_login_account_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_login")),
    )
    op.create_index(op.f("ix_login_account_id"), "login", ["account_id"], unique=False)
    op.create_index(op.f("ix_login_expires_at"), "login", ["expires_at"], unique=False)
