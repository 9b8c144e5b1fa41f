"""What the national portal can be told. Every method raises :class:`schemas.errors.CallError` and nothing else."""

from typing import Protocol, runtime_checkable

from schemas.portal import PortalDossier, PortalProgress, PortalReceipt


@runtime_checkable
class StatusSink(Protocol):
    """Takes dossiers and their progress."""

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """Create the dossier, or update it where the portal says that it exists."""
        ...

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """Append up to ten steps. Refused when the portal takes none of them."""
        ...
