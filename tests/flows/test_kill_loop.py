"""The story with a gateway that is killed again and again: it ends the same, nothing lost, nothing applied twice.

Fourteen kills in the suite, four times as many in ``make faults``: at every named failpoint of T1 to T4, and at
instants spread over the whole story. Counted from the sandboxes' own ledgers.
"""

import asyncio
import collections
import contextlib
import datetime as dt
import random
import sys
from pathlib import Path

import pytest

from gateway import failpoints
from gateway.clock import SystemClock
from gateway.sample import looking
from gateway.sample.operator import settle_parked
from gateway.sample.stage import Stage, StageError
from gateway.sample.story import Story
from schemas.errors import LienthongError

KILLS = 14
"""Each of the eleven failpoints once, and three at random."""
LONGEST_LIFE_S = 2.5
"""A random kill comes this long after the start at the latest: short against the story, so every step gets some."""
AT_RANDOM = ""
"""No trap: a SIGKILL at some instant instead."""
PASSES = {"writer.before_commit": 15, "writer.after_commit": 15}
"""Commits before the trap snaps: the first ones belong to the start itself."""


class Reaper:
    """Starts the gateway again whenever it died, and sees to it that it dies."""

    def __init__(self, story: Story, *, kills: int, seed: int) -> None:
        self.story = story
        self.stage = story.stage
        self.killed: list[tuple[str, str]] = []
        self.settled = 0
        self._dice = random.Random(seed)
        self._names = [AT_RANDOM, AT_RANDOM, *failpoints.NAMES[:6], AT_RANDOM, *failpoints.NAMES[6:]]
        self._left = kills

    def arm(self) -> None:
        """Choose how the next life ends."""
        name = self._names.pop(0) if self._names and self._left > 0 else AT_RANDOM
        self.stage.env = {failpoints.VARIABLE: f"{name}:{PASSES.get(name, 1)}"} if name else {}

    async def keep(self) -> None:
        """Until cancelled: let it die, note where the story was, start it again."""
        while True:
            await self._let_it_die()
            await self._start_again()

    async def _start_again(self) -> None:
        """Note where the story was, set the next trap, start; a trap may snap while it starts."""
        while True:
            name = self.stage.env.get(failpoints.VARIABLE, "at random").partition(":")[0]
            self.killed.append((name, self.story.now_playing))
            self._left -= 1
            self.arm()
            try:
                await self.stage.serve()
            except StageError:
                continue
            return

    async def operate(self) -> None:
        """The person on duty."""
        clock = self.story.clock
        while True:
            with contextlib.suppress(LienthongError):
                self.settled += await settle_parked(self.story)
            await clock.wait_until(clock.now() + dt.timedelta(seconds=0.5))

    async def _let_it_die(self) -> None:
        if self.stage.env or self._left <= 0:
            await self.stage.ended()
            return
        life = self._dice.uniform(0.05, LONGEST_LIFE_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stage.ended(), life)
        await self.stage.kill()


async def _play(folder: Path, *, kills: int, seed: int) -> tuple[list[str], Reaper, list[str]]:
    async with Stage(folder, quick=True) as stage:
        story = Story(stage, clock=SystemClock())
        story.patience_s = 120.0
        reaper = Reaper(story, kills=kills, seed=seed)
        story.on_serving = reaper.arm
        tasks: list[asyncio.Task[None]] = []
        story.after_serving = lambda: tasks.extend(
            [asyncio.create_task(reaper.keep()), asyncio.create_task(reaper.operate())]
        )
        try:
            played = await story.play()
            await _the_rest(story, reaper, kills)
            twice = await looking.applied_twice(story)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return [f"{step.no} {step.title}: {step.says}" for step in played if not step.ok], reaper, twice


async def _the_rest(story: Story, reaper: Reaper, kills: int) -> None:
    """A quick machine tells the story before every trap has snapped; the sweeper still commits."""

    async def enough() -> bool:
        return len(reaper.killed) >= kills

    story.now_playing = "Sau câu chuyện"
    await story.open()
    try:
        await story.until("every kill", enough)
        await looking.account(story)
    finally:
        await story.close()


def _histogram(reaper: Reaper) -> str:
    places = collections.Counter(place for _, place in reaper.killed)
    names = collections.Counter(name for name, _ in reaper.killed)
    lines = [f"  {place:<48} {'#' * n} {n}" for place, n in places.items()]
    lines += [f"  at {name:<45} {n}" for name, n in names.items()]
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.faults)])
async def test_the_story_ends_the_same_however_often_the_gateway_is_killed(
    rounds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(rounds):
        failed, reaper, twice = await _play(tmp_path / f"data-{n}", kills=KILLS, seed=n)
        with capsys.disabled():
            summary = f"{len(reaper.killed)} kills, {reaper.settled} decisions of the operator on duty"
            sys.stdout.write(f"\n{summary}\n{_histogram(reaper)}\n")
        assert failed == []
        assert twice == []
        assert len(reaper.killed) >= KILLS
        assert {name for name, _ in reaper.killed} >= set(failpoints.NAMES)
