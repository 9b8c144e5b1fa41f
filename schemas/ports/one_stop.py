"""What one-stop systems are told and asked. Every method raises :class:`schemas.errors.CallError` and nothing else."""

from typing import Protocol, runtime_checkable

from schemas.ids import Sha256
from schemas.portal import (
    OneStopDossier,
    OneStopReport,
    OneStopRequest,
    OneStopStatus,
    PortalReceipt,
    ProfileRef,
)
from schemas.wire import RawDocument


@runtime_checkable
class DossierSink(Protocol):
    """Takes our dossiers and our news of them."""

    async def submit(self, dossier: OneStopDossier) -> PortalReceipt:
        """Hand the dossier's data to the competent unit's system."""
        ...

    async def tell(self, status: OneStopStatus) -> PortalReceipt:
        """Tell it a status of ours (sendStatusProfile)."""
        ...


@runtime_checkable
class RequestSink(Protocol):
    """Takes requests for papers and for money, and word that they were answered."""

    async def request(self, request: OneStopRequest) -> PortalReceipt:
        """Ask for it, or say that it is here."""
        ...


@runtime_checkable
class DossierSource(Protocol):
    """Holds reports for us: list, fetch the detail, acknowledge after it is safe in our inbox."""

    async def waiting(self, unit_code: str) -> tuple[ProfileRef, ...]:
        """The reports that wait for this unit."""
        ...

    async def fetch(self, ref: ProfileRef) -> RawDocument:
        """The detail as raw bytes, not yet read."""
        ...

    def read(self, raw: bytes, sha256: Sha256) -> tuple[OneStopReport, ...]:
        """Understand a stored detail. Raises Misunderstood."""
        ...

    async def acknowledge(self, ref: ProfileRef, *, done: bool) -> None:
        """Say that the report was taken (or could not be); it is then no longer listed."""
        ...
