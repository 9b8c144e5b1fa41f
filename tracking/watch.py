"""When to ask a carrier about an item again. Pure: status, silence, promise and pushes in, the next instant out.

Push and feeds carry most news; asking is the back-stop. The table follows what tracking services publish (2 to 24
hours by status, tracking facts §4.2); an item that is out for delivery is worth more questions than one that rests. A
date that comes near makes questions more frequent, a push that works makes them rarer, and what only an office can do
is asked about when the office has worked.

More may be due than the budget allows. Then :func:`place` decides: little slack to the promise goes first, and every
hour of waiting counts as a day of slack, so that nobody waits for ever.
"""

import dataclasses
import datetime as dt
import random

from schemas.calendar import WorkCalendar
from schemas.shipment import Item, PollState
from schemas.tracking import Movement, Outcome
from tracking import deadlines

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
WELL_PUSHED = 3
"""Where the carrier's pushes come in, it is asked a third as often."""
SHORT_SLACK = 4
"""Before a promise is over, there are at least this many more questions."""
HURRY_MIN = dt.timedelta(minutes=30)
LATE = 10
"""Past its promise an item is asked about after each tenth of its lateness."""
REST_MAX = 3 * DAY
"""The longest that a closed office puts a question off: a weekend, but not the whole of Tết."""
LAST_SCAN = HOUR
"""So long after closing the last deliveries to an office are still written down."""
AFTER_OPENING = dt.timedelta(minutes=30)
"""Questions put off until an office opens are spread over this, so that not all come at once."""
_AT_AN_OFFICE = frozenset(
    {Movement.OUT_FOR_DELIVERY, Movement.ATTEMPT_FAILED, Movement.READY_FOR_COLLECTION, Movement.HELD}
)
"""What comes next happens at the receiving office, in its hours; sorting centres work at night."""

AGE = 24
"""An hour of waiting for a question counts as this many hours of slack."""
SLACK_MIN, SLACK_MAX = -3 * DAY, 14 * DAY
"""Beyond these, slack makes no difference. So what has waited for (17 days / 24) 17 hours goes before all that comes
due now, whatever was promised."""
NO_PROMISE = 7 * DAY
"""Slack of an item that nobody promised anything about."""
FIRST_OF_ALL = 30 * DAY
"""How long ago a question came due that a person asks: it goes before whatever the house would like to know."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Outlook:
    """What is known besides the item."""

    calendar: WorkCalendar | None = None
    """Of the unit that receives the item; None: not to a unit."""
    push_well: bool = False
    """The carrier pushes its news to us, and nothing says that some are missing."""


ALONE = Outlook()
"""Nothing besides the item is known."""


def next_poll(
    item: Item, *, now: dt.datetime, chance: float | None = None, outlook: Outlook = ALONE
) -> dt.datetime | None:
    """When to ask next; None: never again.

    Args:
        item: with its fold and its polls so far; ``polls.failures`` counts failed questions in a row.
        now: the present; the last question was just answered or just failed.
        chance: 0 to 1, spreads questions by ±10 %; drawn where None. Tests pass it.
        outlook: what is known besides the item.
    """
    if item.fold.outcome is not Outcome.OPEN and not item.fold.regressed:
        return _after_the_end(item, now)
    wait = _INTERVAL.get(item.fold.movement, 6 * HOUR)
    wait *= _silence(item, now, wait)
    if outlook.push_well:
        wait = max(wait, min(DAY, wait * WELL_PUSHED))
    wait = min(wait, _hurry(item, now))
    if item.polls.failures:
        wait = min(BACK_OFF_MAX, wait * 2 ** min(item.polls.failures, 6))
    drawn = random.random() if chance is None else chance
    return _in_hours(item, now + wait * (1 - JITTER + 2 * JITTER * drawn), outlook.calendar, drawn)


def due_of(item: Item) -> dt.datetime | None:
    """Until when something must have happened: what was promised, or the end of the storage where it waits."""
    waits = item.fold.movement in (Movement.READY_FOR_COLLECTION, Movement.HELD)
    dates = [one for one in (item.promised_at, item.storage_until if waits else None) if one is not None]
    return min(dates, default=None)


def place(poll_at: dt.datetime, promised_at: dt.datetime | None) -> int:
    """In which order due items are asked about, the smallest first; microseconds.

    It is slack at the time the question came due, minus :data:`AGE` times the waiting since then, without what is the
    same for all at any moment. So it never changes while an item waits, and the store can order by it.
    """
    slack = NO_PROMISE if promised_at is None else min(SLACK_MAX, max(SLACK_MIN, promised_at - poll_at))
    return (AGE * (poll_at - _EPOCH) + slack) // dt.timedelta(microseconds=1)


def swept(item: Item, *, now: dt.datetime, span: dt.timedelta, chance: float) -> PollState | None:
    """The polls of an open item after pushes were missed: some time within ``span``. None: it stays as it is."""
    at = now + span * chance
    if item.fold.outcome is not Outcome.OPEN or item.number is None or item.valid_to is not None:
        return None
    due_at_once = item.polls.last_at is None and item.polls.next_at is None
    if due_at_once or (item.polls.next_at is not None and item.polls.next_at <= at):
        return None
    return dataclasses.replace(item.polls, next_at=at)


def _after_the_end(item: Item, now: dt.datetime) -> dt.datetime | None:
    ended = item.fold.since or now
    return next((ended + wait for wait in AFTER_THE_END if ended + wait > now), None)


def _silence(item: Item, now: dt.datetime, wait: dt.timedelta) -> int:
    last = item.fold.last_event_at or item.handed_over_at or item.booked_at or now
    return max(1, min(SILENCE_MAX, int((now - last) / (10 * wait))))


def _hurry(item: Item, now: dt.datetime) -> dt.timedelta:
    """The longest wait that what was promised allows."""
    due = due_of(item)
    if due is None:
        return dt.timedelta.max
    slack = due - now
    return max(HURRY_MIN, slack / SHORT_SLACK) if slack > dt.timedelta(0) else max(HOUR, -slack / LATE)


def _in_hours(item: Item, at: dt.datetime, calendar: WorkCalendar | None, drawn: float) -> dt.datetime:
    """Not before the office opens, where nothing can happen before."""
    if calendar is None or item.receiver_unit is None or item.fold.movement not in _AT_AN_OFFICE:
        return at
    if deadlines.working_time(calendar, at - LAST_SCAN, at) > dt.timedelta(0):
        return at
    opens = deadlines.add_working(calendar, at, dt.timedelta(0))
    if opens is None or opens <= at:
        return at
    return min(at + REST_MAX, opens + AFTER_OPENING * drawn)
