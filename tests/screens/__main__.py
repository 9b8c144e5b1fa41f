"""`python -m tests.screens [WORD…]`: all screens, or those whose name has one of the words in it."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from gateway.clock import SystemClock
from gateway.sample import left_open
from gateway.sample.stage import Stage
from gateway.sample.story import Story
from tests.screens.camera import Camera
from tests.screens.walk import SCREENS, World

OUT = Path(__file__).parent / "out"


async def main(words: list[str]) -> int:
    """Play, walk, complain; returns the exit code."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    with tempfile.TemporaryDirectory(prefix="lienthong-screens-") as folder:
        async with Stage(Path(folder), quick=True) as stage:
            story = Story(stage, clock=SystemClock())
            failed = [step for step in await story.play() if not step.ok]
            if failed:
                sys.stderr.write(f"{failed[0].title}: {failed[0].says}\n")
                return 3
            await story.open()
            try:
                left = await left_open.leave(story)
                await left_open.appeared(story)
                world = await World.look(story, left)
            finally:
                await story.close()
            wanted = [screen for screen in SCREENS if not words or any(word in screen.name for word in words)]
            async with Camera(stage.url, stage.secrets.console_password, OUT) as camera:
                for screen in wanted:
                    await camera.take(screen, world)
    sys.stdout.write(f"{camera.taken} pictures in {OUT}\n")
    sys.stderr.write("".join(f"{complaint}\n" for complaint in camera.complaints))
    return 1 if camera.complaints else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
