"""A carrier's report beside what we hold: who matches, who could be meant, who is missing on which side.

Nothing is changed by it. Rows are found by number, then by reference, then by their place in a bag whose list we have;
what is left is compared by :func:`tracking.pairing.suggest`, which only suggests. A figure that either side leaves out
is no difference.
"""

import csv
import dataclasses
import datetime as dt
import enum
import hashlib
import io
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.importing import tables
from gateway.importing.records import Unreadable
from gateway.storage.codec import to_json
from schemas.ids import BagNumber, CarrierId, ItemId, Sha256
from schemas.invoice import ReportRun
from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import Outcome
from tracking.pairing import Clue, suggest

FIELDS: Final = (
    *("number", "reference", "accepted_at", "delivered_at", "office", "province"),
    *("weight_g", "fee_due", "cod_due", "bag", "seq"),
)
_AMOUNTS: Final = ("weight_g", "fee_due", "cod_due")
_TIMES: Final = ("accepted_at", "delivered_at")
_SLACK: Final = dt.timedelta(days=1)
"""Reports are made by the day."""


class Verdict(enum.StrEnum):
    """What became of a row, or of an item that has none."""

    MATCHED = "matched"
    DIFFERING = "differing"
    SUGGESTED = "suggested"
    AMBIGUOUS = "ambiguous"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"


@dataclasses.dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of a report; what it leaves out is None or empty."""

    row: int
    number: str
    reference: str
    accepted_at: dt.datetime | None
    delivered_at: dt.datetime | None
    office: str
    province: str
    weight_g: int | None
    fee_due: int | None
    cod_due: int | None
    bag: str = ""
    seq: int | None = None
    """Place on the bag's list, from 1."""


@dataclasses.dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read, and why."""

    row: int
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One line of the result."""

    row: int | None
    """None: the report has no such row."""
    verdict: Verdict
    number: str
    ours: str
    """Number or reference of our item; empty where there is none."""
    item: int | None
    differences: tuple[str, ...] = ()


def read(path: Path, columns: Mapping[str, str]) -> tuple[tuple[ReportRow, ...], tuple[BadRow, ...]]:
    """Rows by the ending of the file: ``.xlsx``, ``.jsonl``, else CSV with comma, semicolon or tab.

    Args:
        path: the file.
        columns: heading of each field that is not called as the field is.
    """
    rows: list[ReportRow] = []
    bad: list[BadRow] = []
    try:
        for n, cells in tables.rows(path):
            told = {field: cells.get(columns.get(field, field), "").strip() for field in FIELDS}
            try:
                rows.append(_row(n, told))
            except ValueError as error:
                bad.append(BadRow(n, str(error)))
    except Unreadable as error:
        bad.append(BadRow(0, error.detail))
    return tuple(rows), tuple(bad)


def compare(tx: Tx, carrier: CarrierId, rows: Sequence[ReportRow]) -> tuple[Compared, ...]:
    """Every row in its order, then our items of the report's time that it does not name."""
    named = tx.items.named(tuple(dict.fromkeys(name for row in rows for name in (row.number, row.reference) if name)))
    found = {row.row: _exact(named, carrier, row) for row in rows}
    _by_place(tx, carrier, rows, found)
    seen = {item.id for item in found.values() if item is not None}
    times = [at for row in rows for at in (row.accepted_at, row.delivered_at) if at is not None]
    since, until = (min(times) - _SLACK, max(times) + _SLACK) if times else (None, None)
    there = () if since is None or until is None else tx.items.carried(carrier, since, until)
    missing = {item.id: item for item in there if item.id not in seen}
    open_rows = [row for row in rows if found[row.row] is None]
    near_by = [_of_item(item) for item in missing.values()]
    guesses = {one.told: one for one in suggest([_of_row(row) for row in open_rows], near_by)}
    result = []
    for row in rows:
        item = found[row.row]
        guess = guesses.get(row.row)
        if item is not None:
            differences = _differences(row, item)
            verdict = Verdict.DIFFERING if differences else Verdict.MATCHED
            result.append(Compared(row.row, verdict, row.number, _name(item), item.id, differences))
        elif guess is not None:
            near = missing[ItemId(guess.ours)]
            if not guess.ambiguous:
                del missing[near.id]
            verdict = Verdict.AMBIGUOUS if guess.ambiguous else Verdict.SUGGESTED
            result.append(Compared(row.row, verdict, row.number, _name(near), near.id))
        else:
            told = row.number or row.reference or f"{row.bag}/{row.seq}"
            result.append(Compared(row.row, Verdict.MISSING_HERE, told, "", None))
    result += [Compared(None, Verdict.MISSING_THERE, "", _name(item), item.id) for item in missing.values()]
    return tuple(result)


def write(path: Path, compared: Sequence[Compared], bad: Sequence[BadRow]) -> None:
    """The result as CSV or JSON, by the ending."""
    if path.suffix == ".json":
        path.write_text(to_json({"result": compared, "rejects": bad}) + "\n", "utf-8")
    else:
        path.write_bytes(as_csv(compared, bad))


def as_csv(compared: Sequence[Compared], bad: Sequence[BadRow]) -> bytes:
    """The result for a spreadsheet, which knows UTF-8 by its mark; what it would run as a formula is marked as text."""
    file = io.StringIO(newline="")
    out = csv.writer(file)
    out.writerow(("row", "verdict", "number", "ours", "differences"))
    for one in compared:
        told = (one.number, one.ours, "; ".join(one.differences))
        out.writerow((one.row or "", one.verdict.value, *map(_inert, told)))
    for row in bad:
        out.writerow((row.row, "unreadable", "", "", _inert(row.why)))
    return file.getvalue().encode("utf-8-sig")


def run_of(
    file: Path, carrier: CarrierId, compared: Sequence[Compared], bad: Sequence[BadRow], *, at: dt.datetime, by: str
) -> ReportRun:
    """What is kept of a comparison; the result is that of :func:`as_csv`, kept under its digest (ADR 143)."""
    counts = tuple((verdict.value, sum(one.verdict is verdict for one in compared)) for verdict in Verdict)
    with file.open("rb") as told:
        digest = hashlib.file_digest(told, "sha256").hexdigest()
    return ReportRun(
        id=uuid.uuid4().hex,
        carrier=carrier,
        file=file.name,
        file_sha256=Sha256(digest),
        result_sha256=Sha256(hashlib.sha256(as_csv(compared, bad)).hexdigest()),
        at=at,
        by=by,
        rows=sum(one.row is not None for one in compared) + len(bad),
        counts=counts,
        unreadable=len(bad),
    )


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _row(n: int, told: Mapping[str, str]) -> ReportRow:
    """Raises ValueError with what is wrong."""
    seq = tables.amount("seq", told["seq"])
    if not (told["number"] or told["reference"] or (told["bag"] and seq is not None)):
        raise ValueError("neither number nor reference, nor a bag with the place in it")
    return ReportRow(
        row=n,
        number=tables.number(told["number"]),
        reference=told["reference"],
        accepted_at=tables.moment("accepted_at", told["accepted_at"]),
        delivered_at=tables.moment("delivered_at", told["delivered_at"]),
        office=told["office"],
        province=told["province"],
        weight_g=tables.amount("weight_g", told["weight_g"]),
        fee_due=tables.amount("fee_due", told["fee_due"]),
        cod_due=tables.amount("cod_due", told["cod_due"]),
        bag=told["bag"],
        seq=seq,
    )


def _exact(named: Mapping[str, tuple[Item, ...]], carrier: CarrierId, row: ReportRow) -> Item | None:
    """By number, else by reference: the item whose validity holds the row's time, the newest where it tells none."""
    at = row.accepted_at or row.delivered_at
    for name in filter(None, (row.number, row.reference)):
        mine = [item for item in named.get(name, ()) if item.carrier == carrier]
        held = [one for one in mine if at is None or _holds(one, at)]
        if held:
            return held[0]
    return None


def _by_place(tx: Tx, carrier: CarrierId, rows: Sequence[ReportRow], found: dict[int, Item | None]) -> None:
    """Fill in the rows that no name found and whose bag and place on its list are ours; nobody is named twice."""
    open_rows = [row for row in rows if found[row.row] is None and row.bag and row.seq is not None]
    bags = {number: tx.bags.get(BagNumber(number)) for number in {row.bag for row in open_rows}}
    places = {
        (number, line.seq): line.item
        for number, bag in bags.items()
        if bag is not None
        for line in bag.lines
        if line.item is not None
    }
    taken = {item.id for item in found.values() if item is not None}
    items = {item.id: item for item in tx.items.many(tuple(dict.fromkeys(places.values())))}
    for row in open_rows:
        item = items.get(places.get((row.bag, row.seq or 0), ItemId(0)))
        if item is not None and item.carrier == carrier and item.id not in taken:
            found[row.row] = item
            taken.add(item.id)


def _holds(item: Item, at: dt.datetime) -> bool:
    return item.valid_from - _SLACK <= at and (item.valid_to is None or at <= item.valid_to + _SLACK)


def _differences(row: ReportRow, item: Item) -> tuple[str, ...]:
    found = []
    if row.number and item.number and row.number not in (item.number, *item.aliases):
        found.append(f"number: {row.number} there, {_name(item)} here")  # found by its reference or its place
    for field in _AMOUNTS:
        told, ours = getattr(row, field), getattr(item, field)
        if told is not None and ours is not None and told != ours:
            found.append(f"{field}: {told} there, {ours} here")
    for field in _TIMES:
        then, here = getattr(row, field), getattr(item.fold, field)
        if then is not None and here is not None and abs(then - here) > _SLACK:
            found.append(f"{field}: {then.isoformat()} there, {here.isoformat()} here")
    if row.delivered_at is not None and item.fold.outcome is not Outcome.DELIVERED:
        found.append(f"delivered there, {item.fold.movement or 'unheard of'} here")
    return tuple(found)


def _of_row(row: ReportRow) -> Clue:
    return Clue(row.row, row.number, row.accepted_at or row.delivered_at, row.office, row.province, row.weight_g)


def _of_item(item: Item) -> Clue:
    province = item.sender.address.province_code if item.sender is not None and item.sender.address is not None else ""
    at = item.fold.accepted_at or item.handed_over_at or item.valid_from
    return Clue(item.id, item.number or "", at, item.origin_office, province, item.weight_g)


def _name(item: Item) -> str:
    return item.number or item.reference or ""
