"""``lienthong import dossiers|items|events FILE.jsonl | report FILE``: what others exported, taken in or compared.

What a carrier bills and what was agreed with it: :mod:`gateway.cli.operations_import_trade`.
"""

import asyncio
import dataclasses
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

import cyclopts
from rich.console import Console
from rich.progress import Progress

from gateway.cli import opening, operations_import_trade
from gateway.cli.output import Exit, Json, complain, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.importing import reports
from gateway.importing.lines import Reject, Rejects, lines, rejects_of
from gateway.importing.records import READERS, Unreadable
from gateway.importing.taking import AT_ONCE, Read, Run, Taken
from gateway.workers.rules import full_pass
from schemas.audit import Act
from schemas.ids import CarrierId
from schemas.invoice import ReportRun
from schemas.ports.stores import Tx
from tracking import reading

Kind = Literal["dossiers", "items", "events"]
_KINDS: Final = {
    "added": "thêm mới",
    "known": "đã có",
    "claimed": "nhận lại bưu gửi mồ côi",
    "waiting": "chờ (cách ly)",
}
_PAIRED: Final = {
    reports.Verdict.MATCHED: "khớp",
    reports.Verdict.DIFFERING: "khớp số nhưng khác nội dung",
    reports.Verdict.SUGGESTED: "có thể là",
    reports.Verdict.AMBIGUOUS: "không rõ ràng",
    reports.Verdict.MISSING_HERE: "ở đây không có",
    reports.Verdict.MISSING_THERE: "báo cáo không có",
}

app = cyclopts.App(name="import", help="Nhập hồ sơ, bưu gửi, sự kiện (JSONL) hoặc đối chiếu báo cáo của hãng.")
app.command(operations_import_trade.invoice)
app.command(operations_import_trade.agreed)
DryRun = Annotated[
    bool, cyclopts.Parameter(negative=(), show_default=False, help="Say what would happen and change nothing.")
]


@dataclasses.dataclass(frozen=True, slots=True)
class Imported:
    """What ``--json`` prints."""

    file: str
    dry_run: bool
    lines: int
    added: int
    known: int
    claimed: int
    waiting: int
    moved: int
    rejected: int
    rejects: str | None
    """The file that holds them; None where there is none."""


def _command(kind: Kind, file: Path, config: Path | None, dry_run: bool, json: bool) -> int:
    settings = load_settings(config)
    if not file.is_file():
        complain(f"Không có tệp {file}.")
        return Exit.BAD_INPUT
    rejects = Rejects(None if dry_run else rejects_of(file))
    taken, count = asyncio.run(_take(settings, kind, file, rejects, dry=dry_run, size=file.stat().st_size))
    kept = str(rejects.path) if rejects.path is not None and rejects.count else None
    numbers = {name: getattr(taken, name) for name in ("added", "known", "claimed", "waiting", "moved")}
    if json:
        record(Imported(str(file), dry_run, count, rejected=rejects.count, rejects=kept, **numbers))
    else:
        head = "Nếu nhập: " if dry_run else ""
        told = ", ".join(f"{numbers[name]} {words}" for name, words in _KINDS.items())
        say(f"{head}{count} dòng: {told}, {taken.moved} hồ sơ chuyển bước, {rejects.count} dòng không dùng được.")
        for one in rejects.first:
            complain(f"Dòng {one.line}: {one.why}")
        if kept:
            say(f"Các dòng không dùng được ở {kept}; sửa rồi nhập lại.")
    return Exit.BAD_INPUT if rejects.count else Exit.DONE


@app.command
def dossiers(file: Path, /, *, dry_run: DryRun = False, config: Config = None, json: Json = False) -> int:
    """Nhập hồ sơ, mỗi dòng một đối tượng JSON.

    Exit codes: 0 every line is in the store; 2 no such file, or lines that cannot be used (kept in FILE.rejects.jsonl).
    """
    return _command("dossiers", file, config, dry_run, json)


@app.command
def items(file: Path, /, *, dry_run: DryRun = False, config: Config = None, json: Json = False) -> int:
    """Nhập bưu gửi và hồ sơ nằm trong đó (`packing`), mỗi dòng một đối tượng JSON.

    Exit codes: 0 every line is in the store; 2 no such file, or lines that cannot be used (kept in FILE.rejects.jsonl).
    """
    return _command("items", file, config, dry_run, json)


@app.command
def events(file: Path, /, *, dry_run: DryRun = False, config: Config = None, json: Json = False) -> int:
    """Nhập sự kiện theo dõi, mỗi dòng một đối tượng JSON; xong thì đối soát lại một lượt.

    Exit codes: 0 every line is in the store; 2 no such file, or lines that cannot be used (kept in FILE.rejects.jsonl).
    """
    return _command("events", file, config, dry_run, json)


async def _take(
    settings: Settings, kind: Kind, file: Path, rejects: Rejects, *, dry: bool, size: int
) -> tuple[Taken, int]:
    clock = SystemClock()
    async with opening.store(settings) as database:
        run = Run(database, reading.load_context, clock.now(), opening.principal().who, dry)
        taken, count = Taken(), 0
        with _progress() as progress:
            task = progress.add_task(file.name, total=size)
            read = _read(kind, file, run, rejects)
            while chunk := list(itertools.islice(read, AT_ONCE[kind])):
                done = await run.take(chunk)
                for reject in done.rejects:
                    rejects.add(reject)
                taken, count = taken + done, count + len(chunk)
                progress.update(task, completed=chunk[-1].line.end)
        count += rejects.count - len(taken.rejects)
        rejects.close()
        if not dry and taken.added and kind == "events":
            await full_pass(database, peers=(), clock=clock, context=reading.load_context)
    return taken, count


def _read(kind: str, file: Path, run: Run, rejects: Rejects) -> Iterator[Read]:
    for line in lines(file):
        try:
            yield Read(line, READERS[kind](line.raw, run.now))
        except Unreadable as error:
            rejects.add(Reject(line.number, error.detail, line.raw))


def _progress() -> Progress:
    """On a terminal only, and on standard error, so that ``--json`` stays whole."""
    return Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


@app.command
def report(
    file: Path,
    /,
    *,
    carrier: Annotated[str, cyclopts.Parameter(help="Whose report it is.")],
    columns: Annotated[
        tuple[str, ...], cyclopts.Parameter(help="FIELD=HEADING for each column that is not called as the field is.")
    ] = (),
    out: Annotated[Path | None, cyclopts.Parameter(help="Write the result there, .csv or .json.")] = None,
    dry_run: DryRun = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Đối chiếu báo cáo của hãng (CSV, XLSX, JSONL) với bưu gửi ở đây; không tự ghép gì.

    Exit codes: 0 everything matches; 1 a bad --columns or --out; 2 no such file or it cannot be read; 4 something does
    not match.
    """
    settings = load_settings(config)
    if out is not None and out.suffix not in (".csv", ".json"):
        complain("--out phải là tệp .csv hoặc .json.")
        return Exit.USAGE
    pairs = dict(pair.partition("=")[::2] for pair in columns)
    if not set(pairs) <= set(reports.FIELDS) or not all(pairs.values()):
        complain(f"--columns nhận TRƯỜNG=TIÊU_ĐỀ; các trường: {', '.join(reports.FIELDS)}.")
        return Exit.USAGE
    if not file.is_file():
        complain(f"Không có tệp {file}.")
        return Exit.BAD_INPUT
    rows, rejects = reports.read(file, pairs)
    compared, run = asyncio.run(_compare(settings, CarrierId(carrier), file, rows, rejects, keep=not dry_run))
    if out is not None and not dry_run:
        reports.write(out, compared, rejects)
    if json:
        told = {"file": str(file), "carrier": carrier, "rows": len(rows), "result": compared, "rejects": rejects}
        record({**told, "run": run})
    else:
        _print(compared, rejects)
        if run is not None:
            say(f"Kết quả được giữ lại: /reports/{run.id}.csv trên giao diện web (băm {run.result_sha256[:12]}…).")
    if rejects and not rows:
        return Exit.BAD_INPUT
    clean = not rejects and all(one.verdict is reports.Verdict.MATCHED for one in compared)
    return Exit.DONE if clean else Exit.DISCREPANCIES


async def _compare(
    settings: Settings,
    carrier: CarrierId,
    file: Path,
    rows: tuple[reports.ReportRow, ...],
    rejects: tuple[reports.BadRow, ...],
    *,
    keep: bool,
) -> tuple[tuple[reports.Compared, ...], ReportRun | None]:
    """Compare, and keep what came of it. A file that could not be read at all was compared with nothing."""
    async with opening.store(settings) as database:
        compared = await database.read(lambda tx: reports.compare(tx, carrier, rows))
        if not keep or not rows:
            return compared, None
        who = opening.principal().who
        run = reports.run_of(file, carrier, compared, rejects, at=SystemClock().now(), by=who)
        await database.blobs.put_bytes(reports.as_csv(compared, rejects))

        def fn(tx: Tx) -> None:
            tx.trade.put_run(run)
            detail = f"{run.file} ({run.file_sha256[:12]}): {run.rows} rows of {carrier}"
            tx.audit.write(Act(run.at, who, "report.compared", "report", run.id, None, detail[:500]))

        await database.write(fn)
        return compared, run


def _print(compared: tuple[reports.Compared, ...], rejects: tuple[reports.BadRow, ...]) -> None:
    counts = {verdict: sum(one.verdict is verdict for one in compared) for verdict in reports.Verdict}
    say(", ".join(f"{counts[verdict]} {words}" for verdict, words in _PAIRED.items()) + f", {len(rejects)} dòng hỏng.")
    rows = [
        (one.row or "", _PAIRED[one.verdict], one.number, one.ours, "; ".join(one.differences))
        for one in compared
        if one.verdict is not reports.Verdict.MATCHED
    ]
    if rows:
        table("Không khớp", ("Dòng", "Kết quả", "Số hiệu trong báo cáo", "Bưu gửi ở đây", "Khác ở"), rows)
    for bad in rejects:
        complain(f"Dòng {bad.row}: {bad.why}")
