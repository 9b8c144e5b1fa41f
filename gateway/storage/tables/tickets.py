"""Tables of tickets: given by us, with the pages of their answers, and opened by us at peers."""

import sqlalchemy as sa

from gateway.storage.tables.columns import Key, key, metadata, number, partial, text, when, word

given_ticket = sa.Table(
    "given_ticket",
    metadata,
    key("id", primary_key=True),
    key("account"),
    key("request"),
    word("state"),
    when("opened_at"),
    when("expires_at", index=True),
    text("doc"),
    sa.UniqueConstraint("account", "request"),
    partial("ix_given_ticket_waiting", "opened_at", where="state = 'pending'"),
)

ticket_page = sa.Table(
    "ticket_page",
    metadata,
    sa.Column("ticket", Key, sa.ForeignKey("given_ticket.id"), primary_key=True),
    number("page", primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

opened_ticket = sa.Table(
    "opened_ticket",
    metadata,
    key("peer", primary_key=True),
    key("request", primary_key=True),
    when("opened_at"),
    text("doc"),
)
