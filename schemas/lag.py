"""What the past taught: how late news is, how long items rest, how long is left (tracking facts §5.2.5)."""

import dataclasses
import datetime as dt
from collections.abc import Mapping

from schemas.ids import CarrierId, DossierId, ItemId
from schemas.tracking import Movement


@dataclasses.dataclass(frozen=True, slots=True)
class Lag:
    """Learned from ``samples`` cases: half of them took at most ``p50``, 95 % at most ``p95``."""

    samples: int
    p50: dt.timedelta
    p95: dt.timedelta


LagKey = tuple[CarrierId, str] | tuple[CarrierId, str, str]
"""(carrier, service), or with the route of :func:`tracking.lag.provinces_of`."""

Pace = tuple[CarrierId, str, Movement] | tuple[CarrierId, str, Movement, str]
"""(carrier, service, movement), perhaps with the route: how long it usually takes from there to the next news."""


@dataclasses.dataclass(frozen=True, slots=True)
class Learned:
    """Everything learned in one pass over the log, as of ``at`` (None: nothing yet)."""

    at: dt.datetime | None = None
    lags: Mapping[LagKey, Lag] = dataclasses.field(default_factory=dict)
    """From an event to our hearing of it."""
    paces: Mapping[Pace, Lag] = dataclasses.field(default_factory=dict)
    """From an event that left the item in that movement to the next event."""
    remaining: Mapping[tuple[str, str], Lag] = dataclasses.field(default_factory=dict)
    """To the end, by (procedure, state of the dossier) or (carrier, movement of the item)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """An event as far as it teaches: what it said, when it happened (pessimistic end unknown: low end), when heard."""

    movement: Movement
    occurred: dt.datetime
    received: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class ItemStory:
    """An item's way and its log, by (occurred, rank, received); only events that count."""

    item: ItemId
    carrier: CarrierId
    service: str
    route: str
    log: tuple[Sighting, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DossierStory:
    """When a dossier came into which state, oldest first."""

    dossier: DossierId
    procedure: str
    steps: tuple[tuple[str, dt.datetime], ...]
