"""What the ending of a try means: pure, so that tests need no clock and no peer (DESIGN §4)."""

import dataclasses
import datetime as dt
from typing import Final

from adapters.manifest import OnUnknown
from schemas.errors import (
    Applied,
    CallError,
    Duplicate,
    Misunderstood,
    Outage,
    Refused,
    Retry,
    Throttled,
    Transient,
    Unauthorised,
    Unknown,
)
from schemas.message import AttemptClass, MessageState
from schemas.ports.message_stores import Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Delays before the 2nd, 3rd … try, then once a day ``daily`` times, then the message waits for a person."""

    delays: tuple[dt.timedelta, ...] = tuple(dt.timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600))
    daily: int = 7
    day: dt.timedelta = dt.timedelta(days=1)

    def delay(self, tries: int) -> dt.timedelta | None:
        """Base delay after the ``tries``-th try (from 1); None when it is over."""
        if tries <= len(self.delays):
            return self.delays[tries - 1]
        return self.day if tries <= len(self.delays) + self.daily else None


_CLASSES: Final[tuple[tuple[type[CallError], AttemptClass], ...]] = (
    (Duplicate, AttemptClass.DUPLICATE),
    (Unauthorised, AttemptClass.UNAUTHORISED),
    (Refused, AttemptClass.REFUSED),
    (Throttled, AttemptClass.THROTTLED),
    (Transient, AttemptClass.TRANSIENT),
    (Outage, AttemptClass.OUTAGE),
    (Misunderstood, AttemptClass.MISUNDERSTOOD),
    (Unknown, AttemptClass.UNKNOWN),
)
PEER_IS_AWAY: Final = frozenset({AttemptClass.OUTAGE, AttemptClass.TRANSIENT, AttemptClass.UNKNOWN})
"""Classes that say something about the peer as a whole; they count for its breaker."""


def classify(error: Exception) -> AttemptClass:
    """The class of a failed try; an exception that no adapter may raise counts as unknown outcome."""
    return next((name for kind, name in _CLASSES if isinstance(error, kind)), AttemptClass.UNKNOWN)


def delivered(peer_code: str, detail: str) -> Verdict:
    """The peer took it."""
    return Verdict(MessageState.DELIVERED, None, AttemptClass.OK, Applied.YES, None, peer_code, detail)


def after(
    error: Exception, *, tries: int, unknown: OnUnknown, policy: RetryPolicy, now: dt.datetime, jitter: float
) -> Verdict:
    """Decide what follows a failed try.

    Args:
        error: What the port raised. Anything but a CallError retries like an unknown outcome.
        tries: Tries so far, this one included.
        unknown: The manifest's word for an unknown outcome of this operation.
        policy: The delays.
        now: When the try ended.
        jitter: In [0, 1): full jitter, the share of the delay that is waited; Retry-After is never undercut.
    """
    outcome = classify(error)
    call = error if isinstance(error, CallError) else Unknown(f"{type(error).__name__}: {error}")
    detail = call.detail or str(call)
    if outcome is AttemptClass.DUPLICATE:
        return Verdict(MessageState.DELIVERED, None, outcome, Applied.YES, call.status, call.code, detail)
    if call.retry is Retry.NEVER:
        return Verdict(MessageState.REFUSED, None, outcome, call.applied, call.status, call.code, detail)
    state = MessageState.PENDING if call.applied is Applied.NO else MessageState.UNKNOWN
    if state is MessageState.UNKNOWN and unknown is OnUnknown.PARK:
        return Verdict(MessageState.PARKED, None, outcome, call.applied, call.status, call.code, detail)
    base = policy.delay(tries)
    if base is None:
        return Verdict(MessageState.PARKED, None, outcome, call.applied, call.status, call.code, detail)
    wait = max(base * jitter, dt.timedelta(seconds=call.retry_after_s or 0))
    return Verdict(state, now + wait, outcome, call.applied, call.status, call.code, detail)


def after_asking(applied: bool | None, *, tries: int, policy: RetryPolicy, now: dt.datetime, jitter: float) -> Verdict:
    """Decide what follows the peer's answer about an earlier try; None: it cannot tell (yet).

    Then it is asked again along the delays, for a change feed shows an order only once somebody moved it, and after
    them (about nine hours) a person must find out. It is never sent again on a guess.
    """
    if applied is None:
        return _ask_again(AttemptClass.ASKED, "the peer cannot tell the outcome", tries, policy, now, jitter)
    if applied:
        return Verdict(MessageState.DELIVERED, None, AttemptClass.ASKED, Applied.YES, None, "", "the peer has it")
    return Verdict(MessageState.PENDING, now, AttemptClass.ASKED, Applied.NO, None, "", "the peer does not have it")


def after_failed_asking(
    error: Exception, *, tries: int, policy: RetryPolicy, now: dt.datetime, jitter: float
) -> Verdict:
    """The question itself failed: the outcome of the earlier try is as unknown as before, whatever the error says."""
    detail = error.detail if isinstance(error, CallError) and error.detail else str(error)
    return _ask_again(classify(error), detail, tries, policy, now, jitter)


def _ask_again(
    outcome: AttemptClass, detail: str, tries: int, policy: RetryPolicy, now: dt.datetime, jitter: float
) -> Verdict:
    if tries > len(policy.delays):
        return Verdict(MessageState.PARKED, None, outcome, Applied.MAYBE, None, "", detail)
    next_try_at = now + policy.delays[tries - 1] * jitter
    return Verdict(MessageState.UNKNOWN, next_try_at, outcome, Applied.MAYBE, None, "", detail)


def parked_by_rule() -> Verdict:
    """The manifest says that nobody but a person may settle an unknown outcome of this operation."""
    detail = "the manifest leaves an unknown outcome to a person"
    return Verdict(MessageState.PARKED, None, AttemptClass.ASKED, Applied.MAYBE, None, "", detail)
