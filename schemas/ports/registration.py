"""A portal that takes a dossier in several calls, so that the process may die between any two of them."""

from typing import Protocol, runtime_checkable

from schemas.ids import Sha256
from schemas.portal import PortalDossier, PortalReceipt, Registration


class RegistrationDesk(Protocol):
    """What the adapter needs of the house while it registers one dossier."""

    async def keep(self, registration: Registration) -> None:
        """Make durable how far it has come; when this returns, a new process goes on from here."""
        ...

    async def file(self, sha256: Sha256) -> bytes:
        """The bytes of an attachment. Raises NotFound."""
        ...


@runtime_checkable
class RegistrationInSteps(Protocol):
    """Beside StatusSink, for a portal whose ``register`` is several calls; the outbox calls this instead of it."""

    async def register_in_steps(self, dossier: PortalDossier, desk: RegistrationDesk) -> PortalReceipt:
        """Go on from ``dossier.registration`` to the end; the receipt holds the whole registration.

        Calls ``desk.keep`` after each call whose answer the next one needs, and before the one that cannot be
        repeated. Raises :class:`schemas.errors.CallError` only.
        """
        ...
