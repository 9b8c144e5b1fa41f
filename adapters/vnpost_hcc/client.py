"""Talks to VNPost HCC: bytes out, bytes in; what they mean is :mod:`adapters.vnpost_hcc.translate`."""

import datetime as dt
from collections.abc import Mapping

from adapters._kit import probing
from adapters._kit.http import PeerHttp, Reply
from adapters._kit.oauth import ClientCredentials
from adapters._kit.settings import Settings
from adapters.vnpost_hcc import announcing, translate
from adapters.vnpost_hcc.cursor import ZERO, Cursor, oid_at
from adapters.vnpost_hcc.legacy import Legacy
from adapters.vnpost_hcc.terms import LEGACY, Terms, needed
from schemas.errors import BadConfiguration
from schemas.message import Operation, Payload
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.shipment import BookingOrder, BookingReceipt, PostalRegistration, PriceQuote
from schemas.tracking import TrackingBatch
from schemas.wire import Probe

MAX_PAGE = 1000
"""Rows of a page at most (contract/README.md, getOrderTracking)."""
ASK_PAGES = 20
"""Pages read at most to find one order; beyond them the answer is CANNOT_TELL, and a person looks."""


class Adapter:
    """The gateway's contract, or the interface of 2016, as the setting ``api`` says."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        terms = Terms.read(settings)
        kind = Legacy if settings.text("api") == LEGACY else Gateway
        self._side = kind(settings, terms, http=http, clock=clock)

    def side(self, port: str) -> object:
        """The interface that is in use; both offer their ports by one object."""
        return self._side


class Gateway:
    """Booking, Registering, Pricing, TrackingFeed, OutcomeQuery and Prober over VNPost_N_GSP."""

    def __init__(self, settings: Settings, terms: Terms, *, http: PeerHttp, clock: Clock) -> None:
        needed(settings, "token_url", "order_url", "cancel_url", "tracking_url", "key", "secret", "customer_code")
        self._settings = settings
        self._http = http
        self._clock = clock
        self._page_size = settings.integer("page_size")
        if not 1 <= self._page_size <= MAX_PAGE:
            raise BadConfiguration(f"peers.vnpost_hcc.page_size: 1 to {MAX_PAGE}", subject=settings.manifest.name)
        self._terms = terms
        self._login = ClientCredentials(
            http,
            settings.text("token_url"),
            key=settings.text("key"),
            secret=settings.text("secret"),
            clock=clock,
        )

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """PostOrder. A reply Status 101 is Unknown, every other one than 100 is Refused with VNPost's message."""
        reply = await self._post("order_url", translate.order_to_wire(order, self._terms))
        return translate.receipt_from_wire(reply.body, order.reference, order.number)

    async def register_dossier(self, registration: PostalRegistration) -> BookingReceipt:
        """PostDocument: the dossier with its legs; read as a reply to postOrder is."""
        reply = await self._post("document_url", announcing.document_to_wire(registration, self._terms))
        return translate.receipt_from_wire(reply.body, registration.reference, None)

    async def prices(self, order: BookingOrder) -> tuple[PriceQuote, ...]:
        """The price of the one service that this contract has."""
        reply = await self._post("price_url", announcing.price_to_wire(order, self._terms), effect=False)
        return (announcing.price_from_wire(reply.body, order, self._terms),)

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """CancelOrder withdraws whatever is open under the order number: the caller makes sure that it is one order."""
        url = self._settings.text("cancel_url")
        params = {"CustomerCode": self._terms.customer_code, "OrderNumber": order.reference}
        reply = await self._login.authorised(
            lambda header, token: self._http.get(url, params=params, headers=self._headers(header, token), effect=True)
        )
        return translate.receipt_from_wire(reply.body, order.reference, order.number)

    async def read(self, cursor: str | None) -> TrackingBatch:
        """The next page of getOrderTracking; a pass begins ``overlap_s`` before the highest id seen."""
        return await self._page(Cursor.read(cursor, overlap_s=self._settings.number("overlap_s")))

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Look for an order in the feed. Its absence proves nothing: an order that nobody has moved yet has no row."""
        if operation is not Operation.CARRIER_BOOK or not isinstance(payload, BookingOrder):
            return Answer.CANNOT_TELL
        start = oid_at(since - dt.timedelta(seconds=self._settings.number("overlap_s")))
        cursor = Cursor(ZERO, start)
        for _ in range(ASK_PAGES):
            batch = await self._page(cursor)
            if any(translate.speaks_of(event, payload, since=since) for event in batch.events):
                return Answer.APPLIED
            if not batch.more:
                break
            cursor = Cursor.read(batch.next_cursor, overlap_s=0)
        return Answer.CANNOT_TELL

    async def probe(self) -> Probe:
        """Log in anew and read one row of the feed."""
        return await probing.probe(self._one_row)

    async def _one_row(self) -> probing.Heard:
        login = await self._login.login()
        yesterday = self._clock.now() - dt.timedelta(days=1)
        batch = await self._page(Cursor(ZERO, oid_at(yesterday)), page_size=1)
        return probing.Heard(login, _feed_words(batch))

    async def _post(self, address: str, body: bytes, *, effect: bool = True) -> Reply:
        url = self._settings.text(address)
        return await self._login.authorised(
            lambda header, token: self._http.post(url, body, headers=self._headers(header, token), effect=effect)
        )

    async def _page(self, cursor: Cursor, *, page_size: int | None = None) -> TrackingBatch:
        size = page_size or self._page_size
        params = {"pagesize": str(size), "lastId": cursor.position}
        reply = await self._tracking(params)
        return translate.page_from_wire(
            reply.body, cursor=cursor, page_size=size, terms=self._terms, received_at=reply.received_at
        )

    async def _tracking(self, params: Mapping[str, str]) -> Reply:
        url = self._settings.text("tracking_url")
        return await self._login.authorised(
            lambda header, token: self._http.get(url, params=params, headers=self._headers(header, token))
        )

    def _headers(self, header: str, token: str) -> dict[str, str]:
        if self._settings.text("token_header") == "access_token":
            return {"access_token": token}
        return {"Authorization": header}


def _feed_words(batch: TrackingBatch) -> str:
    if not batch.events:
        return "log-in and feed answer; no row in the last 24 hours"
    event = batch.events[0]
    if event.recorded_at is None:
        return "log-in and feed answer"
    behind_s = (event.recorded_at - event.occurred.utc_high).total_seconds()
    return (
        f"log-in and feed answer; a row was written {behind_s:.0f} s after its EventTime ({event.occurred.zone_source})"
    )
