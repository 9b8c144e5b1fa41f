"""What the carrier bills and remits, beside what it carried and collected."""

import datetime as dt
from collections.abc import Iterator, Sequence

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.invoice import InvoiceLine, Tariff
from schemas.shipment import Item
from schemas.tracking import Outcome
from tracking import deadlines
from tracking.rules.context import Context
from tracking.rules.rule import Rule, name_of
from tracking.rules.views import InvoiceView

REMIT_DAYS = 2
"""Money that was collected is remitted within two working days (tracking facts D-37)."""
EDGE = dt.timedelta(days=2)
"""What was taken on the last days of a period is lawfully billed with the next one."""


def invoice_key(view: InvoiceView) -> str:
    """Subject of an invoice's cases: two carriers may use one number."""
    return f"{view.carrier}|{view.number}"


class FeeOrMoney(Rule[InvoiceView]):
    """D-37: a line asks another fee than the tariff of its weight, zone and service; or the money on delivery differs.

    Money: collected is not what was due, remitted is not what was collected, or nothing came two working days after
    the delivery. The weight is ours where we weighed it, else the carrier's. A line whose tariff nobody entered is not
    judged by its fee.

    Nominated by: every invoice with lines.
    """

    id = "D-37"
    subject = Subject.INVOICE
    severity = Severity.HIGH
    remedy = "remedy.D-37"

    def findings(self, view: InvoiceView, context: Context) -> Iterator[Finding]:
        """One case for each line and what is wrong with it."""
        tariffs = context.tariffs(view.carrier)
        for line in view.lines:
            item = view.items.get(line.number)
            if item is None:
                continue
            agreed = _agreed(line, item, tariffs)
            if line.fee is not None and agreed is not None and line.fee != agreed:
                yield self._case(view, line, item, "fee", str(agreed), str(line.fee), Severity.MEDIUM)
            told = [one for one in view.told.get(line.number, (line,)) if one.cod_collected or one.cod_remitted]
            if told and _place(told[0]) == _place(line):
                for kind, ours, theirs in _money(told, item, context):
                    yield self._case(view, line, item, kind, ours, theirs, self.severity)

    def _case(
        self, view: InvoiceView, line: InvoiceLine, item: Item, kind: str, ours: str, theirs: str, severity: Severity
    ) -> Finding:
        values = (("number", line.number), ("line", str(line.line)), ("ours", ours), ("theirs", theirs))
        proof = Proof(kind, f"{view.number}/{line.line}", f"{ours} ≠ {theirs}", None, line.raw_sha256, values)
        epoch = f"{line.line}|{line.number}|{kind}"
        return self.found(invoice_key(view), epoch, severity, (proof,), (item.sender_unit,))


def _agreed(line: InvoiceLine, item: Item, tariffs: Sequence[Tariff]) -> int | None:
    on = line.taken_on or line.since
    for tariff in reversed(tariffs):
        in_force = tariff.valid_from <= on and (tariff.valid_to is None or on <= tariff.valid_to)
        if in_force and (tariff.service, tariff.zone) == (line.service, line.zone):
            return tariff.fee_of(item.weight_g if item.weight_g is not None else line.weight_g)
    return None


def _place(line: InvoiceLine) -> tuple[str, int]:
    return (line.invoice, line.line)


def _money(told: list[InvoiceLine], item: Item, context: Context) -> Iterator[tuple[str, str, str]]:
    """Kind, what it should be and what was told; an invoice and a report of remittances may share the telling."""
    collected = next((one.cod_collected for one in told if one.cod_collected is not None), None)
    remitted = [one.cod_remitted for one in told if one.cod_remitted is not None]
    delivered = item.fold.delivered_at
    if collected is not None and delivered is not None and collected != item.cod_due:
        yield "collected", str(item.cod_due), str(collected)
    due = collected if collected is not None else item.cod_due
    if remitted and sum(remitted) != due:
        yield "remitted", str(due), str(sum(remitted))
    if not due or delivered is None:
        return
    days = [one.remitted_on for one in told if one.remitted_on is not None]
    if remitted and not days:
        return
    came = _end_of(max(days)) if days else context.now
    if _working_days(context, delivered, came) > REMIT_DAYS:
        yield "late", delivered.astimezone(VIETNAM).date().isoformat(), max(days).isoformat() if days else "–"


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), VIETNAM)


def _working_days(context: Context, since: dt.datetime, until: dt.datetime) -> float:
    """Working days of the common calendar after the day of ``since``."""
    calendar = context.calendar(None)
    morning = dt.datetime.combine(since.astimezone(VIETNAM).date() + dt.timedelta(days=1), dt.time(), VIETNAM)
    if until <= morning:
        return 0.0
    return deadlines.working_time(calendar, morning, until) / deadlines.working_day_length(calendar)


class BilledAndCarried(Rule[InvoiceView]):
    """D-38: a line bills what nobody sent, or bills it twice; or the carrier took an item and no invoice bills it.

    Billed without a shipment: the number is unknown in the billed time, or its item was neither handed over nor ever
    seen by the post. Twice: another line asks a fee for the number, and this one is not the first. Never billed: taken
    in the period, but for its last two days, which the next invoice may bill.

    Nominated by: every invoice with lines.
    """

    id = "D-38"
    subject = Subject.INVOICE
    severity = Severity.MEDIUM
    remedy = "remedy.D-38"

    def findings(self, view: InvoiceView, context: Context) -> Iterator[Finding]:
        """One case for each number."""
        for line in view.lines:
            if line.fee is None:
                continue
            item = view.items.get(line.number)
            first = next((one for one in view.told.get(line.number, ()) if one.fee is not None), line)
            if item is None or _never_sent(item):
                yield self._line(view, line, "line", "no shipment of this number")
            elif _place(first) != _place(line):
                yield self._line(view, line, "repeat", f"billed before by {first.invoice}/{first.line}")
        last = dt.datetime.combine(view.until + dt.timedelta(days=1), dt.time(), VIETNAM) - EDGE
        for item in view.unbilled:
            taken = item.fold.accepted_at
            if taken is None or taken >= last:
                continue
            name = name_of(item)
            proof = Proof("unbilled", name, f"taken {taken.isoformat()}, never billed", taken, values=_number(name))
            epoch = f"unbilled|{item.id}"
            yield self.found(invoice_key(view), epoch, self.severity, (proof,), (item.sender_unit,))

    def _line(self, view: InvoiceView, line: InvoiceLine, kind: str, says: str) -> Finding:
        values = (*_number(line.number), ("line", str(line.line)))
        proof = Proof(kind, f"{view.number}/{line.line}", says, None, line.raw_sha256, values)
        return self.found(invoice_key(view), f"{line.line}|{line.number}|{kind}", self.severity, (proof,))


def _number(name: str) -> tuple[tuple[str, str], ...]:
    return (("number", name),)


def _never_sent(item: Item) -> bool:
    cancelled = item.fold.outcome is Outcome.CANCELLED
    return item.fold.accepted_at is None and (item.handed_over_at is None or cancelled)
