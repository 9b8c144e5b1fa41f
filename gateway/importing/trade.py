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
from schemas.ports.stores import Tx

FIELDS: Final = (
    *("number", "service", "taken_on", "weight_g", "zone", "fee"),
    *("cod_collected", "cod_remitted", "remitted_on"),
)
Agreed = Tariff | Corridor | ServiceProfile
_KINDS: Final[Mapping[str, type[Agreed]]] = {"tariff": Tariff, "corridor": Corridor, "profile": ServiceProfile}


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
    """A tariff, a corridor or a service's profile: ``{"kind": "tariff", …}``. Raises Unreadable."""
    told = object_of(line.raw, ours=(), needed=("kind", "carrier", "valid_from"))
    kind = _KINDS.get(told.pop("kind"))
    if kind is None:
        raise Unreadable(f"kind: one of {', '.join(_KINDS)}")
    return record_of({"valid_to": None, **told}, kind)


def put(tx: Tx, record: Agreed) -> None:
    """Insert, or replace what was agreed for the same thing from the same day on."""
    if isinstance(record, Tariff):
        tx.trade.put_tariffs([record])
    elif isinstance(record, Corridor):
        tx.trade.put_corridors([record])
    else:
        tx.trade.put_profiles([record])


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
