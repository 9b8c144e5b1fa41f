"""What was learned from the log, how much each feed tells by the hour, and how many calls each peer was asked for.

The rules of :mod:`schemas.ports.stores` hold: synchronous, inside one transaction, database only.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence
from typing import Protocol

from schemas.ids import DossierId, ItemId, PeerId
from schemas.lag import DossierStory, ItemStory, Learned


class Way(enum.StrEnum):
    """How news came."""

    FEED = "feed"
    PULL = "pull"
    PUSH = "push"


class LearnedStore(Protocol):
    """Lags, paces and times that remain; and the stories they are learned from."""

    def get(self) -> Learned:
        """What was learned last; empty where nothing was."""
        ...

    def put(self, learned: Learned) -> None:
        """Replace what was learned."""
        ...

    def items(self, after: ItemId, *, since: dt.datetime, limit: int) -> tuple[ItemStory, ...]:
        """Items with news since ``since``, ascending by id; fewer than ``limit``: these were the last ones.

        Events of unknown codes, withdrawn or quarantined ones are left out.
        """
        ...

    def dossiers(self, after: DossierId, *, since: dt.datetime, limit: int) -> tuple[DossierStory, ...]:
        """Dossiers that changed since ``since``, ascending by id."""
        ...


class VolumeStore(Protocol):
    """New events by peer, way and hour (UTC)."""

    def add(self, peer: PeerId, way: Way, at: dt.datetime, events: int) -> None:
        """Count new events in the hour of ``at``."""
        ...

    def hours(self, peer: PeerId, these: Sequence[dt.datetime]) -> dict[dt.datetime, int]:
        """Events of each of these hours (each the beginning of one), all ways together; an hour without news is 0."""
        ...

    def first(self, peer: PeerId) -> dt.datetime | None:
        """The first hour with news of the peer."""
        ...

    def fetched(self, peer: PeerId, after: dt.datetime) -> int:
        """Events that we fetched (feed or question) in the full hours that began after ``after``."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class CallCount:
    """Calls to a peer for one purpose in the hour that begins at ``hour``."""

    peer: PeerId
    purpose: str
    hour: dt.datetime
    calls: int


class CallStore(Protocol):
    """The ledger of calls to peers."""

    def add(self, peer: PeerId, purpose: str, at: dt.datetime, calls: int) -> None:
        """Count calls in the hour of ``at``."""
        ...

    def since(self, at: dt.datetime, *, peer: PeerId | None = None) -> tuple[CallCount, ...]:
        """Counts of the hours that begin at ``at`` or later, oldest first."""
        ...

    def forget(self, before: dt.datetime) -> int:
        """Drop hours before ``before``, of calls and of volumes; returns how many rows."""
        ...
