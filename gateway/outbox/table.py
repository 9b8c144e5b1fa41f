"""The routing table out of what the peers that are switched on can do."""

from adapters.registry import Registry
from gateway.outbox.route import RoutingTable
from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import Booking
from schemas.ports.one_stop import DossierSink, RequestSink
from schemas.ports.portal import StatusBack, StatusSink


def routing_table(registry: Registry) -> RoutingTable:
    """Who is told what, from what the peers that are switched on can do; the first one of a kind speaks for it."""
    portals = registry.with_port(StatusSink)
    one_stops = registry.with_port(DossierSink)
    carriers: dict[CarrierId, PeerId] = {}
    for name in registry.with_port(Booking):
        carrier = registry.peer(name).manifest.carrier
        if carrier is not None:
            carriers.setdefault(carrier, name)
    return RoutingTable(
        portal=portals[0] if portals else None,
        one_stop=one_stops[0] if one_stops else None,
        one_stop_of={},
        carriers=carriers,
        more_portals=portals[1:],
        told_of={name: frozenset(only) for name in portals if (only := registry.peer(name).settings.texts("told_of"))},
        take_requests=frozenset(registry.with_port(RequestSink)),
        take_status=frozenset(registry.with_port(StatusBack)),
    )
