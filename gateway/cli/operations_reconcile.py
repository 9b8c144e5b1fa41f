"""``lienthong reconcile``: the full pass now, or what it would have said at a moment, from rows alone."""

import asyncio
import collections
import dataclasses
import datetime as dt
from typing import Annotated, Final, Literal

import cyclopts

from adapters.registry import Registry
from gateway.cli import opening
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.console.catalogue import sentence
from gateway.inbound.views import masking
from gateway.storage.database import Database
from gateway.workers.rules import full_pass, peers_of
from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity
from schemas.ids import PeerId
from schemas.ports.house_stores import CaseFilter
from schemas.ports.nominations import BagTotal, UnitTotal
from schemas.ports.stores import Tx
from tracking import known, sweep
from tracking import reconcile as reconciling
from tracking.reading import load_context
from tracking.rules.catalogue import BY_ID

Level = Literal["low", "medium", "high"]

_MOST: Final = 1_000_000
_DAYS: Final = 7
"""How far back control totals go: what is older than a week has its own case."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """A finding as ``--json`` prints it (DESIGN §9)."""

    id: str
    rule: str
    subject_kind: str
    subject: str
    severity: str
    opened_at: dt.datetime
    evidence: tuple[Proof, ...]
    remedy: str


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What ``--json`` prints."""

    as_of: dt.datetime
    findings: tuple[Listed, ...]


def reconcile(
    *,
    as_of: Annotated[
        str | None,
        cyclopts.Parameter(help="ISO 8601; without a zone Asia/Ho_Chi_Minh. What we would have said then; no writing."),
    ] = None,
    fail_on: Annotated[
        Level | None, cyclopts.Parameter(help="Exit 4 where a finding is at least so grave.", show_default=False)
    ] = None,
    shadow: Annotated[
        bool, cyclopts.Parameter(help="The findings of rules that are still tried out, beside those that are shown.")
    ] = False,
    totals: Annotated[
        bool,
        cyclopts.Parameter(help="Control totals of the last seven days, by office, bag and day, instead of findings."),
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Đối soát toàn bộ ngay bây giờ, hoặc xem lúc trước đã thấy gì (--as-of); liệt kê sai lệch và cách xử lý.

    Exit codes: 0 done; 2 --as-of is no time; 4 a finding at least as grave as --fail-on.
    """
    settings = load_settings(config)
    try:
        moment = None if as_of is None else _moment(as_of)
    except ValueError:
        complain(f"--as-of {as_of}: không phải thời điểm ISO 8601, ví dụ 2026-11-20T08:00+07:00.")
        return Exit.BAD_INPUT
    if totals:
        return _show_totals(asyncio.run(_totals(settings, moment)), json=json)
    report = asyncio.run(_run(settings, moment, shadow=shadow))
    if json:
        record(report)
    else:
        _print(report, shadow=shadow)
    worst = Severity[fail_on.upper()] if fail_on else None
    grave = worst is not None and any(Severity[one.severity.upper()] >= worst for one in report.findings)
    return Exit.DISCREPANCIES if grave else Exit.DONE


async def _run(settings: Settings, moment: dt.datetime | None, *, shadow: bool) -> Report:
    clock = SystemClock()
    registry = Registry.load(settings.peers, clock=clock)
    try:
        async with opening.store(settings) as database:
            if moment is not None:
                return await _then(database, moment, peers_of(registry), shadow=shadow)
            await full_pass(database, peers=peers_of(registry), clock=clock, context=load_context)
            return await _now(database, clock.now(), shadow=shadow)
    finally:
        await registry.aclose()


async def _now(database: Database, now: dt.datetime, *, shadow: bool) -> Report:
    wanted = CaseFilter(shadow=None if shadow else False)
    cases = await database.read(lambda tx: tx.discrepancies.search(wanted, now=now, limit=_MOST))
    shown = (masking.case(case) for case in cases)
    return Report(
        now,
        tuple(
            Listed(
                one.id,
                one.rule,
                one.subject_kind,
                one.subject,
                one.severity.name.lower(),
                one.opened_at,
                one.evidence,
                one.remedy,
            )
            for one in shown
        ),
    )


async def _then(database: Database, moment: dt.datetime, peers: tuple[PeerId, ...], *, shadow: bool) -> Report:
    def read(tx: Tx) -> Report:
        then = known.at(tx, moment)
        found = sweep.judge(then, sweep.everything(tx), peers, load_context(then, moment))
        listed = [_listed(then, one, moment) for one in found if shadow or not BY_ID[one.rule].shadow]
        listed.sort(key=lambda one: (-Severity[one.severity.upper()], one.opened_at, one.id))
        return Report(moment, tuple(listed))

    return await database.read(read)


def _listed(then: Tx, one: Finding, moment: dt.datetime) -> Listed:
    """A finding with the time at which its case was opened, or the moment itself where nobody had looked yet."""
    name = reconciling.case_id(one)
    case = then.discrepancies.find(name)
    return Listed(
        name,
        one.rule,
        one.subject_kind,
        one.subject,
        one.severity.name.lower(),
        case.opened_at if case else moment,
        masking.proofs(one.evidence),
        one.remedy,
    )


async def _totals(settings: Settings, moment: dt.datetime | None) -> tuple[tuple[UnitTotal, ...], tuple[BagTotal, ...]]:
    until = moment or SystemClock().now()
    since = until - dt.timedelta(days=_DAYS)
    async with opening.store(settings) as database:
        return await database.read(
            lambda tx: (tx.nominations.unit_totals(since, until), tx.nominations.bag_totals(since, until))
        )


def _show_totals(totals: tuple[tuple[UnitTotal, ...], tuple[BagTotal, ...]], *, json: bool) -> int:
    units, bags = totals
    if json:
        record({"control_totals": units, "bag_totals": bags})
        return Exit.DONE
    rows = [
        (one.day, one.unit or "–", one.handed_over, one.seen, one.ended, one.missing or "khớp")
        for one in sorted(units, key=lambda one: (one.day, one.unit or ""))
    ]
    table("Số kiểm soát theo bưu cục và ngày", ("Ngày", "Đơn vị gửi", "Đã giao", "Đã nhận", "Đã xong", "Thiếu"), rows)
    lines = [(one.day, one.bag, one.origin, one.target, one.put_in, *_opened(one)) for one in bags]
    if lines:
        columns = ("Ngày", "Túi", "Đơn vị giao", "Đơn vị nhận", "Cho vào", "Lấy ra", "Thiếu")
        table("Số kiểm soát theo túi", columns, lines)
    return Exit.DONE


def _opened(one: BagTotal) -> tuple[object, object]:
    """What was taken out and what is missing; a surplus is negative."""
    return ("chưa mở", "–") if one.taken_out is None else (one.taken_out, one.missing or "khớp")


def _moment(told: str) -> dt.datetime:
    """Raises ValueError."""
    at = dt.datetime.fromisoformat(told)
    return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)


def _print(report: Report, *, shadow: bool) -> None:
    rows = [
        (
            sentence(f"severity.{one.severity}"),
            one.rule,
            sentence(f"rule.{one.rule}"),
            f"{one.subject_kind} {one.subject}",
            local(one.opened_at),
            sentence(one.remedy),
        )
        for one in report.findings
    ]
    columns = ("Mức", "Luật", "Việc gì", "Đối tượng", "Mở lúc", "Cần làm")
    table(f"Sai lệch lúc {local(report.as_of)}: {len(rows)}", columns, rows)
    if shadow:
        _compare(report)


def _compare(report: Report) -> None:
    """How much a rule that is tried out would add: subjects that no shown rule speaks of."""
    shown = {(one.subject_kind, one.subject) for one in report.findings if not BY_ID[one.rule].shadow}
    counts: collections.Counter[str] = collections.Counter()
    alone: collections.Counter[str] = collections.Counter()
    for one in report.findings:
        if BY_ID[one.rule].shadow:
            counts[one.rule] += 1
            alone[one.rule] += (one.subject_kind, one.subject) not in shown
    if not counts:
        say("Không có luật thử nghiệm nào báo điều gì.")
        return
    rows = [(rule, sentence(f"rule.{rule}"), n, alone[rule]) for rule, n in sorted(counts.items())]
    table("Luật đang thử nghiệm", ("Luật", "Việc gì", "Số báo", "Chỉ luật này báo"), rows)
