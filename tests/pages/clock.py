"""Time in tests whose other side is a real file or process."""

import asyncio
import datetime as dt
from collections.abc import Callable


class RealClock:
    """A :class:`schemas.ports.clock.Clock` on the machine's time."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the clock

    async def wait_until(self, when: dt.datetime) -> None:
        loop = asyncio.get_running_loop()
        come = loop.create_future()
        timer = loop.call_later(max(0.0, (when - self.now()).total_seconds()), come.cancel)
        try:
            await asyncio.wait([come])
        finally:
            timer.cancel()


class StillClock:
    """A clock that stands still, for runs whose time must be the same; nobody may wait by it."""

    def __init__(self, at: dt.datetime) -> None:
        self._at = at

    def now(self) -> dt.datetime:
        return self._at

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"waits for {when} by a clock that stands still")


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds; fail after 20 s."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.to_thread(condition)
