"""Compares what the rules find now with the cases that are open: opens, keeps, closes, reopens.

:func:`diff` is pure, and so is :mod:`tracking.kinship`, which knows what speaks for what. A case is named by (rule,
subject, epoch), so the same finding never opens two. A case whose cause
is gone closes by itself; one that a person resolved stays resolved while the same cause lasts, unless it grows graver.
"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from schemas.audit import Act
from schemas.discrepancy import Discrepancy, DiscrepancyState, Finding, Subject
from schemas.ids import BagNumber, CarrierId, DiscrepancyId, DossierId, ItemId, PeerId
from schemas.ports.stores import Tx
from tracking import kinship, reading
from tracking.rules.catalogue import BAG_RULES, BY_ID, DOSSIER_RULES, FEED_RULES, INVOICE_RULES, ITEM_RULES
from tracking.rules.context import Context, ContextSource
from tracking.rules.rule import Rule
from tracking.rules.views import DossierView, ItemView

AUTO = "auto"
CAUSE_GONE = "cause_gone"

View = TypeVar("View")


class Reconciler:
    """Reconciles one subject in the caller's transaction; holds nothing but the way to the Context."""

    def __init__(self, context_source: ContextSource) -> None:
        """``context_source`` is :func:`tracking.reading.load_context`, with the limits of the settings bound in."""
        self._context_source = context_source

    def item(self, tx: Tx, item: ItemId, now: dt.datetime) -> tuple[Discrepancy, ...]:
        """Cases of the item that changed. Raises NotFound."""
        return reconcile_item(tx, item, self._context_source(tx, now))

    def dossier(self, tx: Tx, dossier: DossierId, now: dt.datetime) -> tuple[Discrepancy, ...]:
        """Cases of the dossier that changed. Raises NotFound."""
        return reconcile_dossier(tx, dossier, self._context_source(tx, now))

    def feed(self, tx: Tx, peer: PeerId, now: dt.datetime) -> tuple[Discrepancy, ...]:
        """Cases of the peer's feed that changed."""
        return reconcile_feed(tx, peer, self._context_source(tx, now))


def reconcile_item(tx: Tx, item: ItemId, context: Context) -> tuple[Discrepancy, ...]:
    """Ask the item's rules and settle its cases; answers those that changed. Raises NotFound."""
    return settle_item(tx, reading.item_view(tx, item), context)


def reconcile_dossier(tx: Tx, dossier: DossierId, context: Context) -> tuple[Discrepancy, ...]:
    """Ask the dossier's rules and settle its cases; answers those that changed. Raises NotFound."""
    return settle_dossier(tx, reading.dossier_view(tx, dossier), context)


def settle_item(tx: Tx, view: ItemView, context: Context) -> tuple[Discrepancy, ...]:
    """As :func:`reconcile_item`, with a view that was read already in this transaction."""
    return settle_items(tx, (view,), context)


def settle_items(tx: Tx, views: Sequence[ItemView], context: Context) -> tuple[Discrepancy, ...]:
    """:func:`settle_item` of each view; the cases of all are read at once."""
    cases = tx.discrepancies.of_subjects(Subject.ITEM, [str(view.item.id) for view in views])
    changed: list[Discrepancy] = []
    for view in views:
        name = str(view.item.id)
        found = findings(ITEM_RULES, view, context)
        if found or cases[name]:
            changed += _settle(tx, Subject.ITEM, name, found, context, _peers_of(tx, view), cases[name])
    return tuple(changed)


def _peers_of(tx: Tx, view: ItemView) -> Callable[[], Sequence[PeerId]]:
    return lambda: reading.peers_of(tx, view)


def settle_dossier(tx: Tx, view: DossierView, context: Context) -> tuple[Discrepancy, ...]:
    """As :func:`reconcile_dossier`, with a view that was read already in this transaction."""
    return settle_dossiers(tx, (view,), context)


def settle_dossiers(tx: Tx, views: Sequence[DossierView], context: Context) -> tuple[Discrepancy, ...]:
    """:func:`settle_dossier` of each view; the cases of all are read at once."""
    cases = tx.discrepancies.of_subjects(Subject.DOSSIER, [str(view.dossier.id) for view in views])
    changed: list[Discrepancy] = []
    for view in views:
        name = str(view.dossier.id)
        found = findings(DOSSIER_RULES, view, context)
        if found or cases[name]:
            around = _Around(tx, view)
            changed += _settle(tx, Subject.DOSSIER, name, found, context, around.peers, cases[name], around.cases)
    return tuple(changed)


@dataclasses.dataclass(frozen=True, slots=True)
class _Around:
    """What may explain a dossier's case; asked only where a rule names such an explanation."""

    tx: Tx
    view: DossierView

    def peers(self) -> Sequence[PeerId]:
        """Those at which its items are booked, and those that told where it stands."""
        booked = [one.peer for parcel in self.view.parcels for one in self.tx.items.bookings_of(parcel.item.id)]
        return tuple(dict.fromkeys([*booked, *(told.peer for told in self.view.dossier.peer_states)]))

    def cases(self) -> Sequence[Discrepancy]:
        """Cases of the items that carry it now."""
        items = [str(parcel.item.id) for parcel in self.view.parcels if parcel.packing.until is None]
        return [case for cases in self.tx.discrepancies.of_subjects(Subject.ITEM, items).values() for case in cases]


def reconcile_bag(tx: Tx, bag: BagNumber, context: Context) -> tuple[Discrepancy, ...]:
    """Ask the bag's rules and settle its cases; answers those that changed. Raises NotFound."""
    found = findings(BAG_RULES, reading.bag_view(tx, bag), context)
    return _settle(tx, Subject.BAG, bag, found, context)


def reconcile_invoice(tx: Tx, carrier: CarrierId, number: str, context: Context) -> tuple[Discrepancy, ...]:
    """Ask the rules on an invoice and settle its cases; answers those that changed. Raises NotFound."""
    found = findings(INVOICE_RULES, reading.invoice_view(tx, carrier, number), context)
    return _settle(tx, Subject.INVOICE, f"{carrier}|{number}", found, context)


def reconcile_feed(tx: Tx, peer: PeerId, context: Context) -> tuple[Discrepancy, ...]:
    """Ask the feed's rules and settle its cases; answers those that changed."""
    found = findings(FEED_RULES, reading.feed_view(tx, peer, context), context)
    return _settle(tx, Subject.FEED, peer, found, context)


def findings(rules: Iterable[Rule[View]], view: View, context: Context) -> tuple[Finding, ...]:
    """What the rules say of one subject, without those for which a graver finding speaks. Pure."""
    return kinship.audible([finding for rule in rules for finding in rule.findings(view, context)])


def case_id(finding: Finding) -> DiscrepancyId:
    """Digest of (rule, kind of subject, subject, epoch); what escalates a milder rule keeps that one's case."""
    text = "\0".join((kinship.root_of(finding.rule), finding.subject_kind, finding.subject, finding.epoch))
    return DiscrepancyId(hashlib.sha256(text.encode()).hexdigest())


def diff(found: Sequence[Finding], cases: Sequence[Discrepancy], *, now: dt.datetime) -> tuple[Discrepancy, ...]:
    """The cases that must be written so that they say what the findings say. Pure.

    Args:
        found: everything that the rules say of the subject now.
        cases: all cases of the subject, resolved ones too.
        now: present time.
    """
    by_id = {case.id: case for case in cases}
    changed = []
    for finding in found:
        name = case_id(finding)
        before = by_id.get(name)
        after = _opened(name, finding, now) if before is None else _kept(before, finding, now)
        if after != before:
            changed.append(after)
    standing = {case_id(finding) for finding in found}
    gone = [case for case in cases if case.id not in standing and case.state is not DiscrepancyState.RESOLVED]
    changed += [_closed(case, now) for case in gone if case.rule in BY_ID]
    return tuple(changed)


def _opened(name: DiscrepancyId, finding: Finding, now: dt.datetime) -> Discrepancy:
    return Discrepancy(
        id=name,
        rule=finding.rule,
        subject_kind=finding.subject_kind,
        subject=finding.subject,
        epoch=finding.epoch,
        severity=finding.severity,
        state=DiscrepancyState.OPEN,
        shadow=BY_ID[finding.rule].shadow,
        opened_at=now,
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=finding.evidence,
        remedy=finding.remedy,
        reason="",
        resolved_by="",
        second_person="",
        units=finding.units,
    )


def _kept(case: Discrepancy, finding: Finding, now: dt.datetime) -> Discrepancy:
    fresh = dataclasses.replace(
        case,
        rule=finding.rule,
        severity=finding.severity,
        evidence=finding.evidence,
        remedy=finding.remedy,
        units=finding.units,
        shadow=BY_ID[finding.rule].shadow,
    )
    if case.state is not DiscrepancyState.RESOLVED:
        return fresh
    escalated = case.rule in kinship.line_of(finding.rule)[1:]
    if case.resolved_by != AUTO and finding.severity <= case.severity and not escalated:
        return case
    return dataclasses.replace(
        fresh,
        state=DiscrepancyState.REOPENED,
        reopened_at=now,
        resolved_at=None,
        resolved_by="",
        reason="",
        second_person="",
        reason_code=None,
        evidence_sha256=None,
        proposed_by="",
    )


def _closed(case: Discrepancy, now: dt.datetime) -> Discrepancy:
    return dataclasses.replace(
        case, state=DiscrepancyState.RESOLVED, resolved_at=now, resolved_by=AUTO, reason=CAUSE_GONE
    )


def _settle(
    tx: Tx,
    kind: Subject,
    subject: str,
    found: Sequence[Finding],
    context: Context,
    peers: Callable[[], Sequence[PeerId]] = tuple,
    read: Sequence[Discrepancy] | None = None,
    inside: Callable[[], Sequence[Discrepancy]] = tuple,
) -> tuple[Discrepancy, ...]:
    cases = tx.discrepancies.of_subject(kind, subject) if read is None else read
    before = {case.id: case for case in cases}
    told = {finding.rule for finding in found}
    told |= {case.rule for case in cases if case.rule in BY_ID and case.state is not DiscrepancyState.RESOLVED}
    silent = _feed_cases(told, context, peers)
    around = (*silent, *(inside() if kind is Subject.DOSSIER and kinship.asks(told, Subject.ITEM) else ()))
    standing = [case.id for case in cases if case.state is not DiscrepancyState.RESOLVED]
    names = [case_id(finding) for finding in found]
    speaking = kinship.not_held(found, standing, names, silent, context.now)
    changed = []
    for case in _with_parents(diff(speaking, cases, now=context.now), before, around):
        tx.discrepancies.put(case)
        known = before.get(case.id)
        if known is None or (known.state, known.rule) != (case.state, case.rule):
            tx.audit.write(_act(case, known, context.now))
        changed.append(case)
    return tuple(changed)


def _feed_cases(
    told: Iterable[str], context: Context, peers: Callable[[], Sequence[PeerId]]
) -> tuple[Discrepancy, ...]:
    """Cases of the feeds that should tell of the subject; read only where one of them could explain something."""
    if not kinship.asks(told, Subject.FEED):
        return ()
    return tuple(case for peer in peers() for case in context.feed_cases(peer))


def _with_parents(
    changed: Sequence[Discrepancy], before: Mapping[DiscrepancyId, Discrepancy], around: Sequence[Discrepancy]
) -> tuple[Discrepancy, ...]:
    """The changed cases, and those whose explanation came or went, each under the open case that explains it."""
    after = {**before, **{case.id: case for case in changed}}
    written = {case.id: case for case in changed}
    for case in after.values():
        if case.state is DiscrepancyState.RESOLVED:
            continue
        parent = kinship.parent_of(case, after.values(), around)
        if parent != case.parent:
            written[case.id] = dataclasses.replace(case, parent=parent)
    return tuple(written.values())


def _act(case: Discrepancy, known: Discrepancy | None, now: dt.datetime) -> Act:
    verb = {DiscrepancyState.RESOLVED: "closed", DiscrepancyState.REOPENED: "reopened"}.get(case.state, "opened")
    if known is not None and known.state is case.state:
        verb = "escalated" if known.rule in kinship.line_of(case.rule) else "eased"
    unit = case.units[0] if case.units else None
    return Act(
        now, "system", f"case.{verb}", "discrepancy", case.id, unit, f"{case.rule} {case.subject_kind} {case.subject}"
    )
