"""How many calls a peer may be asked for now: a token bucket that fills at the peer's rate and its daily quota. Pure.

The quota is spread over what is left of the day, so that it is not gone at nine in the morning, and a part of it is
never spent on questions: what we have to tell a peer goes before what we would like to know. A process that starts has
one call and no more: after a restart the whole backlog is due at once, and the bucket alone decides how fast it goes.
"""

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable

from schemas.calendar import VIETNAM
from schemas.ports.learned import CallCount

RATE_SHARE = 0.5
"""Of the peer's rate; the other half is for messages."""
QUOTA_SHARE = 0.8
"""Of the peer's calls of a day; questions stop there, messages go on."""
UNKNOWN_RATE_PER_S = 2.0
"""For a peer that names no rate: no known limit is not no limit."""
BURST = dt.timedelta(minutes=5)
"""What may be saved up for one go."""
RECENT = dt.timedelta(hours=3)
"""The forecast goes on as these hours went."""
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What a peer allows: calls per second, calls per day in Viet Nam (None: not said), items in one question."""

    rate_per_s: float | None
    calls_per_day: int | None
    items_per_call: int

    def calls_for(self, items: int) -> int:
        """How many calls it takes to ask about so many items."""
        return math.ceil(items / self.items_per_call)


@dataclasses.dataclass(frozen=True, slots=True)
class Bucket:
    """Calls saved up until ``at``."""

    at: dt.datetime
    tokens: float = 1.0


def day_of(now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Beginning and end of the day in Viet Nam that quotas are counted in."""
    begins = now.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    return begins, begins + _DAY


def left_today(terms: Terms, spent: int) -> int | None:
    """Calls of today that questions may still take; None without a quota. ``spent``: calls of today, all purposes."""
    return None if terms.calls_per_day is None else max(0, int(terms.calls_per_day * QUOTA_SHARE) - spent)


def pace(terms: Terms, spent: int, now: dt.datetime) -> float:
    """Calls per second at which the bucket fills."""
    rate = UNKNOWN_RATE_PER_S if terms.rate_per_s is None else terms.rate_per_s
    left = left_today(terms, spent)
    if left is None:
        return rate * RATE_SHARE
    rest_s = max(1.0, (day_of(now)[1] - now).total_seconds())
    return min(rate * RATE_SHARE, left / rest_s)


def filled(bucket: Bucket, terms: Terms, spent: int, now: dt.datetime) -> Bucket:
    """The bucket at ``now``; a clock that went back fills nothing."""
    if now <= bucket.at:
        return bucket
    speed = pace(terms, spent, now)
    most = max(1.0, speed * BURST.total_seconds())
    return Bucket(now, min(most, bucket.tokens + speed * (now - bucket.at).total_seconds()))


def affordable(bucket: Bucket, terms: Terms, spent: int) -> int:
    """Calls that may be made now."""
    calls = max(0, math.floor(bucket.tokens + 1e-9))
    left = left_today(terms, spent)
    return calls if left is None else min(calls, left)


def without(bucket: Bucket, calls: int) -> Bucket:
    """The bucket after so many calls; a reply in more pages than foreseen leaves a debt."""
    return Bucket(bucket.at, bucket.tokens - calls)


def span_of(items: int, terms: Terms, spent: int, now: dt.datetime) -> dt.timedelta:
    """Over how long a sweep of so many items is spread: as long as the budget takes for it, at most a day."""
    speed = pace(terms, spent, now)
    if speed <= 0:
        return _DAY
    return min(_DAY, dt.timedelta(seconds=terms.calls_for(items) / speed))


def gone_at(counts: Iterable[CallCount], calls_per_day: int, now: dt.datetime) -> dt.datetime | None:
    """When the calls of today will all be spent if it goes on as in the last hours; None: not today.

    Args:
        counts: the ledger of one peer, from the beginning of today or from ``RECENT`` ago, whichever is earlier.
        calls_per_day: the quota.
        now: present time.
    """
    begins, ends = day_of(now)
    told = list(counts)
    left = calls_per_day - sum(one.calls for one in told if one.hour >= begins)
    if left <= 0:
        return now
    since = (now - RECENT).replace(minute=0, second=0, microsecond=0)
    recent = sum(one.calls for one in told if one.hour >= since)
    if recent == 0:
        return None
    at = now + (now - since) * (left / recent)
    return at if at < ends else None
