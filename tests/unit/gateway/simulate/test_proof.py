"""The proof fails by name on a rule that finds nothing in any world, and on one that cries at every look-alike."""

import dataclasses
from pathlib import Path

import pytest

from benchmarks import proof
from benchmarks.figures import Extent
from gateway.simulate import drive, families
from gateway.simulate.drive import Played
from gateway.simulate.naive import Tally
from gateway.simulate.score import Score, TypeScore
from gateway.simulate.world import World

WELL = TypeScore(
    planted=30,
    found=30,
    right=30,
    wrong=0,
    mimics=10,
    fooled=0,
    recall=1.0,
    precision=1.0,
    hours_p50=1.0,
    hours_p95=2.0,
    state="rule",
)
TALLY = Tally(items=100, kept=300, duplicates=5, regressions=5, false_deliveries=5)


def world_of(**types: TypeScore) -> Played:
    named = {name.replace("_", "-"): one for name, one in types.items()}
    return Played(Score(1.0, 1.0, named, (), ()), TALLY, dataclasses.replace(TALLY, duplicates=0), 300, ())


def measured(monkeypatch: pytest.MonkeyPatch, *played: Played) -> dict[str, list[float]]:
    worlds = iter(played)

    async def next_world(world: World, folder: Path) -> Played:
        return next(worlds)

    monkeypatch.setattr(drive, "run", next_world)
    monkeypatch.setattr(families, "plant", lambda _world, **_sizes: None)
    return {one.name: list(one.ours) for one in proof.measure(Extent(quick=False))}


def test_worlds_that_hold_are_a_figure_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = dataclasses.replace(WELL, found=20, recall=0.667)
    shares = measured(monkeypatch, world_of(D_01=WELL), world_of(D_01=weak), world_of(D_01=WELL))
    assert shares["proof.types"] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (dataclasses.replace(WELL, found=0, recall=0.0), "D-02 finds nothing"),
        (dataclasses.replace(WELL, fooled=10), "D-02 cries at everything"),
    ],
)
def test_a_mute_rule_and_one_that_always_cries_fail_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, wrong: TypeScore, says: str
) -> None:
    world = world_of(D_01=WELL, D_02=wrong)
    with pytest.raises(proof.RuleProvesNothing, match=says) as failed:
        measured(monkeypatch, world, world, world)
    assert failed.value.figures, "what was measured is told all the same"
    shadow = world_of(D_01=WELL, D_02=dataclasses.replace(wrong, state="shadow"))
    measured(monkeypatch, shadow, shadow, shadow)


def test_a_world_that_slipped_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    slipped = dataclasses.replace(world_of(D_01=WELL), slips=("08:00 UnlawfulMove",))
    with pytest.raises(RuntimeError, match="slipped"):
        measured(monkeypatch, slipped)
