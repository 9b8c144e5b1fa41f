"""Taking an upload: the spooled folder becomes one feed of the hot folder, whole or not at all."""

import asyncio
import uuid
from pathlib import Path

from gateway.accounts import AccountTx, GatewayStore, Principal
from schemas.audit import Act
from schemas.ports.clock import Clock


class ScanDesk:
    """Moves uploads to where the scan line looks."""

    def __init__(self, store: GatewayStore, *, hot_folder: Path, clock: Clock) -> None:
        """``hot_folder`` lies on the same disk as the spool, so that one rename moves a batch."""
        self._store = store
        self._hot_folder = hot_folder
        self._clock = clock

    async def take(self, folder: Path, *, principal: Principal) -> str:
        """Move the folder into the hot folder; returns the name of the feed. Raises OSError where the disk refuses."""
        name = f"upload-{uuid.uuid4().hex[:12]}"
        await asyncio.to_thread(folder.rename, self._hot_folder / name)

        def note(tx: AccountTx) -> None:
            tx.audit.write(Act(self._clock.now(), principal.who, "scan.uploaded", "feed", name, None))

        await self._store.write(note)
        return name
