"""The only timer of ours. Wire deadlines are real time and do not go through it."""

import datetime as dt
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits for it; tests move it."""

    def now(self) -> dt.datetime:
        """Return the present time, aware, UTC."""
        ...

    async def wait_until(self, when: dt.datetime) -> None:
        """Return when ``when`` has come."""
        ...
