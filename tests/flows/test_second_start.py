"""A second `make run` in the same folder goes on with what is there; nothing of the story is told twice."""

from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.sample.again import Before, played_before, serve_on
from gateway.sample.stage import Stage
from gateway.sample.story import Story

pytestmark = [pytest.mark.flow, pytest.mark.slow]


async def test_a_folder_knows_how_far_the_story_came_and_is_served_on(tmp_path: Path) -> None:
    async with Stage(tmp_path, quick=True) as stage:
        story = Story(stage, clock=SystemClock())
        assert await played_before(stage) is None
        await story.begin()
        assert await played_before(stage) == Before("", "")
        await story.hand_over()
        await story.close()
    async with Stage(tmp_path, quick=True) as stage:
        assert await played_before(stage) == Before(story.code, "IN_POST")
        again = Story(stage, clock=SystemClock())
        await serve_on(again)
        await again.open()
        try:
            assert await again.state_is("IN_POST", story.code)
            orders = await again.sandboxes.of("vnpost_hcc").applied("postOrder")
            assert len({line["key"] for line in orders}) == len(orders)
            again.code, again.item = story.code, story.item
            assert "ARRIVED" in await again.first_leg()
        finally:
            await again.close()
