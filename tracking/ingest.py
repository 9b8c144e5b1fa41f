"""News from outside becomes rows: one transaction per answer, push or report (DESIGN §3.3).

The busy crossing of this wing, and no more than a list of calls: :mod:`tracking.matching` finds the item,
:mod:`tracking.normalise` says what must wait, the log takes the events (the second copy is silence),
:mod:`tracking.status` folds, :mod:`tracking.follow` and :mod:`tracking.reports` say which lawful moves follow,
:func:`tracking.advance.advance` makes them, :mod:`tracking.reconcile` settles the cases.

Whatever cannot be used is answered, not dropped: quarantined events stay in the log, complaints are audited, a report
that no lawful move can follow comes back as REFUSED with its reason and stands as a case (E-21).
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Sequence

from schemas.audit import Act
from schemas.discrepancy import Discrepancy
from schemas.dossier import Dossier, DossierState, PeerState
from schemas.errors import UnlawfulMove
from schemas.ids import BagNumber, DossierId, ItemId, PeerId
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.facts import Tell
from schemas.ports.learned import Way
from schemas.ports.stores import Tx
from schemas.shipment import Purpose
from schemas.tracking import Complaint, TrackingBatch
from tracking import arrival, effects, follow, reading, reconcile, reports
from tracking.advance import advance, promise_of
from tracking.arrival import EventOutcome, Folded
from tracking.facts import Facts
from tracking.rules.context import ContextSource
from tracking.rules.present import present_parcels
from tracking.rules.views import DossierView
from tracking.table import Trigger

MAX_ROWS_AT_ONCE = 6
"""One late answer may walk a dossier through several rows; more than these would be a circle."""
ABOUT_A_CODE = "unknown_code"
"""The adapters' complaint about an event that is in the batch all the same; others are about what is not in it."""


@dataclasses.dataclass(frozen=True, slots=True)
class IngestResult:
    """What one batch did."""

    outcomes: tuple[EventOutcome, ...]
    items: tuple[ItemId, ...]
    moved: tuple[DossierId, ...]
    refused: tuple[str, ...]
    """Moves that the news asked for and the table refused, in words."""
    cases: tuple[Discrepancy, ...]
    """Cases opened, changed or closed."""
    complaints: tuple[Complaint, ...]
    """What was written down: complaints about second copies are not told again."""

    @property
    def appended(self) -> int:
        """How many events were new."""
        return sum(outcome.new for outcome in self.outcomes)

    @property
    def repeated(self) -> int:
        """How many were second copies."""
        return len(self.outcomes) - self.appended


class ReportOutcome(enum.Enum):
    """What became of a one-stop system's report."""

    APPLIED = "applied"
    SILENCE = "silence"
    """It told what we knew."""
    WAITING = "waiting"
    """The unit's receipt is kept; the carrier's delivery is still missing (row 5)."""
    REFUSED = "refused"
    """No lawful move leads there; a case stands (E-21)."""
    UNKNOWN_DOSSIER = "unknown_dossier"
    """Nobody here has this code: the caller keeps the raw report in quarantine."""


@dataclasses.dataclass(frozen=True, slots=True)
class ReportResult:
    """What one report did; ``dossier`` is None for UNKNOWN_DOSSIER."""

    outcome: ReportOutcome
    dossier: Dossier | None
    detail: str
    cases: tuple[Discrepancy, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _News:
    """Who speaks, and what every call of one transaction needs."""

    by: str
    source: str
    tell: Tell
    now: dt.datetime


def ingest(
    tx: Tx,
    batch: TrackingBatch,
    *,
    tell: Tell,
    context_source: ContextSource,
    now: dt.datetime,
    way: Way = Way.FEED,
    settle: bool = True,
) -> IngestResult:
    """Apply what a carrier said: events into the log, items folded, dossiers moved, cases settled.

    Args:
        tx: the transaction; everything or nothing.
        batch: one answer, one page of a feed or one push, parsed.
        tell: the router.
        context_source: builds the rules' Context.
        now: present time.
        way: how it came, for the volumes of the peer.
        settle: False leaves the cases to the full pass, which a bulk import runs once when all its events are in.
    """
    news = _News(str(batch.carrier), f"peer:{batch.peer}", tell, now)
    outcomes, folded = arrival.take(tx, batch, now, pushed=way is Way.PUSH)
    tx.volumes.add(batch.peer, way, now, sum(outcome.new for outcome in outcomes))
    complaints = _new_complaints(batch, outcomes)
    _complain(tx, batch.peer, complaints, now)
    moved, refused, cases = _apply(tx, folded, news, context_source if settle else None)
    return IngestResult(outcomes, tuple(one.item.id for one in folded), moved, refused, cases, complaints)


def refold_item(
    tx: Tx, item: ItemId, *, tell: Tell, context_source: ContextSource, now: dt.datetime, by: str = "system"
) -> IngestResult:
    """Fold an item again after it was registered, renumbered, reopened or its codes were learned; moves follow."""
    return refold_items(tx, (item,), tell=tell, context_source=context_source, now=now, by=by)


def refold_items(
    tx: Tx,
    items: Sequence[ItemId],
    *,
    tell: Tell,
    context_source: ContextSource,
    now: dt.datetime,
    by: str = "system",
    settle: bool = True,
) -> IngestResult:
    """:func:`refold_item` for many at once, read and written together; ``settle`` as for :func:`ingest`."""
    news = _News(by, "tracking", tell, now)
    moved, refused, cases = _apply(tx, arrival.refold(tx, items, now), news, context_source if settle else None)
    return IngestResult((), tuple(items), moved, refused, cases, ())


def receive_report(
    tx: Tx,
    report: OneStopReport,
    *,
    peer: PeerId,
    tell: Tell,
    context_source: ContextSource,
    now: dt.datetime,
) -> ReportResult:
    """Apply a one-stop system's report: the unit's receipt, or its national code. Telling it twice is silence."""
    dossier = tx.dossiers.find(report.code)
    if dossier is None:
        detail = f"{peer} reports on {report.code}, a code that no dossier here ever had; kept in quarantine"
        return ReportResult(ReportOutcome.UNKNOWN_DOSSIER, None, detail)
    news = _News(report.by, f"peer:{peer}", tell, now)
    if report.kind is ReportKind.RECEIVED:
        outcome, detail = _receipt(tx, dossier, report, news)
    elif report.kind is ReportKind.PAID:
        outcome, detail = _paid(tx, dossier, report, news)
    else:
        outcome, detail = _status(tx, dossier, report, peer, news)
    view, _ = _follow(tx, reading.dossier_view(tx, dossier.id), news)
    if report.kind is ReportKind.RECEIVED and view.dossier.version != dossier.version:
        view = _catch_up(tx, view, news)
    cases = reconcile.settle_dossier(tx, view, context_source(tx, now))
    if outcome is ReportOutcome.WAITING and view.dossier.state is not dossier.state:
        outcome = ReportOutcome.APPLIED
    return ReportResult(outcome, view.dossier, detail, cases)


# --- events ----------------------------------------------------------------------------------------------------------


def _new_complaints(batch: TrackingBatch, outcomes: Sequence[EventOutcome]) -> tuple[Complaint, ...]:
    """A complaint about an event is news only with its event: a page that overlaps the last one repeats old ones."""
    unread = {
        (event.number or None, event.code)
        for event, outcome in zip(batch.events, outcomes, strict=True)
        if outcome.new and event.mapped is None
    }
    return tuple(
        complaint
        for complaint in batch.complaints
        if complaint.code != ABOUT_A_CODE or (complaint.number or None, complaint.what.partition(" ")[0]) in unread
    )


def _complain(tx: Tx, peer: PeerId, complaints: Iterable[Complaint], now: dt.datetime) -> None:
    """What could not be used at all is written down with the digest of the bytes that held it."""
    for complaint in complaints:
        what = f"{complaint.code}: {complaint.what} ({complaint.number or 'no number'})"[:500]
        tx.audit.write(Act(now, f"peer:{peer}", "tracking.complaint", "raw", complaint.raw_sha256, None, what))


def _apply(
    tx: Tx, folded: Sequence[Folded], news: _News, context_source: ContextSource | None
) -> tuple[tuple[DossierId, ...], tuple[str, ...], tuple[Discrepancy, ...]]:
    """Move and reconcile: everything that follows from new rows of these items. None settles no case."""
    inside = {dossier.id: dossier for one in folded for dossier in one.dossiers}
    moved: list[DossierId] = []
    refused: list[str] = []
    views = []
    for before in reading.views_around(tx, tuple(inside.values())):
        view, refusals = _follow(tx, before, news)
        if view.dossier.version != before.dossier.version:
            moved.append(before.dossier.id)
            view = _catch_up(tx, view, news)
        refused += refusals
        views.append(view)
    if context_source is None:
        return tuple(moved), tuple(refused), ()
    context = context_source(tx, news.now)
    inside |= {view.dossier.id: view.dossier for view in views}
    carried = {one.item.id: tuple(inside[dossier.id] for dossier in one.dossiers) for one in folded}
    logs = {one.item.id: one.in_order() for one in folded}
    seen = reading.views_of(tx, [one.item for one in folded], logs, carried)
    bags = [BagNumber(one.item.reference or "") for one in folded if one.item.purpose is Purpose.BAG]
    cases = (*reconcile.settle_items(tx, seen, context), *reconcile.settle_dossiers(tx, views, context))
    told = (case for bag in bags for case in reconcile.reconcile_bag(tx, bag, context))
    return tuple(moved), tuple(refused), (*cases, *told)


def _follow(tx: Tx, view: DossierView, news: _News) -> tuple[DossierView, list[str]]:
    """Move the dossier as far as the post's news leads; answers where it stands and what the table refused."""
    for _ in range(MAX_ROWS_AT_ONCE):
        step = follow.next_step(view.dossier, view.parcels, now=news.now)
        if step is None:
            break
        try:
            moved = _advance(tx, view.dossier.id, step.trigger, step.facts, step.at, news, reason=step.reason)
        except UnlawfulMove as refusal:
            return view, [str(refusal)]
        if moved.version == view.dossier.version:
            break
        view = dataclasses.replace(view, dossier=moved)
    return view, []


def _catch_up(tx: Tx, view: DossierView, news: _News) -> DossierView:
    """A unit that was ahead of the post's news is followed as soon as the news makes its report lawful."""
    for report in reports.unfollowed(view.dossier):
        peer = PeerId(report.by)
        said = dataclasses.replace(news, by=report.by, source=f"peer:{peer}")
        try:
            _walk(tx, tx.dossiers.get(view.dossier.id), report, peer, said)
        except UnlawfulMove:
            continue  # its case (E-21) stands since the report was refused
    return dataclasses.replace(view, dossier=tx.dossiers.get(view.dossier.id))


def _walk(tx: Tx, dossier: Dossier, report: OneStopReport, peer: PeerId, news: _News) -> tuple[Trigger, ...]:
    """Make the moves that lead to the reported code. Raises UnlawfulMove before the first one."""
    parcels = reading.parcels_of(tx, dossier.id)
    way = reports.way_to(dossier, report, parcels, peer=peer, now=news.now, promise=promise_of(tx, dossier))
    for trigger in way.triggers:
        _advance(tx, dossier.id, trigger, way.facts, report.at, news)
    return way.triggers


def _advance(
    tx: Tx, dossier_id: DossierId, trigger: Trigger, facts: Facts, at: dt.datetime, news: _News, *, reason: str = ""
) -> Dossier:
    return advance(
        tx,
        dossier_id,
        trigger,
        facts=facts,
        at=at,
        by=news.by,
        source=news.source,
        unit=None,
        tell=news.tell,
        now=news.now,
        reason=reason,
    )


# --- reports ---------------------------------------------------------------------------------------------------------


def _receipt(tx: Tx, dossier: Dossier, report: OneStopReport, news: _News) -> tuple[ReportOutcome, str]:
    """The unit signed for the envelope: kept on its leg, and row 5, 6 or 12 where it applies."""
    if dossier.state is DossierState.BETWEEN_UNITS:
        _advance(tx, dossier.id, Trigger.TAKE_OVER, Facts(taker_signed=True, receipt_at=report.at), report.at, news)
        return ReportOutcome.APPLIED, "the next unit signed for it"
    if any(leg.received_at for leg in dossier.legs):
        return ReportOutcome.SILENCE, "its receipt was told before"
    facts = Facts(receipt_at=report.at, direct=True)
    parcels = reading.parcels_of(tx, dossier.id)
    if dossier.state is DossierState.LODGED and not present_parcels(dossier, parcels):
        _advance(tx, dossier.id, Trigger.HAND_IN, facts, report.at, news)
        return ReportOutcome.APPLIED, "handed over directly; the unit signed for it"
    signed = tx.dossiers.put(effects.sign_leg(dossier, facts, report.at))
    detail = f"{signed.competent_unit} signed for the paper at {report.at.isoformat()}"
    tx.audit.write(
        Act(news.now, news.source, "dossier.receipt", "dossier", str(dossier.id), signed.competent_unit, detail)
    )
    waits = dossier.state in (DossierState.LODGED, DossierState.IN_POST)
    return (ReportOutcome.WAITING if waits else ReportOutcome.APPLIED), detail


def _paid(tx: Tx, dossier: Dossier, report: OneStopReport, news: _News) -> tuple[ReportOutcome, str]:
    """The fee is paid (row 19): a dossier that waits for it goes on; for another one it is known, or not asked for."""
    told = f"paid at {report.at.isoformat()}" + (f", {report.amount} đồng" if report.amount is not None else "")
    if dossier.state is not DossierState.FEE_ASKED:
        return ReportOutcome.SILENCE, f"{told}; no fee is asked for"
    _advance(tx, dossier.id, Trigger.PROVE_FEE, Facts(fee_proof=True), report.at, news, reason=told)
    return ReportOutcome.APPLIED, told


def _status(tx: Tx, dossier: Dossier, report: OneStopReport, peer: PeerId, news: _News) -> tuple[ReportOutcome, str]:
    """The national code at the unit: the lawful way there, or a refusal by name."""
    if report.national is None:
        return ReportOutcome.REFUSED, f"{peer} sent a status report without a national code"
    told = PeerState(
        peer,
        report.national,
        report.at,
        reason=report.reason,
        due_at=report.due_at,
        result_codes=report.result_codes,
    )
    heard = _remember(tx, dossier, told)
    if reports.is_old_news(heard, report):
        return ReportOutcome.SILENCE, f"{report.national} is known"
    try:
        made = _walk(tx, heard, report, peer, news)
    except UnlawfulMove as refusal:
        unit = heard.competent_unit
        tx.audit.write(Act(news.now, news.source, "report.refused", "dossier", str(heard.id), unit, str(refusal)[:500]))
        return ReportOutcome.REFUSED, str(refusal)
    return ReportOutcome.APPLIED, " → ".join(made)


def _remember(tx: Tx, dossier: Dossier, told: PeerState) -> Dossier:
    """What the peer believes is kept whether or not we can follow it; older beliefs do not replace newer ones."""
    known: Iterable[PeerState] = dossier.peer_states
    before = next((one for one in known if one.peer == told.peer), None)
    if before is not None and before.as_of >= told.as_of:
        return dossier
    others = tuple(one for one in known if one.peer != told.peer)
    return tx.dossiers.put(dataclasses.replace(dossier, peer_states=(*others, told)))
