"""How the reply of a recording is asked for: one call for each method of the wire ports, with fictional records.

A peer that must be asked for the very things its recordings speak of, or that has ports of its own, says so in
``tests/recorded/<peer>/calls.py``: ``CALLS`` (more of the same, its own first), and for what it pushes to us
``callback(body) -> Callback`` where a signature must fit the mutant.
"""

import dataclasses
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.registry import Registry
from schemas.ids import CarrierId, DossierCode, PeerId, Sha256
from schemas.message import Operation
from schemas.portal import ProfileRef
from schemas.ports.carrier import Booking, ContractPush, OutcomeQuery, Prober, TrackingFeed, TrackingPull, TrackingPush
from schemas.ports.one_stop import DossierSink, DossierSource
from schemas.ports.portal import StatusSink
from schemas.shipment import BookingOrder
from schemas.wire import Callback
from tests.contract.adapters import records
from tests.contract.adapters.recordings import calls_of

P = TypeVar("P")
CODE = DossierCode("000.00.14.H99-261120-0007")
NUMBER = "EL000000005VN"


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """The peer's real adapter, and the body where it is the peer who calls."""

    registry: Registry
    peer: PeerId
    body: bytes = b""

    def port(self, port: Callable[..., P]) -> P:
        """The peer's side of a port."""
        return self.registry.port(self.peer, port)

    def order(self) -> BookingOrder:
        """An order with the numbers of the recordings."""
        carrier = self.registry.peer(self.peer).manifest.carrier or CarrierId("")
        plain = records.order(carrier)
        return dataclasses.replace(plain, dossier_code=CODE, reference=CODE, number=NUMBER)


Ask = Callable[[Scene], Awaitable[object]]


async def _read_report(scene: Scene) -> object:
    source = scene.port(DossierSource)
    raw = await source.fetch(ProfileRef("P00000012", "000.00.15.H99"))
    return source.read(raw.body, raw.sha256)


async def _callback(scene: Scene) -> object:
    own = calls_of(scene.peer)
    made = getattr(own, "callback", None)
    told = made(scene.body) if made is not None else plain_callback(scene.peer, scene.body)
    return scene.port(TrackingPush).parse(told)


async def _push(scene: Scene) -> object:
    return scene.port(ContractPush).read_push(scene.body, received_at=records.NOW)


def plain_callback(peer: PeerId, body: bytes, *headers: tuple[str, str]) -> Callback:
    """A request of the peer to us."""
    return Callback(peer=peer, headers=headers, query=(), body=body, received_at=records.NOW)


async def _ask_progress(scene: Scene) -> object:
    query = scene.port(OutcomeQuery)
    return await query.ask(Operation.PORTAL_PROGRESS, records.progress(CODE), since=records.NOW)


CALLS: dict[str, Ask] = {
    "Booking.book": lambda scene: scene.port(Booking).book(scene.order()),
    "Booking.cancel": lambda scene: scene.port(Booking).cancel(scene.order()),
    "TrackingFeed.read": lambda scene: scene.port(TrackingFeed).read(None),
    "TrackingPull.fetch": lambda scene: scene.port(TrackingPull).fetch([NUMBER], since=None),
    "StatusSink.register": lambda scene: scene.port(StatusSink).register(records.portal_dossier()),
    "StatusSink.progress": lambda scene: scene.port(StatusSink).progress(records.progress(CODE)),
    "OutcomeQuery.ask progress": _ask_progress,
    "DossierSink.submit": lambda scene: scene.port(DossierSink).submit(records.one_stop_dossier()),
    "DossierSink.tell": lambda scene: scene.port(DossierSink).tell(records.one_stop_status(records.one_stop_dossier())),
    "DossierSource.waiting": lambda scene: scene.port(DossierSource).waiting("000.00.15.H99"),
    "DossierSource.read": _read_report,
    "DossierSource.acknowledge": lambda scene: scene.port(DossierSource).acknowledge(
        ProfileRef("P00000012", "000.00.15.H99"), done=True
    ),
    "Prober.probe": lambda scene: scene.port(Prober).probe(),
    "TrackingPush.parse": _callback,
    "ContractPush.read_push": _push,
}


def ask_of(peer: PeerId, call: str) -> Ask:
    """The call by its name; the peer's own come first."""
    own = calls_of(peer)
    mine: dict[str, Ask] = getattr(own, "CALLS", {})
    return mine.get(call) or CALLS[call]


def digest(raw: bytes) -> Sha256:
    """Of a body, as our records keep it."""
    return Sha256(hashlib.sha256(raw).hexdigest())
