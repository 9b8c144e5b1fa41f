"""Tables of the house itself: cases, numbers, catalogue, schedule, accounts, audit."""

import sqlalchemy as sa

from gateway.storage.tables.columns import Key, flag, key, metadata, number, partial, ref, row_id, text, when, word

discrepancy = sa.Table(
    "discrepancy",
    metadata,
    key("id", primary_key=True),
    key("rule"),
    word("subject_kind"),
    key("subject"),
    number("severity"),
    word("state"),
    flag("shadow"),
    when("opened_at"),
    text("doc"),
    text("owner"),
    sa.Index(None, "subject_kind", "subject"),
    sa.Index(None, "opened_at"),
    partial("ix_discrepancy_open", "severity", "opened_at", where="state <> 'resolved'"),
)

discrepancy_unit = sa.Table(
    "discrepancy_unit",
    metadata,
    sa.Column("discrepancy_id", Key, sa.ForeignKey("discrepancy.id"), primary_key=True),
    key("unit", primary_key=True),
    sqlite_with_rowid=False,
)

number_block = sa.Table(
    "number_block",
    metadata,
    key("scope", primary_key=True),
    number("first", primary_key=True, autoincrement=False),
    number("last"),
    number("next"),
    when("granted_at"),
)

unit = sa.Table(
    "unit",
    metadata,
    key("id", primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("valid_to", sa.Date),
    text("doc"),
)

unit_code = sa.Table(
    "unit_code",
    metadata,
    key("scheme", primary_key=True),
    key("code", primary_key=True),
    key("unit", primary_key=True),
    sa.Column("unit_from", sa.Date, primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("valid_to", sa.Date),
)

succession = sa.Table(
    "succession",
    metadata,
    key("old", primary_key=True),
    key("new", primary_key=True),
    sa.Column("on", sa.Date, primary_key=True),
    text("doc"),
)

procedure = sa.Table(
    "procedure",
    metadata,
    key("code", primary_key=True),
    number("version", primary_key=True, autoincrement=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    text("doc"),
)

agreement = sa.Table(
    "agreement",
    metadata,
    key("government", primary_key=True),
    key("post", primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("valid_to", sa.Date),
    text("doc"),
)

calendar = sa.Table("calendar", metadata, key("unit", primary_key=True), text("version"), text("doc"))
"""``unit`` is empty for the common calendar."""

schedule_slot = sa.Table("schedule_slot", metadata, key("name", primary_key=True), when("slot_at", primary_key=True))

progress = sa.Table("progress", metadata, key("name", primary_key=True), text("doc"))
"""Where a long piece of work stands, so that the next process goes on with it."""

learned = sa.Table("learned", metadata, key("name", primary_key=True), when("at"), key("digest"), text("doc"))
"""What the log taught, as of ``at``; one row, made anew each night. ``digest`` is that of ``doc``: every transaction
asks, and half a megabyte is read only when it changed."""

account = sa.Table(
    "account",
    metadata,
    row_id(),
    key("name_folded", unique=True),
    text("name"),
    text("units"),
    flag("active"),
    text("doc"),
    sqlite_autoincrement=True,
)

login = sa.Table(
    "login",
    metadata,
    key("token_sha256", primary_key=True),
    ref("account_id", "account.id", index=True),
    when("expires_at", index=True),
    text("doc"),
)

api_key = sa.Table(
    "api_key",
    metadata,
    key("name", primary_key=True),
    key("secret_sha256"),
    text("units"),
    flag("active"),
    text("doc"),
    partial("uq_api_key_secret", "secret_sha256", where="secret_sha256 <> ''", unique=True),
)

station = sa.Table(
    "station",
    metadata,
    key("account", primary_key=True),
    key("name", primary_key=True),
    text("doc"),
    sqlite_with_rowid=False,
)

audit = sa.Table(
    "audit",
    metadata,
    number("seq", primary_key=True, autoincrement=False),
    number("at"),
    text("who"),
    text("act"),
    key("object_kind"),
    key("object_key"),
    key("unit", nullable=True),
    text("detail"),
    key("previous"),
    key("digest"),
    sa.Index(None, "object_kind", "object_key"),
)
"""``at`` is a plain number here: it is part of what the digest was computed over."""
