"""Feeds that do not answer."""

from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule
from tracking.rules.views import FeedView


class FeedGap(Rule[FeedView]):
    """D-36: a peer's feed fails. One parent case, instead of one case for each item that it would have told of."""

    id = "D-36"
    subject = Subject.FEED
    severity = Severity.HIGH
    limits = Limits(soft=Wait(0.5), hard=Wait(2))
    remedy = "remedy.D-36"

    def findings(self, view: FeedView, context: Context) -> Iterator[Finding]:
        """One case for each outage; the first answer ends it."""
        state = view.state
        if state.failing_since is None:
            return
        severity = self.due(context, state.failing_since)
        if severity is None:
            return
        says = f"{state.failures} failures in a row, the last: {state.last_error}"[:300]
        values = (("peer", state.peer), ("failures", str(state.failures)))
        proofs = (Proof("feed", state.peer, says, state.failing_since, values=values),)
        yield self.found(state.peer, state.failing_since.isoformat(), severity, proofs)
