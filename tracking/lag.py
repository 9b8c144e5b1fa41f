"""How late news usually is, how long items rest and how long is left: learned from whole stories. Pure.

A :class:`Learner` is shown every item and dossier with news in the last :data:`WINDOW` and says what it saw; nothing is
kept between two nights, so a corrected or withdrawn event corrects what was learned of it, and an old winter is
forgotten. Times are counted in classes that grow by 2 %, so the memory does not grow with the log.

What overlaps a holiday of the calendar teaches nothing: before and during Tết everything is slow, and a limit learned
from it would be blind for the rest of the year. An event told before it happened is a forecast or a wrong clock.
"""

import bisect
import collections
import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from schemas.calendar import VIETNAM, WorkCalendar
from schemas.dossier import DossierState, Party
from schemas.ids import CarrierId
from schemas.lag import DossierStory, ItemStory, Lag, LagKey, Learned, Pace
from schemas.shipment import Item
from schemas.tracking import Movement

MIN_SAMPLES = 20
"""Below this a p95 would be the one worst case; the defaults of the rules stand instead."""
WINDOW = dt.timedelta(weeks=13)
"""A quarter: every week day often enough, and the carrier's last reorganisation soon forgotten."""
SKEW = dt.timedelta(minutes=5)
"""How far a clock may be ahead and its event still count as told at once."""
_GROWTH = math.log(1.02)
_DONE = frozenset({DossierState.RESULT_READY.value, DossierState.REFUSED.value, DossierState.STOPPED.value})
"""Where the processing clock ends: what is promised is over (domain model §3, rows 8, 20, 23)."""


Key = TypeVar("Key")


class Spread:
    """A distribution of durations in classes of 2 %: quantiles are the upper edge of a class, never too short."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._counts: collections.Counter[int] = collections.Counter()

    def add(self, lasted: dt.timedelta) -> None:
        """One more case; less than nothing counts as nothing."""
        self.count(class_of(lasted))

    def count(self, place: int) -> None:
        """One more case of this class."""
        self._counts[place] += 1

    def lag(self) -> Lag | None:
        """What it comes to; None for too few cases."""
        samples = self._counts.total()
        if samples < MIN_SAMPLES:
            return None
        return Lag(samples, self._quantile(samples, 0.50), self._quantile(samples, 0.95))

    def _quantile(self, samples: int, share: float) -> dt.timedelta:
        """Nearest rank."""
        left = max(1, math.ceil(share * samples))
        for place in sorted(self._counts):
            left -= self._counts[place]
            if left <= 0:
                return dt.timedelta(seconds=round(math.expm1(place * _GROWTH), 3))
        raise AssertionError("the counts do not add up to the samples")


def class_of(lasted: dt.timedelta) -> int:
    """The class of a duration: 0 for nothing, then each one 2 % wider than the one before."""
    seconds = lasted.total_seconds()
    return math.ceil(math.log1p(seconds) / _GROWTH - 1e-9) if seconds > 0 else 0


class Holidays:
    """The days off that are no usual day off: Tết, but no Sunday."""

    def __init__(self, calendar: WorkCalendar) -> None:
        """Of the common calendar."""
        days = [dt.datetime.combine(one.day, dt.time(), VIETNAM) for one in calendar.overrides if not one.working]
        self._begins = [day.astimezone(dt.UTC) for day in days]  # compared with times in UTC: twice as quick
        self._ends = [day + dt.timedelta(days=1) for day in self._begins]

    def touch(self, since: dt.datetime, until: dt.datetime) -> bool:
        """True where one of them lies on the way from ``since`` to ``until``, both ends included."""
        place = bisect.bisect_right(self._ends, since)
        return place < len(self._begins) and self._begins[place] <= until


class Learner:
    """Takes stories, each once, and says what they teach."""

    def __init__(self, holidays: Holidays) -> None:
        """Knows nothing yet."""
        self._holidays = holidays
        self._lags: dict[tuple[CarrierId, str, str], Spread] = collections.defaultdict(Spread)
        self._paces: dict[tuple[CarrierId, str, Movement, str], Spread] = collections.defaultdict(Spread)
        self._remaining: dict[tuple[str, str], Spread] = collections.defaultdict(Spread)

    def item(self, story: ItemStory) -> None:
        """Lags of its events; legs from each event to the next; what was left at each movement until delivery."""
        carrier, service = story.carrier, story.service
        log = [seen for seen in story.log if seen.received - seen.occurred >= -SKEW]
        routes = ("", story.route) if story.route else ("",)
        for seen in log:
            self._add(self._lags, [(carrier, service, route) for route in routes], seen.occurred, seen.received)
        for seen, later in itertools.pairwise(log):
            if not seen.movement.terminal:
                keys = [(carrier, service, seen.movement, route) for route in routes]
                self._add(self._paces, keys, seen.occurred, later.occurred)
        ended = next((seen.occurred for seen in log if seen.movement is Movement.DELIVERED), None)
        first: dict[Movement, dt.datetime] = {}
        for seen in log:
            first.setdefault(seen.movement, seen.occurred)
        for movement, since in first.items():
            if ended is not None and since <= ended and not movement.terminal:
                self._add(self._remaining, [(str(carrier), movement.value)], since, ended)

    def dossier(self, story: DossierStory) -> None:
        """What was left of the processing whenever it came into a state."""
        ended = next((at for state, at in story.steps if state in _DONE), None)
        for state, since in story.steps:
            if ended is not None and since < ended and state not in _DONE:
                self._add(self._remaining, [(story.procedure, state)], since, ended)

    def learned(self, at: dt.datetime) -> Learned:
        """What there were enough samples for; what holds on any route has no route in its key."""
        lags: dict[LagKey, Lag] = {}
        for (carrier, service, route), lag in _enough(self._lags):
            lags[(carrier, service, route) if route else (carrier, service)] = lag
        paces: dict[Pace, Lag] = {}
        for (carrier, service, movement, route), lag in _enough(self._paces):
            paces[(carrier, service, movement, route) if route else (carrier, service, movement)] = lag
        return Learned(at, lags, paces, dict(_enough(self._remaining)))

    def _add(self, spreads: dict[Key, Spread], keys: Iterable[Key], since: dt.datetime, until: dt.datetime) -> None:
        if not self._holidays.touch(since, until):
            place = class_of(until - since)
            for key in keys:
                spreads[key].count(place)


def _enough(spreads: Mapping[Key, Spread]) -> Iterator[tuple[Key, Lag]]:
    for key, spread in spreads.items():
        lag = spread.lag()
        if lag is not None:
            yield key, lag


def provinces_of(item: Item) -> str:
    """``01>33``: from which province to which by the addresses on the item; empty where one of them is not known."""
    return route_between(item.sender, item.addressee)


def route_between(sender: Party | None, addressee: Party | None) -> str:
    """:func:`provinces_of` of what is written on the item."""
    if sender is None or addressee is None:
        return ""
    ends = [one.address.province_code or one.address.province for one in (sender, addressee)]
    return ">".join(ends) if all(ends) else ""
