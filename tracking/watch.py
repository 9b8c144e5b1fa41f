"""When to ask a carrier about an item again. Pure: status, silence and failures in, the next instant out.

Push and feeds carry most news; asking is the back-stop. The table follows what tracking services publish (2 to 24
hours by status, tracking facts §4.2); an item that is out for delivery is worth more questions than one that rests.
"""

import datetime as dt
import random

from schemas.shipment import Item
from schemas.tracking import Movement, Outcome

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

_INTERVAL = {
    None: 2 * HOUR,
    Movement.REGISTERED: 2 * HOUR,
    Movement.ACCEPTED: 4 * HOUR,
    Movement.IN_TRANSIT: 6 * HOUR,
    Movement.HELD: 12 * HOUR,
    Movement.OUT_FOR_DELIVERY: HOUR,
    Movement.ATTEMPT_FAILED: 4 * HOUR,
    Movement.READY_FOR_COLLECTION: 6 * HOUR,
    Movement.RETURNING: 12 * HOUR,
    Movement.RETURN_FAILED: 12 * HOUR,
    Movement.DAMAGED: 12 * HOUR,
}
AFTER_THE_END = (DAY, 7 * DAY)
"""A terminal item is asked about once after each of these, then never: terminal with grace."""
SILENCE_MAX = 4
"""An item that stays silent is asked about less and less often, down to a quarter."""
BACK_OFF_MAX = DAY
JITTER = 0.1


def next_poll(item: Item, *, now: dt.datetime, chance: float | None = None) -> dt.datetime | None:
    """When to ask next; None: never again.

    Args:
        item: with its fold and its polls so far; ``polls.failures`` counts failed questions in a row.
        now: the present; the last question was just answered or just failed.
        chance: 0 to 1, spreads questions by ±10 %; drawn where None. Tests pass it.
    """
    if item.fold.outcome is not Outcome.OPEN and not item.fold.regressed:
        return _after_the_end(item, now)
    wait = _INTERVAL.get(item.fold.movement, 6 * HOUR)
    wait *= _silence(item, now, wait)
    if item.polls.failures:
        wait = min(BACK_OFF_MAX, wait * 2 ** min(item.polls.failures, 6))
    drawn = random.random() if chance is None else chance
    return now + wait * (1 - JITTER + 2 * JITTER * drawn)


def _after_the_end(item: Item, now: dt.datetime) -> dt.datetime | None:
    ended = item.fold.since or now
    return next((ended + wait for wait in AFTER_THE_END if ended + wait > now), None)


def _silence(item: Item, now: dt.datetime, wait: dt.timedelta) -> int:
    last = item.fold.last_event_at or item.handed_over_at or item.booked_at or now
    return max(1, min(SILENCE_MAX, int((now - last) / (10 * wait))))
