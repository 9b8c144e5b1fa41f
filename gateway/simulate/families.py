"""All plots by the type that they are about."""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.simulate import (
    claims,
    counter,
    dates,
    delivery,
    feeds,
    money,
    numbers,
    papers,
    portal,
    returns,
    sequence,
    ways,
)
from gateway.simulate.pair import Pair
from gateway.simulate.plot import Plot
from gateway.simulate.truth import Kind
from gateway.simulate.world import World

PAIRS: Final[Mapping[str, Pair]] = {
    **counter.PAIRS,
    **delivery.PAIRS,
    **returns.PAIRS,
    **numbers.PAIRS,
    **sequence.PAIRS,
    **papers.PAIRS,
    **dates.PAIRS,
    **portal.PAIRS,
    **claims.PAIRS,
    **money.PAIRS,
    **ways.PAIRS,
    **feeds.PAIRS,
}
OUTAGES: Final = "D-36"
"""Planted first: outages hold back the news of everybody else."""
FAULTS: Final = 30
MIMICS: Final = 10
ORDINARY: Final = 150
"""Dossiers on which nothing happens: half on their way in, half results on their way out."""


def plant(
    world: World,
    *,
    faults: int = FAULTS,
    mimics: int = MIMICS,
    ordinary: int = ORDINARY,
    only: Iterable[str] | None = None,
) -> None:
    """Write ``faults`` faults and ``mimics`` look-alikes of each type into the world, and ordinary days around them."""
    wanted = set(PAIRS if only is None else only)
    for rule in sorted(wanted, key=lambda name: (name != OUTAGES, name)):
        pair = PAIRS[rule]
        for n in range(faults):
            pair.fault(Plot(world, rule, Kind.FAULT, n))
        for n in range(mimics):
            pair.mimic(Plot(world, rule, Kind.MIMIC, n))
    for n in range(ordinary):
        _ordinary(Plot(world, "", Kind.ORDINARY, n))


def _ordinary(plot: Plot) -> None:
    at = plot.begin()
    if plot.n % 2:
        folder, (parcel,) = plot.inbound(at)
        folder.finish(parcel.travel(at))
    else:
        _folder, (parcel,) = plot.outbound(at)
        parcel.travel(at)
    plot.innocent(at, "nothing happens")
