"""The two routes of the SOAP server."""

from collections.abc import Callable

from aiohttp import web

from gateway.accounts import GatewayStore
from gateway.inbound.problems import EdgeError, NoSuchPage
from gateway.inbound.routes import Handler, Parameter, Route, public
from gateway.inbound.soap import description
from gateway.inbound.soap.admission import Admission, Doorway, Readers
from gateway.inbound.soap.door import Door
from gateway.inbound.soap.history import GetItemHistory, Ping
from gateway.inbound.soap.manifests import ConfirmManifest
from gateway.inbound.soap.push import PushEvents
from gateway.inbound.soap.tickets import GetItemsByTicket, OpenTicket
from schemas.ids import MessageId
from schemas.ports.clock import Clock


class BadHost(EdgeError):
    """The Host header is not the name of a host."""

    text = MessageId("request.invalid")


def make_soap_routes(
    store: GatewayStore,
    clock: Clock,
    readers: Readers,
    *,
    ring: Callable[[], None] = lambda: None,
    ring_tickets: Callable[[], None] = lambda: None,
    accepting: Callable[[], bool] = lambda: True,
    public_origin: str = "",
    doorway: Doorway | None = None,
) -> tuple[Route, ...]:
    """The routes, to be mounted with the others.

    Args:
        store: accounts, inbox, items, events.
        clock: time of receipt, and the window of security tokens.
        readers: the adapter that reads a peer's pushes, or None:
            ``lambda peer: registry.port(peer, ContractPush) if registry.offers(peer, ContractPush) else None``.
        ring: wakes the worker of T2; called after the raw row is durable.
        ring_tickets: wakes whoever composes the answers of tickets.
        accepting: False while the house takes no news (503.01, and said by Ping).
        doorway: who may come in besides those with a digest; None: nobody.
        public_origin: ``https://host`` for the WSDL behind a proxy; empty: the address it was asked at.
    """
    door = Door(
        store=store,
        admission=Admission(store=store, clock=clock, readers=readers, doorway=doorway or Doorway()),
        serves={
            "PushEvents": PushEvents(store, accepting=accepting, ring=ring),
            "GetItemHistory": GetItemHistory(store),
            "OpenTicket": OpenTicket(store, ring=ring_tickets),
            "GetItemsByTicket": GetItemsByTicket(store),
            "ConfirmManifest": ConfirmManifest(store, accepting=accepting),
            "Ping": Ping(accepting=accepting),
        },
        nonce_in=frozenset({"PushEvents", "OpenTicket", "ConfirmManifest"}),
    )

    return (
        Route(
            "POST",
            description.PATH,
            door.handle,
            public("the sender proves itself by a WS-Security UsernameToken inside the envelope, or its certificate"),
            summary="SOAP 1.1 and 1.2: the operations of the contract postal-tracking.",
            takes_type="text/xml",
        ),
        Route(
            "GET",
            description.PATH,
            _describing(public_origin.rstrip("/")),
            public("the contract is published"),
            summary="The WSDL (?wsdl) and its schema (?xsd=postal-tracking.xsd).",
            parameters=(Parameter("wsdl", about="The WSDL."), Parameter("xsd", about="Name of a schema file.")),
        ),
    )


def _describing(public_origin: str) -> Handler:
    async def describe(request: web.Request) -> web.Response:
        asked = {name.lower(): value for name, value in request.query.items()}
        if "wsdl" in asked:
            raw = description.wsdl(public_origin or _origin(request))
        elif asked.get("xsd") == description.XSD:
            raw = description.xsd()
        else:
            raise NoSuchPage("ask for ?wsdl")
        return web.Response(body=raw, content_type="text/xml", charset="utf-8")

    return describe


def _origin(request: web.Request) -> str:
    """Where we were asked. Raises BadHost: the header is the asker's, and may be anything."""
    try:
        return str(request.url.origin())
    except ValueError as error:
        raise BadHost from error
