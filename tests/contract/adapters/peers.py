"""Which peers there are, what they can do, and how each operation is called: all of it from the manifests."""

from collections.abc import Awaitable, Callable

from adapters.manifest import Manifest
from adapters.registry import PEERS_FOLDER, manifests
from schemas.ids import PeerId
from schemas.message import Operation

MANIFESTS = manifests()

SENDING: dict[Operation, str] = {
    Operation.CARRIER_BOOK: "book",
    Operation.CARRIER_CANCEL: "cancel",
    Operation.CARRIER_INSTRUCT: "instruct",
    Operation.CARRIER_REGISTER: "register_dossier",
    Operation.PORTAL_DOSSIER: "register",
    Operation.PORTAL_PROGRESS: "progress",
    Operation.PORTAL_STATUS: "tell_status",
    Operation.PORTAL_RATING: "rate",
    Operation.PORTAL_ANSWER: "answer_question",
    Operation.PORTAL_FAQ: "publish",
    Operation.ONE_STOP_DOSSIER: "submit",
    Operation.ONE_STOP_STATUS: "tell",
    Operation.ONE_STOP_REQUEST: "request",
    Operation.EXCHANGE_DOCUMENT: "send_document",
    Operation.EXCHANGE_STATUS: "send_status",
}
"""Operation → method of the port; sandboxes name the same verb in ``Route.serves``."""

Send = Callable[[], Awaitable[object]]


def has_wire(manifest: Manifest) -> bool:
    """True for a peer with a sandbox of its own; the loopback has none."""
    return (PEERS_FOLDER / manifest.name / "sandbox.py").exists()


def with_port(*ports: str, wire_only: bool = False) -> list[PeerId]:
    """The peers that offer all of these ports."""
    return [
        name
        for name, manifest in MANIFESTS.items()
        if set(ports) <= set(manifest.capabilities) and (has_wire(manifest) or not wire_only)
    ]


def sends(*, wire_only: bool = False) -> list[tuple[PeerId, Operation]]:
    """Every (peer, operation) that changes something at a peer."""
    return [
        (name, rule.operation)
        for name, manifest in MANIFESTS.items()
        if has_wire(manifest) or not wire_only
        for rule in manifest.operations
    ]
