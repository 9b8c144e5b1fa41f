"""Circuit breaker of a peer, pure: an outage costs one probe per interval, not one try per message."""

import dataclasses
import datetime as dt

from gateway.outbox.retry import PEER_IS_AWAY
from schemas.message import AttemptClass
from schemas.ports.message_stores import Breaker


@dataclasses.dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Opens after ``failures`` in a row for ``interval``; then one probe decides."""

    failures: int = 5
    interval: dt.timedelta = dt.timedelta(seconds=30)


def after_try(breaker: Breaker, outcome: AttemptClass, detail: str, policy: BreakerPolicy, now: dt.datetime) -> Breaker:
    """The breaker after a try. Any answer of the peer itself, a refusal too, proves that it lives."""
    if outcome not in PEER_IS_AWAY:
        return dataclasses.replace(breaker, failures=0, open_until=None, last_error="")
    failures = breaker.failures + 1
    opened = now + policy.interval if failures >= policy.failures else None
    return dataclasses.replace(breaker, failures=failures, open_until=opened, last_error=detail)


def allowance(breaker: Breaker, free: int, now: dt.datetime) -> int:
    """How many messages may be leased now: none while open or stopped, one as a probe, else ``free``."""
    if breaker.stopped or (breaker.open_until is not None and breaker.open_until > now):
        return 0
    return min(free, 1) if breaker.open_until is not None else free
