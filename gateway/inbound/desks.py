"""The desks and the blobs as the edge knows them: what it calls, and nothing more.

:mod:`gateway.desk` implements them; the edge is built and tested against these Protocols and never imports a use case.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gateway.accounts import Principal
from gateway.desk.requests import HandoverReceipt, HandoverRequest
from schemas.discrepancy import Discrepancy, DiscrepancyState, ReasonCode
from schemas.dossier import Dossier, RequestKind
from schemas.ids import DiscrepancyId, MessageNo, Sha256
from schemas.message import Message
from schemas.ports.message_stores import IdempotentAnswer


class HandoverDesk(Protocol):
    """Lodges dossiers."""

    async def hand_over(
        self,
        request: HandoverRequest,
        *,
        principal: Principal,
        key: str | None,
        digest: str,
        render: Callable[[HandoverReceipt], bytes],
    ) -> IdempotentAnswer:
        """Lodge it; a repetition under ``key`` gets the first answer.

        Raises:
            KeyReused: the key was used with a body of another digest.
            Faults: what only the house's own data can show.
        """
        ...


class SettleDesk(Protocol):
    """A person's decisions on messages and cases."""

    async def retry_message(self, number: MessageNo, principal: Principal) -> Message:
        """Send it again now."""
        ...

    async def resolve_message(self, number: MessageNo, reason: str, principal: Principal) -> Message:
        """Settled outside, with a reason."""
        ...

    async def cancel_message(self, number: MessageNo, reason: str, principal: Principal) -> Message:
        """Never to be sent, with a reason."""
        ...

    async def settle_discrepancy(
        self,
        case: DiscrepancyId,
        act: DiscrepancyState,
        reason: str,
        principal: Principal,
        *,
        code: ReasonCode = ReasonCode.CONFIRMED,
    ) -> Discrepancy:
        """``ACKNOWLEDGED``, ``WAITING`` or ``RESOLVED``, with a reason."""
        ...


class ScanDesk(Protocol):
    """Takes uploads into the hot folder."""

    async def take(self, folder: Path, *, principal: Principal) -> str:
        """Move the folder into the hot folder by one rename; returns the batch id."""
        ...


class QueueDesk(Protocol):
    """What the scan line could not decide."""

    async def assign(self, key: str, code: str, *, principal: Principal) -> None:
        """Bind a waiting document to a dossier. Raises NotFound, Stale."""
        ...


class Blobs(Protocol):
    """Documents by digest."""

    async def path(self, sha256: Sha256) -> Path:
        """The file itself. Raises NotFound."""
        ...


class AnswerDesk(Protocol):
    """What a unit asked for is here."""

    async def answer(self, code: str, kind: RequestKind, *, proof: str, principal: Principal) -> Dossier:
        """The papers were handed in, or the fee was paid. Raises NotFound; GuardFailed where nothing is asked for."""
        ...


class ArchiveDesk(Protocol):
    """Packages for the digital archive."""

    async def export(self, code: str, folder: Path, *, principal: Principal, packed: bool = False) -> Path:
        """Make the package below ``folder``. Raises NotFound; GuardFailed where it is not final; BadConfiguration."""
        ...
