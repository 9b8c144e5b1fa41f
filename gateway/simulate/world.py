"""The simulated world: weeks of time, a line of acts in order, wires on which carriers' news travel, and the truth.

Nothing here touches a store: acts are functions ``(tx, now)`` that :mod:`gateway.simulate.drive` calls in order of
their time. Everything random comes from generators named after seed and plot, so that the same seed gives the same
world, and a new family does not move the others.
"""

import dataclasses
import datetime as dt
import heapq
import random
from collections.abc import Callable
from typing import Final

from gateway.catalogue.calendars import POST_WEEK, build_calendar
from gateway.simulate.truth import Entry
from schemas.calendar import VIETNAM, WorkCalendar
from schemas.ids import DossierCode, PeerId
from schemas.message import DossierMoved, Fact
from schemas.ports.facts import Tell
from schemas.ports.stores import Tx
from schemas.tracking import TrackingEvent
from tracking import deadlines

BEGINS: Final = dt.datetime(2026, 1, 26, tzinfo=VIETNAM)
"""A Monday. Tết (16 to 20 February 2026 off) falls into the fourth week."""
DAYS: Final = 42
PLANTING_DAYS: Final = 16
"""Plots begin in these first days, so that each has time to come to its end."""
HOUR: Final = dt.timedelta(hours=1)
DAY: Final = dt.timedelta(days=1)
LAST_ROUND_H: Final = 14
STORMS: Final = 2
"""Days of bad weather among the planting days: what travels takes longer, nothing gets lost by it."""

Act = Callable[[Tx, dt.datetime], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """An event on its way to us, and the numbers whose whole history the answer holds with it."""

    event: TrackingEvent
    complete: bool = False


class World:
    """Time line, wires and truth of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.begins = BEGINS
        self.ends = BEGINS + DAYS * DAY
        self.calendar: WorkCalendar = build_calendar(None, dt.date(2024, 1, 1), dt.date(2027, 12, 31), ())
        self.post_calendar: WorkCalendar = build_calendar(
            None, dt.date(2024, 1, 1), dt.date(2027, 12, 31), (), week=POST_WEEK
        )
        self.truth: list[Entry] = []
        self.slips: list[str] = []
        """What this world meant to do and the house refused: mistakes of a plot, never of a rule."""
        self.now = BEGINS
        self.heard: list[TrackingEvent] = []
        """Everything that arrived, in the order of arrival."""
        self.scans: dict[str, list[TrackingEvent]] = {}
        """What clerks really scanned, by item number; a scan that was taken back is not in it."""
        self.tellers: dict[DossierCode, Tell] = {}
        self._codes = 0
        self._serial = 47_320_000
        self.outages: dict[PeerId, list[tuple[dt.datetime, dt.datetime]]] = {}
        self._acts: list[tuple[dt.datetime, int, Act]] = []
        self._news: list[tuple[dt.datetime, int, PeerId, Heard]] = []
        self._n = 0
        rng = self.chance("weather")
        self.storms = frozenset((BEGINS + n * DAY).date() for n in rng.sample(range(2, PLANTING_DAYS - 2), STORMS))

    def chance(self, name: str) -> random.Random:
        """The generator of this name: the same for the same seed, whoever else draws."""
        return random.Random(f"{self.seed}/{name}")

    def at(self, when: dt.datetime, act: Act) -> None:
        """Let ``act`` happen at ``when``; acts of one instant keep their order."""
        self._n += 1
        heapq.heappush(self._acts, (when, self._n, act))

    def tell(self, peer: PeerId, news: Heard) -> None:
        """Put an event on the wire of ``peer``; it arrives at its ``received_at``, after an outage that holds it."""
        arrives = news.event.received_at
        for since, until in self.outages.get(peer, ()):
            if since <= arrives < until:
                arrives = until
        self._n += 1
        held = dataclasses.replace(news, event=dataclasses.replace(news.event, received_at=arrives))
        heapq.heappush(self._news, (arrives, self._n, peer, held))

    def tell_portal(self, tx: Tx, fact: Fact) -> None:
        """The router's place: the plot of the dossier decides when the portal hears of a move."""
        if isinstance(fact, DossierMoved) and fact.dossier.code in self.tellers:
            self.tellers[fact.dossier.code](tx, fact)

    def acts_until(self, when: dt.datetime) -> list[tuple[dt.datetime, Act]]:
        """Take the acts up to ``when`` off the line, in order."""
        taken = []
        while self._acts and self._acts[0][0] <= when:
            at, _, act = heapq.heappop(self._acts)
            taken.append((at, act))
        return taken

    def news_until(self, when: dt.datetime) -> dict[PeerId, list[Heard]]:
        """Take the news that arrived up to ``when`` off the wires, by peer, in the order of arrival."""
        taken: dict[PeerId, list[Heard]] = {}
        while self._news and self._news[0][0] <= when:
            _, _, peer, heard = heapq.heappop(self._news)
            taken.setdefault(peer, []).append(heard)
            self.heard.append(heard.event)
        return taken

    def next_at(self) -> dt.datetime | None:
        """When the next act or news is due; None: nothing more happens."""
        heads = [line[0][0] for line in (self._acts, self._news) if line]
        return min(heads, default=None)

    def next_code(self, at: dt.datetime) -> DossierCode:
        """A dossier code that nobody has."""
        block, serial = divmod(self._codes, 9999)
        self._codes += 1
        return DossierCode(f"000.00.{14 + block}.H99-{at.astimezone(VIETNAM):%y%m%d}-{serial + 1:04d}")

    def next_serial(self) -> int:
        """A serial of the carrier's range that nobody has; a few are left out, as on real rolls of labels."""
        self._serial += 1 + self._serial % 3
        return self._serial

    def office(self, after: dt.datetime, hours: float = 0.0) -> dt.datetime:
        """The moment when an office has worked ``hours`` since ``after``."""
        return _worked(self.calendar, after, hours)

    def round(self, after: dt.datetime, hours: float = 0.0) -> dt.datetime:
        """When a postman leaves with it, ``hours`` of work after ``after``: in the morning, or right after noon.

        Nobody goes on a round in the evening, so no item is "out" over a night.
        """
        at = _worked(self.post_calendar, after, hours)
        local = at.astimezone(VIETNAM)
        if local.hour < LAST_ROUND_H:
            return at
        return _worked(self.post_calendar, local.replace(hour=18), 0.2 + (local.minute % 30) / 30)

    def counter(self, after: dt.datetime, hours: float = 0.0) -> dt.datetime:
        """The moment when a post counter (Saturdays too) has worked ``hours`` since ``after``."""
        return _worked(self.post_calendar, after, hours)


def _worked(calendar: WorkCalendar, after: dt.datetime, hours: float) -> dt.datetime:
    found = deadlines.add_working(calendar, after, dt.timedelta(hours=max(hours, 0.02)))
    if found is None:
        raise ValueError("the calendar of the simulated world ends too early")
    return found.replace(microsecond=0)
