"""The machine's clock, for tests whose other side is a real file or process."""

import asyncio
import datetime as dt


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
