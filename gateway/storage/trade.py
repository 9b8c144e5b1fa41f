"""What carriers bill and what was agreed with them: invoice lines, tariffs, corridors, service profiles."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.dossiers import item, item_number
from gateway.storage.tables.trade import (
    corridor,
    invoice_line,
    office_place,
    report_run,
    rule_limit,
    service_profile,
    tariff,
)
from schemas.calendar import VIETNAM
from schemas.errors import NotFound
from schemas.ids import CarrierId, ItemId
from schemas.invoice import Corridor, Invoice, InvoiceLine, ReportRun, ServiceProfile, Tariff
from schemas.limits import OfficePlace, RuleLimit
from schemas.shipment import Purpose

T = TypeVar("T")

_LINES: Final = (
    sa.select(invoice_line.c.doc)
    .where(invoice_line.c.carrier == sa.bindparam("of_carrier"), invoice_line.c.invoice == sa.bindparam("of_invoice"))
    .order_by(invoice_line.c.line)
)
_DROP_LINES: Final = sa.delete(invoice_line).where(
    invoice_line.c.carrier == sa.bindparam("of_carrier"), invoice_line.c.invoice == sa.bindparam("of_invoice")
)
_OF_NUMBER: Final = (
    sa.select(invoice_line.c.doc)
    .where(
        invoice_line.c.number == sa.bindparam("of_number"),
        invoice_line.c.carrier == sa.bindparam("of_carrier"),
    )
    .order_by(invoice_line.c.invoice, invoice_line.c.line)
)
_INVOICES: Final = (
    sa.select(
        invoice_line.c.carrier,
        invoice_line.c.invoice,
        sa.func.min(invoice_line.c.since).label("since"),
        sa.func.max(invoice_line.c.until).label("until"),
    )
    .group_by(invoice_line.c.carrier, invoice_line.c.invoice)
    .order_by(invoice_line.c.carrier, invoice_line.c.invoice)
)
_BILLED: Final = (
    sa.select(invoice_line.c.number)
    .join(item_number, item_number.c.number == invoice_line.c.number)
    .where(
        item_number.c.item_id == item.c.id,
        invoice_line.c.carrier == item.c.carrier,
        invoice_line.c.billed,
    )
    .exists()
)
_UNBILLED: Final = (
    sa.select(item.c.id)
    .where(
        item.c.carrier == sa.bindparam("of_carrier"),
        item.c.accepted_at >= sa.bindparam("low"),
        item.c.accepted_at < sa.bindparam("high"),
        item.c.purpose.not_in([Purpose.UNKNOWN.value, Purpose.BAG.value]),
        ~_BILLED,
    )
    .order_by(item.c.id)
)
_DAY: Final = dt.timedelta(days=1)


def _terms(table: sa.Table) -> sa.Select[Any]:
    """All rows of a carrier, oldest first."""
    return (
        sa.select(table.c.doc)
        .where(table.c.carrier == sa.bindparam("of_carrier"))
        .order_by(table.c.valid_from, *table.primary_key.columns)
    )


_TARIFFS: Final = _terms(tariff)
_CORRIDORS: Final = _terms(corridor)
_PROFILES: Final = _terms(service_profile)
_LIMITS: Final = sa.select(rule_limit.c.doc).order_by(*rule_limit.primary_key.columns)
_PLACES: Final = sa.select(office_place.c.doc).order_by(office_place.c.office)
_RUNS: Final = sa.select(report_run.c.doc).order_by(report_run.c.at.desc(), report_run.c.id).limit(sa.bindparam("most"))
_RUN: Final = sa.select(report_run.c.doc).where(report_run.c.id == sa.bindparam("of_run"))


class Trade:
    """:class:`schemas.ports.trade_stores.TradeStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put_lines(self, lines: Iterable[InvoiceLine]) -> None:
        """Insert or replace by (carrier, invoice, line)."""
        rows = [
            {
                "carrier": line.carrier,
                "invoice": line.invoice,
                "line": line.line,
                "number": line.number,
                "since": line.since,
                "until": line.until,
                "billed": line.fee is not None,
                "doc": to_json(line),
            }
            for line in lines
        ]
        self._sql.put_all(invoice_line, rows)

    def drop_lines(self, carrier: CarrierId, invoice: str) -> None:
        """Forget an invoice's lines."""
        self._sql.run(_DROP_LINES, {"of_carrier": carrier, "of_invoice": invoice})

    def invoices(self) -> tuple[Invoice, ...]:
        """All, by carrier and number."""
        return tuple(
            Invoice(CarrierId(row.carrier), row.invoice, row.since, row.until) for row in self._sql.rows(_INVOICES)
        )

    def lines(self, carrier: CarrierId, invoice: str) -> tuple[InvoiceLine, ...]:
        """The lines of an invoice by their place."""
        return self._all(_LINES, InvoiceLine, {"of_carrier": carrier, "of_invoice": invoice})

    def lines_of(self, carrier: CarrierId, number: str) -> tuple[InvoiceLine, ...]:
        """Lines of all invoices and reports that name this item number, by invoice and place."""
        return self._all(_OF_NUMBER, InvoiceLine, {"of_carrier": carrier, "of_number": number})

    def unbilled(self, invoice: Invoice) -> tuple[ItemId, ...]:
        """Items that the carrier took in the invoice's period (days of Vietnam) and that no invoice bills."""
        low = dt.datetime.combine(invoice.since, dt.time(), VIETNAM)
        high = dt.datetime.combine(invoice.until + _DAY, dt.time(), VIETNAM)
        rows = self._sql.rows(_UNBILLED, {"of_carrier": invoice.carrier, "low": low, "high": high})
        return tuple(ItemId(row.id) for row in rows)

    def put_tariffs(self, tariffs: Iterable[Tariff]) -> None:
        """Insert or replace by (carrier, service, zone, valid_from)."""
        self._put(tariff, tariffs, "carrier", "service", "zone", "valid_from")

    def tariffs(self, carrier: CarrierId) -> tuple[Tariff, ...]:
        """All of a carrier, oldest first."""
        return self._all(_TARIFFS, Tariff, {"of_carrier": carrier})

    def put_corridors(self, corridors: Iterable[Corridor]) -> None:
        """Insert or replace by (carrier, origin, target, valid_from)."""
        self._put(corridor, corridors, "carrier", "origin", "target", "valid_from")

    def corridors(self, carrier: CarrierId) -> tuple[Corridor, ...]:
        """All of a carrier, oldest first."""
        return self._all(_CORRIDORS, Corridor, {"of_carrier": carrier})

    def put_profiles(self, profiles: Iterable[ServiceProfile]) -> None:
        """Insert or replace by (carrier, service, valid_from)."""
        self._put(service_profile, profiles, "carrier", "service", "valid_from")

    def profiles(self, carrier: CarrierId) -> tuple[ServiceProfile, ...]:
        """All of a carrier, oldest first."""
        return self._all(_PROFILES, ServiceProfile, {"of_carrier": carrier})

    def put_limits(self, limits: Iterable[RuleLimit]) -> None:
        """Insert or replace by (rule, carrier, service, route)."""
        rows = [
            {
                "rule": one.rule,
                "carrier": one.carrier or "",
                "service": one.service or "",
                "route": one.route or "",
                "doc": to_json(one),
            }
            for one in limits
        ]
        self._sql.put_all(rule_limit, rows)

    def limits(self) -> tuple[RuleLimit, ...]:
        """All thresholds that somebody set."""
        return self._all(_LIMITS, RuleLimit, {})

    def put_places(self, places: Iterable[OfficePlace]) -> None:
        """Insert or replace by office."""
        self._sql.put_all(office_place, [{"office": one.office, "doc": to_json(one)} for one in places])

    def places(self) -> tuple[OfficePlace, ...]:
        """All offices whose place is known."""
        return self._all(_PLACES, OfficePlace, {})

    def put_run(self, run: ReportRun) -> None:
        """Insert or replace by id."""
        self._sql.put(report_run, {"id": run.id, "at": run.at, "doc": to_json(run)})

    def runs(self, *, limit: int) -> tuple[ReportRun, ...]:
        """Comparisons of carriers' reports, newest first."""
        return self._all(_RUNS, ReportRun, {"most": limit})

    def run(self, run: str) -> ReportRun:
        """One of them. Raises NotFound."""
        doc = self._sql.scalar(_RUN, {"of_run": run})
        if doc is None:
            raise NotFound("no report was compared under this id", subject=run[:64])
        return from_json(doc, ReportRun)

    def _put(self, table: sa.Table, records: Iterable[object], *names: str) -> None:
        rows = [{**{name: getattr(one, name) for name in names}, "doc": to_json(one)} for one in records]
        self._sql.put_all(table, rows)

    def _all(self, query: sa.Select[Any], kind: type[T], values: dict[str, Any]) -> tuple[T, ...]:
        return tuple(from_json(row.doc, kind) for row in self._sql.rows(query, values))
