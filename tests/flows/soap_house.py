"""Our SOAP server on a real socket over a real SQLite file, and requests written by hand, so that a slip of our own
envelope code cannot hide behind the same slip on the caller's side."""

import asyncio
import base64
import contextlib
import dataclasses
import datetime as dt
import hashlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import ClientSession, web

from adapters._kit import xml
from adapters._kit.xml import Element
from adapters.registry import Registry
from gateway.accounts import ApiKey
from gateway.inbound.routes import Handler, mount
from gateway.inbound.soap.admission import Doorway
from gateway.inbound.soap.routes import make_soap_routes
from gateway.inbound.soap.tickets import TicketDesk
from gateway.storage.database import Database, open_database
from schemas.ids import CarrierId, PeerId, UnitId
from schemas.numbers import s10
from schemas.ports.carrier import ContractPush
from schemas.shipment import Item, NumberScheme, Purpose
from schemas.tracking import EvidenceLevel

NS = "urn:x-lienthong:postal-tracking:1"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
PEER = PeerId("postal_soap")
CARRIER = CarrierId("vnpost")
USER, PASSWORD = "post-soap", "a long shared password"
NOW = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
BOOKED = NOW - dt.timedelta(days=1)
KNOWN = s10.mint("EL", 4711)
UNKNOWN = s10.mint("EL", 4712)


class StillClock:
    """Stands until a test moves it."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nothing here waits, not even until {when}")


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """An answer: HTTP status and the parsed envelope."""

    status: int
    root: Element

    @property
    def body(self) -> Element:
        """The one element of the Body."""
        body = xml.child(self.root, "Body")
        assert body is not None
        return next(xml.children(body))

    @property
    def fault(self) -> str | None:
        """Code of the ServiceFault, else the local code of the fault; None for an answer that is no fault."""
        if xml.local(self.body) != "Fault":
            return None
        detail = self.detail
        return xml.text(detail, "code") if detail is not None else self.side

    @property
    def side(self) -> str:
        """The local part of faultcode, or of Code/Value in SOAP 1.2."""
        told = xml.text(self.body, "faultcode") or xml.text(self.body, "Code", "Value") or ""
        return told.rpartition(":")[2]

    @property
    def detail(self) -> Element | None:
        """The ServiceFault of a fault."""
        named = (xml.child(self.body, name, "ServiceFault") for name in ("detail", "Detail"))
        return next((one for one in named if one is not None), None)

    @property
    def results(self) -> list[tuple[str | None, str | None]]:
        """Outcome and code of every event of a PushEventsResponse."""
        results = xml.child(self.body, "results")
        assert results is not None
        return [(xml.text(one, "outcome"), xml.text(one, "code")) for one in xml.children(results)]

    def count(self, name: str) -> int:
        """A number of the answer."""
        return int(xml.text(self.body, name) or -1)


@dataclasses.dataclass
class SoapHouse:
    """The server and what stands behind it."""

    url: str
    store: Database
    clock: StillClock
    registry: Registry
    rung: asyncio.Event
    session: ClientSession
    desk: TicketDesk
    accepting: bool = True

    async def post(self, raw: bytes, *, operation: str = "PushEvents", headers: dict[str, str] | None = None) -> Said:
        """Send bytes as SOAP 1.1; whatever comes back must be an envelope of the version that was spoken."""
        told = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NS}/{operation}"', **(headers or {})}
        async with self.session.post(self.url, data=raw, headers=told) as reply:
            assert reply.content_type == ("application/soap+xml" if "soap+xml" in told["Content-Type"] else "text/xml")
            return Said(reply.status, xml.parse(await reply.read()))

    async def post_12(self, body: str, *, operation: str, headers: str = "", told: bytes | None = None) -> Said:
        """Send a body as SOAP 1.2 with a fresh token, or ``told`` as it is."""
        raw = told or self.envelope(body, headers=headers, root=SOAP_12)
        kind = f'application/soap+xml; charset=utf-8; action="{NS}/{operation}"'
        async with self.session.post(self.url, data=raw, headers={"Content-Type": kind}) as reply:
            assert reply.content_type == "application/soap+xml"
            root = xml.parse(await reply.read())
            assert xml.namespace(root) == SOAP_12
            return Said(reply.status, root)

    async def push(self, *events: str, batch: str = "b-1", sequence: int | None = None, sender: str = USER) -> Said:
        """Push events with a fresh token."""
        return await self.post(self.envelope(push_body(*events, batch=batch, sequence=sequence, sender=sender)))

    def envelope(self, body: str, *, headers: str = "", root: str = SOAP) -> bytes:
        """An envelope with a fresh, lawful token."""
        return envelope(body, headers=security(self.clock.now()) + headers, root=root)

    def adapter(self) -> ContractPush:
        """The adapter that reads this peer's pushes."""
        return self.registry.port(PEER, ContractPush)


@contextlib.asynccontextmanager
async def soap_house(
    folder: Path,
    *,
    peer_url: str = "http://127.0.0.1:9/soap",
    reader: ContractPush | None = None,
    doorway: Doorway | None = None,
    tls: ssl.SSLContext | None = None,
    **more: object,
) -> AsyncIterator[SoapHouse]:
    """Start the server; ``peer_url`` is where our own adapter would ask, ``more`` are settings of the peer.

    ``reader`` reads the peer's pushes instead of its adapter. Answers of tickets are composed when a test says so.
    """

    def readers(peer: PeerId) -> ContractPush | None:
        return reader or registry.port(peer, ContractPush) if registry.offers(peer, ContractPush) else None

    clock, rung = StillClock(), asyncio.Event()
    store = await _store(folder)
    registry = Registry.load({PEER: {"enabled": True, "url": peer_url, **more}}, clock=clock)
    await store.write(lambda tx: tx.accounts.put_key(key()))
    await store.write(lambda tx: tx.items.add(item(KNOWN)))
    async with ClientSession() as session:
        desk = TicketDesk(store, clock=clock, readers=readers)
        house = SoapHouse("", store, clock, registry, rung, session, desk)
        routes = make_soap_routes(
            store,
            clock,
            readers,
            ring=rung.set,
            ring_tickets=desk.ring,
            doorway=doorway,
            accepting=lambda: house.accepting,
        )
        app = web.Application()
        mount(app, routes, lambda route: _plain(route.handler))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        scheme = "http" if tls is None else "https"
        house.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/soap/postal-tracking"
        try:
            yield house
        finally:
            await runner.cleanup()
            await registry.aclose()
            await store.close()


_MIGRATED: list[bytes] = []
"""A migrated store without rows: the migrations take most of a second, and every test wants a store of its own."""


async def _store(folder: Path) -> Database:
    file = folder / "store.db"
    if not _MIGRATED:
        await open_database(f"sqlite:///{file}", blobs=folder / "blobs").close()
        _MIGRATED.append(file.read_bytes())
    file.write_bytes(_MIGRATED[0])
    return open_database(f"sqlite:///{file}", blobs=folder / "blobs", upgrade=False)


def _plain(handler: Handler) -> Handler:
    """Let everybody in, as the guard does on public routes."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    return guarded


def key(name: str = USER, *, password: str = PASSWORD, peer: PeerId | None = PEER, active: bool = True) -> ApiKey:
    """A SOAP account."""
    return ApiKey(name, hashlib.sha256(name.encode()).hexdigest(), password, (), (), peer, active)


def item(number: str, *, carrier: CarrierId = CARRIER, unit: str = "H99.01") -> Item:
    """A booked item on its way to the citizen."""
    return dataclasses.replace(
        Item.heard_of(carrier, BOOKED, Purpose.RESULT_OUT),
        service="HCC",
        number=number,
        number_scheme=NumberScheme.S10,
        sender_unit=UnitId(unit),
        booked_at=BOOKED,
        attempt_max=2,
        evidence_required=EvidenceLevel.SIGNATURE,
    )


# --- what a caller writes -------------------------------------------------------------------------------------------


def envelope(body: str, *, headers: str = "", root: str = SOAP) -> bytes:
    """An envelope around XML text."""
    head = f"<s:Header>{headers}</s:Header>" if headers else ""
    inside = f'<s:Envelope xmlns:s="{root}">{head}<s:Body>{body}</s:Body></s:Envelope>'
    return f'<?xml version="1.0" encoding="utf-8"?>{inside}'.encode()


def security(
    at: dt.datetime, *, user: str = USER, password: str = PASSWORD, nonce: bytes | None = None, expires: str = ""
) -> str:
    """A wsse:Security header by the profile's own formula."""
    nonce = os.urandom(16) if nonce is None else nonce
    created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
    stamp = (
        f"<u:Timestamp><u:Created>{created}</u:Created><u:Expires>{expires}</u:Expires></u:Timestamp>"
        if expires
        else ""
    )
    return (
        f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}" s:mustUnderstand="1">{stamp}<w:UsernameToken>'
        f'<w:Username>{user}</w:Username><w:Password Type="{DIGEST}">{digest}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
        f"</w:UsernameToken></w:Security>"
    )


def push_body(*events: str, batch: str = "b-1", sequence: int | None = None, sender: str = USER) -> str:
    """A PushEvents element."""
    count = f"<sequence>{sequence}</sequence>" if sequence is not None else ""
    return (
        f'<PushEvents xmlns="{NS}"><batchId>{batch}</batchId><sender>{sender}</sender>'
        f"<sentAt>2026-11-20T15:00:00+07:00</sentAt>{count}<events>{''.join(events)}</events></PushEvents>"
    )


def event(
    number: str = KNOWN,
    code: str = "EMC",
    at: str = "2026-11-20T09:30:00+07:00",
    *,
    before: str = "",
    after: str = "",
    codes: str = "M40",
) -> str:
    """An event element; ``before`` stands in front of itemNumber, ``after`` behind the time."""
    told = f"<itemNumber>{number}</itemNumber>" if number else ""
    return (
        f'<event>{before}{told}<code list="{codes}">{code}</code>'
        f"<occurred><at>{at}</at><precision>SECOND</precision></occurred>{after}</event>"
    )


def evidence() -> str:
    """A recipient and a signature, for behind the time of an event."""
    picture = hashlib.sha256(b"signature").hexdigest()
    return (
        f'<recipient><relation list="LT-RELATION">ADDRESSEE</relation><nameMasked>N*** M**</nameMasked></recipient>'
        f'<evidence><kind list="LT-EVIDENCE">SIGNATURE</kind><sha256>{picture}</sha256>'
        f"<mediaType>image/png</mediaType><bytes>9</bytes></evidence>"
    )


def ping(echo: str = "xin chào") -> str:
    """A Ping element."""
    return f'<Ping xmlns="{NS}"><echo>{echo}</echo></Ping>'


async def rows(house: SoapHouse) -> int:
    """How many bodies of this peer the inbox holds."""
    return len(await house.store.read(lambda tx: tx.inbox.list(peer=PEER)))
