"""How long rules wait, and where offices are: what the house says instead of the defaults of the rules (DESIGN §5)."""

import dataclasses

from schemas.ids import CarrierId


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A span to wait: hours of the clock, or office hours of the unit's calendar."""

    hours: float
    working: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class RuleLimit:
    """The two thresholds of a rule: for everything, for a carrier, its service, or a route.

    None stands for any; a service is one of a carrier's. The narrowest one that fits is in force, a route before a
    service (:meth:`tracking.rules.context.Context.limits_of`).
    """

    rule: str
    soft: Span
    """What is expected."""
    hard: Span
    """What is a break."""
    carrier: CarrierId | None = None
    service: str | None = None
    route: str | None = None
    """``01>33``: from which province to which."""


@dataclasses.dataclass(frozen=True, slots=True)
class OfficePlace:
    """Where an office is, in degrees; D-32 reckons with it whether an item can have travelled so fast."""

    office: str
    """Its code in the carrier's events."""
    latitude: float
    longitude: float
