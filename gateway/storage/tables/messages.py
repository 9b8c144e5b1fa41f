"""Tables of what goes out and comes in. Bodies are in ``body``, apart from their metadata: own right, own retention."""

import sqlalchemy as sa

from gateway.storage.tables.columns import (
    flag,
    key,
    maybe_when,
    metadata,
    number,
    partial,
    ref,
    row_id,
    text,
    when,
    word,
)

body = sa.Table(
    "body",
    metadata,
    word("kind", primary_key=True),
    number("owner", primary_key=True, autoincrement=False),
    number("n", primary_key=True, autoincrement=False),
    when("kept_since", index=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""Bytes of a ``message``, an ``inbox`` row, or a ``request`` and ``reply`` of an attempt, by kind, row id and place."""

message = sa.Table(
    "message",
    metadata,
    row_id(),
    key("peer"),
    word("operation"),
    key("business_key"),
    key("nonce"),
    ref("dossier_id", "dossier.id", nullable=True),
    ref("item_id", "item.id", nullable=True),
    key("unit"),
    text("asserted_state"),
    when("as_of"),
    number("sequence"),
    key("digest"),
    word("state"),
    number("tries"),
    when("created_at"),
    maybe_when("next_try_at"),
    maybe_when("lease_until"),
    maybe_when("settled_at"),
    text("last_class"),
    text("last_detail"),
    text("reason"),
    number("replay_of", nullable=True),
    text("correlation_id"),
    sa.UniqueConstraint("peer", "operation", "business_key", "nonce"),
    sa.UniqueConstraint("peer", "dossier_id", "sequence"),
    sa.Index(None, "dossier_id", "id"),
    sa.Index(None, "state", "id"),
    partial("ix_message_due", "peer", "next_try_at", where="state IN ('pending', 'unknown')"),
    partial(
        "ix_message_open",
        "peer",
        "dossier_id",
        "sequence",
        where="state NOT IN ('delivered', 'resolved', 'cancelled')",
    ),
    partial("ix_message_lease", "lease_until", where="state = 'sending'"),
    sqlite_autoincrement=True,
)

attempt = sa.Table(
    "attempt",
    metadata,
    row_id(),
    ref("message_id", "message.id"),
    number("n"),
    when("started_at"),
    maybe_when("ended_at"),
    word("outcome"),
    word("applied"),
    number("status", nullable=True),
    text("peer_code"),
    text("detail"),
    sa.UniqueConstraint("message_id", "n"),
    sqlite_autoincrement=True,
)

exchange = sa.Table(
    "exchange",
    metadata,
    ref("attempt_id", "attempt.id", primary_key=True),
    number("n", primary_key=True, autoincrement=False),
    text("url"),
    number("status", nullable=True),
    when("started_at"),
    when("ended_at"),
    sqlite_with_rowid=False,
)

inbox = sa.Table(
    "inbox",
    metadata,
    row_id(),
    key("peer"),
    word("kind"),
    key("ext_id"),
    key("sha256"),
    text("headers"),
    when("received_at"),
    text("receipt"),
    word("state"),
    number("tries"),
    text("detail"),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    maybe_when("settled_at"),
    text("correlation_id"),
    sa.UniqueConstraint("peer", "ext_id"),
    partial("ix_inbox_pending", "id", where="state = 'received'"),
    sqlite_autoincrement=True,
)

feed = sa.Table("feed", metadata, key("peer", primary_key=True), maybe_when("next_at"), text("doc"))

feed_hour = sa.Table(
    "feed_hour",
    metadata,
    key("peer", primary_key=True),
    when("hour", primary_key=True),
    word("way", primary_key=True),
    number("events"),
    sqlite_with_rowid=False,
)
"""New events by the hour in which we heard of them."""

peer_call = sa.Table(
    "peer_call",
    metadata,
    when("hour", primary_key=True),
    key("peer", primary_key=True),
    key("purpose", primary_key=True),
    number("calls"),
    sqlite_with_rowid=False,
)
"""The ledger of calls. The hour comes first: it is read from a moment on."""

breaker = sa.Table("breaker", metadata, key("peer", primary_key=True), flag("stopped"), text("doc"))

nonce = sa.Table(
    "nonce",
    metadata,
    key("realm", primary_key=True),
    key("nonce", primary_key=True),
    when("keep_until", index=True),
    sqlite_with_rowid=False,
)

first_answer = sa.Table(
    "first_answer",
    metadata,
    key("principal", primary_key=True),
    key("key", primary_key=True),
    key("digest"),
    number("status"),
    sa.Column("reply", sa.LargeBinary, nullable=False),
    when("at", index=True),
)
