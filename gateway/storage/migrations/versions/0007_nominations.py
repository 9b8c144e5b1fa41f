"""Columns and indexes that the nominations look at, owners of cases, progress of long work."""

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from schemas.errors import InvalidNumber
from schemas.numbers import s10

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
CHUNK = 1_000
ITEM_TIMES = ("handed_over_at", "promised_at", "storage_until", "sender_receipt_at", "inquiry_at", "recall_at")
ITEM_NUMBERS = ("evidence_required", "attempts", "attempt_max", "events_n", "unknown_n", "parcels")
DOSSIER_TIMES = ("accepted_at", "closed_at", "receipt_at", "leg_due_at")
FLAGS = {
    "item": ("regressed", "wrong_number"),
    "dossier": ("peers_apart", "sheets_apart", "proven", "on_the_way", "clock_apart"),
}
PARTIAL = (
    ("ix_item_odd", "item", "id", "regressed OR wrong_number OR unknown_n > 0"),
    ("ix_item_gone", "item", "id", "outcome IN ('lost', 'destroyed', 'cancelled', 'returned')"),
    ("ix_dossier_apart", "dossier", "id", "peers_apart OR sheets_apart"),
    ("ix_item_orphan", "item", "id", "purpose = 'unknown'"),
    ("ix_item_given", "item", "given_to", "given_to IS NOT NULL"),
    ("ix_event_unread", "event", "item_id", "NOT known"),
    ("ix_event_taken_back", "event", "item_id", "withdrawn_at IS NOT NULL"),
    ("ix_event_quarantined", "event", "item_id", "quarantine IS NOT NULL"),
)


def upgrade() -> None:
    for name in ITEM_TIMES:
        op.add_column("item", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("item", sa.Column("direction", sa.Text(), nullable=False, server_default="forward"))
    for name in ITEM_NUMBERS:
        op.add_column("item", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    for name in DOSSIER_TIMES:
        op.add_column("dossier", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("supplements", "return_method", "pauses"):
        op.add_column("dossier", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    for table, names in FLAGS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("item", sa.Column("given_to", KEY, nullable=True))
    op.add_column("item", sa.Column("origin", KEY, nullable=True))
    op.add_column("item", sa.Column("expected", KEY, nullable=True))
    op.add_column("event", sa.Column("source", KEY, nullable=False, server_default=""))
    _fill_events()
    op.add_column("discrepancy", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "progress",
        sa.Column("name", KEY, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_progress")),
    )
    _fill("item", (*ITEM_TIMES, "direction", "given_to", "origin", "expected", *ITEM_NUMBERS, *FLAGS["item"]), _of_item)
    _fill("dossier", (*DOSSIER_TIMES, "supplements", "return_method", "pauses", *FLAGS["dossier"]), _of_dossier)
    _fill("discrepancy", ("owner",), lambda doc: {"owner": doc["owner"]})
    op.create_index("ix_event_way", "event", ["item_id", "rank", "utc_low", "office", "source"])
    for name, table, column, where in PARTIAL:
        op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_event_way", "event")
    for name, table, _, _ in PARTIAL:
        op.drop_index(name, table)
    op.drop_table("progress")
    op.drop_column("discrepancy", "owner")
    op.drop_column("event", "source")
    op.drop_column("item", "given_to")
    op.drop_column("item", "origin")
    op.drop_column("item", "expected")
    for name in (*ITEM_TIMES, "direction", *ITEM_NUMBERS, *FLAGS["item"]):
        op.drop_column("item", name)
    for name in (*DOSSIER_TIMES, "supplements", "return_method", "pauses", *FLAGS["dossier"]):
        op.drop_column("dossier", name)


def _fill(table: str, names: tuple[str, ...], of: Any) -> None:
    """Take the new columns from the aggregates that are there."""
    connection = op.get_bind()
    rows = sa.table(table, sa.column("id"), sa.column("doc"), *(sa.column(name) for name in names))
    last: Any = None
    while True:
        page = sa.select(rows.c.id, rows.c.doc).order_by(rows.c.id).limit(CHUNK)
        found = connection.execute(page if last is None else page.where(rows.c.id > last)).all()
        if not found:
            return
        last = found[-1].id
        change = sa.update(rows).where(rows.c.id == sa.bindparam("row"))
        connection.execute(
            change.values({name: sa.bindparam(f"to_{name}") for name in names}),
            [{"row": row.id, **{f"to_{k}": v for k, v in of(json.loads(row.doc)).items()}} for row in found],
        )


def _fill_events() -> None:
    """The log has no row id: the database reads the sources out of the JSON by itself."""
    op.execute(
        "UPDATE event SET source = doc::json ->> 'source'"
        if op.get_bind().dialect.name == "postgresql"
        else "UPDATE event SET source = doc ->> '$.source'"
    )


def _of_item(doc: dict[str, Any]) -> dict[str, Any]:
    fold = doc["fold"]
    return {
        **{name: _micros(doc[name]) for name in ITEM_TIMES},
        "direction": fold["direction"],
        "given_to": (fold["recipient"] or {}).get("relation") or None,
        "origin": doc["origin_office"] or None,
        "expected": "".join(f"|{one['office']}|" for one in doc["expected_offices"]) or None,
        "evidence_required": doc["evidence_required"],
        "attempts": fold["attempts"],
        "attempt_max": doc["attempt_max"],
        "events_n": fold["events_n"],
        "unknown_n": fold["unknown_n"],
        "parcels": doc["parcels_declared"],
        "regressed": fold["regressed"],
        "wrong_number": doc["number_scheme"] == "s10" and doc["number"] is not None and _wrong(doc["number"]),
    }


def _of_dossier(doc: dict[str, Any]) -> dict[str, Any]:
    receipts = [_micros(leg["received_at"]) for leg in doc["legs"] if leg["received_at"]]
    return {
        "accepted_at": _micros(doc["accepted_at"]),
        "closed_at": _micros(doc["closed_at"]),
        "receipt_at": max((one for one in receipts if one is not None), default=None),
        "leg_due_at": _micros(doc["legs"][-1]["due_at"]) if doc["legs"] else None,
        "supplements": len(doc["supplements"]),
        "return_method": doc["return_method"],
        "peers_apart": any(told["national"] != doc["national"] for told in doc["peer_states"]),
        "sheets_apart": any(
            paper.get(name) is not None and paper[name] != paper["sheets_counted"]
            for paper in doc["components"]
            for name in ("sheets_received", "sheets_scanned")
        )
        or len({paper.get("sheets_scanned") is None for paper in doc["components"]}) == 2,
        "proven": doc["return_proof"] is not None,
        "pauses": len(doc["pauses"]),
        "clock_apart": True,  # who knows; the next change of the dossier says it
        "on_the_way": any(leg["sent_at"] and not (leg["received_at"] or leg["done_at"]) for leg in doc["legs"]),
    }


def _wrong(number: str) -> bool:
    try:
        s10.validate(number)
    except InvalidNumber:
        return True
    return False


def _micros(told: str | None) -> int | None:
    return None if told is None else (dt.datetime.fromisoformat(told) - EPOCH) // dt.timedelta(microseconds=1)
