"""Feeds that do not answer, or answer less than they should."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.ports.message_stores import FeedState
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule
from tracking.rules.views import FeedView, Volume

PULLED = 3
"""Events that polls must have brought before a silent push is more than a quiet hour."""
WEEKS = 4
"""Hours of the same weekday that must have been seen before a control limit means anything."""


_STILL_HEARD = ("sequence|", "push|")
"""Beginnings of the epochs of gaps beside which news still comes: by the other batches, by polls."""


def leaves_in_the_dark(epoch: str) -> bool:
    """Whether the case of this epoch leaves us without the news of most items: an outage, or a thin hour."""
    return not epoch.startswith(_STILL_HEARD)


class FeedGap(Rule[FeedView]):
    """D-36: news of a peer is missing. One parent case, instead of one case for each item that it would have told of.

    Four ways to see it: the feed that we read fails; the numbers of the batches it pushes have a hole; it pushes
    nothing while our polls bring its events; it tells less than the lower control limit of that hour of the week.

    Nominated by: every peer that is switched on, and every ``<peer>/push``.
    """

    id = "D-36"
    subject = Subject.FEED
    severity = Severity.HIGH
    limits = Limits(soft=Wait(0.5), hard=Wait(2))
    remedy = "remedy.D-36"

    def findings(self, view: FeedView, context: Context) -> Iterator[Finding]:
        """One case for each outage, hole, silence or thin hour; each ends with its cause."""
        if view.state.failing_since is not None:
            proof = _outage(view.state)
            yield from self._one(view, context, view.state.failing_since, "", proof)
        if view.push is not None and view.push.failing_since is not None:
            yield from self._one(view, context, view.push.failing_since, "sequence|", _hole(view))
        if view.push is not None and view.push.last_ok_at is not None and view.pulled_since_push >= PULLED:
            yield from self._one(view, context, view.push.last_ok_at, "push|", _silence(view))
        if view.volume is not None and _thin(view.volume):
            yield from self._one(view, context, view.volume.since, "volume|", _volume(view, view.volume))

    def _one(self, view: FeedView, context: Context, since: dt.datetime, kind: str, proof: Proof) -> Iterator[Finding]:
        severity = self.due(context, since)
        if severity is not None:
            yield self.found(view.state.peer, f"{kind}{since.isoformat()}", severity, (proof,))


def _thin(volume: Volume) -> bool:
    return volume.weeks >= WEEKS and volume.events < volume.lower


def _outage(state: FeedState) -> Proof:
    says = f"{state.failures} failures in a row, the last: {state.last_error}"[:300]
    values = (("peer", state.peer), ("failures", str(state.failures)))
    return Proof("feed", state.peer, says, state.failing_since, values=values)


def _hole(view: FeedView) -> Proof:
    push = view.push or view.state
    values = (("peer", view.state.peer), ("batches", str(push.failures)))
    return Proof("batch", push.peer, push.last_error[:300], push.failing_since, values=values)


def _silence(view: FeedView) -> Proof:
    push = view.push or view.state
    values = (("peer", view.state.peer), ("events", str(view.pulled_since_push)))
    says = f"pushes nothing, while polls brought {view.pulled_since_push} events"
    return Proof("push", push.peer, says, push.last_ok_at, values=values)


def _volume(view: FeedView, volume: Volume) -> Proof:
    values = (
        ("peer", view.state.peer),
        ("events", str(volume.events)),
        ("usual", f"{volume.mean:.0f}"),
        ("lower", f"{volume.lower:.0f}"),
    )
    says = f"{volume.events} events in an hour that usually has {volume.mean:.1f}, never below {volume.lower:.1f}"
    return Proof("volume", view.state.peer, says, volume.since, values=values)
