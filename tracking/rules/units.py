"""What a unit says, or does not say."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState
from tracking import deadlines, transitions
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


class PeerAhead(Rule[DossierView]):
    """E-21, the half that needs no tolerance: a peer says a code that this dossier never had.

    We could not follow it by a lawful move, so somebody must look; it closes when the dossier comes to that code or
    the peer takes it back.
    """

    id = "E-21"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    remedy = "remedy.E-21"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each peer and code."""
        dossier = view.dossier
        had = {CODE_OF.get(step.state, step.national) for step in dossier.history} | {transitions.code_of(dossier)}
        for theirs in dossier.peer_states:
            if theirs.national in had:
                continue
            since = dossier.history[-1].at if dossier.history else dossier.created_at
            code = transitions.code_of(dossier)
            state = (("state", dossier.state.value),)
            ours = Proof("step", dossier.code, f"ours is {code} ({dossier.state})", since, values=state)
            told = (("peer", theirs.peer), ("national", str(theirs.national)))
            says = Proof("message", theirs.peer, f"{theirs.peer} says {theirs.national}", theirs.as_of, values=told)
            epoch = f"{theirs.peer}|{theirs.national}"
            yield self.found(str(dossier.id), epoch, self.severity, (ours, says), (dossier.competent_unit,))


def _news(dossier: Dossier) -> Iterator[dt.datetime]:
    """Moments at which somebody other than the post told something of the dossier.

    What a peer knows from us (the portal's receipt) is not news of a unit.
    """
    for step in dossier.history:
        yield step.at
    for state in dossier.peer_states:
        if not state.from_us:
            yield state.as_of
