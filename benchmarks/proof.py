"""How well the rules find what is wrong: three worlds that no test uses, and the same news merged the naive way.

A share, not a rate: ``ours`` is found ÷ planted (recall) or right ÷ said (precision) of each world, the floor is one,
what a perfect observer would reach. A type that finds nothing or cries at everything is named, and so is every false
alarm: nothing is hidden in an average.
"""

import asyncio
import tempfile
from pathlib import Path

from benchmarks.figures import Aim, Extent, Figure
from gateway.simulate import drive, families
from gateway.simulate.drive import Played
from gateway.simulate.score import TypeScore
from gateway.simulate.world import World

SEEDS = (7_841, 20_577, 90_210)
"""Used nowhere else: a test asserts it. The rules were never run against these worlds while they were written."""
TYPE_RECALL = 0.95


class RuleProvesNothing(RuntimeError):
    """A rule fires on nothing, or on everything: the benchmark fails, whatever the averages say."""

    def __init__(self, figures: list[Figure], broken: list[str]) -> None:
        """``figures`` were measured all the same."""
        super().__init__("; ".join(broken))
        self.figures = figures


def measure(extent: Extent) -> list[Figure]:
    """Recall, precision and hours to detect over the worlds; every type and every false alarm is printed.

    Raises:
        RuleProvesNothing: a rule finds none of its faults in any world, or is fooled by every look-alike.
    """
    faults, mimics = extent.of(families.FAULTS, 2), extent.of(families.MIMICS, 1)
    ordinary = extent.of(families.ORDINARY, 20)
    played = [asyncio.run(_play(seed, faults, mimics, ordinary)) for seed in SEEDS[: extent.of(len(SEEDS), 1)]]
    for seed, one in zip(SEEDS, played, strict=False):
        _print(seed, one)
    measured = [
        _share("proof.recall", "planted faults that a case names, all types out of shadow", played, "recall", 0.99),
        _share("proof.precision", "cases that name something planted", played, "precision", 0.97),
        _types(played),
        *_merges(played),
    ]
    if not extent.quick and (broken := _broken(played)):
        raise RuleProvesNothing(measured, broken)
    return measured


def _broken(played: list[Played]) -> list[str]:
    """Types whose rule is mute in every world, or cries at every look-alike of every world."""
    told: dict[str, list[TypeScore]] = {}
    for one in played:
        for name, found in one.score.types.items():
            if found.planted and found.state == "rule":
                told.setdefault(name, []).append(found)
    mute = [f"{name} finds nothing" for name, all_of in told.items() if not any(one.found for one in all_of)]
    cries = [f"{name} cries at everything" for name, all_of in told.items() if all(map(_cries, all_of))]
    return mute + cries


def _cries(found: TypeScore) -> bool:
    return found.mimics > 0 and found.fooled == found.mimics


async def _play(seed: int, faults: int, mimics: int, ordinary: int) -> Played:
    world = World(seed)
    families.plant(world, faults=faults, mimics=mimics, ordinary=ordinary)
    with tempfile.TemporaryDirectory(prefix="bench-proof-") as name:
        played = await drive.run(world, Path(name))
    if played.slips:
        raise RuntimeError(f"world {seed} slipped, so it proves nothing: {played.slips[0]}")
    return played


def _share(name: str, says: str, played: list[Played], field: str, aim: float) -> Figure:
    ours = [float(getattr(one.score, field) or 0.0) for one in played]
    return Figure(name, f"{says} ÷ all of them", "share", ours, [1.0] * len(ours), Aim(aim))


def _types(played: list[Played]) -> Figure:
    """The share of types out of shadow that reach the recall asked for and neither stay mute nor cry at everything."""
    shares = []
    for one in played:
        asked = [found for found in one.score.types.values() if found.planted and found.state != "shadow"]
        shares.append(sum(_holds(found) for found in asked) / len(asked))
    says = f"types with recall ≥ {TYPE_RECALL}, neither mute nor crying at every look-alike ÷ all types planted"
    return Figure("proof.types", says, "share", shares, [1.0] * len(shares), Aim(1.0))


def _holds(found: TypeScore) -> bool:
    return (found.recall or 0.0) >= TYPE_RECALL and not _cries(found)


def _merges(played: list[Played]) -> list[Figure]:
    """The naive merge of the same news beside ours; each count per thousand items."""
    figures = []
    for field, says in (
        ("duplicates", "events kept twice"),
        ("regressions", "statuses that left an end by themselves"),
        ("false_deliveries", "items said to be delivered that were not"),
    ):
        ours = [1000 * getattr(one.ours, field) / one.ours.items for one in played]
        naive = [1000 * getattr(one.naive, field) / one.naive.items for one in played]
        if not all(naive):  # a quick world may hold none; nothing can be divided by none
            continue
        text = f"{says}, per thousand items, ours ÷ the naive merge of the same news"
        figures.append(Figure(f"proof.merge.{field}", text, "per 1000", ours, naive))
    return figures


def _print(seed: int, played: Played) -> None:
    score = played.score
    print(f"  world {seed}: recall {score.recall}, precision {score.precision}, {played.events} events heard")
    for name, one in score.types.items():
        if one.planted:
            print(
                f"    {name} {one.state:7} found {one.found}/{one.planted} right {one.right} wrong {one.wrong} "
                f"fooled {one.fooled}/{one.mimics} hours p50 {one.hours_p50} p95 {one.hours_p95}"
            )
    for alarm in score.false_alarms:
        print(f"    false alarm: {alarm.rule} on {alarm.subject} ({alarm.plot}): {alarm.says[:100]}")
    for missed in score.missed:
        print(f"    missed: {missed}")
    for name, tally in (("naive", played.naive), ("ours", played.ours)):
        print(
            f"    {name}: {tally.items} items, {tally.kept} events kept, {tally.duplicates} duplicates, "
            f"{tally.regressions} regressions, {tally.false_deliveries} false deliveries"
        )
