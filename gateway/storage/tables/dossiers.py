"""Tables of dossiers, postal items and their events."""

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

dossier = sa.Table(
    "dossier",
    metadata,
    row_id(),
    number("version"),
    key("code"),
    key("procedure"),
    word("state"),
    number("national", nullable=True),
    key("receiving_unit"),
    key("competent_unit"),
    key("returning_unit"),
    key("post_unit", nullable=True),
    text("owner_name"),
    text("owner_folded"),
    maybe_when("due_at"),
    when("created_at"),
    when("changed_at"),
    text("correlation_id"),
    text("doc"),
    maybe_when("accepted_at"),
    maybe_when("closed_at"),
    maybe_when("receipt_at"),
    maybe_when("leg_due_at"),
    number("supplements"),
    number("return_method"),
    number("pauses"),
    flag("peers_apart"),
    flag("sheets_apart"),
    flag("proven"),
    flag("on_the_way"),
    flag("clock_apart"),
    sa.Index(None, "state", "id"),
    sa.Index(
        "ix_dossier_narrow",
        *("state", "national", "proven", "receipt_at", "accepted_at", "closed_at", "due_at", "leg_due_at"),
        *("supplements", "return_method", "pauses", "on_the_way", "clock_apart", "peers_apart", "sheets_apart"),
    ),
    partial("ix_dossier_apart", "id", where="peers_apart OR sheets_apart"),
    sa.Index(None, "competent_unit", "id"),
    sqlite_autoincrement=True,
)

"""``receipt_at``: the newest receipt of a unit. ``peers_apart``: a peer believes another national code than ours.

``leg_due_at``: until when the unit that works on it now may. ``sheets_apart``: a paper whose sheets were received or
scanned in another number than counted, or papers of which only some were scanned. What rules ask about
stands in columns, so that SQL can nominate (:mod:`gateway.storage.nominate`).
"""

dossier_code = sa.Table(
    "dossier_code",
    metadata,
    key("code", primary_key=True),
    key("reversed", index=True),
    ref("dossier_id", "dossier.id", index=True),
    sqlite_with_rowid=False,
)
"""Every code that a dossier has or had; it stays with its dossier for ever. ``reversed`` finds by the last digits."""

dossier_alias = sa.Table(
    "dossier_alias",
    metadata,
    ref("dossier_id", "dossier.id", primary_key=True),
    number("n", primary_key=True, autoincrement=False),
    key("code"),
    text("scheme"),
    when("valid_from"),
    maybe_when("valid_to"),
    sqlite_with_rowid=False,
)

dossier_step = sa.Table(
    "dossier_step",
    metadata,
    ref("dossier_id", "dossier.id", primary_key=True),
    number("n", primary_key=True, autoincrement=False),
    number("row"),
    word("state"),
    number("national", nullable=True),
    when("at"),
    when("recorded_at"),
    text("by"),
    text("source"),
    key("unit", nullable=True),
    text("reason"),
    text("form"),
    text("approvals"),
    sqlite_with_rowid=False,
)

item = sa.Table(
    "item",
    metadata,
    row_id(),
    number("version"),
    key("carrier"),
    key("number", nullable=True),
    key("reference", nullable=True),
    word("purpose"),
    key("sender_unit", nullable=True),
    key("receiver_unit", nullable=True),
    when("valid_from"),
    maybe_when("valid_to"),
    word("movement", nullable=True),
    word("outcome"),
    number("evidence"),
    maybe_when("since"),
    maybe_when("last_event_at"),
    maybe_when("accepted_at"),
    maybe_when("delivered_at"),
    flag("settled"),
    maybe_when("poll_at"),
    text("names"),
    text("doc"),
    maybe_when("handed_over_at"),
    maybe_when("promised_at"),
    maybe_when("storage_until"),
    maybe_when("sender_receipt_at"),
    maybe_when("inquiry_at"),
    maybe_when("recall_at"),
    word("direction"),
    number("evidence_required"),
    number("attempts"),
    number("attempt_max"),
    number("events_n"),
    number("unknown_n"),
    number("parcels"),
    flag("regressed"),
    flag("wrong_number"),
    key("given_to", nullable=True),
    key("origin", nullable=True),
    key("expected", nullable=True),
    sa.Index(
        "ix_item_narrow",
        *("outcome", "movement", "purpose", "since", "evidence", "evidence_required", "accepted_at", "handed_over_at"),
        *("last_event_at", "direction", "parcels", "settled", "promised_at", "inquiry_at", "carrier", "events_n"),
        *("origin", "expected", "valid_from", "regressed"),
    ),
    partial("ix_item_orphan", "id", where="purpose = 'unknown'"),
    partial("ix_item_given", "given_to", where="given_to IS NOT NULL"),
    partial("ix_item_odd", "id", where="regressed OR wrong_number OR unknown_n > 0"),
    partial("ix_item_gone", "id", where="outcome IN ('lost', 'destroyed', 'cancelled', 'returned')"),
    partial("ix_item_poll", "carrier", "poll_at", where="poll_at IS NOT NULL"),
    partial("ix_item_unsettled", "id", where="NOT settled"),
    sqlite_autoincrement=True,
)
"""``settled``: the story came to its end and the proof is good enough. ``poll_at`` is NULL when nobody need ask.

``ix_item_narrow`` (and ``ix_dossier_narrow``) hold what nominations look at, 110 bytes a row beside 2,000: a query that
must see every row reads a twentieth of the pages, and nominating over 100,000 items took 1.7 s instead of 3.9 s.

``names`` is what the rows of ``item_number`` were made from. The columns after ``doc`` are for
:mod:`gateway.storage.nominate`; ``wrong_number``: it claims to be S10 and cannot be;
``given_to``: the relation of the one who took it, as told; ``expected``: its expected offices, each between bars.
"""

item_number = sa.Table(
    "item_number",
    metadata,
    key("number", primary_key=True),
    ref("item_id", "item.id", primary_key=True, index=True),
    key("carrier"),
    when("valid_from"),
    maybe_when("valid_to"),
    sqlite_with_rowid=False,
)
"""Number and aliases of an item (its reference where it has no number yet)."""

packing = sa.Table(
    "packing",
    metadata,
    ref("dossier_id", "dossier.id", primary_key=True),
    ref("item_id", "item.id", primary_key=True, index=True),
    when("since", primary_key=True),
    maybe_when("until"),
    number("part"),
    number("parts"),
    text("components"),
    sa.Column("confidence", sa.Float, nullable=False),
    sqlite_with_rowid=False,
)

booking = sa.Table(
    "booking",
    metadata,
    key("peer", primary_key=True),
    key("reference", primary_key=True),
    word("direction", primary_key=True),
    number("seq", primary_key=True, autoincrement=False),
    key("carrier"),
    ref("item_id", "item.id", index=True),
    word("state"),
    when("window_from"),
    maybe_when("window_to"),
    sqlite_with_rowid=False,
)

event = sa.Table(
    "event",
    metadata,
    ref("item_id", "item.id", primary_key=True),
    key("occurred_key", primary_key=True),
    key("code", primary_key=True),
    key("office", primary_key=True),
    number("attempt_no", primary_key=True, autoincrement=False),
    key("carrier"),
    flag("known"),
    number("rank"),
    when("utc_low"),
    when("received_at"),
    key("quarantine", nullable=True),
    number("seen_n"),
    when("first_seen_at"),
    when("last_seen_at"),
    maybe_when("withdrawn_at"),
    text("doc"),
    key("source"),
    sa.Index("ix_event_way", "item_id", "rank", "utc_low", "office", "source"),
    partial("ix_event_unknown", "carrier", "code", "last_seen_at", where="NOT known"),
    partial("ix_event_unread", "item_id", where="NOT known"),
    partial("ix_event_taken_back", "item_id", where="withdrawn_at IS NOT NULL"),
    partial("ix_event_quarantined", "item_id", where="quarantine IS NOT NULL"),
    sqlite_with_rowid=False,
)
"""The append-only log; the natural key is the key, and on SQLite the rows lie in its order (domain model §1.15)."""
