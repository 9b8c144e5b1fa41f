"""The port of an engine."""

import datetime as dt
from typing import Protocol

from schemas.ids import PeerId
from schemas.ports.stores import Tx


class Bell(Protocol):
    """Wakes the lane of a peer. A ring may be lost or doubled: that is a delay or an empty look, nothing else."""

    def ring(self, tx: Tx, peer: PeerId) -> None:
        """Wake the lane of ``peer`` once ``tx`` is durable."""
        ...

    async def wait(self, peer: PeerId, until: dt.datetime | None) -> None:
        """Return when the bell of ``peer`` rang since the last wait, or at ``until``."""
        ...
