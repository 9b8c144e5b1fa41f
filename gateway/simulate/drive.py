"""Plays a world into a fresh store, in the order of its time, by the ways that service uses.

Every tick the clerks' acts happen one by one at their own times, then each wire hands over what arrived as one page to
:func:`tracking.ingest.ingest`: the entry that all adapters feed. At fixed hours the gateway's own worker
(:class:`gateway.workers.rules.Rules`) makes its full pass. The clock is the world's: nothing waits.
"""

import dataclasses
import datetime as dt
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.sample import province
from gateway.simulate import agreed, truth
from gateway.simulate.feeds import PEERS
from gateway.simulate.naive import Tally, compare
from gateway.simulate.score import Score, named_cases, score
from gateway.simulate.world import Act, Heard, World
from gateway.storage.database import Database, open_database
from gateway.workers.rules import Rules
from schemas.errors import LienthongError
from schemas.ids import PeerId
from schemas.ports.stores import Tx
from schemas.tracking import TrackingBatch
from tracking.ingest import ingest
from tracking.reading import load_context

TICK: Final = dt.timedelta(minutes=30)
"""How often wires hand over what arrived: a feed that is polled, a push that comes in batches."""
SWEEPS: Final = (dt.time(5, 30), dt.time(13))
"""When the full pass runs, local time; after the planting days only the first of them."""
BUSY: Final = dt.timedelta(days=21)


class WorldClock:
    """The world's time as the parts of the gateway read it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> dt.datetime:
        """The simulated present."""
        return self._world.now

    async def wait_until(self, when: dt.datetime) -> None:
        """Nothing waits here: whoever sleeps in the simulated world has forgotten to be driven."""
        raise RuntimeError(f"something waits until {when.isoformat()} in the simulated world")


@dataclasses.dataclass(frozen=True, slots=True)
class Played:
    """What became of a world."""

    score: Score
    naive: Tally
    ours: Tally
    events: int
    slips: tuple[str, ...]
    """Mistakes of the world itself; a world with slips proves nothing."""


async def run(world: World, folder: Path) -> Played:
    """Play ``world`` into a store in ``folder``, its truth beside it, and compare the two."""
    told = folder / "truth.jsonl"
    truth.write(told, world.truth)
    database = await play(world, folder)
    try:
        cases = await database.read(named_cases)
        naive, ours = await database.read(lambda tx: compare(tx, world))
    finally:
        await database.close()
    return Played(score(truth.read(told), cases), naive, ours, len(world.heard), tuple(world.slips))


async def play(world: World, folder: Path) -> Database:
    """Play the whole world into a store in ``folder``; answers the open store."""
    database = open_database(f"sqlite:///{folder / 'world.sqlite'}", blobs=folder / "blobs")
    await database.write(lambda tx: _catalogue(tx, world))
    rules = Rules(database, peers=PEERS, clock=WorldClock(world), context=load_context)
    for now, sweeps in _ticks(world):
        while acts := world.acts_until(now):
            await database.write(functools.partial(_act, world=world, acts=acts))
        world.now = now
        if news := world.news_until(now):
            await database.write(functools.partial(_hear, world=world, news=news, now=now))
        if sweeps:
            await rules.once()
    return database


def _ticks(world: World) -> Sequence[tuple[dt.datetime, bool]]:
    ticks, now = [], world.begins
    while now < world.ends:
        now += TICK
        wanted = SWEEPS if now < world.begins + BUSY else SWEEPS[:1]
        ticks.append((now, now.timetz().replace(tzinfo=None) in wanted))
    return ticks


def _act(tx: Tx, world: World, acts: Sequence[tuple[dt.datetime, Act]]) -> None:
    for at, act in acts:
        world.now = max(world.now, at)
        try:
            act(tx, at)
        except (LienthongError, LookupError) as error:
            world.slips.append(f"{at.isoformat()}: {type(error).__name__} {error}")


def _hear(tx: Tx, world: World, news: dict[PeerId, list[Heard]], now: dt.datetime) -> None:
    for peer, heard in news.items():
        events = tuple(one.event for one in heard)
        whole = tuple(sorted({one.event.number for one in heard if one.complete and one.event.number}))
        batch = TrackingBatch(peer, province.CARRIER, events, (), (), now, complete_for=whole)
        ingest(tx, batch, tell=world.tell_portal, context_source=load_context, now=now)


def _catalogue(tx: Tx, world: World) -> None:
    tx.catalogue.put_units(province.UNITS)
    tx.catalogue.put_procedures(province.PROCEDURES)
    tx.catalogue.put_agreements(province.AGREEMENTS)
    tx.catalogue.put_calendar(world.calendar)
    agreed.put(tx)
