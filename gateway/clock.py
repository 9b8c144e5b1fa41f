"""The real clock."""

import asyncio
import datetime as dt
from typing import Final

LONGEST_NAP_S: Final = 60.0
"""Wake up now and then on a long wait, so that a clock set back or a suspended machine costs a minute at the most."""


class SystemClock:
    """Implements :class:`schemas.ports.clock.Clock` with the machine's time."""

    def now(self) -> dt.datetime:
        """The present time, aware, UTC."""
        return dt.datetime.now(dt.UTC)  # noqa: TID251 # the one place where the machine's clock is read

    async def wait_until(self, when: dt.datetime) -> None:
        """Return when ``when`` has come."""
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 # a clock has no event to wait for
            await asyncio.sleep(min(left, LONGEST_NAP_S))  # noqa: TID251 # the one place that naps
