"""Tables of scanned papers, bags and their manifests."""

import sqlalchemy as sa

from gateway.storage.tables import dossiers  # noqa: F401  (the metadata must know what a foreign key points to)
from gateway.storage.tables.columns import flag, key, maybe_when, metadata, number, partial, ref, text, when

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
)

dispatch = sa.Table("dispatch", metadata, key("number", primary_key=True), text("doc"))
