"""How the replies of the six calls are asked for."""

import dataclasses

from schemas.message import Operation
from schemas.portal import Attachment, PortalDossier, PortalProgress, Registration
from schemas.ports.carrier import OutcomeQuery
from schemas.ports.portal import StatusSink
from schemas.ports.registration import RegistrationInSteps
from tests.contract.adapters import records
from tests.contract.adapters.calls import CODE, Ask, Scene, digest

PAPER = b"%PDF-1.7"
NUMBER = "G09.20-20261120-0000007"
THERE = Registration(number=NUMBER, peer_id="HS00000009", created=True)
BEGUN = Registration(number=NUMBER, creating=True)


class Desk:
    """Keeps nothing; the one document is :data:`PAPER`."""

    async def keep(self, registration: Registration) -> None:
        """Nothing."""

    async def file(self, sha256: str) -> bytes:
        return PAPER


def dossier(registration: Registration | None, *attachments: Attachment) -> PortalDossier:
    """A dossier that has come so far."""
    plain = records.portal_dossier()
    return dataclasses.replace(plain, code=CODE, attachments=attachments, registration=registration)


def progress() -> PortalProgress:
    """A step of the dossier that is there."""
    return dataclasses.replace(records.progress(CODE), registration=THERE)


async def _register(scene: Scene, told: PortalDossier) -> object:
    return await scene.port(RegistrationInSteps).register_in_steps(told, Desk())


async def _ask(scene: Scene) -> object:
    return await scene.port(OutcomeQuery).ask(Operation.PORTAL_DOSSIER, dossier(BEGUN), since=records.NOW)


CALLS: dict[str, Ask] = {
    "number": lambda scene: _register(scene, dossier(None)),
    "upload": lambda scene: _register(
        scene, dossier(Registration(number=NUMBER), Attachment(digest(PAPER), "Tờ khai.pdf", 1, "", digitised=True))
    ),
    "create": lambda scene: _register(scene, dossier(BEGUN)),
    "status": lambda scene: _register(scene, dossier(THERE)),
    "progress": lambda scene: scene.port(StatusSink).progress(progress()),
    "ask": _ask,
}
