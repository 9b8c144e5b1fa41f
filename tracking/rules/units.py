"""What a unit says, or does not say."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState, PeerState
from tracking import deadlines
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, lasted
from tracking.rules.views import DossierView

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
        signed = Proof("receipt", dossier.code, f"{dossier.competent_unit} signed for the paper", receipt)
        last = Proof("step", dossier.code, f"no news since; stands at {dossier.state}", since)
        yield self.found(str(dossier.id), since.isoformat(), severity, (signed, last), (dossier.competent_unit,))

    def due_with(self, context: Context, since: dt.datetime, default: Limits, dossier: Dossier) -> Severity | None:
        """As :meth:`Rule.due`, with limits that depend on the length of the unit's own day."""
        limits = context.limits_of(self.id, default)
        unit = dossier.competent_unit
        return self.severity if lasted(context, since, limits.hard, unit) else None


class PortalLag(Rule[DossierView]):
    """E-21: a peer's state of the dossier is not ours.

    Behind us it may lag for four hours. Ahead of us, with a state that we could not follow by a lawful move, it is a
    contradiction at once: somebody must look.
    """

    id = "E-21"
    subject = Subject.DOSSIER
    severity = Severity.MEDIUM
    limits = Limits(soft=Wait(4), hard=Wait(24))
    remedy = "remedy.E-21"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each peer and pair of states."""
        dossier = view.dossier
        if dossier.national is None or not dossier.history:
            return
        step = dossier.history[-1]
        changed = max(
            (one.recorded_at for one in dossier.history if one.national == dossier.national), default=step.recorded_at
        )
        for theirs in dossier.peer_states:
            if theirs.national == dossier.national:
                continue
            severity = self.severity if _ahead(theirs, dossier) else self.due(context, changed)
            if severity is None:
                continue
            ours = Proof("step", dossier.code, f"ours is {dossier.national} ({dossier.state})", step.at)
            says = Proof("message", theirs.peer, f"{theirs.peer} says {theirs.national}", theirs.as_of)
            epoch = f"{theirs.peer}|{theirs.national}|{dossier.national}"
            yield self.found(str(dossier.id), epoch, severity, (ours, says), (dossier.competent_unit,))


def _ahead(theirs: PeerState, dossier: Dossier) -> bool:
    """The peer says a code that this dossier never had, later than our last step: we could not follow it."""
    had = any(step.national == theirs.national for step in dossier.history)
    return not had and theirs.as_of >= dossier.history[-1].at


def _news(dossier: Dossier) -> Iterator[dt.datetime]:
    """Moments at which somebody other than the post told something of the dossier."""
    for step in dossier.history:
        yield step.at
    for state in dossier.peer_states:
        yield state.as_of
