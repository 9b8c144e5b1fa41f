"""Tables of scanned papers, bags and their manifests."""

import sqlalchemy as sa

from gateway.storage.tables import dossiers  # noqa: F401  (the metadata must know what a foreign key points to)
from gateway.storage.tables.columns import (
    Key,
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
)

document = sa.Table(
    "document",
    metadata,
    key("key", primary_key=True),
    ref("dossier_id", "dossier.id", nullable=True, index=True),
    key("unit"),
    key("sha256", index=True),
    when("attached_at"),
    flag("waiting"),
    text("doc"),
    partial("ix_document_waiting", "attached_at", where="waiting"),
)

document_text = sa.Table(
    "document_text",
    metadata,
    row_id(),
    sa.Column("document_key", Key, sa.ForeignKey("document.key"), nullable=False),
    number("page_no"),
    text("engine"),
    text("folded"),
    text("doc"),
    sa.UniqueConstraint("document_key", "page_no"),
    sqlite_autoincrement=True,
)
"""What was read on each page; ``folded`` begins with a space, so that a search can ask for the beginning of a word."""

kept_aside = sa.Table(
    "kept_aside", metadata, key("key", primary_key=True), when("at", index=True), key("batch"), text("doc")
)

bag = sa.Table(
    "bag",
    metadata,
    key("number", primary_key=True),
    number("version"),
    key("origin"),
    key("target"),
    maybe_when("closed_at"),
    maybe_when("opened_at"),
    text("doc"),
)

manifest = sa.Table(
    "manifest",
    metadata,
    key("number", primary_key=True),
    number("revision", primary_key=True, autoincrement=False),
    key("bag", nullable=True),
    key("giver_unit"),
    key("taker_unit"),
    text("doc"),
    sa.Index(None, "bag"),
)

bag_item = sa.Table(
    "bag_item",
    metadata,
    sa.Column("bag", Key, sa.ForeignKey("bag.number"), primary_key=True),
    number("seq", primary_key=True, autoincrement=False),
    ref("item_id", "item.id", index=True),
    sqlite_with_rowid=False,
)
"""Lines of bags whose item is known, so that an item finds the bags that it is or was in."""

manifest_line = sa.Table(
    "manifest_line",
    metadata,
    key("manifest", primary_key=True),
    number("line", primary_key=True, autoincrement=False),
    number("item_id", nullable=True, index=True),
    number("dossier_id", nullable=True, index=True),
    flag("released"),
    sqlite_with_rowid=False,
)
"""Lines of the newest revision of each manifest. ``released``: the giver signed and the taker did not (D-41).

No foreign keys: what a manifest lists was typed at another house too.
"""

dispatch = sa.Table("dispatch", metadata, key("number", primary_key=True), text("doc"))
