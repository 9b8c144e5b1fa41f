"""A bell that nobody hears: for a process that writes beside a running gateway and is gone at once."""

import datetime as dt

from schemas.ids import PeerId
from schemas.ports.stores import Tx


class SilentBell:
    """Rings nowhere. The gateway's sweeper finds what the rows say at its next pass: a delay, never a loss."""

    def ring(self, tx: Tx, peer: PeerId) -> None:
        """Nothing to wake: the lanes run in another process, or in none."""

    async def wait(self, peer: PeerId, until: dt.datetime | None) -> None:
        """No lane runs beside this bell. Raises RuntimeError, because waiting here would never end."""
        raise RuntimeError("a silent bell wakes nobody; lanes need the embedded one")
