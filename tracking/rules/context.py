"""Everything besides its subject that a rule may know: a read-only view that grows by field, never by argument.

What was agreed with a carrier is a look-up here too: corridors, tariffs, the personal data that a service may send.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from schemas.calendar import WorkCalendar
from schemas.discrepancy import Discrepancy
from schemas.ids import CarrierId, PeerId, UnitId
from schemas.invoice import Corridor, ServiceProfile, Tariff
from schemas.lag import Lag, LagKey, Pace
from schemas.organisation import Succession
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Tx
from schemas.shipment import Item
from schemas.tracking import Movement
from tracking.lag import provinces_of


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """A span to wait: hours of the clock, or office hours of a unit's calendar."""

    hours: float
    working: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Two thresholds: ``soft`` is what is expected, ``hard`` is a break."""

    soft: Wait
    hard: Wait


LimitKey = tuple[str, CarrierId | None, str | None] | tuple[str, CarrierId | None, str | None, str]
"""(rule, carrier, service) or (rule, carrier, service, route); None stands for any carrier or service."""

Place = tuple[float, float]
"""Latitude and longitude of an office, in degrees."""


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """The situation in which rules are asked. ``calendar`` and ``feed`` are look-ups that answer the same each time."""

    now: dt.datetime
    calendar: Callable[[UnitId | None], WorkCalendar]
    feed: Callable[[PeerId], FeedState]
    feed_cases: Callable[[PeerId], Sequence[Discrepancy]] = lambda _peer: ()
    """Cases of a peer's feed: one that is open speaks for the items that the feed does not tell of."""
    limits: Mapping[LimitKey, Limits] = dataclasses.field(default_factory=dict)
    lags: Mapping[LagKey, Lag] = dataclasses.field(default_factory=dict)
    """Learned lag of news; :meth:`lag_of` looks it up."""
    successions: tuple[Succession, ...] = ()
    paces: Mapping[Pace, Lag] = dataclasses.field(default_factory=dict)
    """Learned time from an event to the next one (D-07); :meth:`pace_of` looks it up."""
    remaining: Mapping[tuple[str, str], Lag] = dataclasses.field(default_factory=dict)
    """Learned time to the end by (procedure, state of the dossier) or (carrier, movement of the item) (D-09)."""
    places: Mapping[str, Place] = dataclasses.field(default_factory=dict)
    """Where offices are, by their code; an office that is not in it is nowhere (D-32)."""

    office: Callable[[str, dt.date], UnitId | None] = lambda _code, _on: None
    """The unit that had this code of the post on that day; None for an office that the catalogue does not know."""
    corridors: Callable[[CarrierId], Sequence[Corridor]] = lambda _carrier: ()
    tariffs: Callable[[CarrierId], Sequence[Tariff]] = lambda _carrier: ()
    profiles: Callable[[CarrierId], Sequence[ServiceProfile]] = lambda _carrier: ()

    def limits_of(
        self, rule: str, default: Limits, carrier: CarrierId | None = None, service: str = "", route: str = ""
    ) -> Limits:
        """The limits in force: of the route, of carrier and service, of the carrier, of the rule, else its default."""
        keys: tuple[LimitKey, ...] = (
            (rule, carrier, service, route),
            (rule, carrier, None, route),
            (rule, None, None, route),
            (rule, carrier, service),
            (rule, carrier, None),
            (rule, None, None),
        )
        return next((self.limits[key] for key in keys if key in self.limits), default)

    def lag_of(self, item: Item) -> Lag | None:
        """How late news of such an item usually is: on its route, else of its carrier and service; None: not known."""
        route = provinces_of(item)
        on_route = self.lags.get((item.carrier, item.service, route)) if route else None
        return on_route or self.lags.get((item.carrier, item.service))

    def pace_of(self, item: Item, movement: Movement) -> Lag | None:
        """How long such an item usually rests in ``movement``: on its route, else anywhere; None: not known."""
        route = provinces_of(item)
        on_route = self.paces.get((item.carrier, item.service, movement, route)) if route else None
        return on_route or self.paces.get((item.carrier, item.service, movement))

    def unit_now(self, unit: UnitId) -> UnitId:
        """The unit that does the work of ``unit`` today; one that was split needs an address and stays as it is."""
        today = self.now.date()
        heirs = {one.old: one.new for one in self.successions if one.on <= today and not one.part}
        for _ in heirs:
            unit = heirs.get(unit, unit)
        return unit

    def heirs(self, unit: UnitId, on: dt.date) -> frozenset[UnitId]:
        """Every unit that may do the work of ``unit`` on the day: itself and its successors, all parts of a split."""
        found = {unit}
        for one in sorted(self.successions, key=lambda succession: succession.on):
            if one.on <= on and one.old in found:
                found.add(one.new)
        return frozenset(found)

    def same_place(self, code: str, expected: str, on: dt.date) -> bool:
        """True where the office ``code`` is the expected one, or does its work on that day.

        ``expected`` may be an office, one of our units, or the first digits of a range of offices (a province).
        """
        if code == expected or (expected.isdigit() and len(expected) < len(code) and code.startswith(expected)):
            return True
        told, wanted = self.office(code, on), self.office(expected, on) or UnitId(expected)
        return told is not None and not self.heirs(told, on).isdisjoint(self.heirs(wanted, on))


class ContextSource(Protocol):
    """Builds the Context of a transaction; :func:`tracking.reading.load_context` with the settings bound in."""

    def __call__(self, tx: Tx, now: dt.datetime) -> Context:
        """The situation at ``now``."""
        ...
