"""Rows of what carriers bill and what was agreed with them.

The rules of :mod:`schemas.ports.stores` hold: synchronous, inside one transaction, database only.
"""

from collections.abc import Iterable
from typing import Protocol

from schemas.ids import CarrierId, ItemId
from schemas.invoice import Corridor, Invoice, InvoiceLine, ReportRun, ServiceProfile, Tariff
from schemas.limits import OfficePlace, RuleLimit


class TradeStore(Protocol):
    """Invoice lines, tariffs, corridors and service profiles."""

    def put_lines(self, lines: Iterable[InvoiceLine]) -> None:
        """Insert or replace by (carrier, invoice, line)."""
        ...

    def drop_lines(self, carrier: CarrierId, invoice: str) -> None:
        """Forget an invoice's lines: a corrected one may have fewer."""
        ...

    def invoices(self) -> tuple[Invoice, ...]:
        """All, by carrier and number; the period is the widest that its lines name."""
        ...

    def lines(self, carrier: CarrierId, invoice: str) -> tuple[InvoiceLine, ...]:
        """The lines of an invoice by their place; empty for one that nobody sent."""
        ...

    def lines_of(self, carrier: CarrierId, number: str) -> tuple[InvoiceLine, ...]:
        """Lines of all invoices and reports that name this item number, by invoice and place."""
        ...

    def unbilled(self, invoice: Invoice) -> tuple[ItemId, ...]:
        """Items that the carrier took in the invoice's period and that no invoice bills; orphans are left out."""
        ...

    def put_tariffs(self, tariffs: Iterable[Tariff]) -> None:
        """Insert or replace by (carrier, service, zone, valid_from)."""
        ...

    def tariffs(self, carrier: CarrierId) -> tuple[Tariff, ...]:
        """All of a carrier, oldest first."""
        ...

    def put_corridors(self, corridors: Iterable[Corridor]) -> None:
        """Insert or replace by (carrier, origin, target, valid_from)."""
        ...

    def corridors(self, carrier: CarrierId) -> tuple[Corridor, ...]:
        """All of a carrier, oldest first."""
        ...

    def put_profiles(self, profiles: Iterable[ServiceProfile]) -> None:
        """Insert or replace by (carrier, service, valid_from)."""
        ...

    def profiles(self, carrier: CarrierId) -> tuple[ServiceProfile, ...]:
        """All of a carrier, oldest first."""
        ...

    def put_limits(self, limits: Iterable[RuleLimit]) -> None:
        """Insert or replace by (rule, carrier, service, route)."""
        ...

    def limits(self) -> tuple[RuleLimit, ...]:
        """All thresholds that somebody set."""
        ...

    def put_places(self, places: Iterable[OfficePlace]) -> None:
        """Insert or replace by office."""
        ...

    def places(self) -> tuple[OfficePlace, ...]:
        """All offices whose place is known."""
        ...

    def put_run(self, run: ReportRun) -> None:
        """Insert or replace by id."""
        ...

    def runs(self, *, limit: int) -> tuple[ReportRun, ...]:
        """Comparisons of carriers' reports, newest first."""
        ...

    def run(self, run: str) -> ReportRun:
        """One of them. Raises NotFound."""
        ...
