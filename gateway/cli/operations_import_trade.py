"""``lienthong import invoice FILE | agreed FILE.jsonl``: what a carrier bills, and what was agreed with it."""

import asyncio
import dataclasses
import datetime as dt
from pathlib import Path
from typing import Annotated

import cyclopts

from gateway.cli import opening
from gateway.cli.output import Exit, Json, complain, record, say
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.importing import trade
from gateway.importing.lines import Reject, Rejects, lines, rejects_of
from gateway.importing.records import Unreadable
from gateway.importing.reports import BadRow
from schemas.audit import Act
from schemas.discrepancy import Discrepancy, DiscrepancyState
from schemas.ids import CarrierId
from schemas.invoice import Invoice
from schemas.ports.stores import Tx
from tracking import reading, reconcile

DryRun = Annotated[
    bool, cyclopts.Parameter(negative=(), show_default=False, help="Say what would happen and change nothing.")
]


@dataclasses.dataclass(frozen=True, slots=True)
class Billed:
    """What ``import invoice --json`` prints."""

    file: str
    dry_run: bool
    lines: int
    rejects: tuple[BadRow, ...]
    cases: tuple[str, ...]
    """Rules whose cases opened or changed, one for each."""


def invoice(
    file: Path,
    /,
    *,
    carrier: Annotated[str, cyclopts.Parameter(help="Whose invoice it is.")],
    number: Annotated[str, cyclopts.Parameter(help="The carrier's number of it.")],
    since: Annotated[dt.date, cyclopts.Parameter(help="First day that it bills.")],
    until: Annotated[dt.date, cyclopts.Parameter(help="Last day that it bills.")],
    columns: Annotated[
        tuple[str, ...], cyclopts.Parameter(help="FIELD=HEADING for each column that is not called as the field is.")
    ] = (),
    dry_run: DryRun = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Nhập hóa đơn hoặc bảng kê tiền thu hộ của hãng (CSV, XLSX, JSONL) rồi đối soát với bưu gửi (D-37, D-38).

    The same invoice again replaces its lines, all of them where every row can be read. Rows that cannot be read hide
    none of the others.

    Exit codes: 0 everything fits; 1 a bad --columns or period; 2 no such file, or rows that cannot be read; 4 cases are
    open.
    """
    settings = load_settings(config)
    pairs = dict(pair.partition("=")[::2] for pair in columns)
    if not set(pairs) <= set(trade.FIELDS) or not all(pairs.values()):
        complain(f"--columns nhận TRƯỜNG=TIÊU_ĐỀ; các trường: {', '.join(trade.FIELDS)}.")
        return Exit.USAGE
    if until < since:
        complain("--until phải từ ngày --since trở đi.")
        return Exit.USAGE
    if not file.is_file():
        complain(f"Không có tệp {file}.")
        return Exit.BAD_INPUT
    told = Invoice(CarrierId(carrier), number, since, until)
    found = trade.invoice(file, told, pairs)
    cases = () if dry_run or not found.lines else asyncio.run(_bill(settings, told, found))
    still = tuple(case for case in cases if case.state is not DiscrepancyState.RESOLVED)
    if json:
        record(Billed(str(file), dry_run, len(found.lines), found.rejects, tuple(case.rule for case in still)))
    else:
        head = "Nếu nhập: " if dry_run else ""
        say(f"{head}{len(found.lines)} dòng hóa đơn, {len(still)} việc cần xem, {len(found.rejects)} dòng hỏng.")
        for bad in found.rejects:
            complain(f"Dòng {bad.row}: {bad.why}")
    if found.rejects:
        return Exit.BAD_INPUT
    return Exit.DISCREPANCIES if still else Exit.DONE


async def _bill(settings: Settings, told: Invoice, found: trade.ReadInvoice) -> tuple[Discrepancy, ...]:
    now, who = SystemClock().now(), opening.principal().who

    def fn(tx: Tx) -> tuple[Discrepancy, ...]:
        if not found.rejects:  # what could not be read this time may be what was read before
            tx.trade.drop_lines(told.carrier, told.number)
        tx.trade.put_lines(found.lines)
        detail = f"{told.since} to {told.until}: {len(found.lines)} lines"
        tx.audit.write(Act(now, who, "import", "invoice", f"{told.carrier}|{told.number}", None, detail))
        return reconcile.reconcile_invoice(tx, told.carrier, told.number, reading.load_context(tx, now))

    async with opening.store(settings) as database:
        return await database.write(fn)


def agreed(file: Path, /, *, dry_run: DryRun = False, config: Config = None, json: Json = False) -> int:
    """Nhập thỏa thuận với hãng: giá cước, hành trình, dữ liệu cá nhân được gửi, ngưỡng của luật, tọa độ bưu cục.

    A line of JSON says its ``kind``: ``tariff``, ``corridor``, ``profile``, ``limit`` (thresholds of a rule,
    for a carrier, service or route where it names one) or ``place`` of an office, with the fields of that record.

    Exit codes: 0 every line is in the store; 2 no such file, or lines that cannot be used (kept in FILE.rejects.jsonl).
    """
    settings = load_settings(config)
    if not file.is_file():
        complain(f"Không có tệp {file}.")
        return Exit.BAD_INPUT
    rejects = Rejects(None if dry_run else rejects_of(file))
    records = []
    for line in lines(file):
        try:
            records.append(trade.agreed(line))
        except Unreadable as error:
            rejects.add(Reject(line.number, error.detail, line.raw))
    rejects.close()
    if records and not dry_run:
        asyncio.run(_agree(settings, tuple(records), file.name))
    if json:
        record({"file": str(file), "dry_run": dry_run, "lines": len(records), "rejected": rejects.count})
    else:
        head = "Nếu nhập: " if dry_run else ""
        say(f"{head}{len(records)} dòng thỏa thuận, {rejects.count} dòng không dùng được.")
        for one in rejects.first:
            complain(f"Dòng {one.line}: {one.why}")
    return Exit.BAD_INPUT if rejects.count else Exit.DONE


async def _agree(settings: Settings, records: tuple[trade.Agreed, ...], name: str) -> None:
    now, who = SystemClock().now(), opening.principal().who

    def fn(tx: Tx) -> None:
        for one in records:
            trade.put(tx, one)
        tx.audit.write(Act(now, who, "import", "agreed", name, None, f"{len(records)} lines"))

    async with opening.store(settings) as database:
        await database.write(fn)
