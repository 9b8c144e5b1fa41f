"""Keeps loops alive: a loop that raises is started again after a pause that grows."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import structlog

from schemas.ports.clock import Clock

log = structlog.get_logger(__name__)

FIRST_PAUSE = dt.timedelta(seconds=1)
LONGEST_PAUSE = dt.timedelta(minutes=1)

Loop = Callable[[], Awaitable[None]]


class Supervisor:
    """Owns the tasks of all loops."""

    def __init__(self, *, clock: Clock) -> None:
        """Starts nothing yet."""
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failing: set[str] = set()

    def start(self, name: str, loop: Loop) -> None:
        """Run ``loop`` under this name until :meth:`stop`."""
        self._tasks[name] = asyncio.create_task(self._keep(name, loop), name=f"loop:{name}")

    def every(self, name: str, pause: dt.timedelta, act: Loop) -> None:
        """Run ``act`` again and again, ``pause`` after each end."""

        async def loop() -> None:
            while True:
                await act()
                await self._clock.wait_until(self._clock.now() + pause)

        self.start(name, loop)

    async def ready(self) -> dict[str, bool]:
        """Each loop by name: False while it waits after a failure."""
        return {name: name not in self._failing for name in self._tasks}

    async def stop(self) -> None:
        """Cancel every loop and wait for its end."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, name: str, loop: Loop) -> None:
        pause = FIRST_PAUSE
        while True:
            started = self._clock.now()
            self._failing.discard(name)
            try:
                await loop()
                return
            except Exception as error:
                if self._clock.now() - started > LONGEST_PAUSE:
                    pause = FIRST_PAUSE
                self._failing.add(name)
                log.exception("loop.failed", loop=name, error=type(error).__name__, pause_s=pause.total_seconds())
            await self._clock.wait_until(self._clock.now() + pause)
            pause = min(pause * 2, LONGEST_PAUSE)
