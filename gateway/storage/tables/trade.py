"""Tables of what carriers bill and what was agreed with them: invoice lines, tariffs, corridors, service profiles."""

import sqlalchemy as sa

from gateway.storage.tables.columns import flag, key, metadata, number, text, when

invoice_line = sa.Table(
    "invoice_line",
    metadata,
    key("carrier", primary_key=True),
    key("invoice", primary_key=True),
    number("line", primary_key=True, autoincrement=False),
    key("number"),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    flag("billed"),
    text("doc"),
    sa.Index(None, "number"),
    sqlite_with_rowid=False,
)
"""``billed``: the line asks for a fee; a report of remitted money names the item too and is no second bill."""

tariff = sa.Table(
    "tariff",
    metadata,
    key("carrier", primary_key=True),
    key("service", primary_key=True),
    key("zone", primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    text("doc"),
)

corridor = sa.Table(
    "corridor",
    metadata,
    key("carrier", primary_key=True),
    key("origin", primary_key=True),
    key("target", primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    text("doc"),
)

service_profile = sa.Table(
    "service_profile",
    metadata,
    key("carrier", primary_key=True),
    key("service", primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    text("doc"),
)

report_run = sa.Table(
    "report_run",
    metadata,
    key("id", primary_key=True),
    when("at", index=True),
    text("doc"),
)
"""Carriers' reports that were compared; the results are blobs."""

rule_limit = sa.Table(
    "rule_limit",
    metadata,
    key("rule", primary_key=True),
    key("carrier", primary_key=True),
    key("service", primary_key=True),
    key("route", primary_key=True),
    text("doc"),
)
"""Empty stands for any carrier, service or route."""

office_place = sa.Table("office_place", metadata, key("office", primary_key=True), text("doc"))
