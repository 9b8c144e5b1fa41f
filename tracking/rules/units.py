"""What a unit says, or does not say."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState, PeerState
from tracking import deadlines, transitions
from tracking.rules import beliefs
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, lasted
from tracking.rules.views import DossierView
from tracking.table import CODE_OF

_WITH_THE_UNIT = frozenset(
    {DossierState.LODGED, DossierState.IN_POST, DossierState.ARRIVED, DossierState.ACCEPTED, DossierState.BETWEEN_UNITS}
)
SILENT_DAYS = 3


class SilentUnit(Rule[DossierView]):
    """E-20: a unit accepted a hand-over and then there was no news of it for three working days.

    From PROCESSING on the due date watches over it; before, nobody would miss the dossier.

    Nominated by: dossier ``state`` LODGED, IN_POST, ARRIVED, ACCEPTED or BETWEEN_UNITS, ``receipt_at`` set.
    """

    id = "E-20"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    remedy = "remedy.E-20"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each silence; any news ends it."""
        dossier = view.dossier
        receipt = max((leg.received_at for leg in dossier.legs if leg.received_at), default=None)
        if receipt is None or dossier.state not in _WITH_THE_UNIT:
            return
        since = max([receipt, *_news(dossier)])
        calendar = context.calendar(dossier.competent_unit)
        day_hours = deadlines.working_day_length(calendar).total_seconds() / 3600
        default = Wait(SILENT_DAYS * day_hours, working=True)
        severity = self.due_with(context, since, Limits(default, default), dossier)
        if severity is None:
            return
        says, state = f"{dossier.competent_unit} signed for the paper", (("state", dossier.state.value),)
        signed = Proof("receipt", dossier.code, says, receipt)
        last = Proof("step", dossier.code, f"no news since; stands at {dossier.state}", since, values=state)
        yield self.found(str(dossier.id), since.isoformat(), severity, (signed, last), (dossier.competent_unit,))

    def due_with(self, context: Context, since: dt.datetime, default: Limits, dossier: Dossier) -> Severity | None:
        """As :meth:`Rule.due`, with limits that depend on the length of the unit's own day."""
        limits = context.limits_of(self.id, default)
        unit = dossier.competent_unit
        return self.severity if lasted(context, since, limits.hard, unit) else None


class PortalLag(Rule[DossierView]):
    """E-21: what a peer holds of the dossier is not what we hold.

    Ahead: it says a code that the dossier never had; we could not follow it by a lawful move, so somebody must look,
    at once. Behind: it stays with a code that we have passed, beyond the tolerance; what we told and it confirmed
    counts as what it holds. The case closes when the dossier comes to that code, or the peer to ours. Where another
    rule says what is wrong about the code, this one is silent.

    Nominated by: dossier ``peers_apart``.
    """

    id = "E-21"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    limits = Limits(Wait(4, working=True), Wait(8, working=True))
    remedy = "remedy.E-21"
    parents = ("D-36",)
    silenced_by = ("E-02", "E-10", "E-11", "E-15", "E-16", "E-19")

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each peer and code."""
        dossier, code = view.dossier, transitions.code_of(view.dossier)
        had = beliefs.codes_had(dossier)
        for theirs in dossier.peer_states:
            if theirs.national == code:
                continue
            severity: Severity | None = self.severity
            if theirs.national in had:
                severity = self._behind(view.dossier, theirs, context)
            if severity is None:
                continue
            at = beliefs.stands_since(dossier)
            state = (("state", dossier.state.value),)
            ours = Proof("step", dossier.code, f"ours is {code} ({dossier.state})", at, values=state)
            told = (("peer", theirs.peer), ("national", str(theirs.national)))
            says = Proof("message", theirs.peer, f"{theirs.peer} says {theirs.national}", theirs.as_of, values=told)
            epoch = f"{theirs.peer}|{theirs.national}"
            yield self.found(str(dossier.id), epoch, severity, (ours, says), (dossier.competent_unit,))

    def _behind(self, dossier: Dossier, theirs: PeerState, context: Context) -> Severity | None:
        """A dossier without an official code is told to nobody: there is nothing to lag behind."""
        if dossier.national is None:
            return None
        unit = dossier.competent_unit
        return self.due(context, _passed_at(dossier, theirs.national), unit=unit, route=theirs.peer)


def _passed_at(dossier: Dossier, code: int) -> dt.datetime:
    """When we learned of the move that left ``code`` behind for the last time."""
    left = dossier.created_at
    for step in reversed(beliefs.moves(dossier)):
        if CODE_OF.get(step.state, step.national) == code:
            return left
        left = step.recorded_at
    return left


def _news(dossier: Dossier) -> Iterator[dt.datetime]:
    """Moments at which somebody other than the post told something of the dossier.

    What a peer knows from us (the portal's receipt) is not news of a unit.
    """
    for step in dossier.history:
        yield step.at
    for state in dossier.peer_states:
        if not state.from_us:
            yield state.as_of
