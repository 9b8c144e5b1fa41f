"""Papers counted on one side and on the other: the sender's list, the receiver's list, the scanned sheets."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity
from schemas.dossier import Component
from tracking.rules import beliefs
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.expected import DossierRule
from tracking.rules.views import DossierView

ORIGINAL = "original"


class ChecklistsDiffer(DossierRule):
    """D-30: the unit received other sheets than the counter listed. Grave where an original is missing.

    A paper that the unit has not counted yet says nothing.

    Nominated by: dossier ``sheets_apart``.
    """

    id = "D-30"
    severity = Severity.HIGH
    remedy = "remedy.D-30"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each paper that differs; it closes when the two lists agree."""
        for paper in view.dossier.components:
            received = paper.sheets_received
            if received is None or received == paper.sheets_counted:
                continue
            missing = received < paper.sheets_counted
            severity = self.severity if missing and paper.kind == ORIGINAL else Severity.MEDIUM
            values = _values(paper.name, paper.sheets_counted, received)
            says = f"{paper.name}: {paper.sheets_counted} sent, {received} received"
            receipt = max((leg.received_at for leg in view.dossier.legs if leg.received_at), default=None)
            proof = Proof("component", str(paper.no), says, receipt, values=values)
            yield self.case(view, f"{paper.no}|{paper.sheets_counted}|{received}", severity, proof)


class ScannedDiffersFromCounted(DossierRule):
    """E-22: the scanned sheets are not those that were counted, some hours after the last of them was scanned.

    Sheets are counted in the documents that stand; a version that was superseded has no sheets
    (:mod:`schemas.attachment`). Until somebody sorted them by paper, only the sums are compared.

    Nominated by: dossier ``sheets_apart``.
    """

    id = "E-22"
    limits = Limits(Wait(4, working=True), Wait(8, working=True))
    remedy = "remedy.E-22"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each paper that differs, or one for the sum."""
        apart = tuple(differing(view.dossier.components))
        if not apart:
            return
        scanned_at = _last_scan(view)
        severity = self.waited(context, scanned_at, view.dossier)
        if severity is None:
            return
        for name, counted, scanned in apart:
            says, values = (
                f"{name or 'all papers'}: {counted} counted, {scanned} scanned",
                _values(name, counted, scanned),
            )
            proof = Proof("component", name or view.dossier.code, says, scanned_at, values=values)
            yield self.case(view, f"{name}|{counted}|{scanned}", severity, proof)


def differing(papers: tuple[Component, ...]) -> Iterator[tuple[str, int, int]]:
    """(paper, counted, scanned); the paper is empty for the sum of sheets that nobody sorted."""
    known = [(paper, paper.sheets_scanned) for paper in papers if paper.sheets_scanned is not None]
    if not known:
        return
    if len(known) < len(papers):
        counted, scanned = sum(paper.sheets_counted for paper in papers), sum(n for _, n in known)
        if counted != scanned:
            yield "", counted, scanned
        return
    for paper, scanned in known:
        if paper.sheets_counted != scanned:
            yield f"{paper.no}. {paper.name}", paper.sheets_counted, scanned


def _last_scan(view: DossierView) -> dt.datetime:
    """When the last document that stands came; the dossier's own last move where none is read."""
    standing = [one.attached_at for one in view.documents if not one.superseded_by]
    return max(standing, default=beliefs.stands_since(view.dossier))


def _values(name: str, counted: int, found: int) -> tuple[tuple[str, str], ...]:
    return (("paper", name or "–"), ("counted", str(counted)), ("found", str(found)))
