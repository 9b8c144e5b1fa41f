"""A carrier's invoice as rows, and what was agreed with it as lines: what D-13, D-37, D-38 and D-42 compare with."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.importing import tables
from gateway.importing.lines import Line
from gateway.importing.records import Unreadable, object_of, record_of
from gateway.importing.reports import BadRow
from schemas.calendar import VIETNAM
from schemas.ids import Sha256
from schemas.invoice import Corridor, Invoice, InvoiceLine, ServiceProfile, Tariff
from schemas.limits import OfficePlace, RuleLimit
from schemas.ports.stores import Tx
from tracking.rules.catalogue import BY_ID
from tracking.rules.rule import AT_ONCE

FIELDS: Final = (
    *("number", "service", "taken_on", "weight_g", "zone", "fee"),
    *("cod_collected", "cod_remitted", "remitted_on"),
)
Agreed = Tariff | Corridor | ServiceProfile | RuleLimit | OfficePlace
_KINDS: Final[Mapping[str, type[Agreed]]] = {
    "tariff": Tariff,
    "corridor": Corridor,
    "profile": ServiceProfile,
    "limit": RuleLimit,
    "place": OfficePlace,
}
_DATED: Final = (Tariff, Corridor, ServiceProfile)
LONGEST_WAIT_H: Final = 24 * 366


@dataclasses.dataclass(frozen=True, slots=True)
class ReadInvoice:
    """An invoice's lines in their order, and the rows that are none."""

    lines: tuple[InvoiceLine, ...]
    rejects: tuple[BadRow, ...]


def invoice(path: Path, of: Invoice, columns: Mapping[str, str]) -> ReadInvoice:
    """Read the lines of one invoice, or of one report of money remitted, from XLSX, JSONL or CSV.

    Args:
        path: the file.
        of: carrier, number and period: most files do not repeat them.
        columns: heading of each field that is not called as the field is.
    """
    digest = Sha256(hashlib.sha256(path.read_bytes()).hexdigest())
    lines: list[InvoiceLine] = []
    rejects: list[BadRow] = []
    try:
        for row, cells in tables.rows(path):
            told = {field: cells.get(columns.get(field, field), "").strip() for field in FIELDS}
            try:
                lines.append(_line(of, row, told, digest))
            except ValueError as error:
                rejects.append(BadRow(row, str(error)))
    except Unreadable as error:
        rejects.append(BadRow(0, error.detail))
    return ReadInvoice(tuple(lines), tuple(rejects))


def agreed(line: Line) -> Agreed:
    """A tariff, a corridor, a service's profile, a rule's limit, an office's place. Raises Unreadable."""
    told = object_of(line.raw, ours=(), needed=("kind",))
    name = told.pop("kind")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Unreadable(f"kind: one of {', '.join(_KINDS)}")
    if kind in _DATED:
        object_of(line.raw, ours=(), needed=("carrier", "valid_from"))
        return record_of({"valid_to": None, **told}, kind)
    record = record_of(told, kind)
    if isinstance(record, RuleLimit):
        _check_limit(record)
    if isinstance(record, OfficePlace) and not (abs(record.latitude) <= 90 and abs(record.longitude) <= 180):
        raise Unreadable("latitude or longitude: no place on earth")
    return record


def _check_limit(limit: RuleLimit) -> None:
    """Raises Unreadable for what no rule would ever ask for."""
    rule = BY_ID.get(limit.rule)
    if rule is None:
        raise Unreadable(f"rule: no rule is called {limit.rule}")
    if rule.limits == AT_ONCE:
        raise Unreadable(f"rule: {limit.rule} waits for nothing")
    if limit.service is not None and limit.carrier is None:
        raise Unreadable("service: it is a carrier's; name the carrier")
    if any(not 0 <= span.hours <= LONGEST_WAIT_H for span in (limit.soft, limit.hard)):
        raise Unreadable(f"hours: from 0 to {LONGEST_WAIT_H}")


def put(tx: Tx, record: Agreed) -> None:
    """Insert, or replace what was agreed for the same thing from the same day on; limits and places have no day."""
    if isinstance(record, Tariff):
        tx.trade.put_tariffs([record])
    elif isinstance(record, Corridor):
        tx.trade.put_corridors([record])
    elif isinstance(record, ServiceProfile):
        tx.trade.put_profiles([record])
    elif isinstance(record, RuleLimit):
        tx.trade.put_limits([record])
    else:
        tx.trade.put_places([record])


def _line(of: Invoice, row: int, told: Mapping[str, str], digest: Sha256) -> InvoiceLine:
    """Raises ValueError with what is wrong."""
    if not told["number"]:
        raise ValueError("no item number")
    amounts: dict[str, Any] = {
        name: tables.amount(name, told[name]) for name in ("weight_g", "fee", "cod_collected", "cod_remitted")
    }
    if all(amounts[name] is None for name in ("fee", "cod_collected", "cod_remitted")):
        raise ValueError("neither a fee nor money collected or remitted")
    return InvoiceLine(
        carrier=of.carrier,
        invoice=of.number,
        line=row,
        since=of.since,
        until=of.until,
        number=tables.number(told["number"]),
        service=told["service"],
        taken_on=_day("taken_on", told["taken_on"]),
        zone=told["zone"],
        remitted_on=_day("remitted_on", told["remitted_on"]),
        raw_sha256=digest,
        **amounts,
    )


def _day(field: str, told: str) -> dt.date | None:
    at = tables.moment(field, told)
    return None if at is None else at.astimezone(VIETNAM).date()
